//! What the attacks of the family `possession` need to be off.

use super::Row;

pub(super) const ROWS: &[Row] = &[];
