//! The part of docs/INTEROP.md about the client of this workspace.

use std::fmt::Write as _;
use std::path::Path;

use super::{FLOWS, PLACES};
use crate::interop::servers;

const OPENING: &str = "
## The other way round

`pkce-client` logs in at published servers, by their own forms. After each login come UserInfo and two refreshes: the
refresh token is another one each time.
";

/// Adds it to the page. An error names a file that is missing or wrong.
pub(crate) fn document(root: &Path, text: &mut String) -> Result<(), String> {
    text.push_str(OPENING);
    text.push_str("\n| server | version | configuration |\n|---|---|---|\n");
    for place in PLACES {
        let version = servers::version(root, place.server)?;
        // Writing into a string cannot fail.
        let _ = writeln!(text, "| {} | {version} | {} |", place.server.id, place.server.configuration);
    }
    text.push_str("\n| flow | what is played |");
    PLACES.iter().for_each(|place| text.extend([" ", place.server.id, " |"]));
    let _ = writeln!(text, "\n|---|---|{}", "---|".repeat(PLACES.len()));
    for flow in FLOWS {
        let _ = writeln!(text, "| `{}` | {} |{}", flow.id, flow.says, " works |".repeat(PLACES.len()));
    }
    text.push('\n');
    for place in PLACES {
        for remark in place.remarks {
            let _ = writeln!(text, "* {}: {remark}", place.server.id);
        }
    }
    Ok(())
}
