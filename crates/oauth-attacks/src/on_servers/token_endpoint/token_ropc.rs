//! The attacker has a list of passwords from elsewhere and tries them at the token endpoint, where there is no second
//! factor, no captcha and no user in front of a page. The grant type for it must not be used any more, so a server
//! that even compares the password has it on.

use oauth_types::{ErrorCode, Params};

use crate::attack::{Capability, Idea, Inconclusive, On, ServerAttack, story};
use crate::bench::Bench;
use crate::dice::fresh;
use crate::judge::Finding;
use crate::target::Registration;
use crate::verdict::{Level, Verdict};

/// `as-token-ropc`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-token-ropc",
        name: "The password grant is on",
        story: story!("token_ropc.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 9700 section 2.4",
        steps: &[
            "A token request with the grant type password, a user and a wrong password is sent.",
            "The list of grant types in the metadata is looked at.",
        ],
        secure: "The request is refused with `unsupported_grant_type` or `unauthorized_client`.",
        insecure: "The password is compared: the answer is `invalid_grant`, or tokens.",
        defence: "The password grant does not exist.",
        level: Level::Must,
        levels: &[],
    },
    on: On::EachClient,
    needs: &[],
    run: |bench, client| Box::pin(run(bench, client)),
};

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let form = Params::new().with("grant_type", "password").with("username", "alice").with("password", fresh());
    let answer = bench.request(client, "token_endpoint", form).send().await?;
    if answer.member("error").as_deref() == Some(ErrorCode::InvalidGrant.as_str()) {
        let because = "the server compares passwords at the token endpoint";
        bench.found(Finding::new(Verdict::Vulnerable, because), Some(&answer));
    } else {
        bench.judge(&answer, OFF, "the password grant");
    }
    let announced = bench.target().document()["grant_types_supported"].as_array();
    if announced.is_some_and(|all| all.iter().any(|one| one == "password")) {
        bench.found(Finding::new(Verdict::Vulnerable, "the metadata offers the password grant"), None);
    }
    Ok(())
}

/// The grant type is unknown, or not for this client.
const OFF: &[ErrorCode] = &[ErrorCode::UnsupportedGrantType, ErrorCode::UnauthorizedClient];
