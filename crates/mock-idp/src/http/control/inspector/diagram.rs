//! A flow as a sequence diagram, drawn without scripts.

use std::fmt::Write as _;

use oauth_types::fault::Point;
use oauth_types::journal::{Ending, Entry};

use super::entries::{answer, request, shortened};
use crate::escape::html;

/// Where the lifelines stand, from the left.
const LANES: [(i32, &str); 3] = [(90, "Browser"), (370, "Client"), (650, "Server")];
/// How wide the drawing is.
const WIDTH: i32 = 740;
/// Where the first arrow is.
const TOP: i32 = 60;
/// How far one arrow is from the next.
const STEP: i32 = 30;
/// The most characters of a label.
const LABEL: usize = 58;

/// Draws requests and their answers.
pub(super) fn draw(entries: &[Entry]) -> String {
    let (mut arrows, mut told, mut y) = (String::new(), String::new(), TOP);
    for entry in entries {
        let from = lane(entry);
        let refused = entry.refusal.is_some() || entry.failure.is_some();
        let mut arrow = |(from, to): (usize, usize), kind: &str, label: &str| {
            let (x1, x2) = (LANES[from].0, LANES[to].0);
            let at = (x1 + x2) / 2;
            let text = html(&clipped(label));
            // Writing into a string cannot fail.
            let _ = writeln!(
                arrows,
                "<text x=\"{at}\" y=\"{}\">{text}</text><line class=\"{kind}\" x1=\"{x1}\" y1=\"{y}\" x2=\"{x2}\" \
                 y2=\"{y}\" marker-end=\"url(#head)\"/>",
                y - 6
            );
            let _ = write!(told, "{} to {}: {text}. ", LANES[from].1, LANES[to].1);
            y += STEP;
        };
        arrow((from, SERVER), "asks", &format!("{}. {}", entry.number, request(entry)));
        arrow((SERVER, from), if refused { "refuses" } else { "answers" }, &answer(entry));
        if let Some(carried) = carried(entry) {
            arrow((BROWSER, CLIENT), "answers", &carried);
        }
    }
    let mut lanes = String::new();
    for (x, name) in LANES {
        // Writing into a string cannot fail.
        let _ = writeln!(
            lanes,
            "<text class=\"lane\" x=\"{x}\" y=\"20\">{name}</text><line class=\"life\" x1=\"{x}\" y1=\"28\" x2=\"{x}\" y2=\"{y}\"/>"
        );
    }
    format!(
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Sequence diagram\">\n\
         <svg id=\"diagram\" role=\"img\" aria-labelledby=\"diagram-says\" viewBox=\"0 0 {WIDTH} {y}\" width=\"{WIDTH}\" height=\"{y}\">\n\
         <title id=\"diagram-says\">{told}</title>\n<defs><marker id=\"head\" viewBox=\"0 0 8 8\" refX=\"8\" refY=\"4\" \
         markerWidth=\"8\" markerHeight=\"8\" markerUnits=\"userSpaceOnUse\" orient=\"auto-start-reverse\"><path d=\"M0 0L8 4L0 8z\"/></marker></defs>\n\
         {lanes}{arrows}</svg>\n</div>\n"
    )
}

const BROWSER: usize = 0;
const CLIENT: usize = 1;
const SERVER: usize = 2;

/// Who makes a request: browsers are sent to pages and to the authorization endpoint, everything else is the client's.
fn lane(entry: &Entry) -> usize {
    match entry.point {
        Some(Point::AuthorizationResponse | Point::Page | Point::Logout) => BROWSER,
        _ => CLIENT,
    }
}

/// What the browser takes to the client, if that is what the answer was.
fn carried(entry: &Entry) -> Option<String> {
    let carries = ["code", "error", "response", "id_token", "access_token"];
    let is_response = entry.response.params.iter().any(|pair| carries.contains(&pair.name.as_str()));
    if lane(entry) != BROWSER || !is_response || entry.ending != Ending::Answered {
        return None;
    }
    let names: Vec<&str> = entry.response.params.iter().map(|pair| pair.name.as_str()).collect();
    Some(names.join(", "))
}

fn clipped(label: &str) -> String {
    match label.char_indices().nth(LABEL) {
        Some((at, _)) => format!("{}…", shortened(&label[..at])),
        None => label.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(text: &str) -> Entry {
        serde_json::from_str(text).expect("an entry")
    }

    #[test]
    fn who_asks_whom_is_drawn_and_told() {
        let login = r#"{"number":1,"at":0,"point":"authorization_response",
            "request":{"method":"GET","path":"/authorize","headers":[],"query":[],"form":[]},
            "response":{"status":302,"headers":[],"octets":0,
                "params":[{"name":"code","value":"x"},{"name":"state","value":"y"}]}}"#;
        let refused = r#"{"number":2,"at":0,"point":"token_response",
            "request":{"method":"POST","path":"/token","headers":[],"query":[],"form":[]},
            "response":{"status":400,"headers":[],"octets":0},
            "refusal":{"rule":"rfc7636-verifier-missing","document":"RFC 7636","section":"4.6","error":"invalid_grant"}}"#;
        let drawn = draw(&[entry(login), entry(refused)]);
        assert!(drawn.contains(
            "Browser to Server: 1. GET /authorize. Server to Browser: 302. Browser to Client: code, state."
        ));
        assert!(drawn.contains("Client to Server: 2. POST /token. Server to Client: 400 invalid_grant."), "{drawn}");
        assert!(drawn.contains("class=\"refuses\""));
    }

    #[test]
    fn markup_in_a_path_is_no_markup_in_the_drawing() {
        let odd = r#"{"number":1,"at":0,"request":{"method":"GET","path":"/<script>","headers":[],"query":[],"form":[]},
            "response":{"status":404,"headers":[],"octets":0}}"#;
        assert!(!draw(&[entry(odd)]).contains("<script"));
    }
}
