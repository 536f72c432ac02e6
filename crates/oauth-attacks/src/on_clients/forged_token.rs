//! Logins that end with an ID token that the attack writes itself.

use std::time::Duration;

use mock_idp::jose::Jws;
use oauth_types::Algorithm;
use oauth_types::fault::{Edit, Point};
use oauth_types::mint::Mint;
use serde_json::{Map, Value};

use crate::attack::Inconclusive;
use crate::client::{Said, Visitor};
use crate::idp::Idp;
use crate::key::{Jwt, Key, base64url};
use crate::observe;
use crate::on_clients::behind_tls::{self, Way};
use crate::on_clients::lying_token::UserInfo;
use crate::stage::{Address, Heard, Stage};
use crate::verdict::Level;

/// How long a client may take for a token that is made to keep it busy.
const PATIENCE: Duration = Duration::from_secs(10);

/// The ID token that an honest server would give out, for an attack to write otherwise.
pub(super) struct Right<'a> {
    idp: &'a Idp,
    /// The whole of it.
    pub(super) text: String,
    /// Its header.
    pub(super) header: Map<String, Value>,
    /// Its claims.
    pub(super) claims: Map<String, Value>,
}

impl Right<'_> {
    /// Header, payload and signature as they stand in it.
    pub(super) fn parts(&self) -> [&str; 3] {
        let mut parts = self.text.split('.');
        std::array::from_fn(|_| parts.next().unwrap_or_default())
    }

    /// The same header and claims, not yet signed.
    pub(super) fn jwt(&self) -> Jwt {
        let header = self.header.iter();
        header.fold(Jwt::default().claims(self.claims.clone()), |jwt, (name, value)| jwt.header(name, value.clone()))
    }

    /// The same claims in a token of another key.
    pub(super) fn by(&self, key: &Key) -> Jwt {
        Jwt::of_type("JWT").claims(self.claims.clone()).header("kid", key.kid())
    }

    /// A token of this header and this payload, whatever they are, that the server has signed.
    pub(super) fn signed(&self, header: &str, payload: &str) -> Result<String, Inconclusive> {
        self.sealed(format!("{}.{}", base64url(header.as_bytes()), base64url(payload.as_bytes())))
    }

    /// This text and the server's signature over it.
    pub(super) fn sealed(&self, input: String) -> Result<String, Inconclusive> {
        let signature = self.idp.mock().keys().sign(Algorithm::Rs256, input.as_bytes());
        let signature = signature.map_err(|error| Inconclusive::new(error.to_string()))?;
        Ok(format!("{input}.{}", base64url(&signature)))
    }
}

/// A login that has come as far as the answer of the authorization server.
pub(super) struct Arrived<'a> {
    idp: &'a Idp,
    visitor: Visitor,
    address: Address,
    nonce: Option<String>,
}

impl<'a> Arrived<'a> {
    /// Lets a visitor log in as far as that.
    pub(super) async fn at(stage: &Stage, idp: &'a Idp) -> Result<Self, Inconclusive> {
        let visitor = Visitor::new();
        let request = stage.must_begin(&visitor, idp).await?;
        let pushed = idp.requests("/par");
        let asked =
            |name| request.params.get(name).or_else(|| pushed.last().and_then(|entry| entry.params.get(name)));
        observe::asks_for_id_token(&request, idp)?;
        let nonce = asked("nonce").map(str::to_owned);
        let address = stage.follow(&visitor, idp, &request).await?;
        Ok(Self { idp, visitor, address, nonce })
    }

    /// The ID token that belongs to this login, described further by `mint`.
    pub(super) async fn right(&self, mint: impl FnOnce(Mint) -> Mint) -> Result<Right<'a>, Inconclusive> {
        let own = Mint::id_token("alice").client(&self.idp.provider().client.client_id);
        let own = self.nonce.iter().fold(own, |own, nonce| own.claim("nonce", nonce.as_str()));
        let text = self.idp.mock().try_mint(&mint(own)).await;
        let text = text.map_err(|error| Inconclusive::new(error.to_string()))?.expose().to_owned();
        let (header, claims) = match Jws::parse(&text) {
            Ok(token) => (token.header().clone(), token.claims().clone()),
            Err(error) => return Err(Inconclusive::new(error.to_string())),
        };
        // The access token beside it is another one than that it would be the hash of.
        Ok(Right { idp: self.idp, text, header, claims })
    }

    /// Goes on with this ID token.
    pub(super) async fn given(&self, stage: &Stage, token: Value) -> Result<Option<Heard>, Inconclusive> {
        if let Some(text) = token.as_str() {
            stage.agent().keep_secret(text);
        }
        let lie = self.idp.lie_at(Point::TokenResponse, Edit::set("id_token", token));
        let heard = stage.deliver_within(&self.visitor, &self.address, &[self.idp], PATIENCE).await?;
        if lie.was_told() { Ok(heard) } else { Err(Inconclusive::new("the client got no ID token")) }
    }
}

