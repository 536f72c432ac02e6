//! What the attacks of the family `downgrade` need to be off.

use oauth_attacks::Level;

use super::Row;
use crate::victims::client::Defence;

pub(super) const ROWS: &[Row] = &[
    Row { id: "rp-error-pkce-downgrade", off: Defence::NoDowngradeAfterError, level: Level::Must, because: "" },
    Row { id: "rp-token-pkce-downgrade", off: Defence::CodeSentOnce, level: Level::Must, because: "" },
];
