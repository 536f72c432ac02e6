//! The ID token does not say by which key it is signed, and the key set has several, one of them for something else. A
//! client that tries them all without looking at what they are for lets a key for encryption sign logins.

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::on_clients::forged_token::{self, Right};
use crate::on_clients::stranger;
use crate::stage::Stage;
use crate::verdict::Level;
use oauth_types::fault::{Edit, Point};
use serde_json::json;

/// `rp-idt-kid-missing-multi`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-idt-kid-missing-multi",
        name: "ID token without the name of its key",
        story: story!("idt_kid_missing_multi.rs"),
        capabilities: &[Capability::A1],
        citation: "OpenID Connect Core section 10.1, RFC 7517 section 4.2, OpenID Connect Core section 3.1.3.7",
        steps: &[
            "Publish a key of the attacker's besides the server's own, marked as one for encryption.",
            "Let somebody log in at a server that lies in the token response.",
            "Give it an ID token without a kid that this key signed, then one of a key that is not published at all.",
            "Watch whether the client logs somebody in or uses the access token that came along.",
        ],
        secure: "The client rejects the token: no key that may sign fits it.",
        insecure: "The client tries every key until one fits.",
        defence: "Without a name, a key fits only if it is for signatures, of the right type, and the only one.",
        level: Level::Must,
        levels: &[],
    },
    only_looks: false,
    needs: &[],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let idp = stage.idp().await?;
    let (key, unpublished) = (stranger::key()?, stranger::other_key()?);
    let mut keys = vec![stranger::jwk(&key, |jwk| jwk.insert("use".to_owned(), "enc".into()))];
    keys.extend(idp.mock().keys().published());
    let lie = idp.lie_at(Point::Jwks, Edit::set("keys", json!(keys)));
    forged_token::control(stage, &idp).await?;
    let nameless = |right: &Right<'_>| right.by(&key).without_header("kid").nameless().signed_by(&key);
    forged_token::signature_must_be_rejected(
        stage,
        &idp,
        nameless,
        "an ID token without a kid of a key for encryption",
    )
    .await?;
    let nameless = |right: &Right<'_>| right.by(&key).without_header("kid").nameless().signed_by(&unpublished);
    forged_token::signature_must_be_rejected(stage, &idp, nameless, "an ID token without a kid of no published key")
        .await?;
    drop(lie);
    Ok(())
}
