//! Stores of tokens: what all of them do, and what a file is good for.

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use pkce_client::token_store_conformance::{Nonconformity, check};
use pkce_client::{
    BoxFuture, Error, FileStore, Lease, MemoryStore, Replace, SealError, SealKey, Session, StoreError, TokenSet,
    TokenStore, Version,
};

use crate::stage::{CLIENT_ID, ISSUER, START, Stage};

/// A directory that is gone when the test ends.
pub(crate) struct Scratch(pub(crate) PathBuf);

impl Scratch {
    pub(crate) fn new(name: &str) -> Self {
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", std::process::id()));
        fs::create_dir_all(&path).expect("a directory");
        Self(path)
    }

    pub(crate) fn file(&self) -> PathBuf {
        self.0.join("tokens")
    }

    pub(crate) fn store(&self) -> FileStore {
        FileStore::in_plain_text(self.file())
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // It is below the build directory: what is left there is swept with it.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The tokens of a session that was just begun.
pub(crate) async fn tokens() -> TokenSet {
    let stage = Stage::new();
    let store = MemoryStore::new();
    let session = stage.login(&stage.client()).await.expect("a session");
    session.keep_in(store.clone()).await.expect("kept");
    store.load().await.expect("a store").expect("tokens").1
}

#[tokio::test]
async fn the_stores_conform() {
    check(&MemoryStore::new()).await.expect("a store in memory");
    let scratch = Scratch::new("conform");
    check(&scratch.store()).await.expect("a store in a file");
    check(&FileStore::sealed(scratch.file(), key(1))).await.expect("a store in a sealed file");
    assert!(!scratch.file().exists());
    let store = MemoryStore::new();
    let _ = store.replace(None, Some(&tokens().await)).await.expect("stored");
    assert!(matches!(check(&store).await, Err(Nonconformity::NotEmpty)));
}

/// One thing that a store can get wrong.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Mistake {
    /// It does not look at what is expected.
    Blind,
    /// It looks, and replaces later.
    InTwoSteps,
    /// It counts anew after a removal.
    CountsAnew,
    /// The same tokens have the same version.
    Hashes,
    /// It says that it has removed what is still there.
    Undead,
    /// It forgets part of the tokens.
    Forgetful,
    /// Everybody has the lease.
    Generous,
    /// The lease of somebody who went away is held for ever.
    Hoards,
}

/// A store with one mistake.
struct Mistaken {
    mistake: Mistake,
    inner: MemoryStore,
    count: AtomicU32,
    /// What is in, under the versions of this store.
    versions: Mutex<Option<(Version, Version)>>,
    turn: Arc<tokio::sync::Mutex<()>>,
}

impl Mistaken {
    fn new(mistake: Mistake) -> Self {
        Self {
            mistake,
            inner: MemoryStore::new(),
            count: AtomicU32::new(0),
            versions: Mutex::new(None),
            turn: Arc::default(),
        }
    }

    fn versions(&self) -> Option<(Version, Version)> {
        self.versions.lock().expect("no panic").clone()
    }

    /// What this store calls new tokens.
    fn name(&self, tokens: &TokenSet, inner: &Version) -> Version {
        match self.mistake {
            Mistake::CountsAnew => Version::new(self.count.fetch_add(1, Ordering::Relaxed).to_string()),
            Mistake::Hashes => Version::new(tokens.expose_json().expose()),
            _ => inner.clone(),
        }
    }
}

impl TokenStore for Mistaken {
    fn load(&self) -> BoxFuture<'_, Result<Option<(Version, TokenSet)>, StoreError>> {
        Box::pin(async {
            Ok(self.inner.load().await?.zip(self.versions()).map(|((_, tokens), (outer, _))| (outer, tokens)))
        })
    }