/// Lets a visitor log in and gives the client the ID token that `write` makes of the right one.
pub(super) async fn hand_over<T: Into<Value>>(
    stage: &Stage,
    idp: &Idp,
    write: impl FnOnce(&Right<'_>) -> Result<T, Inconclusive>,
) -> Result<Option<Heard>, Inconclusive> {
    let login = Arrived::at(stage, idp).await?;
    let right = login.right(|mint| mint).await?;
    login.given(stage, write(&right)?.into()).await
}

/// Makes sure that the client takes an ID token that is right, when it is handed over like the wrong ones.
pub(super) async fn control(stage: &Stage, idp: &Idp) -> Result<(), Inconclusive> {
    match hand_over(&stage.aside(), idp, |right| Ok(right.text.clone())).await? {
        Some(Heard::Said(Said::Accepted { .. })) => Ok(()),
        Some(heard) => Err(Inconclusive::new(format!("the client does not take an ID token that is right: {heard}"))),
        None => Err(Inconclusive::new("the client does not take an ID token that is right in time")),
    }
}

/// Records whether the client rejects the ID token that `write` makes of the right one, and leaves the access token
/// alone that came with it.
pub(super) async fn must_be_rejected<T: Into<Value>>(
    stage: &Stage,
    idp: &Idp,
    write: impl FnOnce(&Right<'_>) -> Result<T, Inconclusive>,
    what: &str,
) -> Result<(), Inconclusive> {
    let before = UserInfo::so_far(idp);
    let heard = hand_over(stage, idp, write).await?;
    judge(stage, heard, &before, (None, what));
    Ok(())
}

/// The same where nothing is wrong with the ID token but its signature.
pub(super) async fn signature_must_be_rejected<T: Into<Value>>(
    stage: &Stage,
    idp: &Idp,
    write: impl FnOnce(&Right<'_>) -> Result<T, Inconclusive>,
    what: &str,
) -> Result<(), Inconclusive> {
    let before = UserInfo::so_far(idp);
    let Some(heard) = hand_over(stage, idp, write).await? else {
        too_late(stage, what);
        return Ok(());
    };
    behind_tls::judge(stage, (idp, Way::TokenEndpoint), (&heard, before.was_asked_since()), what).await;
    Ok(())
}

/// The same at another level than that of the attack.
pub(super) async fn should_be_rejected<T: Into<Value>>(
    stage: &Stage,
    idp: &Idp,
    write: impl FnOnce(&Right<'_>) -> Result<T, Inconclusive>,
    what: &str,
) -> Result<(), Inconclusive> {
    let before = UserInfo::so_far(idp);
    let heard = hand_over(stage, idp, write).await?;
    judge(stage, heard, &before, (Some(Level::Should), what));
    Ok(())
}

/// The same for an ID token that the server itself writes as `mint` describes it.
pub(super) async fn minted_must_be_rejected(
    stage: &Stage,
    idp: &Idp,
    mint: impl FnOnce(Mint) -> Mint,
    what: &str,
) -> Result<(), Inconclusive> {
    another_must_be_rejected(stage, idp, (mint, |right| Ok(right.text.clone())), what).await
}

/// The same for what `write` makes of it.
pub(super) async fn another_must_be_rejected(
    stage: &Stage,
    idp: &Idp,
    (mint, write): (impl FnOnce(Mint) -> Mint, impl FnOnce(&Right<'_>) -> Result<String, Inconclusive>),
    what: &str,
) -> Result<(), Inconclusive> {
    let login = Arrived::at(stage, idp).await?;
    let text = write(&login.right(mint).await?)?;
    let before = UserInfo::so_far(idp);
    let heard = login.given(stage, text.into()).await?;
    judge(stage, heard, &before, (None, what));
    Ok(())
}

/// Judges what came of an ID token.
fn judge(stage: &Stage, heard: Option<Heard>, before: &UserInfo<'_>, judged: (Option<Level>, &str)) {
    match heard {
        Some(heard) => before.judge(stage, &heard, judged),
        None => too_late(stage, judged.1),
    }
}

fn too_late(stage: &Stage, what: &str) {
    stage.violated(format!("the client did not answer within ten seconds to {what}"));
}
