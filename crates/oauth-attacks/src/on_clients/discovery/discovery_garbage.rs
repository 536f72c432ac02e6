//! The metadata are a page, half a document, of wrong types, without what is needed, or very long. A client that is
//! not prepared for it breaks down, goes on with nothing, or fills its memory.

use oauth_types::fault::{Edit, Point};

use super::discovery_http_endpoint::try_to_log_in;
use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::client::Said;
use crate::judge::Finding;
use crate::stage::{Heard, Stage};
use crate::verdict::{Level, Verdict};

/// `rp-discovery-garbage`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-discovery-garbage",
        name: "Metadata that are none",
        story: story!("discovery_garbage.rs"),
        capabilities: &[Capability::A1, Capability::A2],
        citation: "RFC 8414 section 3.2, OpenID Connect Discovery section 4.2",
        steps: &[
            "The metadata are spoilt in one way after the other.",
            "The client is asked to log somebody in, each time.",
        ],
        secure: "The client says that it cannot use the metadata, and has read no more than it needs to know that.",
        insecure: "The client breaks down, or reads whatever there is.",
        defence: "Metadata are read up to a limit and judged before they are used.",
        level: Level::Must,
        levels: &[],
    },
    only_looks: false,
    needs: &[],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    for (what, edit) in spoilt() {
        let idp = stage.idp().await?;
        let lie = idp.lie_at(Point::Discovery, edit);
        let heard = try_to_log_in(stage, &idp).await?;
        if !lie.was_told() {
            return Err(Inconclusive::new("the client does not read metadata"));
        }
        match heard {
            Some(Heard::BrokeDown) => stage.violated(format!("the client broke down at metadata that are {what}")),
            Some(Heard::Said(Said::Accepted { .. })) => {
                stage.violated(format!("somebody is logged in with metadata that are {what}"))
            }
            _ => stage.withstood(format!("metadata that are {what} are not used")),
        };
    }
    let idp = stage.idp().await?;
    let _long = idp.lie_at(Point::Discovery, Edit::Pad { octets: LONG });
    match try_to_log_in(stage, &idp).await? {
        Some(Heard::Said(Said::Accepted { .. })) => {
            let because = "the client reads metadata of 16 MiB";
            stage.found(Finding::new(Verdict::Vulnerable, because).at(Level::Should));
        }
        Some(Heard::BrokeDown) => {
            stage.violated("the client broke down at metadata of 16 MiB");
        }
        _ => {
            stage.withstood("metadata of 16 MiB are not read");
        }
    }
    Ok(())
}

/// How long metadata can be, in octets.
const LONG: usize = 16 << 20;

/// What is wrong with metadata, and how to make it so.
fn spoilt() -> Vec<(&'static str, Edit)> {
    let body =
        |content_type: &str, text: &str| Edit::Body { content_type: content_type.to_owned(), text: text.to_owned() };
    vec![
        ("a page", body("text/html", "<!doctype html><title>Welcome</title>")),
        ("cut off", body("application/json", r#"{"issuer":"https://hon"#)),
        ("an array", body("application/json", "[]")),
        ("empty", body("application/json", "{}")),
        ("without a token endpoint", Edit::remove("token_endpoint")),
        ("without an authorization endpoint", Edit::remove("authorization_endpoint")),
        ("of wrong types", Edit::set("token_endpoint", 7)),
        ("lists where there should be texts", Edit::set("authorization_endpoint", vec!["https://honest.example"])),
    ]
}
