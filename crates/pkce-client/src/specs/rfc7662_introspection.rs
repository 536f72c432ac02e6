//! RFC 7662, Token Introspection: a protected resource asks the server what a token stands for.

use std::fmt;
use std::time::Duration;

use oauth_types::{Params, Secret};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::claims::{self, ClaimError};
use crate::client::Client;
use crate::error::{Defect, Error};
use crate::token::members;
use crate::transport::Endpoint;

pub(crate) const ENDPOINT: Endpoint = Endpoint::Introspection;

/// What the server says of a token.
#[derive(Clone)]
pub struct Introspection {
    active: bool,
    /// Nothing if it is not active.
    pub(crate) members: Map<String, Value>,
}

impl Client {
    /// Asks what `token` stands for: one that somebody presented to this protected resource (§2.1).
    ///
    /// The answer has no signature; see [`Client::introspect_signed`] for one that has.
    ///
    /// # Errors
    /// [`Error::Unsupported`] if the client does not authenticate: only protected resources may ask; [`Error::NoEndpoint`] if
    /// the server has no such endpoint; [`Error::Transport`], [`Error::OAuth`] or [`Error::Protocol`]. A token that is not
    /// alive is no error.
    pub async fn introspect(&self, token: &Secret) -> Result<Introspection, Error> {
        let members = members(ENDPOINT, self.post(ENDPOINT, self.introspection(token)?).await?)?;
        self.introspected(members)
    }

    /// The parameters of a request.
    pub(crate) fn introspection(&self, token: &Secret) -> Result<Params, Error> {
        match self.inner.authentication.method() {
            "none" => Err(Error::Unsupported("only clients that authenticate may introspect")),
            _ => Ok(Params::new().with("token", token.expose())),
        }
    }

    /// What the members of an answer say (§2.2).
    pub(crate) fn introspected(&self, members: Map<String, Value>) -> Result<Introspection, Error> {
        let inner = &self.inner;
        let read = Introspection::read(members, inner.clock.now(), inner.leeway);
        read.map_err(|defect| Error::Protocol { endpoint: ENDPOINT, defect })
    }
}

impl Introspection {
    /// Malformed is not absent: whoever asks for a member gets what the server said, or nothing at all.
    fn read(members: Map<String, Value>, now: u64, leeway: Duration) -> Result<Self, Defect> {
        let active = match members.get("active") {
            None => return Err(Defect::Missing("active")),
            Some(Value::Bool(active)) => *active,
            Some(_) => return Err(Defect::Member("active")),
        };
        for name in ["sub", "client_id", "scope", "iss", "token_type"] {
            if members.get(name).is_some_and(|value| !value.is_string()) {
                return Err(Defect::Member(name));
            }
        }
        if members.contains_key("aud") && claims::audiences(&members).is_err() {
            return Err(Defect::Member("aud"));
        }
        let time = |name: &'static str| claims::time(&members, name).map_err(|_| Defect::Member(name));
        let leeway = leeway.as_secs();
        let over = time("exp")?.is_some_and(|exp| now >= exp.saturating_add(leeway));
        let early = time("nbf")?.is_some_and(|nbf| nbf > now.saturating_add(leeway));
        time("iat")?;
        match active && !over && !early {
            true => Ok(Self { active: true, members }),
            false => Ok(Self { active: false, members: Map::new() }),
        }
    }

    /// Whether the token can be used. It cannot if the server says so, or if it says that its time is over or has not come.
    /// Nothing else is known of such a token.
    pub fn is_active(&self) -> bool {
        self.active
    }

    /// Whose access it is (`sub`).
    pub fn subject(&self) -> Option<&str> {
        claims::said(&self.members, "sub")
    }

    /// The client it was issued to (`client_id`).
    pub fn client_id(&self) -> Option<&str> {
        claims::said(&self.members, "client_id")
    }

    /// Whether it has this scope.
    pub fn has_scope(&self, scope: &str) -> bool {
        claims::has_scope(&self.members, scope)
    }

    /// Whether it is meant for this audience (`aud`). A token without one is meant for nobody in particular.
    pub fn has_audience(&self, audience: &str) -> bool {
        claims::audiences(&self.members).is_ok_and(|audiences| audiences.contains(&audience))
    }

    /// When it expires, in seconds since 1970-01-01T00:00:00Z.
    pub fn expires_at(&self) -> Option<u64> {
        self.members.get("exp").and_then(Value::as_u64)
    }

    /// Any member of the answer, such as `username`, `cnf` or `authorization_details`, if it is there.
    ///
    /// # Errors
    /// [`ClaimError`] if it is there and of another type.
    pub fn get<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, ClaimError> {
        claims::claim(&self.members, name)
    }
}

impl fmt::Debug for Introspection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Introspection")
            .field("active", &self.active)
            .field("members", &self.members.keys().collect::<Vec<_>>())
            .finish()
    }
}
