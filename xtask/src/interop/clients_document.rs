//! docs/CLIENTS.md: what published clients do under the attacks on clients, from what is recorded of them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use oauth_attacks::{Level, Verdict, catalogue};

use super::attacks::{ATTACKED, Attacked, Found, recorded};
use super::document::version;

const OPENING: &str = "# What published clients do under attack

`cargo xtask interop attacks` plays the attacks on clients ([ATTACKS.md](ATTACKS.md)) to these versions of published
clients, each in a small native application that logs in as the client's documentation says (fixtures/clients), and fails
when one behaves otherwise than recorded here. What is said here is what was observed of one version under the
configuration that is named, with the mock server as the attacker's tool; another version, or an application with checks
of its own, may do otherwise. Judged by RFC 9700 and what it builds on.
";

/// The whole page.
pub(crate) fn clients_document(root: &Path) -> Result<String, String> {
    let found = recorded(root)?;
    let mut text = String::from(OPENING);
    table(&mut text, &found);
    text.push_str("\n## What was observed\n");
    for attacked in ATTACKED {
        observed(&mut text, attacked, &version(root, attacked.runtime, attacked.package)?, &found[attacked.id]);
    }
    Ok(text)
}

fn table(text: &mut String, found: &BTreeMap<&str, BTreeMap<String, Found>>) {
    let columns: String = ATTACKED.iter().map(|attacked| format!(" {} |", attacked.id)).collect();
    // Writing into a string cannot fail.
    let _ = writeln!(
        text,
        "\n## Attacks that some client does not stop\n\nAll other attacks on clients are stopped by every client that they can be tried on. \
         An empty cell is an attack that could not be tried. What is not stopped is said with how strongly the worst of it is forbidden: \
         the level of the attack, or less.\n\n| attack | what stops it |{columns}\n|---|---|{}",
        "---|".repeat(ATTACKED.len())
    );
    let not_stopped = |found: &&Found| found.verdict != Verdict::Inconclusive;
    let rows: BTreeSet<_> = found.values().flat_map(|of| of.values()).filter(not_stopped).map(|of| &of.id).collect();
    for idea in catalogue::ideas().filter(|idea| rows.contains(&idea.id.to_owned())) {
        let cells: String = ATTACKED.iter().map(|attacked| cell(found[attacked.id].get(idea.id))).collect();
        let _ = writeln!(text, "| `{}` {} | {} |{cells}", idea.id, idea.name, idea.defence);
    }
}

/// What a client came to, in a cell.
fn cell(found: Option<&Found>) -> String {
    let came_to = match found.map(|found| (found.verdict, found.level)) {
        None | Some((Verdict::Stopped, _)) => "stopped",
        Some((Verdict::Tolerated, _)) => "tolerated",
        Some((Verdict::Vulnerable, Some(Level::Should))) => "not stopped, SHOULD",
        Some((Verdict::Vulnerable, Some(Level::Info))) => "not stopped, INFO",
        Some((Verdict::Vulnerable, _)) => "**not stopped, MUST**",
        Some((Verdict::Inconclusive, _)) => "",
    };
    format!(" {came_to} |")
}

/// What one client was seen to do, and what could not be tried on it.
fn observed(text: &mut String, attacked: &Attacked, version: &str, found: &BTreeMap<String, Found>) {
    let _ = writeln!(text, "\n### {} {version}\n\nConfigured with {}\n", attacked.id, attacked.configuration);
    for found in found.values().filter(|found| found.verdict != Verdict::Inconclusive) {
        let level = found.level.map(|level| format!(" ({level})")).unwrap_or_default();
        let _ = writeln!(text, "* `{}`{level}: {}", found.id, found.reason);
    }
    let mut left: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for found in found.values().filter(|found| found.verdict == Verdict::Inconclusive) {
        left.entry(&found.reason).or_default().push(&found.id);
    }
    if !left.is_empty() {
        text.push_str("\nCould not be tried, since\n\n");
    }
    for (why, ids) in left {
        let ids: Vec<_> = ids.iter().map(|id| format!("`{id}`")).collect();
        let _ = writeln!(text, "* {why}: {}", ids.join(", "));
    }
}
