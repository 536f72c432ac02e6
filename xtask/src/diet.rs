//! How many crates a user of `pkce-client` compiles, held against the nearest of the other Rust clients, and against what
//! the README says of it.

use std::collections::BTreeSet;
use std::path::Path;

use crate::machine;

/// The machine that is counted for: on others, other crates talk to the operating system.
const TARGET: &str = "x86_64-unknown-linux-gnu";

/// huskarl 0.11.10 with what it needs to make a request, which is huskarl-reqwest 0.9.3 with `rustls-tls`. Both were counted
/// as [`count`] does it, in a crate that depends on them and is not counted itself, with their default features. They have
/// no listener for the redirects of native logins then; ours does.
const HUSKARL: usize = 175;

/// huskarl 0.11.10 alone, which has to be given a transport.
const HUSKARL_WITHOUT_TRANSPORT: usize = 140;

const README: &str = "crates/pkce-client/README.md";

/// Counts.
///
/// # Errors
/// If there are more than two thirds of what huskarl needs, or others than the README says.
pub(crate) fn check(root: &Path) -> Result<String, String> {
    let (whole, bare) = (count(root, &[])?, count(root, &["--no-default-features"])?);
    let readme = std::fs::read_to_string(root.join(README)).map_err(|error| format!("{README}: {error}"))?;
    judge(whole, bare, &readme)
}

fn judge(whole: usize, bare: usize, readme: &str) -> Result<String, String> {
    if 3 * whole > 2 * HUSKARL {
        return Err(format!("pkce-client brings {whole} crates, more than two thirds of the {HUSKARL} of huskarl"));
    }
    let said = said(whole, bare);
    match readme.split_whitespace().collect::<Vec<_>>().join(" ").contains(&said) {
        true => Ok(said),
        false => Err(format!("{README} has to say: {said}")),
    }
}

fn said(whole: usize, bare: usize) -> String {
    format!(
        "{whole} crates with the bundled transport and {bare} without it, where huskarl 0.11.10 brings {HUSKARL} and \
         {HUSKARL_WITHOUT_TRANSPORT}"
    )
}

/// How many crates `pkce-client` is made of, with itself: the distinct lines of `cargo tree`, procedural macros included.
fn count(root: &Path, features: &[&str]) -> Result<usize, String> {
    let mut tree = machine::cargo();
    tree.args(["tree", "--locked", "--package", "pkce-client", "--edges", "normal", "--prefix", "none"]);
    let output = tree.args(["--target", TARGET]).args(features).current_dir(root).output();
    let output = output.map_err(|error| format!("cargo tree cannot be run: {error}"))?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).trim_end().to_owned());
    }
    Ok(distinct(&String::from_utf8_lossy(&output.stdout)))
}

/// How many names with versions there are. What stands in brackets says where a crate is and whether it was listed before.
fn distinct(tree: &str) -> usize {
    let named = tree.lines().map(|line| line.split(" (").next().unwrap_or_default().trim());
    named.filter(|name| !name.is_empty()).collect::<BTreeSet<_>>().len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crates_are_counted_once_for_each_version() {
        let tree =
            "a v1.0.0 (/there/a)\nb v1.0.0 (proc-macro)\nb v1.0.0 (proc-macro) (*)\nb v2.0.0\n\na v1.0.0 (*)\n";
        assert_eq!(distinct(tree), 3);
    }

    #[test]
    fn more_than_two_thirds_are_too_many() {
        let (whole, bare) = (2 * HUSKARL / 3, 60);
        let readme = said(whole, bare).replace(" and ", "\nand ");
        assert_eq!(judge(whole, bare, &readme), Ok(said(whole, bare)));
        assert!(judge(whole - 1, bare, &readme).is_err_and(|error| error.contains(README)));
        assert!(judge(whole, bare - 1, &readme).is_err_and(|error| error.contains(README)));
        let error = judge(whole + 1, bare, &said(whole + 1, bare)).expect_err("too many");
        assert!(error.contains("two thirds"), "{error}");
    }
}
