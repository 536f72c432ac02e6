//! What the attacks of the family `mixup` need to be off.

use oauth_attacks::Level;

use super::Row;
use crate::victims::client::Defence;

pub(super) const ROWS: &[Row] =
    &[Row { id: "rp-mixup-classic", off: Defence::IssuerCompared, level: Level::Must, because: "" }];
