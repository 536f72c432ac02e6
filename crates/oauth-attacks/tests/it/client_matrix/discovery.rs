//! What the attacks of the family `discovery` need to be off.

use oauth_attacks::Level;

use super::Row;
use crate::victims::client::Defence;

pub(super) const ROWS: &[Row] =
    &[Row { id: "rp-token-redirect-307", off: Defence::RedirectsNotFollowed, level: Level::Must, because: "" }];
