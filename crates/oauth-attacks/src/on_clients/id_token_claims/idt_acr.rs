//! The client asked for a login of a certain class, as an essential one, and the ID token says that it was of another.
//! Whoever knows the password alone gets in where a second factor is asked for.

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::client::Visitor;
use crate::observe;
use crate::on_clients::lying_token;
use crate::stage::Stage;
use crate::verdict::Level;
use mock_idp::MockIdp;
use oauth_types::fault::Edit;
use oauth_types::scenario::NextLogin;
use serde_json::{Value, json};

/// `rp-idt-acr`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-idt-acr",
        name: "Login of a lesser class",
        story: story!("idt_acr.rs"),
        capabilities: &[Capability::A1],
        citation: "OpenID Connect Core sections 3.1.3.7 and 5.5.1.1",
        steps: &[
            "Register a client that asks for an acr as an essential claim.",
            "Let somebody log in with that class, and say in the ID token that it was another, that it was none, and a list with both.",
            "Watch whether the client logs somebody in or uses the access token that came along.",
        ],
        secure: "The client rejects a login that is not of the class it asked for.",
        insecure: "The client asks for a class and does not look which it was.",
        defence: "Who asks for an essential acr compares it.",
        level: Level::Must,
        levels: &[],
    },
    only_looks: false,
    needs: &[],
    run: |stage| Box::pin(run(stage)),
};

/// The class that is asked for.
const CLASS: &str = "urn:example:two-factors";

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let claims = json!({"id_token": {"acr": {"essential": true, "values": [CLASS]}}});
    let wish = ("claims".to_owned(), claims.to_string());
    let idp = stage.idp_as(MockIdp::builder(), |registration| registration.always.push(wish)).await?;
    let request = stage.must_begin(&Visitor::new(), &idp).await?;
    let asked = observe::asked(&request, &idp.journal());
    // A client may ask for claims of its own.
    let claims = asked.get("claims").and_then(|claims| serde_json::from_str::<Value>(claims).ok());
    if claims.is_none_or(|claims| claims.pointer("/id_token/acr").is_none()) {
        return Err(Inconclusive::new("the client does not ask for an essential acr"));
    }
    let cases = [
        (Edit::set("acr", "urn:example:password"), "an ID token of a login of another class"),
        (Edit::remove("acr"), "an ID token that does not say of which class the login was"),
        (Edit::set("acr", json!([CLASS, "urn:example:password"])), "an ID token with a list of classes"),
    ];
    for (edit, what) in cases {
        idp.mock().login(NextLogin::user("alice").acr(CLASS));
        lying_token::must_be_rejected(stage, &idp, vec![edit], what).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::on_clients::gullible;

    /// Why there is nothing to be said of a client that redeems no code and whose requests have these parameters.
    async fn reason(query: &'static str) -> String {
        let stage = gullible::stage(query, gullible::believe);
        run(&stage).await.expect_err("it redeems no code").to_string()
    }

    #[tokio::test]
    async fn only_who_asks_for_a_class_by_the_claims_parameter_is_looked_at() {
        let no = "the client does not ask for an essential acr";
        assert_eq!(reason("response_type=code").await, no);
        // {"userinfo":{"email":null}}
        let own = "response_type=code&claims=%7B%22userinfo%22%3A%7B%22email%22%3Anull%7D%7D";
        assert_eq!(reason(own).await, no);
        // {"id_token":{"acr":{"essential":true}},"userinfo":{"email":null}}
        let class = "response_type=code&claims=%7B%22id_token%22%3A%7B%22acr%22%3A%7B%22essential%22%3Atrue%7D%7D%2C\
            %22userinfo%22%3A%7B%22email%22%3Anull%7D%7D";
        assert_eq!(reason(class).await, "the client got no ID token");
    }
}
