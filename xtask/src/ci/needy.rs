//! Tests that need more than a Rust toolchain.

/// Tests that need programs which not every machine has.
pub(super) struct Needy {
    /// What needs them, for people.
    what: &'static str,
    /// What the names of these tests contain.
    pub(super) tests: &'static str,
    /// The programs, with the Debian packages they are in.
    programs: &'static [(&'static str, &'static str)],
}

pub(super) const NEEDY: &[Needy] = &[
    Needy {
        what: "the README's shell examples",
        tests: "the_shell_snippet",
        programs: &[("bash", "bash"), ("curl", "curl"), ("openssl", "openssl")],
    },
    Needy {
        what: "the attacks on single-page applications",
        tests: "in_chromium",
        programs: &[("chromium", "chromium"), ("chromedriver", "chromium-driver")],
    },
];

/// Which tests cannot be run, and the packages they need for it.
pub(super) fn missing<'a>(needy: &'a [Needy], is_there: impl Fn(&str) -> bool) -> Vec<(&'a Needy, Vec<&'a str>)> {
    let packages = |needy: &'a Needy| {
        let programs = needy.programs.iter().filter(|(program, _)| !is_there(program));
        programs.map(|(_, package)| *package).collect::<Vec<_>>()
    };
    needy.iter().map(|needy| (needy, packages(needy))).filter(|(_, packages)| !packages.is_empty()).collect()
}

/// What was left out, and how to get what it needs.
pub(super) fn remedy(missing: &[(&Needy, Vec<&str>)]) -> String {
    let each = missing.iter().map(|(needy, packages)| {
        let packages = packages.join(" ");
        format!("{} need {packages}: apt-get install {packages}, or --install", needy.what)
    });
    each.collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_without_their_programs_are_skipped_with_a_remedy() {
        assert!(missing(NEEDY, |_| true).is_empty());
        let missing = missing(NEEDY, |program| !program.starts_with("chrom"));
        let text = "the attacks on single-page applications need chromium chromium-driver: apt-get install chromium \
                    chromium-driver, or --install";
        assert_eq!(remedy(&missing), text);
    }
}
