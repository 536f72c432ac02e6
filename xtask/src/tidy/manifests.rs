//! Dependencies point one way between the crates.

use super::{File, Tree, Violation};

/// A crate, and which members it may depend on.
struct Member {
    name: &'static str,
    may: &'static [&'static str],
    /// In tests as well.
    may_in_tests: &'static [&'static str],
    why: &'static str,
}

const EVERY: &[&str] = &[
    "pkce-core",
    "oauth-types",
    "mock-idp",
    "mock-idp-control",
    "mock-idp-testcontainers",
    "mock-idp-cli",
    "pkce-client",
    "oauth-attacks",
];

const MEMBERS: &[Member] = &[
    Member { name: "pkce-core", may: &[], may_in_tests: &[], why: "RFC 7636 alone is useful without the rest" },
    Member {
        name: "oauth-types",
        may: &["pkce-core"],
        may_in_tests: &[],
        why: "the words that both sides speak know neither side",
    },
    Member {
        name: "mock-idp",
        may: &["pkce-core", "oauth-types"],
        may_in_tests: &["pkce-client", "mock-idp-control"],
        why: "server and client share words, not judgement: shared checks agree with themselves and hide bugs",
    },
    Member {
        name: "mock-idp-control",
        may: &["oauth-types"],
        may_in_tests: &["mock-idp"],
        why: "a server is driven from elsewhere without being compiled in",
    },
    Member {
        name: "mock-idp-testcontainers",
        may: &["oauth-types", "mock-idp-control"],
        may_in_tests: &["pkce-client"],
        why: "a server in a container is driven from elsewhere as well",
    },
    Member {
        name: "pkce-client",
        may: &["pkce-core", "oauth-types"],
        may_in_tests: &["mock-idp"],
        why: "server and client share words, not judgement: shared checks agree with themselves and hide bugs",
    },
    Member {
        name: "oauth-attacks",
        may: &["pkce-core", "oauth-types", "mock-idp", "pkce-client"],
        may_in_tests: &[],
        why: "attacks are built on top of server and client",
    },
    Member {
        name: "mock-idp-cli",
        may: &["oauth-types", "mock-idp", "mock-idp-control", "oauth-attacks"],
        may_in_tests: &["pkce-core"],
        why: "the program is one more user of the libraries",
    },
    Member { name: "xtask", may: EVERY, may_in_tests: &[], why: "tasks use everything" },
];

pub(super) fn check(tree: &Tree) -> Vec<Violation> {
    let manifests = tree.files.iter().filter(|file| {
        file.path.ends_with("/Cargo.toml") && (file.path.starts_with("crates/") || file.path.starts_with("xtask/"))
    });
    manifests.flat_map(check_manifest).collect()
}

fn check_manifest(file: &File) -> Vec<Violation> {
    let name = file.path.trim_end_matches("/Cargo.toml").rsplit('/').next().unwrap_or_default();
    let Some(member) = MEMBERS.iter().find(|member| member.name == name) else {
        let what = format!("`{name}` is not in the table of crates");
        return vec![Violation::at(file, 1, what, "give it its place in tidy/manifests.rs")];
    };
    let mut found = Vec::new();
    for (line, named, in_tests) in dependencies(&file.text) {
        let is_member = EVERY.contains(&named) || named == "xtask";
        let may = member.may.contains(&named) || (in_tests && member.may_in_tests.contains(&named));
        if is_member && !may {
            found.push(Violation::at(file, line, format!("`{name}` depends on `{named}`"), member.why));
        }
    }
    found
}

/// Line, name, and whether it is for tests alone, of every dependency.
fn dependencies(text: &str) -> Vec<(usize, &str, bool)> {
    let mut found = Vec::new();
    let mut section = "";
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if let Some(header) = line.strip_prefix('[') {
            section = header.trim_end_matches(']');
            // [dependencies.name]
            if let Some((table, name)) = section.rsplit_once('.').filter(|(table, _)| table.ends_with("dependencies"))
            {
                found.push((number + 1, name, table.ends_with("dev-dependencies")));
            }
        } else if section.ends_with("dependencies") && !line.starts_with('#') {
            let name = line.split(['.', '=', ' ']).next().unwrap_or_default();
            if !name.is_empty() {
                found.push((number + 1, name.trim_matches('"'), section.ends_with("dev-dependencies")));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::tests::found;
    use super::*;

    #[test]
    fn server_and_client_do_not_know_each_other() {
        let text = "[dependencies]\npkce-client.workspace = true\n";
        assert_eq!(
            found(check, &[("crates/mock-idp/Cargo.toml", text)]),
            ["crates/mock-idp/Cargo.toml:2: `mock-idp` depends on `pkce-client`"]
        );
        for text in [
            "[dependencies.mock-idp]\npath = \"../mock-idp\"",
            "[target.'cfg(unix)'.dependencies]\nmock-idp = \"1\"",
            "[build-dependencies]\nmock-idp = { workspace = true }",
        ] {
            assert_eq!(found(check, &[("crates/pkce-client/Cargo.toml", text)]).len(), 1, "{text}");
        }
    }

    #[test]
    fn a_client_is_tested_against_the_server() {
        let text = "[dev-dependencies]\nmock-idp.workspace = true\n# xtask = 1\n[features]\nmock-idp = []\n";
        assert_eq!(found(check, &[("crates/pkce-client/Cargo.toml", text)]).len(), 0);
    }

    #[test]
    fn a_crate_without_a_place_is_named() {
        assert_eq!(found(check, &[("crates/surprise/Cargo.toml", "")]).len(), 1);
    }
}
