//! The page at the redirect URI has the code and the state in its address, and loads pictures or scripts from
//! elsewhere. Browsers tell those where they come from, as far as the page lets them. Who runs them reads codes.

use super::altered;

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::client::{Ability, Page, Said};
use crate::stage::{Heard, Stage};
use crate::verdict::Level;

/// The policies under which a browser does not tell others the query of a page.
const CAREFUL: [&str; 6] = [
    "no-referrer",
    "origin",
    "origin-when-cross-origin",
    "same-origin",
    "strict-origin",
    "strict-origin-when-cross-origin",
];

/// `rp-callback-referer`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-callback-referer",
        name: "The code in a Referer header",
        story: story!("callback_referer.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 9700 sections 4.2.1 and 4.2.4",
        steps: &[
            "A login is begun, answered honestly, and brought back to the client.",
            "The answer of the redirect URI is looked at.",
        ],
        secure: "The browser is led to another address at once, or the page keeps its address to itself.",
        insecure: "The page stays where it is, without a policy for the Referer header, or leads to an address with the code in it.",
        defence: "The redirect URI leads to another page at once, and its answer has a Referrer-Policy.",
        level: Level::Should,
        levels: &[],
    },
    only_looks: false,
    needs: &[Ability::Pages],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let idp = stage.idp().await?;
    let (visitor, address) = altered::answered(stage, &idp).await?;
    let heard = stage.deliver(&visitor, &address, &[&idp]).await?;
    if !matches!(heard, Heard::Said(Said::Accepted { .. })) {
        return Err(Inconclusive::new(format!("an honest response already: {heard}")));
    }
    let page = visitor.page().ok_or_else(|| Inconclusive::new("the client does not show a page after a login"))?;
    match leak(&page, address.get("code")) {
        Some(because) => stage.violated(because),
        None => stage.withstood("the page at the redirect URI keeps its address to itself"),
    };
    Ok(())
}

fn leak(page: &Page, code: &str) -> Option<&'static str> {
    let header = |name: &str| page.headers.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str());
    if (300..400).contains(&page.status) {
        let told = header("location").is_some_and(|to| to.contains(code));
        return told.then_some("the redirect URI leads to an address with the code in it");
    }
    // The browser was led on to an address that has nothing to tell.
    if page.address.as_ref().is_some_and(|address| !address.contains(code)) {
        return None;
    }
    let careful = header("referrer-policy").is_some_and(|policy| CAREFUL.contains(&policy.trim()));
    (!careful).then_some("the page at the redirect URI stays, and has no policy for the Referer header")
}
