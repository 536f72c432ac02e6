//! Where a browser is led after a login.

use url::Url;

use crate::client::{Said, Visitor};
use crate::stage::{Heard, Stage};

/// An address that is not the client's.
pub(super) const ELSEWHERE: &str = "https://attacker.example/";

/// Where the visitor is led, if that is not at the site of the client.
pub(super) fn astray(stage: &Stage, visitor: &Visitor, heard: &Heard) -> Option<String> {
    let page = visitor.page().filter(|page| (300..400).contains(&page.status));
    let location = page.and_then(|page| page.headers.into_iter().find(|(name, _)| name == "location"));
    let sent_on = match heard {
        Heard::Said(Said::SentOn { url }) => Some(url.clone()),
        _ => None,
    };
    let client = stage.registration();
    let here = Url::parse(client.redirect_uri()).ok()?;
    let places = location.map(|(_, to)| to).into_iter().chain(sent_on);
    // As a browser reads it: with backslashes for slashes, and without tabs.
    let is_here = |to: &str| here.join(to).is_ok_and(|to| to.origin() == here.origin());
    places.into_iter().find(|to| !is_here(to))
}
