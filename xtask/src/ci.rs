//! `cargo xtask ci`: everything a change has to pass, step by step, as data.

use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::Duration;

use oauth_attacks::report::table::duration;

use self::needy::{NEEDY, Needy, missing, remedy};
use crate::machine::{self, Missing, apt_get, is_there};
use crate::postgres::Postgres;
use crate::stopwatch::Stopwatch;
use crate::{browser, codegen, container, diet, flows, hack, interop, pages, quickstart, tidy};

mod needy;

/// One thing to pass.
struct Step {
    name: &'static str,
    why: &'static str,
    run: Run,
}

/// How a step is run.
enum Run {
    /// cargo with these arguments.
    Cargo(&'static [&'static str]),
    /// cargo with these arguments and one variable of the environment.
    CargoWith(&'static [&'static str], (&'static str, &'static str)),
    /// cargo with these arguments, for a target that may have to be installed first.
    Target(&'static str, &'static [&'static str]),
    /// The tests, without those that need programs which are not there.
    Tests,
    /// The tests of features that are not on by default, without those of a database that is not there.
    Extras,
    /// Every combination of features, or the smallest if what combines them is not there.
    Features,
    /// Foreign clients, without those that are not installed.
    Interop(fn(&Path, bool) -> Result<interop::Done, String>),
    /// A task of this program.
    Task(fn(&Path) -> Result<String, String>),
    /// A task of this program that needs what not every machine has, and can install it.
    Made(fn(&Path, bool) -> Result<String, Missing>),
}

const STEPS: &[Step] = &[
    Step { name: "fmt", why: "there is one way to lay out the code", run: Run::Cargo(&["fmt", "--all", "--check"]) },
    Step {
        name: "clippy",
        why: "known mistakes, and the methods that go around the ports",
        run: Run::Cargo(&["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]),
    },
    Step {
        name: "tidy",
        why: "the rules of the house: layers, names, tests for every rule",
        run: Run::Task(tidy::run),
    },
    Step { name: "tests", why: "units, integration, and the examples in the documentation", run: Run::Tests },
    Step {
        name: "features",
        why: "whatever features somebody chooses, the crates build without a warning",
        run: Run::Features,
    },
    Step {
        name: "diet",
        why: "the client brings at most two thirds of the crates that its nearest peer brings",
        run: Run::Task(diet::check),
    },
    Step {
        name: "extras",
        why: "what comes with a feature: the backend for web applications lets nobody in whom the server did not, and \
              databases keep what every store has to keep",
        run: Run::Extras,
    },
    Step {
        name: "no_std",
        why: "pkce-core needs neither an operating system nor an allocator",
        run: Run::Target(
            "thumbv6m-none-eabi",
            &["build", "--package", "pkce-core", "--no-default-features", "--features", "plain"],
        ),
    },
    Step {
        name: "wasm",
        why: "pkce-core, oauth-types and pkce-client run in a browser",
        run: Run::Target(
            "wasm32-unknown-unknown",
            &[
                "build",
                "--package",
                "pkce-core",
                "--package",
                "oauth-types",
                "--package",
                "pkce-client",
                "--no-default-features",
                "--features",
                "pkce-core/plain",
            ],
        ),
    },
    Step {
        name: "browser",
        why: "a page logs its user in with pkce-client, and nobody whom the server did not",
        run: Run::Made(browser::run),
    },
    Step {
        name: "docs",
        why: "every public item is documented and every link leads somewhere",
        run: Run::CargoWith(&["doc", "--workspace", "--no-deps"], ("RUSTDOCFLAGS", "-D warnings")),
    },
    Step { name: "generated", why: "the generated documents say what the code does", run: Run::Task(codegen::check) },
    Step {
        name: "flows",
        why: "every flow succeeds against a real server, and every attack is stopped",
        run: Run::Task(flows::run_all),
    },
    Step {
        name: "interop",
        why: "published clients of other languages can log in here",
        run: Run::Interop(interop::run_all),
    },
    Step {
        name: "claims",
        why: "what published clients are said not to stop, they do not stop",
        run: Run::Interop(interop::run_claims),
    },
    Step {
        name: "pages",
        why: "everybody can use every page, in a real browser, by the keyboard alone, and without scripts",
        run: Run::Made(pages::run),
    },
    Step {
        name: "quickstart",
        why: "who follows the quick start word by word gets where it says",
        run: Run::Made(quickstart::run),
    },
    Step {
        name: "container",
        why: "the image is small, and starts for tests of other projects",
        run: Run::Made(container::run_step),
    },
];

/// Steps that take long for the little of the tree that they look at. They run when they are named, and in a job of the
/// workflow that is theirs.
const APART: &[&str] = &["browser", "claims", "container"];

/// What a step came to.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Ended {
    Passed,
    Failed(String),
    /// What could be run passed; how to get what is missing for the rest.
    Partly(String),
    /// It could not be run here; how to get what is missing.
    Skipped(String),
    /// An earlier step failed.
    NotReached,
}

impl From<Missing> for Ended {
    fn from(missing: Missing) -> Self {
        match missing {
            Missing::Absent(how) => Self::Skipped(how),
            Missing::Broken(why) => Self::Failed(why),
        }
    }
}

impl Ended {
    /// The same, or a failure if something is still missing where everything was to be there.
    fn whole_if(self, install: bool) -> Self {
        match self {
            Self::Partly(rest) | Self::Skipped(rest) if install => Self::Failed(format!("still missing: {rest}")),
            other => other,
        }
    }
}

/// Runs the steps of these names, or every one that is not [apart](APART), up to the first that fails, and prints a summary.
pub(crate) fn run(root: &Path, names: &[String], install: bool) -> ExitCode {
    let steps = match chosen(names) {
        Ok(steps) => steps,
        Err(why) => {
            println!("{why}");
            return ExitCode::FAILURE;
        }
    };
    let mut lines = Vec::new();
    let mut failed = false;
    for step in steps {
        if failed {
            lines.push((step.name, Ended::NotReached, Duration::ZERO));
            continue;
        }
        println!("── {}: {}", step.name, step.why);
        let watch = Stopwatch::start();
        let ended = run_step(step, root, install).whole_if(install);
        if let Ended::Failed(message) = &ended {
            println!("{message}\n── {} failed", step.name);
            failed = true;
        }
        lines.push((step.name, ended, watch.took()));
    }
    print!("{}", summary(&lines));
    if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// The steps of these names, in their order; without names, every one that is not apart.
fn chosen(names: &[String]) -> Result<Vec<&'static Step>, String> {
    if let Some(other) = names.iter().find(|name| STEPS.iter().all(|step| step.name != **name)) {
        let known: Vec<&str> = STEPS.iter().map(|step| step.name).collect();
        return Err(format!("there is no step {other}; there are {}", known.join(", ")));
    }
    let wanted = |step: &&Step| match names {
        [] => !APART.contains(&step.name),
        names => names.iter().any(|name| name == step.name),
    };
    Ok(STEPS.iter().filter(wanted).collect())
}

fn run_step(step: &Step, root: &Path, install: bool) -> Ended {
    match &step.run {
        Run::Cargo(arguments) => cargo(root, arguments, None),
        Run::CargoWith(arguments, variable) => cargo(root, arguments, Some(*variable)),
        Run::Target(target, arguments) => match machine::provide_target(target, install) {
            Ok(()) => {
                let arguments: Vec<&str> = arguments.iter().copied().chain(["--target", target]).collect();
                cargo(root, &arguments, None)
            }
            Err(missing) => missing.into(),
        },
        Run::Made(task) => match task(root, install) {
            Ok(done) => {
                println!("{done}");
                Ended::Passed
            }
            Err(missing) => missing.into(),
        },
        Run::Tests => tests(root, install),
        Run::Extras => extras(root, install),
        Run::Features => features(root, install),
        Run::Interop(part) => match part(root, install) {
            Ok(done) => {
                println!("{}", done.counts);
                done.missing.map_or(Ended::Passed, Ended::Partly)
            }
            Err(message) => Ended::Failed(message),
        },
        Run::Task(task) => match task(root) {
            Ok(done) => {
                println!("{done}");
                Ended::Passed
            }
            Err(message) => Ended::Failed(message),
        },
    }
}

fn cargo(root: &Path, arguments: &[&str], variable: Option<(&str, &str)>) -> Ended {
    finish(machine::cargo().envs(variable).current_dir(root), arguments)
}

/// Clippy for every combination of features, if cargo-hack is there; without it, what is left when none is on.
fn features(root: &Path, install: bool) -> Ended {
    const NONE: [&str; 7] = [
        "check",
        "--package=pkce-core",
        "--package=oauth-types",
        "--package=pkce-client",
        "--package=mock-idp",
        "--package=mock-idp-cli",
        "--no-default-features",
    ];
    match hack::TOOL.provide(root, install) {
        Ok(program) => finish(Command::new(program).current_dir(root), hack::ARGUMENTS),
        Err(Missing::Absent(how)) => match cargo(root, &NONE, None) {
            Ended::Passed => Ended::Partly(format!("only without any: {how}")),
            other => other,
        },
        Err(Missing::Broken(message)) => Ended::Failed(message),
    }
}

/// Runs cargo, or what stands in for it, with these arguments.
fn finish(cargo: &mut Command, arguments: &[&str]) -> Ended {
    let line = format!("cargo {}", arguments.join(" "));
    println!("{line}");
    match cargo.args(arguments).status() {
        Ok(status) if status.success() => Ended::Passed,
        Ok(status) => Ended::Failed(format!("`{line}` ended with {status}")),
        Err(error) => Ended::Failed(format!("`{line}` cannot be run: {error}")),
    }
}

/// Runs the tests of what comes with a feature: those of PostgreSQL as well, if there is one or one can be started.
fn extras(root: &Path, install: bool) -> Ended {
    let test = |features, names: &[&str], variable| {
        let always = ["test", "--package", "pkce-client", "--features", features, "--test", "it", "--"];
        cargo(root, &[&always, names].concat(), variable)
    };
    const ALWAYS: [&str; 3] = ["bff", "sqlite_tokens", "sql_flows"];
    let named = std::env::var("DATABASE_URL").ok();
    if named.is_none()
        && install
        && !Postgres::is_there()
        && let Err(why) = apt_get(&["postgresql"])
    {
        return Ended::Failed(why);
    }
    let started = if named.is_none() { Some(Postgres::start()) } else { None };
    let url = match (&named, &started) {
        (Some(url), _) => url,
        (None, Some(Ok(started))) => started.url(),
        (None, Some(Err(missing))) => {
            return match test("axum,sqlite", &ALWAYS, None) {
                Ended::Passed => {
                    Ended::Partly(format!("PostgreSQL {missing}: apt-get install postgresql, or DATABASE_URL"))
                }
                other => other,
            };
        }
        (None, None) => return Ended::Failed("there is no database".to_owned()),
    };
    let names = [&ALWAYS[..], &["postgres_stores"]].concat();
    test("axum,sqlite,postgres", &names, Some(("DATABASE_URL", url)))
}

/// Runs the tests. What needs a program that is not there is left out, and the step counts as skipped for it.
fn tests(root: &Path, install: bool) -> Ended {
    let missing: Vec<(&Needy, Vec<&str>)> = missing(NEEDY, is_there);
    if install && !missing.is_empty() {
        let packages = missing.iter().flat_map(|(_, packages)| packages);
        let installed = apt_get(&packages.copied().collect::<Vec<_>>());
        return installed.map_or_else(Ended::Failed, |()| cargo(root, &["test", "--workspace"], None));
    }
    let mut arguments = vec!["test", "--workspace"];
    if !missing.is_empty() {
        arguments.push("--");
    }
    arguments.extend(missing.iter().flat_map(|(needy, _)| ["--skip", needy.tests]));
    match cargo(root, &arguments, None) {
        Ended::Passed if !missing.is_empty() => Ended::Partly(remedy(&missing)),
        other => other,
    }
}

/// One line per step, what was skipped and how to get it, and the counts in the last line.
fn summary(lines: &[(&str, Ended, Duration)]) -> String {
    let mut text = String::from("\n");
    for (name, ended, took) in lines {
        // Writing into a string cannot fail.
        let _ = match ended {
            Ended::Passed => writeln!(text, "{name:<11} passed     {:>8}", duration(*took)),
            Ended::Partly(rest) => writeln!(text, "{name:<11} passed     {:>8}  but {rest}", duration(*took)),
            Ended::Failed(_) => writeln!(text, "{name:<11} FAILED     {:>8}", duration(*took)),
            Ended::Skipped(how) => writeln!(text, "{name:<11} skipped              {how}"),
            Ended::NotReached => writeln!(text, "{name:<11} not run              an earlier step failed"),
        };
    }
    let count = |wanted: fn(&Ended) -> bool| lines.iter().filter(|(_, ended, _)| wanted(ended)).count();
    let passed = count(|ended| matches!(ended, Ended::Passed | Ended::Partly(_)));
    let failed = count(|ended| matches!(ended, Ended::Failed(_)));
    let _ = writeln!(text, "{passed} passed, {failed} failed");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summary_ends_with_the_counts() {
        let lines = [
            ("fmt", Ended::Passed, Duration::from_millis(20)),
            ("no_std", Ended::Skipped("rustup target add x".to_owned()), Duration::ZERO),
            ("tests", Ended::Failed("broken".to_owned()), Duration::from_secs(2)),
            ("docs", Ended::NotReached, Duration::ZERO),
            ("more", Ended::Partly("the rest needs x".to_owned()), Duration::from_secs(1)),
        ];
        let text = summary(&lines);
        assert_eq!(text.lines().last(), Some("2 passed, 1 failed"));
        assert!(text.contains("no_std      skipped              rustup target add x"), "{text}");
        assert!(text.contains("docs        not run") && text.contains("but the rest needs x"), "{text}");
    }

    #[test]
    fn what_is_still_missing_after_it_was_to_be_installed_is_a_failure() {
        for ended in [Ended::Partly("x".to_owned()), Ended::Skipped("x".to_owned())] {
            assert_eq!(ended.clone().whole_if(true), Ended::Failed("still missing: x".to_owned()));
            assert_eq!(ended.clone().whole_if(false), ended);
        }
        assert_eq!(Ended::Passed.whole_if(true), Ended::Passed);
    }

    #[test]
    fn a_failing_command_is_a_failure_and_says_which() {
        let ended = cargo(&crate::root(), &["surely-no-such-command"], None);
        assert!(matches!(ended, Ended::Failed(message) if message.contains("cargo surely-no-such-command")));
    }

    #[test]
    fn a_missing_target_is_skipped_with_a_remedy() {
        let ended = machine::provide_target("surely-no-such-target", false).map_err(Ended::from);
        let how = "rustup target add surely-no-such-target, or run with --install";
        assert_eq!(ended, Err(Ended::Skipped(how.to_owned())));
    }

    #[test]
    fn steps_are_run_by_their_names() {
        let names = |words: &[&str]| {
            let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
            chosen(&words).map(|steps| steps.iter().map(|step| step.name).collect::<Vec<_>>())
        };
        assert_eq!(names(&["container", "fmt"]), Ok(vec!["fmt", "container"]));
        let all = names(&[]).expect("names of steps");
        assert_eq!(all.len() + APART.len(), STEPS.len());
        assert!(APART.iter().all(|apart| names(&[apart]) == Ok(vec![*apart]) && !all.contains(apart)));
        assert!(
            names(&["surely-not"]).is_err_and(|why| why.starts_with("there is no step surely-not; there are fmt,"))
        );
    }

    #[test]
    fn steps_have_names_of_their_own() {
        for (at, step) in STEPS.iter().enumerate() {
            assert!(STEPS[..at].iter().all(|earlier| earlier.name != step.name), "{}", step.name);
        }
    }
}
