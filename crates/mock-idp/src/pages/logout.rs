//! The pages for logging out.

use std::fmt::Write;

use super::dialog::{Account, form, policy};
use super::{POLICY, page};
use crate::escape::html;
use crate::redirect;
use crate::reply::Page;

/// How long the clients in the frames have for logging out before the browser goes on, in seconds.
const PATIENCE: u32 = 2;

/// Asks whether somebody wants to log out.
pub(crate) fn log_out(action: &str, hidden: &[(&str, &str)], accounts: &[Account<'_>], to: &str) -> Page {
    let mut body = String::from("<p>You are logged in as:</p>\n<ul class=\"plain\" id=\"accounts\">\n");
    for account in accounts {
        // Writing into a `String` does not fail.
        let _ = writeln!(body, "<li>{} <small>{}</small></li>", html(account.title), html(account.name));
    }
    body += "</ul>\n";
    let buttons = "<button type=\"submit\" id=\"logout-approve\" name=\"decision\" value=\"approve\">Log out</button>\n\
                   <button type=\"submit\" id=\"logout-deny\" name=\"decision\" value=\"deny\">Stay logged in</button>\n";
    body += &form(action, "logout", hidden, buttons);
    Page { html: page("Do you want to log out?", &body), policy: policy(to) }
}

/// Says that nobody was logged out.
pub(crate) fn logged_in() -> Page {
    Page {
        html: page("You are still logged in", "<p id=\"done\">Nothing has changed.</p>"),
        policy: POLICY.to_owned(),
    }
}

/// Says that somebody was logged out; has clients log out in frames, and goes on to one.
pub(crate) fn logged_out(frames: &[String], to: Option<&str>) -> Page {
    let mut body = String::from("<p id=\"done\">You are logged out.</p>\n");
    if let Some(to) = to {
        let to = html(to);
        let _ = write!(
            body,
            "<p><a id=\"continue\" href=\"{to}\">Continue</a></p>\n\
             <meta http-equiv=\"refresh\" content=\"{PATIENCE}; url={to}\">\n"
        );
    }
    let mut origins: Vec<String> = Vec::new();
    for (uri, origin) in frames.iter().filter_map(|uri| Some((uri, redirect::origin(uri)?))) {
        let uri = html(uri);
        let _ =
            writeln!(body, "<iframe src=\"{uri}\" title=\"A client logs out\" width=\"1\" height=\"1\"></iframe>");
        if !origins.contains(&origin) {
            origins.push(origin);
        }
    }
    let policy = match origins.is_empty() {
        true => POLICY.to_owned(),
        false => format!("{POLICY}; frame-src {}", origins.join(" ")),
    };
    Page { html: page("You are logged out", &body), policy }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_log_out_in_frames_of_their_own_origins_alone() {
        let frames = ["https://a.example/out?sid='x'", "https://a.example/2", "javascript:alert(1)", "https://b;c/"];
        let page = logged_out(&frames.map(str::to_owned), Some("https://a.example/bye?state=<"));
        assert!(page.policy.ends_with("; frame-src https://a.example"), "{}", page.policy);
        assert_eq!(page.html.matches("<iframe").count(), 2);
        assert!(page.html.contains("src=\"https://a.example/out?sid=&#39;x&#39;\""));
        assert!(
            page.html.contains("href=\"https://a.example/bye?state=&#60;\"") && !page.html.contains("javascript")
        );
        assert_eq!(logged_out(&[], None).policy, POLICY);
    }
}
