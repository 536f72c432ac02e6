//! `cargo xtask container`: the image, made here from nothing, and what holds of it.

mod engine;
mod recipes;
mod seen;
mod words;

use std::path::{Path, PathBuf};

use engine::Engine;
use recipes::Recipes;

use crate::flows::target_folder;
use crate::machine::{self, Missing, absent, apt_get, cargo, done, is_there};
use crate::quickstart;

/// How the image is made.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// What it is called, if not `mock-idp` with the version of this workspace.
    #[arg(long, value_name = "NAME:TAG", default_value = concat!("mock-idp:", env!("CARGO_PKG_VERSION")))]
    tag: String,
    /// Install what is missing, as with CI=true; otherwise it is named.
    #[arg(long)]
    pub(crate) install: bool,
    /// Only make the image.
    #[arg(long)]
    no_checks: bool,
}

/// Makes the image, and looks at it.
pub(crate) fn run(root: &Path, options: &Options) -> Result<String, String> {
    make(root, options).map_err(|missing| missing.to_string())
}

/// The same as a step of everything that a change has to pass: the machine's default image.
pub(crate) fn run_step(root: &Path, install: bool) -> Result<String, Missing> {
    let tag = concat!("mock-idp:", env!("CARGO_PKG_VERSION")).to_owned();
    make(root, &Options { tag, install, no_checks: false })
}

fn make(root: &Path, options: &Options) -> Result<String, Missing> {
    let target = static_target()?;
    provide(target, options.install)?;
    let engine = Engine::find().map_err(match options.install {
        true => Missing::Broken,
        false => Missing::Absent,
    })?;
    // Packages come over the network while the processors compile.
    let (program, recipes) = std::thread::scope(|scope| {
        let recipes = (!options.no_checks).then(|| scope.spawn(|| Recipes::provide(root, options.install)));
        (build(root, target), recipes.map(|recipes| recipes.join()))
    });
    let program = program?;
    let context = context(root, &program)?;
    let words = ["build", "--quiet", "--tag", &options.tag];
    let mut docker = engine.docker();
    // The builder of every engine, old and new.
    docker.env("DOCKER_BUILDKIT", "0").args(words).arg(&context);
    done(&mut docker)?;
    let Some(recipes) = recipes else {
        return Ok(format!("{} is made", options.tag));
    };
    let recipes = recipes.map_err(|_| "what the recipes need cannot be had".to_owned())??;
    let mut lines = vec![seen::look(&engine, &options.tag, &program)?];
    test(root, &engine)?;
    lines.extend(recipes.run(&engine, &options.tag)?);
    lines.push(words::run(root, &engine)?);
    let variables: Vec<_> = engine.variables().collect();
    lines.push(match quickstart::run_with_image(root, &variables, options.install) {
        Err(Missing::Absent(how)) => format!("docs/QUICKSTART.md with the image: skipped, it needs {how}"),
        done => done?,
    });
    Ok(lines.join("\n"))
}

/// Programs for this machine's processor that need no library.
fn static_target() -> Result<&'static str, Missing> {
    match std::env::consts::ARCH {
        "x86_64" => Ok("x86_64-unknown-linux-musl"),
        "aarch64" => Ok("aarch64-unknown-linux-musl"),
        other => Err(Missing::Broken(format!("there is no image for {other}"))),
    }
}

/// Sees to it that what the image is made with is there.
fn provide(target: &str, install: bool) -> Result<(), Missing> {
    let programs = [("musl-gcc", "musl-tools"), ("docker", "docker.io"), ("dockerd", "docker.io")];
    let mut packages = absent(&programs);
    if is_there("docker") && words::compose().is_none() {
        packages.push("docker-compose");
    }
    // An engine that runs elsewhere needs no daemon here.
    if std::env::var_os("DOCKER_HOST").is_some() && is_there("docker") {
        packages.retain(|package| *package != "docker.io");
    }
    if !packages.is_empty() {
        if !install {
            return Err(Missing::Absent(format!("apt-get install {}, or --install", packages.join(" "))));
        }
        apt_get(&packages)?;
    }
    machine::provide_target(target, install)
}

/// Compiles the program, and says where it is.
fn build(root: &Path, target: &str) -> Result<PathBuf, Missing> {
    let mut cargo = cargo();
    cargo.args(["build", "--quiet", "--profile", "image", "--package", "mock-idp-cli", "--bin", "mock-idp"]);
    done(cargo.args(["--target", target]).current_dir(root))?;
    Ok(target_folder(root).join(target).join("image/mock-idp"))
}

/// A folder with what goes into the image, and nothing else.
fn context(root: &Path, program: &Path) -> Result<PathBuf, Missing> {
    let folder = target_folder(root).join("container");
    let failed = |error: std::io::Error| Missing::Broken(format!("{}: {error}", folder.display()));
    std::fs::create_dir_all(&folder).map_err(failed)?;
    std::fs::copy(program, folder.join("mock-idp")).map_err(failed)?;
    std::fs::copy(root.join("crates/mock-idp-cli/container/Dockerfile"), folder.join("Dockerfile"))
        .map_err(failed)?;
    Ok(folder)
}

/// Runs the tests of the crate that starts the image.
fn test(root: &Path, engine: &Engine) -> Result<(), Missing> {
    let mut cargo = cargo();
    // Of the whole workspace, so that what it was tested with before is what it is compiled with now.
    cargo.args(["test", "--workspace", "--test", "containers", "--features", "mock-idp-testcontainers/engine"]);
    Ok(done(cargo.envs(engine.variables()).current_dir(root))?)
}
