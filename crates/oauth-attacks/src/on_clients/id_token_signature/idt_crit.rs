//! The header says that whoever does not understand a certain extension must reject the token. A client that does not
//! know the member reads the token as if nothing had been said, and takes something for signed that is not.

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::client::Said;
use crate::on_clients::lying_token;
use crate::stage::{Heard, Stage};
use crate::verdict::Level;
use oauth_types::fault::{Edit, Signature};
use serde_json::json;

/// `rp-idt-crit`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-idt-crit",
        name: "ID token with an extension that must be understood",
        story: story!("idt_crit.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 7515 section 4.1.11, RFC 7797 section 6, OpenID Connect Core section 3.1.3.7",
        steps: &[
            "Let somebody log in at a server that lies in the token response.",
            "Sign ID tokens rightly with a crit that names an unknown extension, that is empty, and that names b64 with the value false.",
            "Watch whether the client logs somebody in or uses the access token that came along.",
        ],
        secure: "The client rejects the token.",
        insecure: "The client does not look at crit and accepts the token.",
        defence: "A token with a crit that is not understood, or is empty, is rejected.",
        level: Level::Must,
        levels: &[],
    },
    only_looks: false,
    needs: &[],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let idp = stage.idp().await?;
    let crit = |names: serde_json::Value| Edit::jose_header("crit", names);
    let cases = [
        (
            vec![crit(json!(["urn:example:bound"])), Edit::jose_header("urn:example:bound", true)],
            "an ID token with an extension that must be understood",
        ),
        (vec![crit(json!([]))], "an ID token with an empty crit"),
        (vec![crit(json!(["b64"])), Edit::jose_header("b64", false)], "an ID token that says it is not encoded"),
    ];
    // A header is read when a signature is checked: who checks none, over TLS, has only that to answer for.
    let forged = lying_token::hear(&stage.aside(), &idp, vec![Edit::sign(Signature::Corrupted)]).await?;
    let checks = !matches!(forged, Heard::Said(Said::Accepted { .. }));
    for (edits, what) in cases {
        match checks {
            true => lying_token::must_be_rejected(stage, &idp, edits, what).await?,
            false => lying_token::signature_must_be_rejected(stage, &idp, edits, what).await?,
        }
    }
    Ok(())
}
