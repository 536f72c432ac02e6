//! What the attacks of the family `response` need to be off.

use oauth_attacks::Level;

use super::Row;
use crate::victims::client::Defence;

pub(super) const ROWS: &[Row] = &[
    Row { id: "rp-state-mismatch", off: Defence::StateCompared, level: Level::Must, because: "" },
    Row { id: "rp-state-missing-response", off: Defence::StateRequired, level: Level::Must, because: "" },
    Row { id: "rp-state-other-browser", off: Defence::LoginsBelongToBrowsers, level: Level::Must, because: "" },
    Row { id: "rp-state-replay", off: Defence::LoginsAreUsedUp, level: Level::Must, because: "" },
    Row { id: "rp-iss-wrong", off: Defence::IssuerCompared, level: Level::Must, because: "" },
    Row { id: "rp-iss-missing", off: Defence::IssuerRequired, level: Level::Must, because: "" },
    Row { id: "rp-code-injection-pkce", off: Defence::LoginsKeptApart, level: Level::Must, because: "" },
    Row { id: "rp-code-injection-nonce", off: Defence::NonceCompared, level: Level::Must, because: "" },
];
