//! What the attacks of the family `metadata` need to be off.

use super::Row;

pub(super) const ROWS: &[Row] = &[];
