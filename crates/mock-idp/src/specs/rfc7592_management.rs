//! RFC 7592: OAuth 2.0 Dynamic Client Registration Management Protocol.
//!
//! Who registered a client may read, replace and delete the registration with the token it got for that. Replacing
//! rotates neither the secret nor the token. After deletion the client is unknown: its codes and refresh tokens are
//! worth nothing, and its access tokens end by themselves.

use http::header::AUTHORIZATION;
use http::{Method, StatusCode};
use oauth_types::fault::Point;
use oauth_types::{ErrorCode, Secret};
use serde_json::{Map, Value};

use crate::ports::store::{BoxFuture, Kept, Record, Taken};
use crate::refusal::{Document, Refusal, Rule};
use crate::registration::{self, MANAGEMENT, Named, OF_THE_SERVER, Registered, judge};
use crate::reply::{Reply, Stop};
use crate::request::Arrival;
use crate::spec::{Call, Endpoint, Spec};

static ENDPOINTS: &[Endpoint] = &[Endpoint {
    path: MANAGEMENT,
    methods: &[Method::GET, Method::PUT, Method::DELETE],
    at: Point::Registration,
    page: false,
}];

/// The members that come back in an update (§2.2).
const SENT_BACK: &[&str] = &["client_id", "client_secret"];

#[derive(Debug)]
pub(crate) struct Management;

impl Spec for Management {
    fn document(&self) -> &'static Document {
        &DOCUMENT
    }

    fn rules(&self) -> &'static [&'static Rule] {
        RULES
    }

    fn optional(&self) -> bool {
        true
    }

    fn endpoints(&self) -> &'static [Endpoint] {
        ENDPOINTS
    }

    fn serve<'a>(&'a self, call: &'a Call<'a>) -> Option<BoxFuture<'a, Reply>> {
        Some(Box::pin(async move {
            let done = match *call.arrival.method {
                Method::PUT => replace(call).await,
                Method::DELETE => delete(call).await,
                _ => read(call).await,
            };
            done.unwrap_or_else(|stop| match stop {
                Stop::Refused(refusal) if refusal.error() == ErrorCode::InvalidToken => {
                    Reply::Challenge { refusal, scheme: "Bearer", scope: None }
                }
                stop => Reply::stopped(stop),
            })
        }))
    }
}

/// A registration, and the proof that the request may manage it.
struct Own<'a> {
    client_id: &'a str,
    token: Secret,
    kept: Kept,
    registered: Registered,
}

impl Own<'_> {
    /// The client information response (§3).
    fn reply(&self, arrival: &Arrival<'_>, registered: Registered) -> Reply {
        let Record { issued, expires, .. } = self.kept.record;
        let named = Named { client_id: self.client_id, issued, expires, token: Some(&self.token) };
        let members = registered.describe(arrival.place, &named);
        Reply::Document { at: Point::Registration, status: StatusCode::OK, members }
    }
}

/// The registration that the token of the request belongs to. Whether a client exists is told to nobody else.
async fn own<'a>(call: &Call<'a>) -> Result<Own<'a>, Stop> {
    let arrival = call.arrival;
    let token = bearer(arrival).ok_or_else(|| TOKEN.because("It comes alone, as Authorization: Bearer"))?;
    let client_id = arrival.query.get("client_id").ok_or_else(|| TOKEN.because("The URL names no client"))?;
    let found = registration::find(arrival, call.ports, client_id).await?;
    match found.filter(|(_, registered)| registered.is_managed_by(&token)) {
        Some((kept, registered)) => {
            arrival.seen.client(client_id);
            Ok(Own { client_id, token, kept, registered })
        }
        None => Err(TOKEN.because("It belongs to another client, or the client is known no longer").into()),
    }
}

fn bearer(arrival: &Arrival<'_>) -> Option<Secret> {
    let mut headers = arrival.headers.get_all(AUTHORIZATION).iter();
    let (Some(header), None) = (headers.next(), headers.next()) else { return None };
    let (scheme, token) = header.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| Secret::from(token))
}

