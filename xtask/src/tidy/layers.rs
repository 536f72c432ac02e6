//! Dependencies point one way inside `mock-idp`: http → endpoints → pipeline → specs → ports.

use super::source::line_of;
use super::{File, Tree, Violation};

const FOLDER: &str = "crates/mock-idp/src/";

/// A part of the server, and what of the server it may name besides the neutral modules and itself.
struct Part {
    name: &'static str,
    may: &'static [&'static str],
    why: &'static str,
}

const PARTS: &[Part] = &[
    Part {
        name: "http",
        // A tenant is made when it is first named, from its description.
        may: &["endpoints", "pipeline", "specs", "ports", "described"],
        why: "http hands requests on and writes replies; only server.rs puts the parts together",
    },
    Part {
        name: "endpoints",
        may: &["pipeline", "specs", "ports"],
        why: "an endpoint is the same with and without a socket",
    },
    Part { name: "pipeline", may: &["specs", "ports"], why: "the phases are run for whoever asks, in one order" },
    Part { name: "specs", may: &["ports"], why: "one document is one file, which can be taken out alone" },
    Part { name: "conformance", may: &["ports"], why: "what every store has to do is said without any server" },
    Part { name: "ports", may: &[], why: "a port is replaced without knowing who uses it" },
];

/// Modules that everybody may name.
const NEUTRAL: &[&str] = &[
    "documents",
    "doctor",
    "elsewhere",
    "certificate",
    "request",
    "reply",
    "refusal",
    "spec",
    "memory",
    "pages",
    "protected",
    "clients",
    "client_keys",
    "people",
    "redirect",
    "registration",
    "sessions",
    "world",
    "escape",
    "jose",
];

/// What the neutral modules may name: each other and the world.
const NEUTRAL_MAY: &[&str] = &["ports"];

/// Modules that put the parts together and may name each of them.
const ASSEMBLY: &[&str] = &["server", "running", "described", "scenario", "profiles", "lib", "main"];

pub(super) fn check(tree: &Tree) -> Vec<Violation> {
    let files = tree.rust().filter(|file| file.path.starts_with(FOLDER));
    files.flat_map(check_file).collect()
}

fn check_file(file: &File) -> Vec<Violation> {
    let module = module_of(&file.path);
    let Some(own) = module.first().filter(|own| !ASSEMBLY.contains(&own.as_str())) else { return Vec::new() };
    let (may, why) = match PARTS.iter().find(|part| part.name == own) {
        Some(part) => (part.may, part.why),
        None if NEUTRAL.contains(&own.as_str()) => (NEUTRAL_MAY, "neutral modules carry words, not work"),
        None => {
            return vec![Violation::at(
                file,
                1,
                format!("`{own}` is in no layer"),
                "give it its place in tidy/layers.rs",
            )];
        }
    };
    let mut found = Vec::new();
    for (at, path) in paths(file.shipped(), &module) {
        let line = line_of(file.shipped(), at);
        let Some(named) = path.first().filter(|named| starts_module(named)) else { continue };
        if named == own {
            let sibling =
                path.get(1).filter(|sibling| own == "specs" && module.get(1).is_some_and(|me| me != *sibling));
            if let Some(sibling) = sibling.filter(|sibling| starts_module(sibling)) {
                let what = format!("`specs::{}` names `specs::{sibling}`", module[1]);
                found.push(Violation::at(
                    file,
                    line,
                    what,
                    "specs never import each other: each can be taken out alone",
                ));
            }
        } else if !may.contains(&named.as_str()) && !NEUTRAL.contains(&named.as_str()) {
            found.push(Violation::at(file, line, format!("`{own}` names `{named}`"), why));
        }
    }
    found
}

/// Items at the root of the crate are re-exports and macros; modules are written in small letters.
fn starts_module(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase())
}

/// `crates/mock-idp/src/specs/rfc7636_pkce.rs` is `["specs", "rfc7636_pkce"]`.
fn module_of(path: &str) -> Vec<String> {
    let inside = path.trim_start_matches(FOLDER).trim_end_matches(".rs");
    let inside = inside.strip_suffix("/mod").unwrap_or(inside);
    inside.split('/').map(str::to_owned).collect()
}

