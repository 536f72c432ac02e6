//! What every store of tokens has to do, as a check that any implementation can be held against.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use pkce_client::{MemoryStore, token_store_conformance};
//!
//! token_store_conformance::check(&MemoryStore::new()).await?;
//! # Ok(()) }
//! ```

use std::sync::Arc;

use oauth_types::Secret;
use serde_json::{Map, json};

use super::{Replace, StoreError, TokenStore, Version};
use crate::claims::IdClaims;
use crate::specs::rfc9396_rar::Details;
use crate::token::TokenType;
use crate::token_set::{Expiry, TokenSet};

/// What a store does wrong.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Nonconformity {
    /// It keeps something already: the check needs one that is empty.
    #[error("the store is not empty")]
    NotEmpty,
    /// It breaks the sentence that is quoted.
    #[error("this does not hold: {0}")]
    Broken(&'static str),
    /// It failed.
    #[error("the store failed")]
    Failed(#[from] StoreError),
}

/// Holds `store`, which must be empty and is empty afterwards, against the contract of [`TokenStore`].
///
/// That tokens outlive the process, and that other processes see them, is not seen from here.
///
/// # Errors
/// The first [`Nonconformity`] that was found.
pub async fn check(store: &dyn TokenStore) -> Result<(), Nonconformity> {
    if store.load().await?.is_some() {
        return Err(Nonconformity::NotEmpty);
    }
    let first = replaced(store).await?;
    let second = removed(store, &first).await?;
    let third = raced(store, second).await?;
    leased(store, &third).await?;
    let gone = store.replace(Some(&third), None).await?;
    holds(gone == Replace::Removed, "what is kept is removed by its version")
}

/// What is expected has to be there. All versions there were, the one that is kept last.
async fn replaced(store: &dyn TokenStore) -> Result<[Version; 3], Nonconformity> {
    let (one, two, invented) = (sample("1"), sample("2"), Version::new("invented"));
    let early = store.replace(Some(&invented), Some(&one)).await?;
    holds(early == Replace::Conflict, "an empty store has no version that could be expected")?;
    holds(store.load().await?.is_none(), "a conflict keeps nothing")?;
    holds(store.replace(None, None).await? == Replace::Removed, "nothing is replaced by nothing")?;
    let first = stored(store.replace(None, Some(&one)).await?, "tokens are kept where there were none")?;
    keeps(store, &first, &one).await?;
    let blind = store.replace(None, Some(&two)).await?;
    holds(blind == Replace::Conflict, "tokens that were not expected are not overwritten")?;
    keeps(store, &first, &one).await?;
    let second = stored(store.replace(Some(&first), Some(&two)).await?, "tokens are replaced by their version")?;
    holds(first != second, "every replacement has a version of its own")?;
    keeps(store, &second, &two).await?;
    for new in [None, Some(&one)] {
        let late = store.replace(Some(&first), new).await?;
        holds(late == Replace::Conflict, "a former version replaces and removes nothing")?;
        keeps(store, &second, &two).await?;
    }
    let again = stored(store.replace(Some(&second), Some(&two)).await?, "tokens are replaced by their like")?;
    holds(again != second, "the same tokens kept again have another version")?;
    Ok([first, second, again])
}

async fn removed(store: &dyn TokenStore, former: &[Version; 3]) -> Result<Version, Nonconformity> {
    let [.., kept] = former;
    holds(store.replace(None, None).await? == Replace::Conflict, "what was not expected is not removed")?;
    holds(store.replace(Some(kept), None).await? == Replace::Removed, "tokens are removed by their version")?;
    holds(store.load().await?.is_none(), "what was removed is gone")?;
    let late = store.replace(Some(kept), Some(&sample("1"))).await?;
    holds(late == Replace::Conflict, "a version does not outlive its tokens")?;
    let anew = stored(store.replace(None, Some(&bare())).await?, "tokens are kept where there are none any more")?;
    holds(!former.contains(&anew), "no version comes a second time")?;
    keeps(store, &anew, &bare()).await?;
    Ok(anew)
}

/// Replacements at the same time: one of them happens.
async fn raced(store: &dyn TokenStore, kept: Version) -> Result<Version, Nonconformity> {
    let mut kept = kept;
    for _ in 0..8 {
        let sets = ["a", "b", "c", "d"].map(sample);
        let racing = |at: usize| store.replace(Some(&kept), sets.get(at));
        let (a, b, c, d) = tokio::join!(racing(0), racing(1), racing(2), racing(3));
        let mut winners = Vec::new();
        for (outcome, tokens) in [a?, b?, c?, d?].into_iter().zip(&sets) {
            match outcome {
                Replace::Stored(version) => winners.push((version, tokens)),
                Replace::Conflict => {}
                Replace::Removed => holds(false, "nothing is removed where something is to be kept")?,
            }
        }
        holds(winners.len() == 1, "of replacements at the same time one happens")?;
        for (version, tokens) in winners {
            keeps(store, &version, tokens).await?;
            kept = version;
        }
    }
    Ok(kept)
}

/// A lease, where there is one: held by one at a time, in nobody's way otherwise.
async fn leased(store: &dyn TokenStore, kept: &Version) -> Result<(), Nonconformity> {
    let Some(first) = store.lease().await? else { return Ok(()) };
    let mut second = store.lease();
    let mut third = store.lease();
    for _ in 0..8 {
        tokio::select! {
            biased;
            early = &mut second => {
                drop(early?);
                holds(false, "a lease is held by one at a time")?;
            }
            early = &mut third => {
                drop(early?);
                holds(false, "a lease is held by one at a time")?;
            }
            loaded = store.load() => {
                let is_kept = loaded?.is_some_and(|(version, _)| version == *kept);
                holds(is_kept, "a lease does not keep anybody from reading")?;
            }
        }
    }
    drop(third);
    drop(first);
    let second = second.await?;
    holds(second.is_some(), "a lease that is dropped is had by the next")?;
    drop(second);
    holds(store.lease().await?.is_some(), "a lease that was given up while it was waited for is held by nobody")
}

fn holds(is_so: bool, rule: &'static str) -> Result<(), Nonconformity> {
    if is_so { Ok(()) } else { Err(Nonconformity::Broken(rule)) }
}

fn stored(outcome: Replace, rule: &'static str) -> Result<Version, Nonconformity> {
    match outcome {
        Replace::Stored(version) => Ok(version),
        _ => Err(Nonconformity::Broken(rule)),
    }
}

async fn keeps(store: &dyn TokenStore, version: &Version, tokens: &TokenSet) -> Result<(), Nonconformity> {
    let (found, kept) = store.load().await?.ok_or(Nonconformity::Broken("what is kept is found again"))?;
    holds(found == *version, "tokens are found under the version they were kept under")?;
    holds(kept.expose_json() == tokens.expose_json(), "tokens are found as they were")
}

/// Tokens with characters that are easily lost.
fn sample(name: &str) -> TokenSet {
    TokenSet {
        login: "check".to_owned(),
        issuer: "https://issuer.example/%22?\u{e9}".to_owned(),
        client_id: "a 'client'; \"--".to_owned(),
        access_token: Secret::new(format!("access-{name}\\'\"%00")),
        token_type: TokenType::Dpop,
        expiry: Some(Expiry { at: u64::MAX, refresh_at: 1 }),
        refresh_token: Some(Secret::new(format!("refresh {name}\\'\"%00"))),
        scopes: vec!["openid".to_owned(), name.to_owned()],
        resources: vec!["urn:example:\u{1f512}".to_owned()],
        details: Details::of_login(None, Some(vec![json!({"type": "a \u{1f512}", "deep": [{"'": 1}]})])),
        claims: IdClaims::kept(Map::from_iter([("sub".to_owned(), "al\u{ec}ce".into())])).map(Arc::new),
        id_token: Some(Secret::new("x".repeat(16 * 1024))),
    }
}

/// Tokens of which nothing is said that need not be.
fn bare() -> TokenSet {
    TokenSet {
        expiry: None,
        refresh_token: None,
        scopes: Vec::new(),
        resources: Vec::new(),
        details: Details::default(),
        claims: None,
        id_token: None,
        ..sample("bare")
    }
}
