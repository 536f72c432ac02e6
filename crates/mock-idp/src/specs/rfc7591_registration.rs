//! RFC 7591: OAuth 2.0 Dynamic Client Registration Protocol.
//!
//! A client introduces itself: it POSTs its metadata, every document in force judges its own, and the client gets an
//! identifier, and a secret if it needs one. What no document knows is kept and sent back as it came: §2 lets a server
//! ignore it. A registration ends after a time.

use std::sync::Arc;

use http::{Method, StatusCode};
use oauth_types::fault::Point;
use oauth_types::{ErrorCode, Secret};
use serde_json::{Map, Value};

use crate::clients::Client;
use crate::documents;
use crate::ports::store::{BoxFuture, Record};
use crate::refusal::{Document, Refusal, Rule};
use crate::registration::{self, MANAGEMENT, Named, OF_THE_SERVER, Registered, judge};
use crate::reply::{Reply, Stop};
use crate::request::{AuthorizationRequest, Draft};
use crate::spec::{Call, Denied, Endpoint, Facts, Lookup, Perhaps, Spec};
use crate::world::{Amount, Policy, Switch};

const PATH: &str = "/register";

/// The grants in which no user is asked by the server.
const OWN_ACCOUNT: &[&str] = &["client_credentials", "password"];

/// The scope of an initial access token (§1.2).
const SCOPE: &str = "register";

static ENDPOINTS: &[Endpoint] =
    &[Endpoint { path: PATH, methods: &[Method::POST], at: Point::Registration, page: false }];

#[derive(Debug)]
pub(crate) struct Registration;

impl Spec for Registration {
    fn document(&self) -> &'static Document {
        &documents::RFC7591
    }

    fn rules(&self) -> &'static [&'static Rule] {
        RULES
    }

    fn optional(&self) -> bool {
        true
    }

    fn switches(&self) -> &'static [&'static Switch] {
        SWITCHES
    }

    fn amounts(&self) -> &'static [&'static Amount] {
        AMOUNTS
    }

    fn endpoints(&self) -> &'static [Endpoint] {
        ENDPOINTS
    }

    fn metadata(&self, facts: &Facts<'_>, document: &mut Map<String, Value>) {
        document.insert("registration_endpoint".to_owned(), facts.place.url(PATH).into());
    }

    fn register(&self, metadata: &Map<String, Value>, policy: &Policy) -> Result<(), Refusal> {
        judge::members(metadata)?;
        // Whoever had an initial access token to show is no stranger.
        let trusted = policy.is_on(&NEEDS_TOKEN) || policy.is_on(&ANY_GRANT);
        match judge::texts(metadata, "grant_types").find(|grant| OWN_ACCOUNT.contains(grant)) {
            Some(grant) if !trusted => {
                let hint = format!("Nobody knows this client, and it asks for {grant}: configure it at the server");
                Err(GRANT_OF_ITS_OWN.because(hint))
            }
            _ => Ok(()),
        }
    }

    fn serve<'a>(&'a self, call: &'a Call<'a>) -> Option<BoxFuture<'a, Reply>> {
        Some(Box::pin(async move {
            match allowed(call).await {
                Ok(()) => register(call).await.unwrap_or_else(Reply::stopped),
                Err(reply) => *reply,
            }
        }))
    }

    /// Identifiers of registered clients are drawn, so nobody else's are looked up.
    fn client<'a>(&'a self, lookup: &'a Lookup<'a>) -> Perhaps<'a, Option<Arc<Client>>> {
        let Lookup { arrival, client_id, ports, .. } = *lookup;
        let drawn = client_id.len() == 43
            && client_id.bytes().all(|octet| octet.is_ascii_alphanumeric() || b"-_".contains(&octet));
        drawn.then(|| Box::pin(async move { Ok(registration::client(arrival, ports, client_id).await?) }) as _)
    }

    /// "Array of the OAuth 2.0 response type strings that the client can use at the authorization endpoint" (§2).
    fn authorize(&self, request: &AuthorizationRequest<'_>, _draft: &mut Draft) -> Result<(), Refusal> {
        let client = request.client();
        let asked = request.params.get("response_type").unwrap_or_default();
        let own = |own: &str| judge::words(own) == judge::words(asked);
        match client.member("response_types").is_none() || judge::texts(&client.metadata, "response_types").any(own) {
            true => Ok(()),
            false => Err(RESPONSE_TYPE.because("It is not among the response_types of its registration")),
        }
    }
}

