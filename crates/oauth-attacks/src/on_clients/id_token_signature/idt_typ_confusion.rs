//! The server signs many kinds of tokens with one key, and some of them get into hands that no ID token gets into. A
//! client that looks at the signature and not at what the token is for lets an access token or a logout token log
//! somebody in.

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::on_clients::forged_token::Right;
use crate::on_clients::{forged_token, lying_token};
use crate::stage::Stage;
use crate::verdict::Level;
use oauth_types::fault::Edit;
use oauth_types::mint::{Kind, Mint};
use serde_json::{Map, Value};

/// `rp-idt-typ-confusion`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-idt-typ-confusion",
        name: "Another token in place of the ID token",
        story: story!("idt_typ_confusion.rs"),
        capabilities: &[Capability::A1, Capability::A5],
        citation: "RFC 8725 sections 2.8, 3.11 and 3.12",
        steps: &[
            "Let somebody log in at a server that lies in the token response.",
            "Give it an access token for this client, then a logout token, both rightly signed by the server.",
            "Do the same with tokens that do not say in their typ what they are.",
            "Give it ID tokens whose typ says that they are access tokens, logout tokens and proofs.",
            "Watch whether the client logs somebody in or uses the access token that came along.",
        ],
        secure: "The client rejects whatever is not an ID token of this login.",
        insecure: "The client accepts a token that was made for something else.",
        defence: "What a token is for is checked: by its typ where it has one, and by claims that only an ID token has.",
        level: Level::Must,
        levels: &[],
    },
    only_looks: false,
    needs: &[],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let idp = stage.idp().await?;
    forged_token::control(stage, &idp).await?;
    let own = &idp.provider().client.client_id;
    let kinds = [(Kind::AccessToken, "an access token"), (Kind::LogoutToken, "a logout token")];
    for (kind, name) in kinds {
        // Only an ID token has the nonce of a login.
        let another = |mint: Mint| Mint { kind, claims: Map::new(), ..mint }.audience(own.as_str());
        let what = format!("{name} in place of the ID token");
        forged_token::minted_must_be_rejected(stage, &idp, another, &what).await?;
        let what = format!("{name} without a type of its own in place of the ID token");
        forged_token::another_must_be_rejected(stage, &idp, (another, untyped), &what).await?;
    }
    for typ in ["at+jwt", "logout+jwt", "dpop+jwt", "secevent+jwt"] {
        let edits = vec![Edit::jose_header("typ", typ)];
        let what = format!("an ID token whose typ is {typ}");
        lying_token::should_be_rejected(stage, &idp, edits, &what).await?;
    }
    Ok(())
}

/// The token as a server writes it that does not tell kinds of tokens apart by their typ.
fn untyped(right: &Right<'_>) -> Result<String, Inconclusive> {
    let mut header = right.header.clone();
    header.insert("typ".to_owned(), "JWT".into());
    right.signed(&Value::from(header).to_string(), &Value::from(right.claims.clone()).to_string())
}
