//! What the attacks of the family `redirect_uri` need to be off.

use super::Row;

pub(super) const ROWS: &[Row] = &[];
