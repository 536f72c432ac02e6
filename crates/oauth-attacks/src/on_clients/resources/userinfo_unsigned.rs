//! The client is registered for UserInfo that is signed, and gets it plain, signed with nothing, or signed for
//! somebody else. A client that takes whatever comes has the signature for show.

use http::header::ACCEPT;
use mock_idp::{Entry, MockIdp};
use oauth_types::fault::{Edit, Fault, Point, Signature};

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::client::{Said, Visitor};
use crate::stage::{Heard, Stage};
use crate::verdict::Level;

/// `rp-userinfo-unsigned`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-userinfo-unsigned",
        name: "UserInfo without its signature",
        story: story!("userinfo_unsigned.rs"),
        capabilities: &[Capability::A1, Capability::A2],
        citation: "OpenID Connect Core sections 5.3.2 and 5.3.4",
        steps: &[
            "A login is begun by a client that is registered for signed UserInfo, and answered honestly.",
            "UserInfo is plain JSON.",
            "The same with the algorithm `none`, a broken signature, another issuer and another audience.",
        ],
        secure: "The claims are refused.",
        insecure: "The user is logged in with the claims.",
        defence: "Claims that should be signed are taken only with a good signature, from the issuer and for this client.",
        level: Level::Must,
        levels: &[],
    },
    only_looks: false,
    needs: &[],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let client = stage.registration().registering("userinfo_signed_response_alg", "RS256");
    let idp = stage.idp_knowing(MockIdp::builder(), client).await?;
    let heard = stage.login(&Visitor::new(), &idp).await?;
    if !matches!(heard, Heard::Said(Said::Accepted { .. })) {
        return Err(Inconclusive::new("the client does not take UserInfo that is signed"));
    }
    if !idp.requests("/userinfo").last().is_some_and(wants_only_signed) {
        return Err(Inconclusive::new("the client does not ask for UserInfo that is signed, and nothing else"));
    }
    let plain = Edit::Body { content_type: "application/json".to_owned(), text: "{\"sub\":\"alice\"}".to_owned() };
    for (what, fault) in [
        ("UserInfo without a signature", Fault::always(Point::Userinfo, plain)),
        ("UserInfo signed with nothing", Fault::always(Point::UserinfoToken, Edit::sign(Signature::AlgNone))),
        ("UserInfo with a broken signature", Fault::always(Point::UserinfoToken, Edit::sign(Signature::Corrupted))),
        (
            "UserInfo of another issuer",
            Fault::always(Point::UserinfoToken, Edit::set("iss", "https://attacker.example")),
        ),
        ("UserInfo for another client", Fault::always(Point::UserinfoToken, Edit::set("aud", "another-client"))),
    ] {
        let lie = idp.lie(fault);
        let heard = stage.login(&Visitor::new(), &idp).await?;
        if !lie.was_told() {
            return Err(Inconclusive::new("the client does not ask for UserInfo"));
        }
        stage.must_reject(&heard, what);
    }
    Ok(())
}

/// Whether the client wants nothing but a signed answer. One that takes both was not told how it is registered.
fn wants_only_signed(request: &Entry) -> bool {
    request
        .headers
        .get(ACCEPT)
        .and_then(|kinds| kinds.to_str().ok())
        .is_some_and(|kinds| kinds.trim() == "application/jwt")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::on_clients::gullible;
    use crate::stage::Address;

    /// Why there is nothing to be said of a client that asks for these kinds of UserInfo.
    async fn reason(kinds: &'static str) -> String {
        let stage = gullible::stage("response_type=code", move |visitor, address| async move {
            let issuer = Address::parse(&address).expect("an address").get("iss").to_owned();
            let http = reqwest::Client::builder().no_proxy().tls_certs_only([]).build().expect("an HTTP client");
            let asked = http.get(format!("{issuer}/userinfo")).header(ACCEPT, kinds).send().await;
            asked.expect("an answer");
            gullible::believe(visitor, address).await
        });
        run(&stage).await.expect_err("it has no access token").to_string()
    }

    #[tokio::test]
    async fn who_asks_for_unsigned_claims_as_well_is_not_blamed_for_taking_them() {
        let both = "the client does not ask for UserInfo that is signed, and nothing else";
        assert_eq!(reason("application/jwt, application/json").await, both);
        assert_eq!(reason("*/*").await, both);
        assert_ne!(reason("application/jwt").await, both);
    }
}
