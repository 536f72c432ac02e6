//! What the attacks of the family `native` need to be off.

use super::Row;

pub(super) const ROWS: &[Row] = &[];
