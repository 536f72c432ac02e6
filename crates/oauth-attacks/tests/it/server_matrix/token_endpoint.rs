//! What the attacks of the family `token_endpoint` need to be off.

use super::Row;

pub(super) const ROWS: &[Row] = &[];
