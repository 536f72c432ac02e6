//! Tokens in a file that only its owner can use.
//!
//! The file is never written in place: a new one is written beside it, flushed, and given its name, so that whoever
//! reads sees the old tokens or the new ones, whenever a process or the machine stops. Two empty files beside it are
//! locked: `.lock` for the time of one replacement, `.lease` for the time of one refresh. The operating system lets go
//! of both when a process ends. They stay where they are: a lock file that is deleted is two lock files.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use oauth_types::Secret;
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;
use zeroize::Zeroizing;

use super::{Lease, Replace, StoreError, TokenStore, Version, Writing, is_unreadable};
use crate::seal_key::SealKey;
use crate::token_set::TokenSet;
use crate::transport::BoxFuture;

/// The longest file that is read, in octets.
const MAX_LEN: u64 = 2 * 1024 * 1024;

/// A store in one file. It has to be on a file system of this machine: locks over a network are not relied on.
#[derive(Debug, Clone)]
pub struct FileStore {
    file: Arc<Place>,
}

impl FileStore {
    /// Keeps tokens in the file `path` **as they are**, for its owner alone (`0600`). Whoever reads the owner's files,
    /// a backup or a stolen disk for instance, has the tokens. Its folder must be there, and nobody else may write to
    /// it.
    pub fn in_plain_text(path: impl Into<PathBuf>) -> Self {
        Self { file: Arc::new(Place { path: path.into(), writing: Writing::Plain }) }
    }

    /// Keeps tokens in the file `path`, sealed with `key`, which is kept elsewhere: in the key ring of the system for
    /// instance. The file is its owner's alone nevertheless.
    pub fn sealed(path: impl Into<PathBuf>, key: SealKey) -> Self {
        Self { file: Arc::new(Place { path: path.into(), writing: Writing::Sealed(key) }) }
    }

    async fn apart<T: Send + 'static>(
        &self,
        task: impl FnOnce(&Place) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let file = Arc::clone(&self.file);
        apart(move || task(&file)).await
    }
}

impl TokenStore for FileStore {
    fn load(&self) -> BoxFuture<'_, Result<Option<(Version, TokenSet)>, StoreError>> {
        Box::pin(self.apart(|file| file.load()))
    }

    fn replace<'a>(
        &'a self,
        expected: Option<&'a Version>,
        new: Option<&'a TokenSet>,
    ) -> BoxFuture<'a, Result<Replace, StoreError>> {
        let (expected, new) = (expected.cloned(), new.cloned());
        Box::pin(self.apart(move |file| file.replace(expected.as_ref(), new.as_ref())))
    }

    fn lease(&self) -> BoxFuture<'_, Result<Option<Lease>, StoreError>> {
        Box::pin(self.apart(|file| locked(&file.beside("lease")).map(|lock| Some(Box::new(lock) as Lease))))
    }
}

#[derive(Debug)]
struct Place {
    path: PathBuf,
    writing: Writing,
}

/// What stands in the file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Content {
    version: String,
    tokens: Secret,
}

impl Place {
    fn read(&self) -> Result<Option<Content>, StoreError> {
        let file = match File::open(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(StoreError::unavailable(error)),
        };
        is_private(&file)?;
        let length = file.metadata().map_err(StoreError::unavailable)?.len();
        if length > MAX_LEN {
            return Err(StoreError::Format);
        }
        let mut octets = Zeroizing::new(Vec::with_capacity(usize::try_from(length).unwrap_or_default() + 1));
        file.take(MAX_LEN).read_to_end(&mut octets).map_err(StoreError::unavailable)?;
        let content = serde_json::from_slice(&octets).map_err(|_| StoreError::Format)?;
        Ok(Some(content))
    }

    fn load(&self) -> Result<Option<(Version, TokenSet)>, StoreError> {
        let Some(Content { version, tokens }) = self.read()? else { return Ok(None) };
        Ok(Some((Version::new(version), self.writing.read(tokens.expose())?)))
    }

