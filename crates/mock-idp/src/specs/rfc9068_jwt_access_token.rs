//! RFC 9068: JSON Web Token (JWT) Profile for OAuth 2.0 Access Tokens.

use std::sync::Arc;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use oauth_types::Algorithm;
use oauth_types::fault::Point;
use oauth_types::scenario::Destination;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::documents;
use crate::ports::Ports;
use crate::ports::store::{Key, Kind, Record};
use crate::refusal::Document;
use crate::reply::{Seal, TokenReply, Unsigned};
use crate::request::{Place, Resolved, Spent, TokenKind, TokenRequest};
use crate::spec::{Perhaps, Spec};

#[derive(Debug)]
pub(crate) struct JwtAccessToken;

impl Spec for JwtAccessToken {
    fn document(&self) -> &'static Document {
        &documents::RFC9068
    }

    /// The header of §2.1 and the claims of §2.2. The audience is the issuer, which serves UserInfo.
    fn bind(&self, request: &TokenRequest<'_>, spent: &Spent, reply: &mut TokenReply) {
        let (place, now) = (request.arrival.place, request.arrival.now);
        let (algorithm, lifetime) = (request.policy.algorithm, request.policy.token_lifetime);
        let expires = now.saturating_add(lifetime);
        let authorization = reply.authorization.clone();
        let jti = request.ports.dice.handle();
        let mut header = Map::new();
        header.insert("typ".to_owned(), "at+jwt".into());
        header.insert("alg".to_owned(), algorithm.as_str().into());
        header.insert("kid".to_owned(), request.ports.keys.kid(algorithm).into());
        let mut claims = Map::new();
        // "any additional claims": what the server says itself comes after them (§2.2.3).
        let user = authorization.login.as_ref().and_then(|login| request.people.find(&login.user));
        if let Some(user) = user {
            user.told(&authorization.notes).put(Destination::AccessToken, &mut claims);
        }
        let mut claim = |name: &str, value: Value| claims.insert(name.to_owned(), value);
        claim("iss", place.issuer.clone().into());
        claim("sub", authorization.subject.clone().into());
        claim("aud", place.issuer.clone().into());
        claim("client_id", authorization.client_id.clone().into());
        claim("exp", expires.into());
        claim("iat", now.into());
        if let Some(login) = &authorization.login {
            claim("auth_time", login.auth_time.into());
        }
        if !authorization.scope.is_empty() {
            claim("scope", authorization.scope.as_str().into());
            reply.set("scope", authorization.scope.as_str());
        }
        let record = Record {
            grant: spent.record().grant,
            issued: now,
            expires,
            forget: expires,
            authorization,
            notes: Arc::default(),
        };
        reply.records.push((Key::of(Kind::ACCESS, &place.tenant, &jti), record));
        claim("jti", jti.into());
        reply.set("expires_in", lifetime);
        let (member, at) = ("access_token", Point::AccessToken);
        reply.tokens.push(Unsigned {
            member,
            at,
            algorithm,
            header,
            claims,
            hash: Vec::new(),
            seal: Seal::default(),
        });
    }

    fn resolve<'a>(&'a self, ports: &'a Ports, place: &'a Place, token: &'a str) -> Perhaps<'a, Option<Resolved>> {
        let (jti, claims) = verified(ports, place, token)?;
        let key = Key::of(Kind::ACCESS, &place.tenant, &jti);
        Some(Box::pin(async move {
            let kept = ports.store.get(key).await?;
            // What was taken is dead: it was revoked alone (RFC 7009 §2.1).
            let alive = kept.filter(|kept| kept.spent.is_none());
            Ok(alive.map(|kept| Resolved { kind: TokenKind::Access, kept, key, claims }))
        }))
    }
}

/// The identifier and the claims of a token that this server signed as an access token of this issuer (§4).
fn verified(ports: &Ports, place: &Place, token: &str) -> Option<(String, Map<String, Value>)> {
    #[derive(Deserialize)]
    struct Header {
        typ: String,
        alg: String,
    }
    let (signed, signature) = token.rsplit_once('.')?;
    let (header, claims) = signed.split_once('.')?;
    let header: Header = serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(header).ok()?).ok()?;
    let algorithm = Algorithm::from_wire(&header.alg)?;
    if header.typ != "at+jwt" || !ports.keys.verify(algorithm, signed.as_bytes(), signature) {
        return None;
    }
    let claims: Map<String, Value> = serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(claims).ok()?).ok()?;
    // "exp REQUIRED" (§2.2): without it, nobody knows when it ends.
    claims.get("exp").filter(|exp| exp.is_number())?;
    let jti = claims.get("jti")?.as_str()?.to_owned();
    (claims.get("iss").and_then(Value::as_str) == Some(&place.issuer)).then_some((jti, claims))
}
