//! What the attacks of the family `device` need to be off.

use super::Row;

pub(super) const ROWS: &[Row] = &[];
