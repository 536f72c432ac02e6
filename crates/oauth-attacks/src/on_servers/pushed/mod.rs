//! Pushed and signed requests. PAR, JAR, and the references by which requests are found.

mod jar_alg_none;
mod jar_claims;
mod jar_key_confusion;
mod jar_replay;
mod jar_request_uri_ssrf;
mod objects;
mod par_bypass;
mod par_cross_tenant;
mod par_expired;
mod par_guess;
mod par_nested;
mod par_other_client;
mod par_override;
mod par_reuse;
mod par_swap;
mod par_unauthenticated;
mod par_unregistered_redirect;
mod par_verb;
mod refused;

use mock_idp::MockIdp;

use crate::attack::{Family, Inconclusive, ServerAttack};
use crate::idp::Idp;
use crate::target::Registration;
use crate::trace::Party;

/// PAR, JAR, and the references by which requests are found.
pub const FAMILY: Family<ServerAttack> = Family {
    name: "pushed",
    title: "Pushed and signed requests",
    about: "PAR, JAR, and the references by which requests are found.",
    attacks: &[
        par_reuse::ATTACK,
        par_expired::ATTACK,
        par_other_client::ATTACK,
        par_swap::ATTACK,
        par_guess::ATTACK,
        par_unauthenticated::ATTACK,
        par_nested::ATTACK,
        par_verb::ATTACK,
        par_bypass::ATTACK,
        par_override::ATTACK,
        par_unregistered_redirect::ATTACK,
        par_cross_tenant::ATTACK,
        jar_alg_none::ATTACK,
        jar_key_confusion::ATTACK,
        jar_claims::ATTACK,
        jar_replay::ATTACK,
        jar_request_uri_ssrf::ATTACK,
    ],
};

/// A server of the attacker's on loopback, whose journal tells who asked there.
async fn canary() -> Result<Idp, Inconclusive> {
    let nobody = Registration::public("nobody", "http://127.0.0.1:9/nobody");
    Idp::start(MockIdp::builder(), nobody, Party::AttackerServer).await
}
