//! docs/INTEROP.md: how every flow has to end with every client, from the catalogue alone. A run compares.

use std::fmt::Write as _;
use std::path::Path;

use serde_json::Value;

use super::catalogue::{CLIENTS, Expect, FLOWS};
use super::mcp;
use super::mcp_client;
use super::programs::Runtime;
use super::schemathesis;
use super::sdk;

const OPENING: &str = "# What foreign clients do here

`cargo xtask interop` starts `mock-idp serve` and plays these flows with published clients, written as their users write
them (fixtures/clients). It fails when one ends otherwise than this page says. A refusal counts by the id of its rule in the
server's journal ([SPECS.md](SPECS.md)), and a flow counts if the journal shows the requests it is made of.
`--install` puts what is missing into `target/clients`.
";

/// The whole page. An error names a manifest that does not list a client's package.
pub(crate) fn document(root: &Path) -> Result<String, String> {
    let mut text = String::from(OPENING);
    text.push_str("\n## Clients\n\n| client | package | version |\n|---|---|---|\n");
    for client in CLIENTS {
        let version = version(root, client.runtime, client.package)?;
        // Writing into a string cannot fail.
        let _ = writeln!(text, "| `{}` | {} | {version} |", client.id, client.package);
    }
    let version = version(root, Runtime::Node, mcp::PACKAGE)?;
    let _ = writeln!(text, "| `{}` | {} | {version} |", mcp::ID, mcp::PACKAGE);
    let version = pypi(root, "fixtures/clients/schemathesis/requirements.in", schemathesis::ID)?;
    let _ = writeln!(text, "| `{0}` | {0} | {version} |", schemathesis::ID);
    flows(&mut text);
    reasons(&mut text);
    text.push_str("\n## What users of a client should know\n\n");
    for client in CLIENTS {
        for remark in client.remarks {
            let _ = writeln!(text, "* {}: {remark}", client.id);
        }
    }
    let checks = mcp::CHECKS.map(|check| format!("`{check}`")).join(", ");
    let _ = writeln!(
        text,
        "\n## MCP\n\nAll checks that {} has for authorization servers, for version {} of the specification, succeed: {checks}.",
        mcp::PACKAGE,
        mcp::SPECIFICATION
    );
    scenarios(&mut text);
    sdk::document(root, &mut text)?;
    let _ = writeln!(
        text,
        "\n## Control API\n\n{} makes calls from the OpenAPI document of the control API ([CONTROL.md](CONTROL.md)) and finds no 5xx and no answer that is not documented.",
        schemathesis::ID
    );
    Ok(text)
}

fn scenarios(text: &mut String) {
    let _ = writeln!(
        text,
        "\nIts scenarios for the authorization of clients are played with the example `{}` of pkce-client, each for its own version of the specification and for {}. Every check succeeds.\n\n| scenario | what is played | |\n|---|---|---|",
        mcp_client::EXAMPLE,
        mcp::SPECIFICATION
    );
    for (name, says) in mcp_client::SCENARIOS {
        let _ = writeln!(text, "| `{name}` | {says} | succeeds |");
    }
}

fn flows(text: &mut String) {
    let columns: String = CLIENTS.iter().map(|client| format!(" {} |", client.id)).collect();
    let _ =
        writeln!(text, "\n## Flows\n\n| flow | what is played |{columns}\n|---|---|{}", "---|".repeat(CLIENTS.len()));
    for flow in FLOWS {
        let cells: String = CLIENTS.iter().map(|client| format!(" {} |", cell(client.expects(flow.id)))).collect();
        let _ = writeln!(text, "| `{}` | {} |{cells}", flow.id, flow.says);
    }
}

fn reasons(text: &mut String) {
    text.push_str("\n## What is left out\n\n| client | flows | why |\n|---|---|---|\n");
    for client in CLIENTS {
        for (why, flows) in client.leaves {
            let flows = flows.iter().map(|flow| format!("`{flow}`")).collect::<Vec<_>>().join(", ");
            let _ = writeln!(text, "| {} | {flows} | {why} |", client.id);
        }
    }
}

