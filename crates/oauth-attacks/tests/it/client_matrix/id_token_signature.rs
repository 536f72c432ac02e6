//! What the attacks of the family `id_token_signature` need to be off.

use oauth_attacks::Level;

use super::Row;
use crate::victims::client::Defence;

pub(super) const ROWS: &[Row] = &[
    Row { id: "rp-idt-alg-none", off: Defence::SignatureRequired, level: Level::Must, because: "" },
    Row { id: "rp-idt-hs256-pubkey", off: Defence::AlgorithmFixed, level: Level::Must, because: "" },
];
