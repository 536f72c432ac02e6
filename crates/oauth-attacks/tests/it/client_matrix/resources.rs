//! What the attacks of the family `resources` need to be off.

use super::Row;

pub(super) const ROWS: &[Row] = &[];
