//! The authorization response. What a client makes of the state, the issuer and the code that a browser brings back.

mod code_injection_nonce;
mod code_injection_pkce;
mod iss_missing;
mod iss_wrong;
mod state_mismatch;
mod state_missing_response;
mod state_other_browser;
mod state_replay;

use crate::attack::{ClientAttack, Family};

/// What a client makes of the state, the issuer and the code that a browser brings back.
pub const FAMILY: Family<ClientAttack> = Family {
    name: "response",
    title: "The authorization response",
    about: "What a client makes of the state, the issuer and the code that a browser brings back.",
    attacks: &[
        state_mismatch::ATTACK,
        state_missing_response::ATTACK,
        state_other_browser::ATTACK,
        state_replay::ATTACK,
        iss_wrong::ATTACK,
        iss_missing::ATTACK,
        code_injection_pkce::ATTACK,
        code_injection_nonce::ATTACK,
    ],
};
