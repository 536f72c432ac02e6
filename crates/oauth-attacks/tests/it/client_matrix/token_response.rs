//! What the attacks of the family `token_response` need to be off.

use super::Row;

pub(super) const ROWS: &[Row] = &[];
