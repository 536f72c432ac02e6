//! The authorization response. What a client makes of the state, the issuer and the code that a browser brings back.

mod altered;
mod callback_referer;
mod code_and_error;
mod code_duplicate;
mod code_hostile;
mod code_injection_nonce;
mod code_injection_pkce;
mod code_missing;
mod code_opaque;
mod destination;
mod error_loop;
mod error_xss;
mod frontchannel_token_injection;
mod hybrid_chash;
mod iss_duplicate;
mod iss_error_response;
mod iss_missing;
mod iss_normalised;
mod iss_unadvertised_wrong;
mod iss_wrong;
mod jarm_invalid;
mod open_redirector;
mod parallel_flows;
mod response_mode_confusion;
mod state_case_prefix;
mod state_duplicate;
mod state_empty;
mod state_expired;
mod state_mismatch;
mod state_missing_response;
mod state_other_browser;
mod state_replay;
mod state_tampered;
mod unsolicited_response;

use crate::attack::{ClientAttack, Family};

/// What a client makes of the state, the issuer and the code that a browser brings back.
pub const FAMILY: Family<ClientAttack> = Family {
    name: "response",
    title: "The authorization response",
    about: "What a client makes of the state, the issuer and the code that a browser brings back.",
    attacks: &[
        state_mismatch::ATTACK,
        state_missing_response::ATTACK,
        state_empty::ATTACK,
        state_case_prefix::ATTACK,
        state_duplicate::ATTACK,
        state_tampered::ATTACK,
        state_other_browser::ATTACK,
        state_replay::ATTACK,
        state_expired::ATTACK,
        parallel_flows::ATTACK,
        unsolicited_response::ATTACK,
        iss_wrong::ATTACK,
        iss_missing::ATTACK,
        iss_unadvertised_wrong::ATTACK,
        iss_normalised::ATTACK,
        iss_duplicate::ATTACK,
        iss_error_response::ATTACK,
        code_missing::ATTACK,
        code_and_error::ATTACK,
        code_duplicate::ATTACK,
        code_opaque::ATTACK,
        code_hostile::ATTACK,
        code_injection_pkce::ATTACK,
        code_injection_nonce::ATTACK,
        frontchannel_token_injection::ATTACK,
        response_mode_confusion::ATTACK,
        error_xss::ATTACK,
        error_loop::ATTACK,
        jarm_invalid::ATTACK,
        hybrid_chash::ATTACK,
        callback_referer::ATTACK,
        open_redirector::ATTACK,
    ],
};
