//! Clients that introduce themselves: what is kept of them, and how they are told of it (RFC 7591, RFC 7592).
//!
//! A registration is a record of the store. It ends by itself, so that nobody can fill the store for good. Neither the
//! secret nor the registration access token is printed; of the token only a hash is kept.

use std::sync::Arc;

use http::header::CONTENT_TYPE;
use oauth_types::Secret;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::clients::Client;
use crate::jose::{self, Defect};
use crate::memory::{Life, Note};
use crate::ports::Ports;
use crate::ports::store::{Kept, Key, Kind, StoreError};
use crate::refusal::Refusal;
use crate::request::{Arrival, Place};

pub(crate) mod judge;

pub(crate) use judge::completed;

/// Where a registered client manages its registration.
pub(crate) const MANAGEMENT: &str = "/client";

const CLIENT: Kind = Kind::new("rfc7591/client");

/// The hash of a registration access token is that of a key which is never used as one.
const TOKEN: Kind = Kind::new("rfc7592/token");

/// The members that belong to the server, and not to the metadata (RFC 7591 §3.2.1, RFC 7592 §3).
pub(crate) const OF_THE_SERVER: &[&str] = &[
    "client_id",
    "client_secret",
    "client_id_issued_at",
    "client_secret_expires_at",
    "registration_access_token",
    "registration_client_uri",
];

/// A client that registered itself.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Registered {
    /// Its metadata, defaults included.
    pub metadata: Map<String, Value>,
    secret: Option<String>,
    token: Option<Key>,
}

impl Note for Registered {
    const NAME: &'static str = "rfc7591/registered";
    const LIFE: Life = Life::Code;
}

impl Registered {
    /// A new registration. The registration access token is remembered by its hash.
    pub(crate) fn new(metadata: Map<String, Value>, ports: &Ports, token: Option<&Secret>) -> Self {
        let none = Self { metadata: Map::new(), secret: None, token: token.map(hash) };
        none.with(metadata, ports)
    }

    /// The same registration with other metadata. Its secret stays, as long as it needs one.
    pub(crate) fn with(&self, metadata: Map<String, Value>, ports: &Ports) -> Self {
        let method = metadata.get("token_endpoint_auth_method").and_then(Value::as_str).unwrap_or_default();
        let needs_secret = method.starts_with("client_secret_");
        let secret = needs_secret.then(|| self.secret.clone().unwrap_or_else(|| ports.dice.handle()));
        Self { metadata, secret, token: self.token }
    }

    /// Whether `sent` is its registration access token.
    pub(crate) fn is_managed_by(&self, sent: &Secret) -> bool {
        self.token == Some(hash(sent))
    }

    /// Whether `sent` is its secret.
    pub(crate) fn has_secret(&self, sent: &str) -> bool {
        self.secret.as_deref().is_some_and(|own| Secret::from(own).matches(sent))
    }

    /// What the client is told of its registration (RFC 7591 §3.2.1, RFC 7592 §3).
    pub(crate) fn describe(self, place: &Place, named: &Named<'_>) -> Map<String, Value> {
        let mut members = self.metadata;
        let mut set = |name: &str, value: Value| members.insert(name.to_owned(), value);
        set("client_id", named.client_id.into());
        set("client_id_issued_at", named.issued.into());
        if let Some(secret) = self.secret {
            set("client_secret", secret.into());
            // The secret ends with the registration.
            set("client_secret_expires_at", named.expires.into());
        }
        if let Some(token) = named.token {
            set("registration_access_token", token.expose().into());
            let uri = format!("{}?client_id={}", place.url(MANAGEMENT), named.client_id);
            set("registration_client_uri", uri.into());
        }
        members
    }
}

/// A registration: who, from when to when, and the token by which it is managed.
pub(crate) struct Named<'a> {
    /// The client.
    pub client_id: &'a str,
    /// When it registered, in seconds since 1970-01-01T00:00:00Z.
    pub issued: u64,
    /// The first second in which it is no client any more.
    pub expires: u64,
    /// The registration access token, if registrations can be managed.
    pub token: Option<&'a Secret>,
}

/// The key of a registered client's record.
pub(crate) fn key(place: &Place, client_id: &str) -> Key {
    Key::of(CLIENT, &place.tenant, client_id)
}

/// The registration of a client, if it is alive.
pub(crate) async fn find(
    arrival: &Arrival<'_>,
    ports: &Ports,
    client_id: &str,
) -> Result<Option<(Kept, Registered)>, StoreError> {
    let kept = ports.store.get(key(arrival.place, client_id)).await?;
    let alive = kept.filter(|kept| kept.spent.is_none() && arrival.now < kept.record.expires);
    Ok(alive.and_then(|kept| kept.record.own().map(|registered| (kept, registered))))
}

/// The registered client of this identifier, if there is one.
pub(crate) async fn client(
    arrival: &Arrival<'_>,
    ports: &Ports,
    client_id: &str,
) -> Result<Option<Arc<Client>>, StoreError> {
    let Some((_, Registered { metadata, secret, .. })) = find(arrival, ports, client_id).await? else {
        return Ok(None);
    };
    // What was judged when it came has no wrong types; if the store altered it, there is no such client.
    let client = Client::from_metadata(client_id.to_owned(), secret.map(Secret::from), metadata).ok();
    Ok(client.map(|mut client| {
        client.stranger = true;
        Arc::new(client)
    }))
}

/// The JSON object in the body of a request (RFC 7591 §3.1).
pub(crate) fn read(arrival: &Arrival<'_>) -> Result<Map<String, Value>, Refusal> {
    let mut types = arrival.headers.get_all(CONTENT_TYPE).iter();
    let is_json = match (types.next().map(|value| value.to_str().unwrap_or_default()), types.next()) {
        (Some(text), None) => {
            text.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
        }
        _ => false,
    };
    if !is_json {
        return Err(judge::NOT_JSON.because("The Content-Type has to be application/json"));
    }
    jose::object(arrival.body).map_err(|defect| {
        judge::NOT_JSON.because(match defect {
            Defect::Malformed => "The body is not JSON",
            Defect::NotAnObject => "The body is JSON, but no object",
            Defect::Repeated => "A member occurs twice",
        })
    })
}

fn hash(token: &Secret) -> Key {
    Key::of(TOKEN, "", token.expose())
}
