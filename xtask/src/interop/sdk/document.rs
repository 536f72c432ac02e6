//! The part of docs/INTEROP.md about the client of this workspace.

use std::fmt::Write as _;
use std::path::Path;

use super::{FLOWS, PLACES, Place};
use crate::interop::servers;

const OPENING: &str = "
## The other way round

`cargo xtask interop pkce-client` logs in with `pkce-client` at published servers, by their own forms. Most logins
go on with UserInfo and two refreshes, the second of which needs the refresh token that came with the first.
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
        let cell = |place: &Place| if place.leaves(flow.id).is_some() { " – |" } else { " works |" };
        let cells: String = PLACES.iter().map(cell).collect();
        let _ = writeln!(text, "| `{}` | {} |{cells}", flow.id, flow.says);
    }
    text.push('\n');
    for place in PLACES {
        for (flow, why) in place.leaves {
            let _ = writeln!(text, "* {}: `{flow}` is left out: {why}.", place.server.id);
        }
        for remark in place.remarks {
            let _ = writeln!(text, "* {}: {remark}", place.server.id);
        }
    }
    Ok(())
}
