//! Mints tokens without a flow: what the documents in force would say of a token, changed as a test wants it.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, Method};
use oauth_types::fault::{Edit, Point, Signature, Unfit};
use oauth_types::mint::{Key as Signer, Kind as Token, Mint};
use oauth_types::{Algorithm, Params, Secret};
use serde_json::{Map, Value};

use super::encode::Encoder;
use super::tap;
use super::tenants::Live;
use crate::client_keys;
use crate::clients::Client;
use crate::memory::{Authorization, Confirmation, Login, Scope};
use crate::people::Script;
use crate::pipeline;
use crate::ports::store::{GrantId, Key, Kind, Record};
use crate::reply::{Broken, Stop, TokenReply, Unsigned};
use crate::request::{Arrival, Place, Seen, TokenRequest};
use crate::spec::Farewell;
use crate::specs::oidc_backchannel_logout;
use crate::specs::rfc6749_opaque_token::StandsFor;
use crate::world::World;

/// Why a token is not made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MintError {
    /// A token of this kind is about somebody.
    #[error("this kind of token is about somebody: say sub")]
    Subject,
    /// The scope cannot be one.
    #[error("the scope has to be scope tokens with one space between them")]
    Scope,
    /// The server cannot sign so.
    #[error("this server cannot sign this token with {0}")]
    Algorithm(Algorithm),
    /// No key has signed before the present one, or none of them is published any more.
    #[error("there is no former key: announce and rotate first, and retire later")]
    NoFormerKey,
    /// A refresh token is no JWT.
    #[error("a refresh token is no JWT: {0} cannot be said of it")]
    NoJwt(&'static str),
    /// An edit cannot do what it says, or acts on something else than such a token.
    #[error(transparent)]
    Edit(#[from] Unfit),
    /// The server would not issue such a token to this client.
    #[error(
        "this server issues no refresh token there: the client may not use the grant type refresh_token, or the scope lacks offline_access"
    )]
    NotIssued,
    /// The server failed.
    #[error("the server failed: {0}")]
    Server(String),
}

impl From<Stop> for MintError {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Refused(refusal) => Self::Server(refusal.description()),
            Stop::Broken(broken) => broken.into(),
        }
    }
}

impl From<Broken> for MintError {
    fn from(broken: Broken) -> Self {
        Self::Server(broken.to_string())
    }
}

/// Makes a token, and remembers it like one that was issued.
pub(crate) async fn mint(live: &Live, mint: &Mint) -> Result<Secret, MintError> {
    check(mint)?;
    let (query, headers, body) = (Params::new(), HeaderMap::new(), Bytes::new());
    let (script, seen) = (Script::default(), Seen::default());
    let arrival = Arrival {
        place: &live.place,
        method: &Method::POST,
        path: "/token",
        headers: &headers,
        query: &query,
        form: None,
        body: &body,
        certificate: None,
        now: live.world.ports.clock.now(),
        script: &script,
        seen: &seen,
    };
    let client = client(&live.world, &arrival, mint).await?;
    let press = Press { world: &live.world, arrival: &arrival, client, mint };
    match mint.kind {
        Token::RefreshToken => press.refresh_token().await,
        Token::LogoutToken => press.signed(press.logout_token()?).await,
        _ => press.issued().await,
    }
}

/// What says itself that it cannot be.
fn check(mint: &Mint) -> Result<(), MintError> {
    if mint.sub.is_none() && mint.kind != Token::AccessToken {
        return Err(MintError::Subject);
    }
    let said = [
        (!mint.claims.is_empty() || !mint.without.is_empty(), "claims"),
        (mint.nbf.is_some(), "nbf"),
        (mint.alg.is_some() || mint.key != Signer::Current, "a signature"),
        (!mint.edit.is_empty(), "an edit"),
    ];
    match said.iter().find(|(said, _)| *said && mint.kind == Token::RefreshToken) {
        Some((_, what)) => Err(MintError::NoJwt(what)),
        None if mint.edit.is_empty() => Ok(()),
        None => Ok(tap::fit(point(mint.kind), &mint.edit)?),
    }
}

/// Where the edits of a kind of token act. A refresh token has none.
fn point(kind: Token) -> Point {
    match kind {
        Token::IdToken => Point::IdToken,
        Token::LogoutToken => Point::LogoutToken,
        _ => Point::AccessToken,
    }
}

/// The client that the token is issued to. One that nobody knows may have any token.
async fn client(world: &World, arrival: &Arrival<'_>, mint: &Mint) -> Result<Arc<Client>, MintError> {
    let Some(client_id) = &mint.client_id else {
        return Ok(world.clients.first().unwrap_or_else(|| Client::public("nobody").into()));
    };
    let known = pipeline::client(world, arrival, client_id).await?;
    Ok(known.unwrap_or_else(|| Client::public(client_id).any_grant_type().into()))
}