/// Checks the initial access token, if there has to be one (§3).
async fn allowed(call: &Call<'_>) -> Result<(), Box<Reply>> {
    if !call.policy.is_on(&NEEDS_TOKEN) {
        return Ok(());
    }
    let resolved = call.spine.access(call.arrival).await.map_err(|denied: Denied| Box::new(denied.into()))?;
    match resolved.kept.record.authorization.scope.contains(SCOPE) {
        true => Ok(()),
        false => {
            let refusal = TOKEN_SCOPE.because(format!("The scope {SCOPE} is missing"));
            Err(Box::new(Reply::Challenge { refusal, scheme: "Bearer", scope: Some(SCOPE.to_owned()) }))
        }
    }
}

/// Takes a client in (§3.1) and tells it who it is (§3.2.1).
async fn register(call: &Call<'_>) -> Result<Reply, Stop> {
    let Call { arrival, ports, policy, spine, .. } = *call;
    let sent = registration::read(arrival)?;
    if let Some(name) = OF_THE_SERVER.iter().find(|name| sent.contains_key(**name)) {
        return Err(NOT_ITS_OWN.because(format!("Leave {name} out")).into());
    }
    let metadata = registration::completed(sent);
    spine.register(&metadata)?;
    judge::supported(&metadata, &spine.metadata(arrival.place))?;
    let client_id = ports.dice.handle();
    arrival.seen.client(&client_id);
    let token = spine.serves(MANAGEMENT).then(|| Secret::from(ports.dice.handle()));
    let registered = Registered::new(metadata, ports, token.as_ref());
    let (issued, expires) = (arrival.now, arrival.now.saturating_add(policy.value_of(&LIFETIME)));
    let record = Record::of(&client_id, &registered, issued, expires);
    ports.store.put(registration::key(arrival.place, &client_id), record).await?;
    let named = Named { client_id: &client_id, issued, expires, token: token.as_ref() };
    let members = registered.describe(arrival.place, &named);
    Ok(Reply::Document { at: Point::Registration, status: StatusCode::CREATED, members })
}

static SWITCHES: &[&Switch] = &[&ANY_GRANT, &NEEDS_TOKEN];

static ANY_GRANT: Switch = Switch {
    name: "registration-of-any-grant",
    says: "A client that nobody knows may register for grants in which no user is asked (RFC 7591 section 5 warns of it)",
    relaxes: true,
};

static AMOUNTS: &[&Amount] = &[&LIFETIME];

static NEEDS_TOKEN: Switch = Switch {
    name: "registration-needs-token",
    says: "Registering a client takes an access token of this server with the scope register (RFC 7591 section 3)",
    relaxes: false,
};

static LIFETIME: Amount = Amount {
    name: "registration-seconds",
    says: "How many seconds a client that registered itself is known",
    default: 30 * 24 * 3600,
};

static RULES: &[&Rule] = &[
    &judge::INCONSISTENT,
    &judge::MALFORMED,
    &judge::NOT_JSON,
    &judge::REDIRECT_INSECURE,
    &judge::REDIRECT_MALFORMED,
    &judge::REDIRECT_MISSING,
    &judge::STATEMENT_INVALID,
    &judge::STATEMENT_UNAPPROVED,
    &judge::UNSUPPORTED,
    &GRANT_OF_ITS_OWN,
    &NOT_ITS_OWN,
    &RESPONSE_TYPE,
    &TOKEN_SCOPE,
];

static GRANT_OF_ITS_OWN: Rule = Rule {
    id: "rfc7591-grant-of-a-stranger",
    document: &documents::RFC7591,
    section: "5",
    error: ErrorCode::InvalidClientMetadata,
    says: "A client that nobody knows registers for grants in which a user is asked",
};

static NOT_ITS_OWN: Rule = Rule {
    id: "rfc7591-member-of-the-server",
    document: &documents::RFC7591,
    section: "3.2.1",
    error: ErrorCode::InvalidClientMetadata,
    says: "The identifier and the secret of a client are given by the server",
};

static RESPONSE_TYPE: Rule = Rule {
    id: "rfc7591-response-type-unregistered",
    document: &documents::RFC7591,
    section: "2",
    error: ErrorCode::UnauthorizedClient,
    says: "A client uses the response types it is registered for",
};

static TOKEN_SCOPE: Rule = Rule {
    id: "rfc7591-initial-token-scope",
    document: &documents::RFC7591,
    section: "3",
    error: ErrorCode::InsufficientScope,
    says: "The initial access token has to be one that allows registration",
};