/// §2.1.
async fn read(call: &Call<'_>) -> Result<Reply, Stop> {
    let own = own(call).await?;
    let registered = own.registered.clone();
    Ok(own.reply(call.arrival, registered))
}

/// §2.2: the metadata that are sent take the place of all that were registered.
async fn replace(call: &Call<'_>) -> Result<Reply, Stop> {
    let Call { arrival, ports, spine, .. } = *call;
    loop {
        let own = own(call).await?;
        let metadata = registration::completed(sent(arrival, &own)?);
        spine.register(&metadata)?;
        judge::supported(&metadata, &spine.metadata(arrival.place))?;
        let registered = own.registered.with(metadata, ports);
        let Record { issued, expires, .. } = own.kept.record;
        let record = Record::of(own.client_id, &registered, issued, expires);
        let key = registration::key(arrival.place, own.client_id);
        // If somebody else was faster, the registration is another one by now, or none.
        if ports.store.replace(key, own.kept.version, record).await? {
            return Ok(own.reply(arrival, registered));
        }
    }
}

/// The metadata of an update, without what it has to send back as it was.
fn sent(arrival: &Arrival<'_>, own: &Own<'_>) -> Result<Map<String, Value>, Refusal> {
    let mut sent = registration::read(arrival)?;
    let forbidden = |name: &&&str| !SENT_BACK.contains(name) && sent.contains_key(**name);
    if let Some(name) = OF_THE_SERVER.iter().find(forbidden) {
        return Err(NOT_ITS_OWN.because(format!("Leave {name} out")));
    }
    match sent.remove("client_id") {
        Some(Value::String(client_id)) if client_id == own.client_id => {}
        Some(_) => return Err(CLIENT_ID.because("It is that of another client")),
        None => return Err(CLIENT_ID.because("There is no client_id in the body")),
    }
    let same = |secret: &Value| secret.as_str().is_some_and(|secret| own.registered.has_secret(secret));
    match sent.remove("client_secret") {
        Some(secret) if !same(&secret) => Err(SECRET.because("A client cannot choose its secret")),
        _ => Ok(sent),
    }
}

/// §2.3.
async fn delete(call: &Call<'_>) -> Result<Reply, Stop> {
    let own = own(call).await?;
    let key = registration::key(call.arrival.place, own.client_id);
    match call.ports.store.take(key, call.arrival.now).await? {
        Taken::Fresh(_) => Ok(Reply::Empty(StatusCode::NO_CONTENT)),
        _ => Err(TOKEN.because("The client was deleted just now").into()),
    }
}

static DOCUMENT: Document = Document {
    name: "RFC 7592",
    title: "OAuth 2.0 Dynamic Client Registration Management Protocol",
    url: "https://www.rfc-editor.org/rfc/rfc7592",
};

static RULES: &[&Rule] = &[&CLIENT_ID, &NOT_ITS_OWN, &SECRET, &TOKEN];

static TOKEN: Rule = Rule {
    id: "rfc7592-token-wrong",
    document: &DOCUMENT,
    section: "2",
    error: ErrorCode::InvalidToken,
    says: "A registration is managed with the registration access token that came with it",
};

static CLIENT_ID: Rule = Rule {
    id: "rfc7592-client-id-differs",
    document: &DOCUMENT,
    section: "2.2",
    error: ErrorCode::InvalidClientMetadata,
    says: "An update includes the client_id as it was issued",
};

static SECRET: Rule = Rule {
    id: "rfc7592-secret-differs",
    document: &DOCUMENT,
    section: "2.2",
    error: ErrorCode::InvalidClientMetadata,
    says: "If an update includes client_secret, it is the current one",
};

static NOT_ITS_OWN: Rule = Rule {
    id: "rfc7592-member-of-the-server",
    document: &DOCUMENT,
    section: "2.2",
    error: ErrorCode::InvalidClientMetadata,
    says: "An update does not include what only the server says of a registration",
};