/// What tokens are made with.
struct Press<'a> {
    world: &'a World,
    arrival: &'a Arrival<'a>,
    client: Arc<Client>,
    mint: &'a Mint,
}

impl Press<'_> {
    /// An access token or an ID token.
    async fn issued(&self) -> Result<Secret, MintError> {
        let member = if self.mint.kind == Token::IdToken { "id_token" } else { "access_token" };
        let mut reply = self.reply()?;
        let at = reply.tokens.iter().position(|token| token.member == member);
        let mut token = at.map(|at| reply.tokens.swap_remove(at)).ok_or(MintError::Subject)?;
        let handle = jti(&token.claims);
        self.change(&mut token)?;
        let record = handle.and_then(|jti| self.record(&mut reply, Kind::ACCESS, &jti));
        let kept = record.filter(|_| member == "access_token").zip(jti(&token.claims));
        if let Some((mut record, jti)) = kept {
            let time = |name: &str| token.claims.get(name).and_then(Value::as_f64).map(|time| time.max(0.0) as u64);
            record.issued = time("iat").unwrap_or(record.issued).min(self.arrival.now);
            record.expires = time("exp").unwrap_or(record.expires);
            if token.seal.opaque {
                Arc::make_mut(&mut record.notes).set(&StandsFor(token.claims.clone()));
            }
            self.keep(Key::of(Kind::ACCESS, &self.place().tenant, &jti), record).await?;
        }
        self.signed(token).await
    }

    /// A refresh token: a handle, of which the server remembers what it stands for.
    async fn refresh_token(&self) -> Result<Secret, MintError> {
        let mut reply = self.reply()?;
        let Some(Value::String(token)) = reply.members.remove("refresh_token") else {
            return Err(MintError::NotIssued);
        };
        let record = self.record(&mut reply, Kind::REFRESH, &token);
        let mut record = record.ok_or(MintError::NotIssued)?;
        record.expires = self.mint.lifetime.map_or(record.expires, |seconds| self.at(seconds));
        record.issued = self.times().0.min(self.arrival.now);
        self.keep(Key::of(Kind::REFRESH, &self.place().tenant, &token), record).await?;
        Ok(token.into())
    }

    fn logout_token(&self) -> Result<Unsigned, MintError> {
        let World { ports, policy, .. } = self.world;
        let clients = &[];
        let farewell = Farewell { arrival: self.arrival, ports, policy, sid: "", clients, frames: Vec::new() };
        let authorization = self.authorization()?;
        let mut token = oidc_backchannel_logout::token(&farewell, &self.client, &authorization.subject);
        token.claims.remove("sid");
        self.change(&mut token)?;
        Ok(token)
    }

    /// What the token endpoint would answer.
    fn reply(&self) -> Result<TokenReply, MintError> {
        let (ports, now) = (&self.world.ports, self.arrival.now);
        let resources: Params = self.mint.audience.iter().map(|audience| ("resource", audience.as_str())).collect();
        let attempt = pipeline::attempt(self.world, self.arrival, &resources);
        let record = Record {
            grant: GrantId::draw(ports.dice.as_ref()),
            issued: now,
            expires: now,
            forget: now,
            authorization: self.authorization()?.into(),
            notes: Arc::default(),
        };
        let mut reply = pipeline::minted(self.world, &TokenRequest::minted(&attempt, &self.client), record);
        let bound = [("jkt", &self.mint.jkt), ("x5t#S256", &self.mint.x5t_s256)];
        for (method, value) in bound {
            let Some(value) = value.clone() else { continue };
            let confirmation = Confirmation { method: method.into(), value };
            reply.bind_access_token(&self.place().tenant, &confirmation);
            reply.bind_refresh_token(&self.place().tenant, &confirmation);
        }
        Ok(reply)
    }

    /// What somebody would have authorized.
    fn authorization(&self) -> Result<Authorization, MintError> {
        let Self { world, mint, client, .. } = self;
        let client_id = client.client_id().to_owned();
        let mut scope = match mint.scope.as_deref() {
            None | Some("") => Scope::default(),
            Some(text) => Scope::parse(text).ok_or(MintError::Scope)?,
        };
        if mint.kind == Token::IdToken && !scope.contains("openid") {
            scope = Scope::parse(format!("openid {}", scope.as_str()).trim_end()).ok_or(MintError::Scope)?;
        }
        let user = mint.sub.as_deref().and_then(|name| world.people.named(&self.place().tenant, name));
        let subject = match (user, &mint.sub) {
            (Some(user), _) => pipeline::subject(world, client, user),
            (None, Some(sub)) => sub.clone(),
            (None, None) => client_id.clone(),
        };
        let somebody = user.is_some() || subject != client_id;
        let login = somebody.then(|| Login {
            user: user.map_or_else(|| subject.clone(), |user| user.subject().to_owned()),
            auth_time: self.times().0,
            acr: None,
            amr: Vec::new(),
            session: None,
        });
        Ok(Authorization { client_id, subject, scope, login, notes: Default::default() })
    }

    /// When the token was issued and when it ends, if anything else is said than what the server says.
    fn times(&self) -> (u64, Option<u64>) {
        let (now, mint) = (self.arrival.now, self.mint);
        let expires = mint.lifetime.map(|seconds| self.at(seconds));
        let issued = match (mint.iat, expires) {
            (Some(seconds), _) => self.at(seconds),
            // What has expired has lived.
            (None, Some(expires)) if expires <= now => expires.saturating_sub(self.world.policy.token_lifetime),
            (None, _) => now,
        };
        (issued, expires)
    }

    /// Puts in what the test says.
    fn change(&self, token: &mut Unsigned) -> Result<(), MintError> {
        let mint = self.mint;
        let (issued, expires) = self.times();
        let mut set = |name: &str, value: Value| token.claims.insert(name.to_owned(), value);
        set("iat", issued.into());
        if let Some(expires) = expires {
            set("exp", expires.into());
        }
        if let Some(seconds) = mint.nbf {
            set("nbf", self.at(seconds).into());
        }
        match mint.audience.as_slice() {
            [] => {}
            [only] => drop(set("aud", only.as_str().into())),
            several => drop(set("aud", several.to_vec().into())),
        }
        token.claims.extend(mint.claims.clone());
        token.claims.retain(|name, _| !mint.without.contains(name));
        self.choose_key(token)
    }

    /// Says in the header what it is signed with, and by which key.
    fn choose_key(&self, token: &mut Unsigned) -> Result<(), MintError> {
        let keys = &self.world.ports.keys;
        let algorithm = self.mint.alg.unwrap_or(token.algorithm);
        if algorithm != token.algorithm {
            let kind = if token.member == "access_token" { "access_token" } else { "id_token" };
            let seal = client_keys::seal(&self.client, kind, algorithm);
            let known = match algorithm.is_symmetric() {
                true => seal.secret.is_some() && kind == "id_token",
                false => keys.algorithms().contains(&algorithm),
            };
            if !known {
                return Err(MintError::Algorithm(algorithm));
            }
            token.seal.secret = seal.secret;
            token.algorithm = algorithm;
        }
        let kid = match self.mint.key {
            Signer::Former => Some(keys.former_kid(algorithm).ok_or(MintError::NoFormerKey)?),
            _ => keys.kid(algorithm).filter(|_| !algorithm.is_symmetric()),
        };
        token.header.insert("alg".to_owned(), algorithm.as_str().into());
        match kid {
            Some(kid) => drop(token.header.insert("kid".to_owned(), kid.into())),
            None => drop(token.header.remove("kid")),
        }
        Ok(())
    }

    /// The token, signed last, after the edits of the test.
    async fn signed(&self, mut token: Unsigned) -> Result<Secret, MintError> {
        let Self { world, arrival, mint, .. } = self;
        client_keys::gather(&mut token.seal, &world.ports, arrival.now).await?;
        let mut edit = mint.edit.clone();
        if mint.key == Signer::Unpublished {
            edit.insert(0, Edit::Sign { with: Signature::UnpublishedKey });
        }
        let at = token.at;
        let (faults, mounted) = tap::edits(at, edit)?;
        let encoder = Encoder {
            world,
            place: self.place(),
            faults: &faults,
            client_id: Some(self.client.client_id()),
            method: arrival.method,
            path: arrival.path,
            query: arrival.query,
            at,
            now: arrival.now,
            failure: &Default::default(),
            form: None,
        };
        let signed = encoder.one(token, &mut 0);
        if let Some(mounted) = mounted {
            mounted.unmount();
        }
        Ok(signed?.into())
    }

    /// What the answer says is to be remembered of a token.
    fn record(&self, reply: &mut TokenReply, kind: Kind, handle: &str) -> Option<Record> {
        let key = Key::of(kind, &self.place().tenant, handle);
        let at = reply.records.iter().position(|(own, _)| *own == key)?;
        Some(reply.records.swap_remove(at).1)
    }

    async fn keep(&self, key: Key, record: Record) -> Result<(), MintError> {
        // What has expired is remembered as long as what was spent, so that it can be told apart from what never was.
        let (policy, now) = (&self.world.policy, self.arrival.now);
        let forget = record.expires.max(now).saturating_add(policy.remembered());
        let put = self.world.ports.store.put(key, Record { forget, ..record }).await;
        put.map_err(|error| Broken::from(error).into())
    }

    /// So many seconds from now.
    fn at(&self, seconds: i64) -> u64 {
        self.arrival.now.saturating_add_signed(seconds)
    }

    fn place(&self) -> &Place {
        self.arrival.place
    }
}

fn jti(claims: &Map<String, Value>) -> Option<String> {
    claims.get("jti").and_then(Value::as_str).map(str::to_owned)
}
