//! What the attacks of the family `code` need to be off.

use oauth_attacks::Level;

use super::Row;
use crate::victims::server::Defence;

pub(super) const ROWS: &[Row] = &[
    Row::defence("as-code-replay", Defence::CodesAreSpent, Level::Must),
    Row::defence("as-code-replay", Defence::ReplayRevokes, Level::Should),
    Row::defence("as-code-replay-invalid-no-revoke", Defence::ChecksBeforeRevocation, Level::Should),
    Row::defence("as-code-replay-race", Defence::SpendingIsAtomic, Level::Must),
    Row::defence("as-code-race-mixed", Defence::OwnVerdictOnly, Level::Must),
    Row::defence("as-code-other-client", Defence::CodesBelongToClients, Level::Must),
    Row::defence("as-code-redirect-mismatch", Defence::RedirectUriCompared, Level::Must),
];
