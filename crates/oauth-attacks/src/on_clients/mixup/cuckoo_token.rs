//! The attacker has a token that was stolen at an honest server, and cannot use it. So the attacker's server gives it
//! to a client as its own, and the client takes it to the resource that trusts the honest server, where the attacker
//! then works with somebody else's data.

use http::HeaderValue;
use mock_idp::Entry;
use mock_idp::jose::left_half;
use oauth_types::Algorithm;
use oauth_types::fault::{Edit, Fault, Point};

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::client::{Ability, Errand, Said, Visitor};
use crate::observe;
use crate::on_clients::mixup::called;
use crate::stage::{Heard, Stage};
use crate::verdict::Level;

/// `rp-cuckoo-token`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-cuckoo-token",
        name: "Cuckoo token",
        story: story!("cuckoo_token.rs"),
        capabilities: &[Capability::A1, Capability::A5],
        citation: "FAPI 2.0 Security Profile section 6, RFC 9700 section 4.9.1",
        steps: &[
            "The client logs in at an honest server and calls a resource that trusts it.",
            "Another visitor logs in at the attacker's server, which gives out the stolen token.",
            "That visitor calls the resource of the honest server.",
        ],
        secure: "The client does not send a token to a resource that does not trust the server it is from, or proves another key with it.",
        insecure: "The resource of the honest server gets the token as it was stolen.",
        defence: "A token goes only to resources that name its server as theirs.",
        level: Level::Should,
        levels: &[],
    },
    only_looks: false,
    needs: &[Ability::Call],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let (honest, attacker) = (stage.idp().await?, stage.idp_of_attacker().await?);
    let call = Errand::Call { url: format!("{}/resource", honest.issuer()) };
    let visitor = Visitor::new();
    stage.login(&visitor, &honest).await?;
    called::once(stage, &visitor, &call, &honest).await?;
    // A client that takes nothing from a second server at all is not stopped by what this attack is about.
    observe::login(&stage.aside(), &attacker, &Visitor::new()).await?.succeeded()?;
    let _cuckoo = attacker.lie_at(Point::TokenResponse, Edit::set("access_token", STOLEN));
    let hash = left_half(STOLEN, Algorithm::Rs256);
    let _hash = attacker.lie_at(Point::IdToken, Edit::set("at_hash", hash));
    let claims = Edit::Body { content_type: "application/json".to_owned(), text: r#"{"sub":"alice"}"#.to_owned() };
    let _claims = attacker.lie(Fault::always(Point::Userinfo, Edit::Status { code: 200 }).and(claims));
    let guest = Visitor::new();
    let heard = stage.login(&guest, &attacker).await?;
    let done = stage.ask(&guest, call, &[&honest]).await?;
    let stolen = |value: &HeaderValue| value.to_str().is_ok_and(|text| text.contains(STOLEN));
    let taken = |entry: &Entry| entry.headers.get("authorization").is_some_and(stolen);
    let taken = honest.journal().iter().any(|entry| taken(entry) && entry.headers.get("dpop").is_none());
    if taken || done.is_none() {
        stage.violated("a token of the attacker's server is taken to a resource of the honest one");
    } else if matches!(heard, Heard::Said(Said::Accepted { .. })) {
        stage.withstood("a token of one server is not taken to a resource of another");
    } else {
        stage.withstood("the client does not take the stolen token");
    }
    Ok(())
}

/// A token that somebody else was given.
const STOLEN: &str = "a-token-that-was-stolen-at-the-honest-server";
