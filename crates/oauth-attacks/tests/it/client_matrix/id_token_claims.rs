//! What the attacks of the family `id_token_claims` need to be off.

use oauth_attacks::Level;

use super::Row;
use crate::victims::client::Defence;

pub(super) const ROWS: &[Row] = &[
    Row { id: "rp-idt-nonce-missing", off: Defence::NonceRequired, level: Level::Must, because: "" },
    Row { id: "rp-idt-aud-wrong", off: Defence::AudienceCompared, level: Level::Must, because: "" },
    Row { id: "rp-idt-iss-wrong", off: Defence::TokenIssuerCompared, level: Level::Must, because: "" },
    Row { id: "rp-idt-exp", off: Defence::ExpiryCompared, level: Level::Must, because: "" },
    Row { id: "rp-idt-time-types", off: Defence::TimesAreNumbers, level: Level::Must, because: "" },
];
