//! docs/SERVERS.md: what came out of each attack on each server, from what is recorded. A run compares.

use std::fmt::Write as _;
use std::path::Path;

use oauth_attacks::catalogue;

use super::findings::Findings;
use super::{SERVERS, Server};
use crate::interop::document::{npm, pypi};
use crate::interop::programs::{Package, keycloak_version};

const OPENING: &str = "# What attacks come to at published servers

`cargo xtask interop servers` starts each of these servers twice, tries every attack of [ATTACKS.md](ATTACKS.md), and fails
when one comes out otherwise than this page says, for better or worse. What is written here was observed of that version under
the stated configuration, and says nothing of others. Two of the servers are mocks, which are made to let clients in. Evidence
for each finding is in `fixtures/servers`. Where it says that a finding is a matter of moments, it may also be stopped.
";

/// The whole page. An error names a file that is missing or wrong.
pub(crate) fn document(root: &Path) -> Result<String, String> {
    let servers = root.join("fixtures/servers");
    let mut text = String::from(OPENING);
    text.push_str("\n## Servers\n\n| server | version | configuration | evidence |\n|---|---|---|---|\n");
    let mut read = Vec::new();
    for server in SERVERS {
        let (Server { id, configuration, .. }, version) = (server, version(root, server)?);
        // Writing into a string cannot fail.
        let _ = writeln!(
            text,
            "| {id} | {version} | {configuration} | [EVIDENCE.md](../fixtures/servers/{id}/EVIDENCE.md) |"
        );
        read.push((server, Findings::read(&servers, id)?));
    }
    attacks(&mut text, &read);
    for (server, findings) in &read {
        reasons(&mut text, server, findings);
    }
    Ok(text)
}

/// The version that is pinned of a server.
pub(crate) fn version(root: &Path, server: &Server) -> Result<String, String> {
    match server.package {
        Package::PyPi => pypi(root, &format!("fixtures/servers/{}/requirements.in", server.id), server.id),
        Package::Npm => npm(root, "fixtures/servers/node/package.json", server.id),
        Package::Maven => keycloak_version(&root.join("fixtures/servers")),
    }
}

fn attacks(text: &mut String, read: &[(&Server, Findings)]) {
    let columns: String = read.iter().map(|(server, _)| format!(" {} |", server.id)).collect();
    let rule = "---|".repeat(read.len());
    let _ = writeln!(
        text,
        "\n## Attacks\n\nA cell that is empty stands for an attack that was stopped as the documents ask.\n\n| attack | level |{columns}\n|---|---|{rule}"
    );
    for attack in catalogue::server_attacks() {
        let (id, level) = (attack.idea.id, attack.idea.level);
        let cells: String = read
            .iter()
            .map(|(_, findings)| format!(" {} |", findings.of(id).map_or("", |found| &found.verdict)))
            .collect();
        let _ = writeln!(text, "| `{id}` | {level} |{cells}");
    }
}

fn reasons(text: &mut String, server: &Server, findings: &Findings) {
    for verdict in ["vulnerable", "tolerated", "inconclusive"] {
        let _ = writeln!(text, "\n## {}: {verdict}\n\n| attack | observed |\n|---|---|", server.id);
        for finding in findings.all().iter().filter(|finding| finding.verdict == verdict) {
            let _ = writeln!(text, "| `{}` | {} |", finding.id, finding.reason.replace('|', "\\|"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_has_a_row_per_attack_and_a_column_per_server() {
        let page = document(&crate::root()).expect("the page");
        for attack in catalogue::server_attacks() {
            let row = page.lines().find(|line| line.starts_with(&format!("| `{}` |", attack.idea.id)));
            let row = row.expect(attack.idea.id);
            assert_eq!(row.matches('|').count(), SERVERS.len() + 3, "{row}");
        }
    }
}
