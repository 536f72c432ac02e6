//! The client asks for an ID token besides the code, whose purpose is to tell whether the code was exchanged on its
//! way. Its hash is that of another code, or it is not there. A client that does not compare it redeems the code of
//! somebody else.

use mock_idp::MockIdp;
use oauth_types::fault::{Edit, Fault, Point};

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::client::{Said, Visitor};
use crate::judge::Finding;
use crate::stage::{Heard, Stage};
use crate::verdict::{Level, Verdict};

/// What is asked for.
const BOTH: &str = "code id_token";

/// `rp-hybrid-chash`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-hybrid-chash",
        name: "ID token for another code",
        story: story!("hybrid_chash.rs"),
        capabilities: &[Capability::A1, Capability::A3],
        citation: "OpenID Connect Core sections 3.3.2.10 and 3.3.2.11",
        steps: &[
            "A login is begun that asks for a code and an ID token.",
            "The ID token of the response has the hash of another code.",
            "The same without a hash of the code, and with the hash of another state.",
        ],
        secure: "The response is rejected before the code is sent anywhere.",
        insecure: "The code is redeemed.",
        defence: "The hashes of code and state in the ID token are compared before the code is redeemed.",
        level: Level::Must,
        levels: &[],
    },
    only_looks: false,
    needs: &[],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let client = stage.registration().always("response_type", BOTH);
    let client = client.registering("grant_types", vec!["authorization_code", "implicit"]);
    let idp = stage.idp_knowing(MockIdp::builder().legacy(), client).await?;
    let honest = stage.must_begin(&Visitor::new(), &idp).await?;
    if !honest.get("response_type").split(' ').any(|kind| kind == "id_token") {
        return Err(Inconclusive::new("the client does not ask for an ID token besides the code"));
    }
    let heard = stage.login(&Visitor::new(), &idp).await?;
    if !matches!(heard, Heard::Said(Said::Accepted { .. })) {
        return Err(Inconclusive::new(format!("an honest login with an ID token besides the code: {heard}")));
    }
    let wrong = "AAAAAAAAAAAAAAAAAAAAAA";
    let attempts = [
        ("an ID token of another code", Edit::set("c_hash", wrong), Level::Must),
        ("an ID token of no code", Edit::remove("c_hash"), Level::Must),
        ("an ID token of another state", Edit::set("s_hash", wrong), Level::Should),
    ];
    for (what, edit, level) in attempts {
        let lie = idp.lie(Fault::always(Point::IdToken, edit).once());
        let before = idp.token_requests().len();
        let heard = stage.login(&Visitor::new(), &idp).await?;
        if !lie.was_told() {
            return Err(Inconclusive::new("the authorization request did not reach the server"));
        }
        if idp.token_requests().len() > before {
            stage.found(
                Finding::new(Verdict::Vulnerable, format!("the client redeemed a code with {what}")).at(level),
            );
        } else {
            stage.must_reject(&heard, what);
        }
    }
    Ok(())
}
