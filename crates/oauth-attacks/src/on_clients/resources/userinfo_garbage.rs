//! UserInfo is a page, an error with the status of a success, has two subjects, a subject that is a list, or megabytes
//! of white space. A client that makes the best of it logs in somebody else, or is brought down.

use oauth_types::fault::Edit;
use serde_json::json;

use super::claims;

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::stage::Stage;
use crate::verdict::Level;

/// `rp-userinfo-garbage`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-userinfo-garbage",
        name: "UserInfo that is anything else",
        story: story!("userinfo_garbage.rs"),
        capabilities: &[Capability::A1],
        citation: "OpenID Connect Core section 5.3.2, RFC 8259 section 4",
        steps: &[
            "A login is begun and answered honestly.",
            "UserInfo is a page of HTML.",
            "The same with an error and the status 200, with two subjects, with a subject that is a list, with text where there should be true or false, and with eight mebibytes.",
        ],
        secure: "Such claims are refused, or do no harm, and reading has a limit.",
        insecure: "Somebody else is logged in, or the client breaks down, or reads to the end.",
        defence: "Claims are one JSON object of bounded size with distinct members of the right types.",
        level: Level::Must,
        levels: &[],
    },
    only_looks: false,
    needs: &[],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let body =
        |content_type: &str, text: &str| Edit::Body { content_type: content_type.to_owned(), text: text.to_owned() };
    let name = || Edit::set("name", claims::CANARY);
    let page = format!("<html>{}</html>", claims::CANARY);
    for (what, edits) in [
        ("UserInfo that is a page", vec![body("text/html", &page)]),
        ("UserInfo that is an error", vec![body("application/json", "{\"error\":\"invalid_token\"}")]),
        (
            "UserInfo about two subjects",
            vec![name(), Edit::Repeat { name: "sub".to_owned(), value: "mallory".to_owned() }],
        ),
        ("UserInfo about a list", vec![name(), Edit::set("sub", json!(["alice", "mallory"]))]),
    ] {
        claims::must_not_count(stage, edits, what).await?;
    }
    claims::must_do_no_harm(stage, Edit::set("email_verified", "false"), "UserInfo of the wrong type").await?;
    claims::must_be_bounded(stage).await
}
