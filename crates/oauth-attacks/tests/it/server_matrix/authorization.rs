//! What the attacks of the family `authorization` need to be off.

use super::Row;

pub(super) const ROWS: &[Row] = &[];