    fn replace<'a>(
        &'a self,
        expected: Option<&'a Version>,
        new: Option<&'a TokenSet>,
    ) -> BoxFuture<'a, Result<Replace, StoreError>> {
        Box::pin(async move {
            let versions = self.versions();
            let fits = versions.as_ref().map(|(outer, _)| outer) == expected;
            if !fits && self.mistake != Mistake::Blind {
                return Ok(Replace::Conflict);
            }
            if self.mistake == Mistake::InTwoSteps {
                tokio::task::yield_now().await;
            }
            if self.mistake == Mistake::Undead && new.is_none() {
                return Ok(Replace::Removed);
            }
            let changed = match new {
                Some(tokens) if self.mistake == Mistake::Forgetful => {
                    let text = tokens.expose_json().expose().replace("openid", "openidd");
                    Some(TokenSet::from_exposed_json(&text)?)
                }
                other => other.cloned(),
            };
            let inner = self.inner.load().await?.map(|(version, _)| version);
            match self.inner.replace(inner.as_ref(), changed.as_ref()).await? {
                Replace::Stored(inner) => {
                    let outer = self.name(new.expect("tokens"), &inner);
                    *self.versions.lock().expect("no panic") = Some((outer.clone(), inner));
                    Ok(Replace::Stored(outer))
                }
                other => {
                    self.count.store(0, Ordering::Relaxed);
                    *self.versions.lock().expect("no panic") = None;
                    Ok(other)
                }
            }
        })
    }

    fn lease(&self) -> BoxFuture<'_, Result<Option<Lease>, StoreError>> {
        Box::pin(async {
            match self.mistake {
                Mistake::Generous => Ok(Some(Box::new(()) as Lease)),
                Mistake::Hoards => {
                    let (got, lease) = tokio::sync::oneshot::channel();
                    let turn = Arc::clone(&self.turn);
                    tokio::spawn(async move {
                        if let Err(guard) = got.send(turn.lock_owned().await) {
                            std::mem::forget(guard);
                        }
                    });
                    Ok(Some(Box::new(lease.await.map_err(StoreError::unavailable)?) as Lease))
                }
                _ => Ok(Some(Box::new(Arc::clone(&self.turn).lock_owned().await) as Lease)),
            }
        })
    }
}

#[tokio::test]
async fn a_store_with_a_mistake_does_not_conform() {
    let mistakes = [
        (Mistake::Blind, "an empty store has no version that could be expected"),
        (Mistake::InTwoSteps, "of replacements at the same time one happens"),
        (Mistake::CountsAnew, "no version comes a second time"),
        (Mistake::Hashes, "the same tokens kept again have another version"),
        (Mistake::Undead, "what was removed is gone"),
        (Mistake::Forgetful, "tokens are found as they were"),
        (Mistake::Generous, "a lease is held by one at a time"),
    ];
    for (mistake, rule) in mistakes {
        match check(&Mistaken::new(mistake)).await {
            Err(Nonconformity::Broken(broken)) => assert_eq!(broken, rule, "{mistake:?}"),
            other => panic!("{mistake:?}: {other:?}"),
        }
    }
    // What is never let go cannot be told from what takes long.
    let hoard = Arc::new(Mistaken::new(Mistake::Hoards));
    let checked = tokio::spawn({
        let hoard = Arc::clone(&hoard);
        async move { check(&*hoard).await }
    });
    for _ in 0..1000 {
        tokio::task::yield_now().await;
    }
    assert!(!checked.is_finished());
    checked.abort();
}

/// A session that outlives its process: the store knows all of it.
#[tokio::test]
async fn a_session_is_restored_as_it_was() {
    let (stage, scratch) = (Stage::new(), Scratch::new("restored"));
    let client = stage.client();
    assert!(Session::restore(&client, scratch.store()).await.expect("a store").is_none());
    let session = stage.login(&client).await.expect("a session");
    session.keep_in(scratch.store()).await.expect("kept");
    let restored = Session::restore(&client, scratch.store()).await.expect("a store").expect("a session");
    assert_eq!(restored.access_token().await.expect("a token"), session.access_token().await.expect("a token"));
    assert_eq!(restored.scopes().await, ["openid", "email"]);
    let claims = restored.claims().expect("claims");
    assert_eq!(claims.subject(), "alice");
    assert_eq!(claims.get::<Vec<String>>("groups").expect("texts"), Some(vec!["a".to_owned()]));
    let (_, kept) = scratch.store().load().await.expect("a store").expect("tokens");
    assert_eq!((kept.issuer(), kept.client_id(), kept.expires_at()), (ISSUER, CLIENT_ID, Some(START + 3600)));
    let id_token = stage.with(|script| script.id_token());
    assert!(kept.expose_json().expose().contains(&id_token), "a server recognises the session by it");
}

