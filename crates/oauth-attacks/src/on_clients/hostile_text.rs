//! Text of a server that is more than text, and where it must not come out as it is.

use crate::client::{Page, Said, Visitor};
use crate::judge::Finding;
use crate::stage::{Heard, Stage};
use crate::verdict::{Level, Verdict};

/// One text.
pub(super) struct Hostile {
    /// The parameter it comes in.
    pub(super) parameter: &'static str,
    /// The text.
    pub(super) text: &'static str,
    /// The part of it that does harm.
    harmful: &'static str,
    /// What it is.
    what: &'static str,
}

/// Each is tried alone.
pub(super) const ALL: &[Hostile] = &[
    Hostile {
        parameter: "error_description",
        text: "<script>canary()</script>",
        harmful: "<script>canary",
        what: "a script",
    },
    Hostile {
        parameter: "error_description",
        text: "\"><img src=x onerror=canary()>",
        harmful: "<img src=x onerror",
        what: "markup that leaves an attribute",
    },
    Hostile {
        parameter: "error_uri",
        text: "javascript:canary()",
        harmful: "javascript:canary",
        what: "a link that runs a script",
    },
    Hostile {
        parameter: "error_description",
        text: "x\r\nset-cookie: canary=1",
        harmful: "\nset-cookie: canary",
        what: "a line break with a header",
    },
    Hostile {
        parameter: "error_description",
        text: "\u{1b}[2J\u{1b}[31mcanary",
        harmful: "\u{1b}[",
        what: "characters that steer terminals",
    },
    Hostile {
        parameter: "error_description",
        text: "canary \u{202e}elpmaxe",
        harmful: "\u{202e}",
        what: "a character that turns the direction of text",
    },
];

/// Records whether the text is on the page, or in what the client says.
pub(super) fn must_not_come_out(stage: &Stage, visitor: &Visitor, heard: &Heard, hostile: &Hostile) {
    let what = hostile.what;
    let turns = !hostile.harmful.is_ascii();
    let steers = turns || hostile.harmful.contains(|c: char| c.is_control());
    let page = visitor.page().unwrap_or_default();
    if *heard == Heard::BrokeDown {
        stage.violated(format!("the client broke down at an error with {what}"));
    } else if in_headers(&page, hostile) || !steers && !is_text(&page) && page.body.contains(hostile.harmful) {
        stage.violated(format!("the client shows an error with {what} as it is"));
    } else if steers && page.printed.contains(hostile.harmful) {
        stage.violated(format!("the client prints an error with {what} as it is"));
    } else if turns && page.body.contains(hostile.harmful) {
        // What steers a terminal does nothing on a page, but this does.
        let because = format!("the client shows an error with {what} as it is");
        stage.found(Finding::new(Verdict::Vulnerable, because).at(Level::Should));
    } else if let Heard::Said(Said::Rejected(rejected)) = heard
        && rejected.shown().contains(hostile.harmful)
        && steers
    {
        // Whoever shows what a client says encodes it for where it is shown. Nobody expects these in it.
        let because = format!("the client says an error with {what} as it is");
        stage.found(Finding::new(Verdict::Vulnerable, because).at(Level::Should));
    } else {
        stage.withstood(format!("an error with {what} does not come out as it is"));
    }
}

fn in_headers(page: &Page, hostile: &Hostile) -> bool {
    page.headers
        .iter()
        .any(|(name, value)| value.contains(hostile.harmful) || name == "set-cookie" && value.contains("canary"))
}

/// Whether a browser shows the page as the text it is, and looks for no markup in it.
fn is_text(page: &Page) -> bool {
    page.headers.iter().any(|(name, value)| name == "content-type" && value.starts_with("text/plain"))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::agent::{Agent, Tls};
    use crate::client::{Closures, Provider, Rejected};
    use crate::profile::Profile;

    fn found(media_type: &str, hostile: &Hostile) -> (Verdict, Option<Level>) {
        let client = Closures::new(
            |_: Visitor, _: Provider| std::future::ready(Err(Rejected::new("never"))),
            |_: Visitor, _: String| std::future::ready(Said::BrokeDown),
        );
        let stage = Stage::new(Arc::new(client), Agent::new(Tls::Any).expect("an agent"), Profile::Bcp);
        let visitor = Visitor::new();
        let headers = vec![("content-type".to_owned(), media_type.to_owned())];
        visitor.show(Page { status: 200, headers, body: format!("failed: {}", hostile.text), ..Page::default() });
        must_not_come_out(&stage, &visitor, &Heard::Said(Said::Rejected(Rejected::new("failed"))), hostile);
        let finding = stage.findings().remove(0);
        (finding.verdict, finding.level)
    }

    #[test]
    fn a_page_of_plain_text_has_no_markup() {
        for hostile in
            ALL.iter().filter(|hostile| hostile.text.is_ascii() && !hostile.text.contains(['\n', '\u{1b}']))
        {
            assert_eq!(found("text/html", hostile), (Verdict::Vulnerable, None), "{}", hostile.what);
            assert_eq!(found("text/plain; charset=utf-8", hostile), (Verdict::Stopped, None), "{}", hostile.what);
        }
        let turned = ALL.iter().find(|hostile| !hostile.text.is_ascii()).expect("one that turns");
        assert_eq!(found("text/plain", turned), (Verdict::Vulnerable, Some(Level::Should)));
    }
}
