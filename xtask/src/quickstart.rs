//! `cargo xtask quickstart`: docs/QUICKSTART.md, whose words are followed as they stand there.

use std::path::{Path, PathBuf};

use crate::flows::target_folder;
use crate::interop::Folders;
use crate::machine::{Missing, follow, free_port, path_with, provide};

/// What the document says.
const DOCUMENT: &str = include_str!("../../docs/QUICKSTART.md");
/// How long all of it may take, in seconds: compiling the program for the first time, and far beyond what the rest takes.
const PATIENCE: u32 = 1200;
/// What it needs, with the Debian packages that these are in.
const PROGRAMS: &[(&str, &str)] = &[
    ("bash", "bash"),
    ("curl", "curl"),
    ("openssl", "openssl"),
    ("npm", "npm"),
    ("node", "nodejs"),
    ("python3", "python3 python3-venv"),
];

/// Where the program is copied to out of the image: a folder in the search path.
const COPIED_TO: &str = "~/.local/bin";

/// How somebody comes to the server.
#[derive(Debug, Clone, Copy)]
enum Way<'a> {
    /// By compiling the program.
    Program,
    /// By the image, in the engine that these variables name.
    Image(&'a [(&'static str, &'a str)]),
}

/// A piece of the document that somebody does something with.
#[derive(Debug, PartialEq, Eq)]
enum Piece<'a> {
    /// A file that is saved under the name in its first line.
    File(&'a str, &'a str),
    /// Commands for everybody.
    Commands(&'a str),
    /// Commands for whoever comes to the server in one of the ways.
    OneWay(Vec<&'a str>),
}

/// Follows the document, in an empty folder, with the program.
///
/// # Errors
/// [`Missing`]: among them, what does not go as the document says.
pub(crate) fn run(root: &Path, install: bool) -> Result<String, Missing> {
    go(root, Way::Program, install)
}

/// The same with the image, in the engine that these variables name.
///
/// # Errors
/// As of [`run`].
pub(crate) fn run_with_image(root: &Path, engine: &[(&'static str, &str)], install: bool) -> Result<String, Missing> {
    go(root, Way::Image(engine), install)
}

fn go(root: &Path, way: Way<'_>, install: bool) -> Result<String, Missing> {
    if !install {
        return Err(Missing::Absent("packages of npm and PyPI: the same with --install".to_owned()));
    }
    provide(PROGRAMS, "what the quick start is followed with", install)?;
    let folder = target_folder(root).join("quickstart");
    let programs = folder.join("programs");
    let failed = |error: std::io::Error| format!("{}: {error}", folder.display());
    if folder.exists() {
        std::fs::remove_dir_all(&folder).map_err(failed)?;
    }
    std::fs::create_dir_all(programs.join("bin")).map_err(failed)?;
    let pieces = pieces(DOCUMENT);
    for piece in &pieces {
        if let Piece::File(name, text) = piece {
            std::fs::write(folder.join(name), text).map_err(failed)?;
        }
    }
    let script = on_free_ports(&script(&pieces, way, (root, &programs))?)?;
    // The program that was come by, and the node that the clients are run by.
    let node = Folders::of(root).node().parent().map(Path::to_owned).filter(|folder| folder.is_absolute());
    let path = path_with([Some(programs.join("bin")), node].into_iter().flatten())?;
    // Whatever happens, nothing goes on running.
    let script = format!("trap 'kill %1; wait' EXIT\n{script}");
    follow(
        "docs/QUICKSTART.md",
        &script,
        (PATIENCE, |shell| {
            shell.current_dir(&folder).env("PATH", path);
            if let Way::Image(engine) = way {
                shell.envs(engine.iter().copied());
            }
        }),
    )?;
    let how = if matches!(way, Way::Image(_)) { "with the image" } else { "with the program" };
    Ok(format!("docs/QUICKSTART.md {how}: {} pieces went as it says", pieces.len()))
}

/// The commands that somebody gives who comes to the server in this way. They get the program into `programs`.
fn script(pieces: &[Piece<'_>], way: Way<'_>, (root, programs): (&Path, &PathBuf)) -> Result<String, String> {
    let one_way = pieces.iter().filter_map(|piece| if let Piece::OneWay(lines) = piece { Some(lines) } else { None });
    let lines: Vec<&str> = one_way.flatten().copied().collect();
    let the = |start: &str| {
        let found: Vec<&str> = lines.iter().copied().filter(|line| line.starts_with(start)).collect();
        if found.is_empty() { Err(format!("docs/QUICKSTART.md has no `{start}`")) } else { Ok(found.join("\n")) }
    };
    let (build, run) = (the("cargo install")?, the("docker run")?);
    let copy = [the("docker create")?, the("docker cp")?, the("docker rm")?].join("\n");
    let mut script = match way {
        // As fast as it is compiled, and for nobody else on this machine.
        Way::Program => format!(
            "(cd '{}' && {build} --debug --quiet --force --root '{}') 2> install.txt || {{ cat install.txt; exit 1; }}\n",
            root.display(),
            programs.display()
        ),
        Way::Image(_) => copy.replace(COPIED_TO, &format!("'{}'", programs.join("bin").display())) + "\n",
    };
    for piece in pieces {
        let Piece::Commands(commands) = piece else { continue };
        for line in commands.lines() {
            match (way, line.starts_with("mock-idp serve ")) {
                (Way::Image(_), true) => script.extend([&*run, " &\n"]),
                _ => script.extend([line, "\n"]),
            }
        }
    }
    Ok(script)
}

/// The ports of the document may be taken here.
fn on_free_ports(script: &str) -> Result<String, String> {
    let mut script = script.to_owned();
    for port in ["8080", "9999"] {
        script = script.replace(&format!("127.0.0.1:{port}"), &format!("127.0.0.1:{}", free_port()?));
    }
    Ok(script)
}

/// What the document has somebody do: blocks of `sh` are run, lines of `console` are run by some, and others are saved if
/// their first line names a file.
fn pieces(document: &str) -> Vec<Piece<'_>> {
    let blocks = document.split("\n```").skip(1).step_by(2);
    let piece = |block| {
        let (language, text): (&str, &str) = str::split_once(block, '\n')?;
        let text = text.trim_end_matches('\n');
        match language {
            "sh" => Some(Piece::Commands(text)),
            "console" => Some(Piece::OneWay(text.lines().filter_map(|line| line.strip_prefix("$ ")).collect())),
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
        let wanted = [
            Piece::Commands("echo a"),
            Piece::File("b.mjs", "// b.mjs\nb()"),
            Piece::OneWay(vec!["c"]),
            Piece::File("d.py", "# d.py\nd()"),
        ];
        assert_eq!(pieces(document), wanted);
        assert!(pieces(DOCUMENT).iter().filter(|piece| matches!(piece, Piece::File(..))).count() >= 2);
    }

    #[test]
    fn each_comes_to_the_server_in_one_way() {
        let (root, programs) = (Path::new("/root"), PathBuf::from("/programs"));
        let of = |way| script(&pieces(DOCUMENT), way, (root, &programs)).expect("a script");
        let (program, image) = (of(Way::Program), of(Way::Image(&[])));
        assert!(program.starts_with("(cd '/root' && cargo install --locked --path crates/mock-idp-cli --debug"));
        assert!(program.contains("\nmock-idp serve ") && !program.contains("docker"), "{program}");
        assert!(image.contains("\ndocker cp to-copy:/mock-idp '/programs/bin'/mock-idp\n"), "{image}");
        assert!(image.contains("\ndocker run ") && !image.contains("\nmock-idp serve") && !image.contains("cargo"));
        assert!(image.contains("serve --listen 127.0.0.1:8080 &\n"), "{image}");
        assert!(script(&pieces("a\n"), Way::Program, (root, &programs)).is_err());
    }
}
