//! cargo-hack, which runs a command of cargo for every combination of features.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The one that is installed; another that somebody has is as good.
const VERSION: &str = "0.6.46";

/// What is run: every feature by itself and with each other one, and none; all of them together are what the step `extras`
/// tests. Clippy refuses the compiler's warnings as well, and leaves alone what was built with them allowed. `default` is no
/// feature of its own: whatever it brings has its turn by itself.
pub(crate) const ARGUMENTS: &[&str] = &[
    "hack",
    "clippy",
    "--feature-powerset",
    "--depth",
    "2",
    "--exclude-features",
    "default",
    "--package",
    "pkce-core",
    "--package",
    "oauth-types",
    "--package",
    "pkce-client",
    "--package",
    "mock-idp",
    "--package",
    "mock-idp-cli",
    "--",
    "--deny",
    "warnings",
];

/// How to get it.
pub(crate) fn how() -> String {
    format!("cargo install cargo-hack@{VERSION} --locked --root target/tools")
}

/// The program: in the folder of this workspace's tools, or wherever the system finds it. It is installed if `install` says
/// so; otherwise there may be none.
///
/// # Errors
/// If it cannot be installed.
pub(crate) fn provide(root: &Path, install: bool) -> Result<Option<PathBuf>, String> {
    let own = root.join("target/tools/bin").join(format!("cargo-hack{}", std::env::consts::EXE_SUFFIX));
    let found = || [own.clone(), PathBuf::from("cargo-hack")].into_iter().find(|program| is_there(program));
    if let Some(program) = found() {
        return Ok(Some(program));
    }
    if !install {
        return Ok(None);
    }
    let how = how();
    println!("{how}");
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    match Command::new(cargo).args(how.split(' ').skip(1)).current_dir(root).status() {
        Ok(status) if status.success() => Ok(Some(own)),
        Ok(status) => Err(format!("`{how}` ended with {status}")),
        Err(error) => Err(format!("`{how}` cannot be run: {error}")),
    }
}

fn is_there(program: &Path) -> bool {
    let mut asked = Command::new(program);
    let ended = asked.args(["hack", "--version"]).stdout(Stdio::null()).stderr(Stdio::null()).status();
    ended.is_ok_and(|status| status.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_there_is_not_run_and_the_remedy_says_how_to_get_it() {
        assert!(!is_there(Path::new("/surely/no/such/program")));
        assert!(how().starts_with("cargo install cargo-hack@") && how().ends_with("--root target/tools"));
    }
}
