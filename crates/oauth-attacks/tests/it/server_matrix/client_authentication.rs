//! What the attacks of the family `client_authentication` need to be off.

use super::Row;

pub(super) const ROWS: &[Row] = &[];
