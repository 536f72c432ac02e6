//! What the attacks of the family `pushed` need to be off.

use super::Row;

pub(super) const ROWS: &[Row] = &[];