/// Complaint 16: a stored `expires_in` was counted anew by whoever loaded it.
#[tokio::test]
async fn complaint_16_a_stored_token_does_not_become_young_again() {
    let (stage, scratch) = (Stage::new(), Scratch::new("young"));
    let client = stage.client();
    stage.login(&client).await.expect("a session").keep_in(scratch.store()).await.expect("kept");
    stage.clock.advance(3599);
    let restored = Session::restore(&client, scratch.store()).await.expect("a store").expect("a session");
    assert_eq!(restored.expires_at().await, Some(START + 3600));
    stage.member("access_token", serde_json::json!("at-2"));
    stage.claim("exp", serde_json::json!(START + 100_000));
    stage.with(|script| script.nonce = None);
    assert_eq!(restored.access_token().await.expect("a token").expose(), "at-2");
}

#[tokio::test]
async fn tokens_of_another_client_are_not_restored() {
    let stage = Stage::new();
    let store = MemoryStore::new();
    stage.login(&stage.client()).await.expect("a session").keep_in(store.clone()).await.expect("kept");
    let text = store.load().await.expect("a store").expect("tokens").1.expose_json();
    let changes =
        [(ISSUER, "https://other.example"), (r#""client_id":"app""#, r#""client_id":"b""#), ("Bearer", "DPoP")];
    for (from, to) in changes {
        let other = TokenSet::from_exposed_json(&text.expose().replace(from, to)).expect("tokens");
        let store = MemoryStore::new();
        let _ = store.replace(None, Some(&other)).await.expect("stored");
        let restored = Session::restore(&stage.client(), store).await;
        assert!(matches!(restored, Err(Error::OtherClient)), "{to}: {restored:?}");
    }
}

#[tokio::test]
async fn only_the_known_format_is_read() {
    let text = tokens().await.expose_json();
    assert_eq!(TokenSet::from_exposed_json(text.expose()).expect("tokens").expose_json(), text);
    let changes = [
        (r#""format":1"#, r#""format":2"#),
        (r#""format":1"#, r#""format":1,"more":1"#),
        (r#""format":1,"#, ""),
        (r#""format":1"#, r#""format":1,"format":1"#),
        (r#""sub":"alice""#, r#""sub":1"#),
        (r#""at-1""#, r#""a\nb""#),
        (r#""at-1""#, r#""""#),
        ("Bearer", "mac"),
        (r#""refresh_at""#, r#""refresh""#),
    ];
    for (from, to) in changes {
        assert!(text.expose().contains(from), "{from}");
        let changed = text.expose().replacen(from, to, 1);
        assert!(matches!(TokenSet::from_exposed_json(&changed), Err(StoreError::Format)), "{to}");
    }
    let long = format!("{}{}", text.expose(), " ".repeat(1024 * 1024));
    assert!(matches!(TokenSet::from_exposed_json(&long), Err(StoreError::Format)));
}

#[tokio::test]
async fn a_file_that_cannot_be_read_is_an_error_until_somebody_logs_in() {
    let (stage, scratch) = (Stage::new(), Scratch::new("unread"));
    let client = stage.client();
    fs::write(scratch.file(), "{").expect("a file");
    private(&scratch);
    let restored = Session::restore(&client, scratch.store()).await;
    assert!(matches!(restored, Err(Error::Store(StoreError::Format))), "{restored:?}");
    stage.login(&client).await.expect("a session").keep_in(scratch.store()).await.expect("kept");
    assert!(Session::restore(&client, scratch.store()).await.expect("a store").is_some());
    let folder = FileStore::in_plain_text(&scratch.0);
    assert!(matches!(folder.load().await, Err(StoreError::Unavailable(_) | StoreError::Exposed)));
    let nowhere = FileStore::in_plain_text(scratch.0.join("no/folder"));
    assert!(nowhere.load().await.expect("no file").is_none());
    assert!(matches!(nowhere.replace(None, None).await, Err(StoreError::Unavailable(_))));
}

fn key(number: u8) -> SealKey {
    SealKey::new([number; 32])
}

#[tokio::test]
async fn a_sealed_file_is_opened_with_its_key_alone() {
    let (stage, scratch) = (Stage::new(), Scratch::new("sealed"));
    let client = stage.client();
    let sealed = |key: &SealKey| FileStore::sealed(scratch.file(), key.clone());
    stage.login(&client).await.expect("a session").keep_in(sealed(&key(1))).await.expect("kept");
    let text = fs::read_to_string(scratch.file()).expect("a file");
    for canary in ["at-1", "rt-1", "alice", "issuer.example"] {
        assert!(!text.contains(canary), "{canary}");
    }
    let restored = Session::restore(&client, sealed(&key(1))).await.expect("a store").expect("a session");
    assert_eq!(restored.claims().expect("claims").subject(), "alice");
    let rotated = key(2).and_opens(&key(1));
    assert!(Session::restore(&client, sealed(&rotated)).await.expect("a store").is_some());
    let refused = async |store: FileStore| match Session::restore(&client, store).await {
        Err(Error::Store(error)) => error,
        other => panic!("{other:?}"),
    };
    assert!(matches!(refused(sealed(&key(2))).await, StoreError::Sealed(SealError::UnknownKey)));
    assert!(matches!(refused(scratch.store()).await, StoreError::Format));
    let at = text.len() - 10;
    let other = if &text[at..=at] == "A" { "B" } else { "A" };
    fs::write(scratch.file(), format!("{}{other}{}", &text[..at], &text[at + 1..])).expect("a file");
    assert!(matches!(refused(sealed(&key(1))).await, StoreError::Sealed(SealError::Tampered)));
    stage.login(&client).await.expect("a session").keep_in(sealed(&key(2))).await.expect("a new login");
    assert!(Session::restore(&client, sealed(&key(2))).await.expect("a store").is_some());
}

#[tokio::test]
async fn a_sealed_login_is_no_session() {
    let stage = Stage::new();
    let login = stage.begin(&stage.client()).await.pending.into_sealed(&key(1));
    let error = TokenSet::from_sealed(&key(1), &login).expect_err("a login");
    assert!(matches!(error, StoreError::Sealed(SealError::Tampered)), "{error:?}");
    let sealed = tokens().await.to_sealed(&key(1)).expect("sealed");
    assert_ne!(sealed, tokens().await.to_sealed(&key(1)).expect("sealed"));
    assert_eq!(TokenSet::from_sealed(&key(1), &sealed).expect("tokens").issuer(), ISSUER);
}

#[tokio::test]
async fn what_is_too_long_to_be_opened_is_not_sealed() {
    let text = tokens().await.expose_json().expose().replace("at-1", &"x".repeat(128 * 1024));
    let long = TokenSet::from_exposed_json(&text).expect("tokens");
    assert!(matches!(long.to_sealed(&key(1)), Err(StoreError::Sealed(SealError::TooLong))));
}

#[cfg(unix)]
fn private(scratch: &Scratch) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(scratch.file(), fs::Permissions::from_mode(0o600)).expect("permissions");
}

#[cfg(not(unix))]
fn private(_: &Scratch) {}

#[cfg(unix)]
#[tokio::test]
async fn a_file_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let scratch = Scratch::new("owner");
    let store = scratch.store();
    // Left over by a process that was stopped, and readable by everybody.
    fs::write(scratch.0.join("tokens.new"), "half").expect("a file");
    let Replace::Stored(version) = store.replace(None, Some(&tokens().await)).await.expect("stored") else {
        panic!("a conflict")
    };
    for entry in fs::read_dir(&scratch.0).expect("a folder") {
        let entry = entry.expect("a file");
        let mode = entry.metadata().expect("a file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{:?}", entry.file_name());
    }
    assert!(!scratch.0.join("tokens.new").exists());
    for mode in [0o640, 0o604, 0o620, 0o601] {
        fs::set_permissions(scratch.file(), fs::Permissions::from_mode(mode)).expect("permissions");
        assert!(matches!(store.load().await, Err(StoreError::Exposed)), "{mode:o}");
        assert!(matches!(store.replace(Some(&version), None).await, Err(StoreError::Exposed)), "{mode:o}");
    }
}
