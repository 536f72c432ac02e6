//! docs/MATRIX.md: which attack succeeds when which defence is off. With `WRITE_DOCUMENTS` in the environment it is
//! written, otherwise it is compared.

use std::fmt::Write as _;
use std::path::Path;

use crate::server_matrix::Off;
use crate::{client_matrix, server_matrix};

/// The document, from the rows that the proofs run.
fn document() -> String {
    let mut text = String::from(
        "# Attack and defence\n\n\
         Each row is proved by a test both ways: the attack is stopped by a sound victim, and succeeds when exactly this\n\
         is missing.\n\n\
         ## On servers\n\n\
         | attack | succeeds when this is missing | which is then | stopped by the rule |\n|---|---|---|---|\n",
    );
    for row in server_matrix::rows() {
        let missing = match &row.off {
            Off::Defence(defence) => words(&format!("{defence:?}")),
            Off::Bug(bug) => bug.lacks.to_owned(),
        };
        let rules: Vec<_> = row.rules.iter().map(|rule| format!("`{rule}`")).collect();
        // Writing into a string cannot fail.
        let _ = writeln!(text, "| `{}` | {} | {} | {} |", row.id, cell(&missing), row.level, rules.join(", "));
    }
    text.push_str("\n## On clients\n\n| attack | succeeds when this is missing | which is then |\n|---|---|---|\n");
    for row in client_matrix::rows() {
        let missing = words(&format!("{:?}", row.off));
        let _ = writeln!(text, "| `{}` | {} | {} |", row.id, cell(&missing), row.level);
    }
    text
}

/// `VerifierRequired` as `verifier required`.
fn words(name: &str) -> String {
    let mut words = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !words.is_empty() {
            words.push(' ');
        }
        words.push(letter.to_ascii_lowercase());
    }
    words
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

#[test]
fn the_document_says_what_the_proofs_prove() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/MATRIX.md");
    let document = document();
    if std::env::var_os("WRITE_DOCUMENTS").is_some() {
        std::fs::write(&path, &document).expect("the document is written");
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(written == document, "docs/MATRIX.md is out of date: `cargo xtask codegen` writes it");
}
