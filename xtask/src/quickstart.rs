//! `cargo xtask quickstart`: docs/QUICKSTART.md, whose words are followed as they stand there.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::flows::target_folder;
use crate::interop::Folders;
use crate::machine::{Missing, apt_get, is_there};

/// What the document says.
const DOCUMENT: &str = include_str!("../../docs/QUICKSTART.md");
/// How long all of it may take, in seconds, far beyond what it takes.
const PATIENCE: &str = "300";
/// What it needs, with the Debian packages that these are in.
const PROGRAMS: &[(&str, &str)] = &[
    ("bash", "bash"),
    ("curl", "curl"),
    ("openssl", "openssl"),
    ("npm", "npm"),
    ("node", "nodejs"),
    ("python3", "python3 python3-venv"),
];

/// A piece of the document that somebody does something with.
#[derive(Debug, PartialEq, Eq)]
enum Piece<'a> {
    /// A file that is saved under the name in its first line.
    File(&'a str, &'a str),
    /// Commands.
    Commands(&'a str),
}

/// Follows the document, in an empty folder.
///
/// # Errors
/// [`Missing`]: among them, what does not go as the document says.
pub(crate) fn run(root: &Path, install: bool) -> Result<String, Missing> {
    let absent: Vec<&str> = PROGRAMS
        .iter()
        .filter(|(program, _)| !is_there(program))
        .flat_map(|(_, packages)| packages.split(' '))
        .collect();
    match (install, absent.is_empty()) {
        (false, _) => return Err(Missing::Absent("packages of npm and PyPI: the same with --install".to_owned())),
        (true, false) => apt_get(&absent)?,
        (true, true) => {}
    }
    let folder = target_folder(root).join("quickstart");
    let failed = |error: std::io::Error| format!("{}: {error}", folder.display());
    if folder.exists() {
        std::fs::remove_dir_all(&folder).map_err(failed)?;
    }
    std::fs::create_dir_all(&folder).map_err(failed)?;
    let mut script = String::new();
    let pieces: Vec<Piece<'_>> = pieces(DOCUMENT);
    for piece in &pieces {
        match piece {
            Piece::File(name, text) => std::fs::write(folder.join(name), text).map_err(failed)?,
            Piece::Commands(commands) => script.extend([*commands, "\n"]),
        }
    }
    let mut shell = Command::new("timeout");
    shell.args([PATIENCE, "bash", "-e", "-u", "-o", "pipefail", "-c"]);
    // Whatever happens, nothing goes on running.
    shell.arg(format!("trap 'kill %1' EXIT\n{}", on_free_ports(&script)?));
    shell.current_dir(&folder).env("PATH", path(root)?).stdin(Stdio::null());
    let output = shell.output().map_err(|error| format!("bash cannot be run: {error}"))?;
    let (heard, complaint) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    match output.status.success() {
        true => Ok(format!("docs/QUICKSTART.md: {} pieces went as it says", pieces.len())),
        false => {
            Err(Missing::Broken(format!("docs/QUICKSTART.md ended with {}:\n{heard}\n{complaint}", output.status)))
        }
    }
}

/// The search path, with the program of this workspace first, and the node that the clients are run by after it.
fn path(root: &Path) -> Result<std::ffi::OsString, String> {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["build", "--quiet", "--package", "mock-idp-cli", "--bin", "mock-idp"]).current_dir(root);
    match cargo.status() {
        Ok(status) if status.success() => {}
        Ok(status) => return Err(format!("the program cannot be compiled: {status}")),
        Err(error) => return Err(format!("cargo cannot be run: {error}")),
    }
    let node = Folders::of(root).node().parent().map(Path::to_owned);
    let own = [Some(target_folder(root).join("debug")), node.filter(|folder| folder.is_absolute())];
    let others = std::env::var_os("PATH").unwrap_or_default();
    let all: Vec<PathBuf> = own.into_iter().flatten().chain(std::env::split_paths(&others)).collect();
    std::env::join_paths(all).map_err(|error| format!("the search path cannot be written down: {error}"))
}

/// The ports of the document may be taken here.
fn on_free_ports(script: &str) -> Result<String, String> {
    let free = || Ok::<_, std::io::Error>(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port().to_string());
    let mut script = script.to_owned();
    for port in ["8080", "9999"] {
        let free = free().map_err(|error| format!("no port is free: {error}"))?;
        script = script.replace(&format!("127.0.0.1:{port}"), &format!("127.0.0.1:{free}"));
    }
    Ok(script)
}

/// What the document has somebody do: blocks of `sh` are run, and others are saved if their first line names a file.
fn pieces(document: &str) -> Vec<Piece<'_>> {
    let blocks = document.split("\n```").skip(1).step_by(2);
    let piece = |block| {
        let (language, text): (&str, &str) = str::split_once(block, '\n')?;
        let text = text.trim_end_matches('\n');
        match language {
            "sh" => Some(Piece::Commands(text)),
            "js" | "python" => {
                let first = text.lines().next()?;
                Some(Piece::File(first.trim_start_matches(['/', '#']).trim(), text))
            }
            _ => None,
        }
    };
    blocks.filter_map(piece).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_run_and_programs_are_saved() {
        let document =
            "a\n```sh\necho a\n```\n```js\n// b.mjs\nb()\n```\n```console\n$ c\n```\n```python\n# d.py\nd()\n```\n";
        let wanted =
            [Piece::Commands("echo a"), Piece::File("b.mjs", "// b.mjs\nb()"), Piece::File("d.py", "# d.py\nd()")];
        assert_eq!(pieces(document), wanted);
        assert!(pieces(DOCUMENT).iter().filter(|piece| matches!(piece, Piece::File(..))).count() >= 2);
    }
}
