//! What the attacks of the family `code` need to be off.

use oauth_attacks::Level;

use super::{Off, Row};
use crate::victims::forms::{FOREIGN_LOGO, FORM_REPEATED, HEADERS_MISSING};
use crate::victims::server::Defence;

pub(super) const ROWS: &[Row] = &[
    Row::defence("as-code-replay", Defence::CodesAreSpent, Level::Must),
    Row::defence("as-code-replay", Defence::ReplayRevokes, Level::Should),
    Row::defence("as-code-replay-invalid-no-revoke", Defence::ChecksBeforeRevocation, Level::Should),
    Row::defence("as-code-replay-race", Defence::SpendingIsAtomic, Level::Must),
    Row::defence("as-code-race-mixed", Defence::OwnVerdictOnly, Level::Must),
    Row::defence("as-code-other-client", Defence::CodesBelongToClients, Level::Must),
    Row::defence("as-code-redirect-mismatch", Defence::RedirectUriCompared, Level::Must),
    Row {
        id: "as-code-307",
        off: Off::Bug(&FORM_REPEATED),
        level: Level::Must,
        because: "sent on to the client by status 307",
        rules: &[],
    },
    Row {
        id: "as-code-leak-headers",
        off: Off::Bug(&HEADERS_MISSING),
        level: Level::Should,
        because: "does not forbid the Referer header",
        rules: &[],
    },
    Row {
        id: "as-code-leak-headers",
        off: Off::Bug(&FOREIGN_LOGO),
        level: Level::Should,
        because: "fetches something from https://cdn.example",
        rules: &[],
    },
];
