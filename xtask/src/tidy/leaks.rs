//! Nothing of the machine it was written on.

use super::source::line_of;
use super::{File, Tree, Violation};

/// The one source of packages, as cargo writes it.
const CRATES_IO: &str = concat!("registry", "+https://github.com/rust-lang/crates.io-index");

/// How paths begin that exist on one machine only, and how other package sources are set.
///
/// Written in two halves, so that this file does not hold them itself.
const NEEDLES: &[(&str, &str, &str)] = &[
    ("/ho", "me/", PATH),
    ("/ro", "ot/", PATH),
    ("/Us", "ers/", PATH),
    ("/wo", "rk/", PATH),
    ("/t", "mp/", PATH),
    ("/var/", "folders/", PATH),
    ("C:\\", "Users", PATH),
    ("registry", "+http", SOURCE),
    ("sparse", "+http", SOURCE),
    ("replace", "-with", SOURCE),
    ("[source", ".", SOURCE),
    ("[registries", ".", SOURCE),
    ("index", "-url", SOURCE),
];
const PATH: &str = "a path of one machine means nothing on another";
const SOURCE: &str = "packages come from where everybody's come from";

pub(super) fn check(tree: &Tree) -> Vec<Violation> {
    tree.files.iter().flat_map(check_file).collect()
}

fn check_file(file: &File) -> Vec<Violation> {
    let mut found = Vec::new();
    let text = if file.path.ends_with("Cargo.lock") { file.text.replace(CRATES_IO, "") } else { file.text.clone() };
    for (begin, end, why) in NEEDLES {
        let needle = format!("{begin}{end}");
        for (at, _) in text.match_indices(&needle) {
            // Inside a longer path the same letters mean something else.
            let inside_path =
                needle.starts_with('/') && text[..at].ends_with(|c: char| c.is_alphanumeric() || "}-_.*".contains(c));
            if !inside_path {
                found.push(Violation::at(file, line_of(&text, at), format!("`{needle}`"), *why));
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
    fn every_needle_is_found() {
        for (begin, end, _) in NEEDLES {
            let text = format!("x\ny \"{begin}{end}z\"\n");
            assert_eq!(found(check, &[("a.md", &text)]), [format!("a.md:2: `{begin}{end}`")]);
        }
    }

    #[test]
    fn a_path_of_a_server_is_fine() {
        let text = ["https://example.com/a/wo", "rk/"].concat();
        assert_eq!(found(check, &[("a.md", &text)]).len(), 0);
    }

    #[test]
    fn the_lock_file_names_one_registry() {
        let good = format!("source = \"{CRATES_IO}\"\n");
        assert_eq!(found(check, &[("Cargo.lock", &good)]).len(), 0);
        let bad = ["source = \"registry", "+https://packages.example/index\"\n"].concat();
        assert_eq!(found(check, &[("Cargo.lock", &bad)]).len(), 1);
    }
}
