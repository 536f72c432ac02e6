//! RFC 6749 §1.4: access tokens that are handles and say nothing of themselves.
//!
//! "Tokens … may self-contain the authorization information … or denote an identifier used to retrieve it". By default
//! they contain it (RFC 9068). With the switch of this file they are identifiers: what they stand for is what a JWT would
//! have said, and whoever is shown one asks the server (RFC 7662).

use oauth_types::fault::Point;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::documents;
use crate::memory::{Life, Note};
use crate::ports::Ports;
use crate::ports::store::{Key, Kind};
use crate::refusal::Document;
use crate::reply::TokenReply;
use crate::request::{Place, Resolved, Spent, TokenKind, TokenRequest};
use crate::spec::{Perhaps, Spec};
use crate::world::Switch;

#[derive(Debug)]
pub(crate) struct OpaqueToken;

/// What an access token stands for that does not say it itself.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct StandsFor(pub Map<String, Value>);

impl Note for StandsFor {
    const NAME: &'static str = "rfc6749/stands_for";
    const LIFE: Life = Life::Code;
}

impl Spec for OpaqueToken {
    fn document(&self) -> &'static Document {
        &documents::RFC6749
    }

    fn switches(&self) -> &'static [&'static Switch] {
        SWITCHES
    }

    /// It comes last: every document has said by then what the token is to say.
    fn bind(&self, request: &TokenRequest<'_>, _spent: &Spent, reply: &mut TokenReply) {
        if !request.policy.is_on(&OPAQUE) {
            return;
        }
        let Some(token) = reply.tokens.iter_mut().find(|token| token.at == Point::AccessToken) else { return };
        token.seal.opaque = true;
        let stands_for = StandsFor(token.claims.clone());
        if let Some(handle) = token.claims.get("jti").and_then(Value::as_str) {
            let key = Key::of(Kind::ACCESS, &request.arrival.place.tenant, handle);
            for (_, record) in reply.records.iter_mut().filter(|(own, _)| *own == key) {
                std::sync::Arc::make_mut(&mut record.notes).set(&stands_for);
            }
        }
    }

    fn resolve<'a>(&'a self, ports: &'a Ports, place: &'a Place, token: &'a str) -> Perhaps<'a, Option<Resolved>> {
        if token.contains('.') {
            return None;
        }
        let key = Key::of(Kind::ACCESS, &place.tenant, token);
        Some(Box::pin(async move {
            let kept = ports.store.get(key).await?.filter(|kept| kept.spent.is_none());
            // The identifier of a token that speaks for itself is no token.
            let found = kept.and_then(|kept| kept.record.own().map(|StandsFor(claims)| (kept, claims)));
            Ok(found.map(|(kept, claims)| Resolved { kind: TokenKind::Access, kept, key, claims }))
        }))
    }
}

static SWITCHES: &[&Switch] = &[&OPAQUE];

static OPAQUE: Switch = Switch {
    name: "opaque-access-tokens",
    says: "Access tokens are handles that say nothing of themselves (RFC 6749 section 1.4), and no JWTs",
    relaxes: false,
};