fn cell(expect: Option<Result<Expect, &str>>) -> String {
    let rules = |rules: &[&str]| rules.iter().map(|rule| format!("`{rule}`")).collect::<Vec<_>>().join(", ");
    match expect {
        None | Some(Err(_)) => "–".to_owned(),
        Some(Ok(Expect::Works([]))) => "works".to_owned(),
        Some(Ok(Expect::Works(broken))) => format!("works after {}", rules(broken)),
        Some(Ok(Expect::Refused(rule))) => format!("refused by `{rule}`"),
    }
}

/// The version that a client's manifest pins.
pub(super) fn version(root: &Path, runtime: Runtime, package: &str) -> Result<String, String> {
    let name = match runtime {
        Runtime::Node | Runtime::Chromium => return npm(root, "fixtures/clients/node/package.json", package),
        Runtime::Python => return pypi(root, "fixtures/clients/python/requirements.in", package),
        Runtime::Rust => "fixtures/clients/rust/Cargo.toml",
        Runtime::Go => "fixtures/clients/go/go.mod",
        Runtime::Java => "fixtures/clients/java/pom.xml",
    };
    let text = std::fs::read_to_string(root.join(name)).map_err(|error| format!("{name}: {error}"))?;
    let start = match runtime {
        Runtime::Go => format!("\t{package} v"),
        Runtime::Java => format!("      <artifactId>{package}</artifactId><version>"),
        _ => format!("{package} = "),
    };
    pinned(&text, &start).ok_or_else(|| format!("{name} pins no version of {package}"))
}

/// The version that a manifest of npm pins.
pub(super) fn npm(root: &Path, name: &str, package: &str) -> Result<String, String> {
    let text = std::fs::read_to_string(root.join(name)).map_err(|error| format!("{name}: {error}"))?;
    let manifest: Value = serde_json::from_str(&text).map_err(|error| format!("{name}: {error}"))?;
    let found = manifest["dependencies"][package].as_str().map(str::to_owned);
    found.ok_or_else(|| format!("{name} pins no version of {package}"))
}

/// The version that a file of requirements pins.
pub(super) fn pypi(root: &Path, name: &str, package: &str) -> Result<String, String> {
    let text = std::fs::read_to_string(root.join(name)).map_err(|error| format!("{name}: {error}"))?;
    pinned(&text, &format!("{package}==")).ok_or_else(|| format!("{name} pins no version of {package}"))
}

/// The first word with a digit, without its signs, of the line that begins with `start`.
fn pinned(manifest: &str, start: &str) -> Option<String> {
    let rest = manifest.lines().find_map(|line| line.strip_prefix(start))?;
    let version = rest.split(['"', ' ', ',', '<']).find(|word| word.contains(|c: char| c.is_ascii_digit()))?;
    Some(version.trim_start_matches('=').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_from_manifests() {
        assert_eq!(pinned("a==1.2\nauthlib==1.9.8\n", "authlib=="), Some("1.9.8".to_owned()));
        assert_eq!(pinned("oauth2 = { version = \"=5.0.0\", x = 1 }\n", "oauth2 = "), Some("5.0.0".to_owned()));
        assert_eq!(pinned("huskarl = \"=0.11.10\"\n", "huskarl = "), Some("0.11.10".to_owned()));
        assert_eq!(pinned("other = \"1\"\n", "huskarl = "), None);
    }

    #[test]
    fn a_package_that_is_not_pinned_is_named() {
        let error = version(&crate::root(), Runtime::Node, "surely-not").expect_err("it is not pinned");
        assert_eq!(error, "fixtures/clients/node/package.json pins no version of surely-not");
    }

    #[test]
    fn the_page_has_a_row_per_flow_and_a_column_per_client() {
        let page = document(&crate::root()).expect("the page");
        for flow in FLOWS {
            let row = page.lines().find(|line| line.starts_with(&format!("| `{}` |", flow.id))).expect(flow.id);
            assert_eq!(row.matches(" | ").count(), CLIENTS.len() + 1, "{row}");
        }
    }
}
