//! The client is for the users of one organization and says so in its request. The server logs somebody else in all the
//! same, since the request is only a wish, and a client that does not look at the answer lets in everybody who has an
//! account there.

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::client::{Said, Visitor};
use crate::on_clients::lying_token;
use crate::stage::{Heard, Stage};
use crate::verdict::Level;
use mock_idp::MockIdp;
use oauth_types::fault::Edit;
use serde_json::json;

/// `rp-tenant-claim`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-tenant-claim",
        name: "User of another tenant",
        story: story!("tenant_claim.rs"),
        capabilities: &[Capability::A1],
        citation: "OpenID Connect Core section 3.1.3.7",
        steps: &[
            "Register a client that asks for the users of one domain by hd.",
            "Let somebody log in of whom the ID token says another domain, a part of it, a list, or none.",
            "Watch whether the client logs somebody in or uses the access token that came along.",
        ],
        secure: "The client rejects users of another domain and of none.",
        insecure: "The client relies on what it asked for.",
        defence: "What a client is for is checked in the ID token, and not only asked for.",
        level: Level::Must,
        levels: &[],
    },
    only_looks: false,
    needs: &[],
    run: |stage| Box::pin(run(stage)),
};

/// The domain whose users the client is for.
const DOMAIN: &str = "tenant.example";

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let wish = ("hd".to_owned(), DOMAIN.to_owned());
    let idp = stage.idp_as(MockIdp::builder(), |registration| registration.always.push(wish)).await?;
    let request = stage.must_begin(&Visitor::new(), &idp).await?;
    if request.params.get("hd").is_none() {
        return Err(Inconclusive::new("the client does not ask for the users of one domain"));
    }
    match lying_token::hear(&stage.aside(), &idp, vec![Edit::set("hd", DOMAIN)]).await? {
        Heard::Said(Said::Accepted { .. }) => {}
        heard => {
            return Err(Inconclusive::new(format!("the client does not log in a user of its own domain: {heard}")));
        }
    }
    let cases = [
        (Edit::set("hd", "attacker.example"), "a user of another domain"),
        (Edit::set("hd", "evil-tenant.example"), "a user of a domain that ends like this one"),
        (Edit::set("hd", json!([DOMAIN])), "a user of a list of domains"),
        (Edit::remove("hd"), "a user of no domain"),
    ];
    for (edit, what) in cases {
        lying_token::must_be_rejected(stage, &idp, vec![edit], what).await?;
    }
    Ok(())
}