    fn replace(&self, expected: Option<&Version>, new: Option<&TokenSet>) -> Result<Replace, StoreError> {
        let _lock = locked(&self.beside("lock"))?;
        let kept = match self.load() {
            // A login replaces what cannot be read, and nobody expects to find it.
            Err(error) if is_unreadable(&error) => None,
            kept => kept?.map(|(version, _)| version),
        };
        if kept.as_ref() != expected {
            return Ok(Replace::Conflict);
        }
        match new {
            Some(tokens) => self.write(tokens).map(Replace::Stored),
            None => self.remove().map(|()| Replace::Removed),
        }
    }

    fn write(&self, tokens: &TokenSet) -> Result<Version, StoreError> {
        let version = Version::draw()?;
        let content = Content { version: version.as_str().to_owned(), tokens: self.writing.write(tokens)? };
        // Quotes are escaped: at most twice as long. A text that grows leaves copies behind that nobody wipes.
        let mut octets = Zeroizing::new(Vec::with_capacity(2 * content.tokens.expose().len() + 128));
        serde_json::to_writer(&mut *octets, &content).map_err(StoreError::unavailable)?;
        let beside = self.beside("new");
        self.put(&beside, &octets)
            .inspect_err(|_| drop(fs::remove_file(&beside)))
            .map_err(StoreError::unavailable)?;
        Ok(version)
    }

    fn put(&self, beside: &Path, octets: &[u8]) -> io::Result<()> {
        // One that is left over is of a process that was stopped.
        match fs::remove_file(beside) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = private(OpenOptions::new().write(true).create_new(true)).open(beside)?;
        file.write_all(octets)?;
        file.sync_all()?;
        fs::rename(beside, &self.path)?;
        self.flush_folder()
    }

    fn remove(&self) -> Result<(), StoreError> {
        match fs::remove_file(&self.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(StoreError::unavailable(error)),
            _ => self.flush_folder().map_err(StoreError::unavailable),
        }
    }

    /// The name is in the folder, and lasts once that is flushed.
    fn flush_folder(&self) -> io::Result<()> {
        match self.path.parent() {
            Some(folder) if cfg!(unix) => {
                let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
                File::open(folder)?.sync_all()
            }
            _ => Ok(()),
        }
    }

    fn beside(&self, extension: &str) -> PathBuf {
        let mut name = self.path.file_name().unwrap_or_default().to_owned();
        name.push(".");
        name.push(extension);
        self.path.with_file_name(name)
    }
}

/// Runs `task` where waiting for a disk or a lock stops nobody.
///
/// A thread of its own, not one of the runtime's: a runtime that ends waits for those, and a lock may take long.
pub(super) async fn apart<T: Send + 'static>(
    task: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    let (done, outcome) = oneshot::channel();
    let thread = std::thread::Builder::new().name("token-store".to_owned());
    // A receiver that is gone drops what was got, a lock for instance.
    thread.spawn(move || drop(done.send(task()))).map_err(StoreError::unavailable)?;
    outcome.await.map_err(StoreError::unavailable)?
}

/// Waits for a lock that ends with its value. The file stays.
pub(super) fn locked(path: &Path) -> Result<File, StoreError> {
    let file = private(OpenOptions::new().write(true).create(true).truncate(false)).open(path);
    let file = file.map_err(StoreError::unavailable)?;
    file.lock().map_err(StoreError::unavailable)?;
    Ok(file)
}

#[cfg(unix)]
pub(super) fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600)
}

/// Where a file belongs to whom its folder belongs to.
#[cfg(not(unix))]
pub(super) fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    options
}

#[cfg(unix)]
fn is_private(file: &File) -> Result<(), StoreError> {
    let permissions = file.metadata().map_err(StoreError::unavailable)?.permissions();
    let mode = std::os::unix::fs::PermissionsExt::mode(&permissions);
    if mode & 0o077 == 0 { Ok(()) } else { Err(StoreError::Exposed) }
}

#[cfg(not(unix))]
fn is_private(_file: &File) -> Result<(), StoreError> {
    Ok(())
}
