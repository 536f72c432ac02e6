//! The state holds what the client wants to know again later, such as a page to return to or a name, in a form that
//! everybody can read. It travels through the browser, the server and their logs, and an attacker writes something
//! else into it.

use base64::Engine as _;
use base64::engine::general_purpose::{GeneralPurpose, STANDARD_NO_PAD, URL_SAFE_NO_PAD};

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::observe;
use crate::stage::Stage;
use crate::verdict::Level;

/// `rp-state-sensitive`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-state-sensitive",
        name: "State that tells",
        story: story!("state_sensitive.rs"),
        capabilities: &[Capability::A1, Capability::A4],
        citation: "RFC 9700 section 4.7.1",
        steps: &[
            "The client begins a login.",
            "Its state is read as an address, as JSON, as a token without a signature and as the name of somebody, also after decoding it.",
        ],
        secure: "The state is an opaque text, or its content is signed or encrypted.",
        insecure: "The state can be read, and nothing protects it from being changed.",
        defence: "The state is random, and what belongs to it is kept at the client.",
        level: Level::Should,
        levels: &[],
    },
    only_looks: true,
    needs: &[],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let idp = observe::lenient(stage).await?;
    let logins = observe::logins(stage, &idp, 1).await?;
    observe::look(stage, &logins, "nothing can be read in the state", |login| {
        let state = login.asked("state");
        if state.is_empty() {
            return Err(Inconclusive::new("the client does not send a state"));
        }
        Ok(tells(state).map(|what| format!("the state is {what} that anybody can read and change")))
    })
}

/// What a state is, if it is more than a name for a login.
fn tells(state: &str) -> Option<&'static str> {
    if state.split('.').count() == 3 {
        let algorithm = observe::header(state).and_then(|header| Some(header.get("alg")?.as_str()?.to_owned()));
        return algorithm.filter(|name| name.eq_ignore_ascii_case("none")).map(|_| "a token without a signature");
    }
    let octets = |engine: &GeneralPurpose| engine.decode(state.trim_end_matches('=')).ok();
    let decoded = [&URL_SAFE_NO_PAD, &STANDARD_NO_PAD].into_iter().find_map(octets);
    let decoded = decoded.and_then(|octets| String::from_utf8(octets).ok());
    [Some(state), decoded.as_deref()].into_iter().flatten().find_map(told)
}

fn told(text: &str) -> Option<&'static str> {
    let structured = serde_json::from_str::<serde_json::Value>(text).is_ok_and(|json| json.is_object());
    if structured {
        Some("JSON")
    } else if text.contains("://") || text.starts_with('/') {
        Some("an address")
    } else if text.split_once('@').is_some_and(|(name, host)| !name.is_empty() && host.contains('.')) {
        Some("somebody's e-mail address")
    } else if text == "alice" {
        Some("somebody's name")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_state_tells_is_named() {
        let encoded = |text: &str| URL_SAFE_NO_PAD.encode(text);
        let cases = [
            ("https://app.example/page".to_owned(), Some("an address")),
            (encoded("/account"), Some("an address")),
            (encoded(r#"{"user":1}"#), Some("JSON")),
            (format!("{}.{}.", encoded(r#"{"alg":"none"}"#), encoded("{}")), Some("a token without a signature")),
            (format!("{}.{}.x", encoded(r#"{"alg":"HS256"}"#), encoded("{}")), None),
            ("alice@app.example".to_owned(), Some("somebody's e-mail address")),
            (crate::dice::fresh(), None),
        ];
        for (state, expected) in cases {
            assert_eq!(tells(&state), expected, "{state}");
        }
    }
}
