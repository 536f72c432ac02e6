//! What the attacks of the family `refresh_token` need to be off.

use oauth_attacks::Level;

use super::Row;
use crate::victims::server::Defence;

pub(super) const ROWS: &[Row] = &[
    Row::defence("as-refresh-replay", Defence::RotatedTokensRefused, Level::Must),
    Row::defence("as-refresh-replay", Defence::ReuseRevokes, Level::Should),
];
