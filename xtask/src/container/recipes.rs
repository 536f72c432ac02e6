//! The recipes for testcontainers in other languages (examples/testcontainers), run against the image.

use std::path::Path;
use std::process::{Command, Stdio};

use oauth_attacks::report::table::duration;

use super::engine::Engine;
use crate::interop::{Folders, copy, node_in};
use crate::machine::{Missing, is_there, quietly};
use crate::stopwatch::Stopwatch;

/// Where the recipes are.
const RECIPES: &str = "examples/testcontainers";
/// Where packages for Python are installed.
const PYTHON: &str = "testcontainers-python";
/// Where the recipe in Java is compiled.
const JAVA: &str = "testcontainers-java";
/// Where packages for Node are installed.
const NODE: &str = "testcontainers-node";

/// What a recipe is written for: the name of its folder.
#[derive(Debug, Clone, Copy)]
enum Language {
    Python,
    Node,
    Java,
    Go,
}

impl Language {
    fn name(self) -> &'static str {
        match self {
            Self::Python => "python",
            Self::Node => "node",
            Self::Java => "java",
            Self::Go => "go",
        }
    }
}

/// The recipes, with what runs each of them or why it cannot be run.
pub(super) struct Recipes(Vec<(&'static str, Result<Command, String>)>);

impl Recipes {
    /// Sees to it that those can be run that this machine has a runtime for.
    pub(super) fn provide(root: &Path, install: bool) -> Result<Self, Missing> {
        let provided = [Language::Python, Language::Node, Language::Java, Language::Go].map(|language| {
            let name = language.name();
            match provide(root, language, install) {
                Ok(tests) => Ok((name, Ok(tests))),
                Err(Missing::Absent(how)) => Ok((name, Err(how))),
                Err(Missing::Broken(why)) => Err(Missing::Broken(format!("testcontainers in {name}: {why}"))),
            }
        });
        provided.into_iter().collect::<Result<Vec<_>, _>>().map(Self)
    }

    /// Runs those that can be run, and says for each how that went.
    pub(super) fn run(self, engine: &Engine, tag: &str) -> Result<Vec<String>, String> {
        let lines = self.0.into_iter().map(|(name, provided)| match provided {
            Ok(tests) => play(tests, engine, (name, tag)),
            Err(how) => Ok(format!("testcontainers in {name}: skipped, it needs {how}")),
        });
        lines.collect()
    }
}

/// The command that runs the tests, once what they need is there.
fn provide(root: &Path, language: Language, install: bool) -> Result<Command, Missing> {
    let folders = Folders::of(root);
    let written = root.join(RECIPES);
    match language {
        Language::Python => {
            folders.provide_pypi(PYTHON, &format!("../../{RECIPES}/python/requirements.txt"), install)?;
            let mut tests = Command::new(folders.installed(PYTHON).join("bin/python"));
            tests.args(["-B", "-m", "pytest", "-q", "-p", "no:cacheprovider", "."]);
            tests.current_dir(written.join("python"));
            Ok(tests)
        }
        Language::Node => {
            folders.provide_npm(&written, NODE, (&["node"], install))?;
            let installed = folders.installed(NODE);
            let mut tests = Command::new(node_in(&installed));
            tests.args(["--test", "login.test.mjs"]).current_dir(installed.join("node"));
            Ok(tests)
        }
        Language::Java => {
            let folder = folders.installed(JAVA);
            provide_java(&folders, &written.join("java"), &folder, install)?;
            let mut tests = maven(&folder);
            tests.args(["--offline", "test"]);
            Ok(tests)
        }
        Language::Go => {
            let folder = written.join("go");
            provide_go(&folder, install)?;
            let mut tests = go(&folder);
            tests.args(["test", "-count=1", "./..."]);
            Ok(tests)
        }
    }
}

/// Maven in a folder.
fn maven(folder: &Path) -> Command {
    let mut maven = Command::new("mvn");
    maven.args(["--batch-mode", "--quiet"]).current_dir(folder);
    maven
}

/// Sees to it that the artifacts are there, and that the recipe lies where it may be compiled.
fn provide_java(folders: &Folders, written: &Path, folder: &Path, install: bool) -> Result<(), Missing> {
    const TEST: &str = "src/test/java/login/LoginTest.java";
    if !is_there("mvn") || !is_there("javac") {
        return Err(Missing::Absent("a JDK and Maven: apt-get install default-jdk-headless maven".to_owned()));
    }
    let place = || {
        let test = folder.join(TEST);
        let parent = test.parent().unwrap_or(folder);
        std::fs::create_dir_all(parent).map_err(|error| format!("{}: {error}", parent.display()))?;
        copy(&written.join(TEST), &test)?;
        copy(&written.join("pom.xml"), &folder.join("pom.xml"))
    };
    folders.once(folder, &written.join("pom.xml"), install, || {
        place()?;
        // Everything that tests need, and none of them: what runs a class of tests is fetched once there is one to run.
        quietly(maven(folder).args(["test", "-Dtest=LoginTest#none", "-Dsurefire.failIfNoSpecifiedTests=false"]))
    })?;
    Ok(place()?)
}

/// The tool of Go in a folder, as it is on this machine.
fn go(folder: &Path) -> Command {
    let mut go = Command::new("go");
    go.env("GOTOOLCHAIN", "local").current_dir(folder).stdin(Stdio::null());
    go
}

/// Sees to it that the modules are there.
fn provide_go(folder: &Path, install: bool) -> Result<(), Missing> {
    const HOW: &str = "Go 1.26 or later: go.dev";
    let mut list = go(folder);
    list.args(["list", "-deps", "-test", "./..."]);
    if !install {
        list.env("GOPROXY", "off");
    }
    let listed = list.output().map_err(|_| Missing::Absent(HOW.to_owned()))?;
    let complaint = String::from_utf8_lossy(&listed.stderr);
    match listed.status.success() {
        true => Ok(()),
        // How tools say that go.mod is too new for them, and how those before 1.21 do.
        false if ["requires go >=", "invalid go version"].iter().any(|said| complaint.contains(said)) => {
            Err(Missing::Absent(HOW.to_owned()))
        }
        false if !install => Err(Missing::Absent("its modules: the same with --install".to_owned())),
        // Where it looks for modules is its user's business.
        false => Err(Missing::Broken("`go list` cannot get the modules; run it by hand to see why".to_owned())),
    }
}

fn play(mut tests: Command, engine: &Engine, (name, tag): (&str, &str)) -> Result<String, String> {
    let watch = Stopwatch::start();
    // What removes containers that a killed test leaves behind is an image that is not made here.
    tests.env("TESTCONTAINERS_RYUK_DISABLED", "true").env("MOCK_IDP_IMAGE", tag);
    let output = tests.envs(engine.variables()).stdin(Stdio::null()).output();
    let output = output.map_err(|error| format!("testcontainers in {name} cannot be run: {error}"))?;
    let (heard, complaint) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    match output.status.success() {
        true => Ok(format!("testcontainers in {name}: passed in {}", duration(watch.took()))),
        false => Err(format!("testcontainers in {name}:\n{heard}\n{complaint}")),
    }
}