/// Every path in `code` that starts at the crate or at a parent module, from the crate's root, and where it stands.
fn paths(code: &str, module: &[String]) -> Vec<(usize, Vec<String>)> {
    let mut found = Vec::new();
    for start in ["crate::", "super::"] {
        for (at, _) in code.match_indices(start) {
            let before = &code[..at];
            if before.ends_with(|c: char| c.is_alphanumeric() || c == '_') || before.ends_with("super::") {
                continue;
            }
            let mut rest = &code[at + start.len()..];
            let mut prefix = Vec::new();
            if start == "super::" {
                prefix = module.to_vec();
                prefix.pop();
                while let Some(after) = rest.strip_prefix("super::") {
                    prefix.pop();
                    rest = after;
                }
            }
            tree(rest, &prefix, &mut |path| found.push((at, path)));
        }
    }
    found
}

/// Reads one use tree and reports its paths; returns what follows it.
fn tree<'a>(text: &'a str, prefix: &[String], report: &mut dyn FnMut(Vec<String>)) -> &'a str {
    let text = text.trim_start();
    if let Some(mut rest) = text.strip_prefix('{') {
        loop {
            rest = rest.trim_start().trim_start_matches(',').trim_start();
            if rest.is_empty() {
                return rest;
            }
            if let Some(after) = rest.strip_prefix('}') {
                return after;
            }
            let before = rest.len();
            rest = tree(rest, prefix, report);
            if rest.len() == before {
                // Something a use tree does not have: go on behind it.
                rest = &rest[rest.chars().next().map_or(0, char::len_utf8)..];
            }
        }
    }
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    if end == 0 {
        report(prefix.to_vec());
        return text.strip_prefix('*').unwrap_or(text);
    }
    let path: Vec<String> = prefix.iter().cloned().chain([text[..end].to_owned()]).collect();
    match text[end..].strip_prefix("::") {
        Some(rest) => tree(rest, &path, report),
        None => {
            report(path);
            let rest = text[end..].trim_start();
            let renamed = rest
                .strip_prefix("as ")
                .map(|rest| rest.trim_start().trim_start_matches(|c: char| c.is_alphanumeric() || c == '_'));
            renamed.unwrap_or(rest)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::found;
    use super::*;

    fn at(path: &str, text: &str) -> Vec<String> {
        found(check, &[(&format!("{FOLDER}{path}"), text)])
    }

    #[test]
    fn the_right_may_not_name_the_left() {
        assert_eq!(
            at("specs/rfc7636_pkce.rs", "//!\nuse crate::endpoints::token;\n"),
            ["crates/mock-idp/src/specs/rfc7636_pkce.rs:2: `specs` names `endpoints`"]
        );
        assert_eq!(at("ports/clock.rs", "fn f() { crate::specs::all(); }").len(), 1);
        assert_eq!(at("pipeline.rs", "use crate::{refusal::Refusal, http::{extract, tap}, ports};").len(), 2);
        assert_eq!(at("endpoints/mod.rs", "use super::server;").len(), 1);
        assert_eq!(at("http/tap.rs", "use super::super::server;").len(), 1);
        assert_eq!(at("refusal.rs", "use crate::specs::all;").len(), 1);
    }

    #[test]
    fn the_left_may_name_the_right() {
        assert_eq!(
            at("http/router.rs", "use crate::{endpoints::{token, authorize as a}, pipeline, spec::Spec};").len(),
            0
        );
        assert_eq!(at("specs/rfc7636_pkce.rs", "use crate::ports::clock::Clock; use crate::reply::*;").len(), 0);
        assert_eq!(at("server.rs", "use crate::{http, specs, ports, profiles};").len(), 0);
        assert_eq!(at("http/router.rs", "use super::tap; use crate::MockIdp;").len(), 0);
    }

    #[test]
    fn specs_never_name_each_other() {
        for text in
            ["use crate::specs::oidc_core;", "use super::oidc_core::Note;", "fn f() { super::oidc_core::f() }"]
        {
            assert_eq!(
                at("specs/rfc7636_pkce.rs", text),
                ["crates/mock-idp/src/specs/rfc7636_pkce.rs:1: `specs::rfc7636_pkce` names `specs::oidc_core`"]
            );
        }
        assert_eq!(at("specs/mod.rs", "use self::oidc_core; use crate::specs::rfc7636_pkce;").len(), 0);
        assert_eq!(at("specs/rfc7636_pkce/wire.rs", "use super::super::rfc7636_pkce::Note;").len(), 0);
    }

    #[test]
    fn comments_strings_and_unit_tests_may_name_anything() {
        let text =
            "//! crate::http\nconst A: &str = \"crate::http\";\n#[cfg(test)]\nmod tests { use crate::http; }\n";
        assert_eq!(at("ports/clock.rs", text).len(), 0);
    }

    #[test]
    fn a_module_without_a_place_is_named() {
        assert_eq!(at("surprise.rs", "//!"), ["crates/mock-idp/src/surprise.rs:1: `surprise` is in no layer"]);
    }
}
