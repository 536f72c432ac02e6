//! RFC 9126: OAuth 2.0 Pushed Authorization Requests.
//!
//! The client hands its authorization request to the server itself and sends the browser with a reference to it. A
//! reference is its client's own, lives for a minute, and is used once.

use http::{Method, StatusCode};
use oauth_types::fault::Point;
use oauth_types::params::display_name;
use oauth_types::{ErrorCode, Params};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::clients::Client;
use crate::doctor::{self, Handle};
use crate::documents;
use crate::memory::{Life, Note, Notes};
use crate::ports::store::{BoxFuture, Key, Kind, Record, Taken};
use crate::refusal::{Document, Refusal, Rule};
use crate::reply::{Reply, Stop};
use crate::request::{AuthorizationRequest, Draft, Origin, Packed, Unpacked};
use crate::spec::{CREDENTIALS, Call, Endpoint, Facts, Judged, Perhaps, Spec};
use crate::world::{Amount, Policy, Switch};

#[derive(Debug)]
pub(crate) struct PushedRequests;

const PATH: &str = "/par";

/// What a reference begins with (§2.2).
const PREFIX: &str = "urn:ietf:params:oauth:request_uri:";

const KIND: Kind = Kind::new("rfc9126/request_uri");

/// The client metadata of §6, and the server metadata of §5.
const REQUIRE: &str = "require_pushed_authorization_requests";

static ENDPOINTS: &[Endpoint] =
    &[Endpoint { path: PATH, methods: &[Method::POST], at: Point::PushedAuthorization, page: false }];

/// A request that was pushed, as it was judged then.
#[derive(Serialize, Deserialize)]
struct Pushed {
    params: Vec<(String, String)>,
    signed: bool,
    code_notes: Notes,
    grant_notes: Notes,
}

impl Note for Pushed {
    const NAME: &'static str = "rfc9126/pushed";
    const LIFE: Life = Life::Code;
}

impl Spec for PushedRequests {
    fn document(&self) -> &'static Document {
        &DOCUMENT
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

    fn serve<'a>(&'a self, call: &'a Call<'a>) -> Option<BoxFuture<'a, Reply>> {
        Some(Box::pin(async move { push(call).await.unwrap_or_else(Reply::stopped) }))
    }

    fn metadata(&self, facts: &Facts<'_>, document: &mut Map<String, Value>) {
        document.insert("pushed_authorization_request_endpoint".to_owned(), facts.place.url(PATH).into());
        document.insert(REQUIRE.to_owned(), facts.policy.is_on(&REQUIRED).into());
    }

    fn register(&self, metadata: &Map<String, Value>, _policy: &Policy) -> Result<(), Refusal> {
        match metadata.get(REQUIRE) {
            None | Some(Value::Bool(_)) => Ok(()),
            Some(_) => Err(METADATA.refuse()),
        }
    }

    fn unpack<'a>(&'a self, packed: &'a Packed<'a>) -> Perhaps<'a, Unpacked> {
        let handle = packed.params.get("request_uri")?.strip_prefix(PREFIX)?;
        if packed.params.get("request").is_some() {
            return None;
        }
        Some(Box::pin(redeem(packed, handle)))
    }

    /// "refuse, using the `invalid_request` error code, to process any request to the authorization endpoint that does
    /// not have a `request_uri` parameter with a value obtained from the PAR endpoint" (§4).
    fn authorize(&self, request: &AuthorizationRequest<'_>, _draft: &mut Draft) -> Result<(), Refusal> {
        if request.origin.pushed || request.arrival.path == PATH {
            return Ok(());
        }
        if request.policy.is_on(&REQUIRED) {
            return Err(NOT_PUSHED.because("This server asks it of every client"));
        }
        match request.client().is(REQUIRE) {
            true => Err(NOT_PUSHED.because("It is part of the client's registration")),
            false => Ok(()),
        }
    }
}

/// Takes a request in (§2.1) and answers with a reference to it (§2.2).
async fn push(call: &Call<'_>) -> Result<Reply, Stop> {
    let Call { arrival, ports, policy, spine, .. } = *call;
    let sent = spine.form(arrival)?;
    let client = spine.authenticate(arrival, sent).await?;
    judge_form(client.client(), sent)?;
    let asked: Params = sent.iter().filter(|(name, _)| !CREDENTIALS.contains(name)).collect();
    let Judged { identified, params, origin, draft } = spine.judge(arrival, &client, &asked).await?;
    let (lifetime, handle) = (policy.value_of(&LIFETIME), ports.dice.handle());
    let pushed = Pushed {
        params: params.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        signed: origin.signed,
        code_notes: draft.code_notes,
        grant_notes: draft.grant_notes,
    };
    let expires = arrival.now.saturating_add(lifetime);
    let record = Record::of(identified.client().client_id(), &pushed, arrival.now, expires);
    let record = Record { forget: expires.saturating_add(policy.remembered()), ..record };
    ports.store.put(Key::of(KIND, &arrival.place.tenant, &handle), record).await?;
    let mut members = Map::new();
    members.insert("request_uri".to_owned(), format!("{PREFIX}{handle}").into());
    members.insert("expires_in".to_owned(), lifetime.into());
    Ok(Reply::Document { at: Point::PushedAuthorization, status: StatusCode::CREATED, members })
}

/// What a pushed request may carry beside what every authorization request may.
fn judge_form(client: &Client, sent: &Params) -> Result<(), Refusal> {
    if sent.get("request_uri").is_some() {
        return Err(PUSHED_REFERENCE.because("It is the answer to a pushed request: send it to /authorize"));
    }
    let in_object = sent.get("request").is_some();
    match sent.get("client_id") {
        Some(client_id) if client_id != client.client_id() => {
            return Err(CLIENT_ID.because("It names another client than the one that authenticates"));
        }
        // With a request object, it is a claim of that (§3).
        None if !in_object => return Err(CLIENT_ID.because("There is none; the Authorization header does not count")),
        _ => {}
    }
    let beside = |name: &str| name != "request" && name != "client_id" && !CREDENTIALS.contains(&name);
    match sent.iter().find(|(name, _)| in_object && beside(name)) {
        Some((name, _)) => Err(BESIDE_OBJECT.because(format!("{} is beside it", display_name(name)))),
        None => Ok(()),
    }
}

/// The request that a reference stands for (§4).
async fn redeem(packed: &Packed<'_>, handle: &str) -> Result<Unpacked, Stop> {
    let Packed { arrival, params, client, ports, policy } = *packed;
    let key = Key::of(KIND, &arrival.place.tenant, handle);
    let Some(kept) = ports.store.get(key).await? else {
        let what = doctor::strange(ports, arrival.place, handle, Handle::RequestUri).await?;
        return Err(UNKNOWN.because(what).into());
    };
    let owner = &kept.record.authorization.client_id;
    if owner != client.client_id() {
        return Err(OTHER_CLIENT.because(doctor::of_another(owner, client.client_id())).into());
    }
    let reusable = policy.is_on(&REUSABLE);
    if kept.record.expires <= arrival.now && (kept.spent.is_none() || reusable) {
        let (lived, since) = (kept.record.expires - kept.record.issued, arrival.now - kept.record.expires);
        return Err(EXPIRED.because(format!("It lived {lived} seconds and ended {since} seconds ago")).into());
    }
    let beside = |(name, _): &(&str, &str)| *name != "client_id" && *name != "request_uri";
    if let Some((name, _)) = params.iter().find(beside).filter(|_| policy.is_on(&ALONE)) {
        return Err(BESIDE_REFERENCE.because(format!("{} is sent too", display_name(name))).into());
    }
    let record = match ports.store.take(key, arrival.now).await? {
        Taken::Fresh(record) => record,
        Taken::Replayed { .. } if reusable => {
            arrival.seen.relaxed(REUSABLE.name);
            kept.record
        }
        Taken::Replayed { spent, .. } => {
            let ago = doctor::ago(arrival.now, spent);
            let hint = format!("It was first used {ago}. Reloading the page uses it again: push the request anew");
            return Err(REUSED.because(hint).into());
        }
        Taken::Absent => return Err(UNKNOWN.because("It has been forgotten meanwhile").into()),
    };
    let Some(Pushed { params, signed, code_notes, grant_notes }) = record.own() else {
        return Err(UNKNOWN.refuse().into());
    };
    let (params, origin) = (params.into_iter().collect(), Origin { pushed: true, signed });
    let unpacked = Unpacked { params, origin, notes: Some((code_notes, grant_notes)) };
    unpacked.overrule(packed);
    Ok(unpacked)
}

static SWITCHES: &[&Switch] = &[&ALONE, &REQUIRED, &REUSABLE];

static AMOUNTS: &[&Amount] = &[&LIFETIME];

static ALONE: Switch = Switch {
    name: "request-uri-alone",
    says: "Beside client_id and the request_uri of a pushed request, no parameter may be sent (FAPI 2.0 Security Profile \
           section 5.3.3.2)",
    relaxes: false,
};

static REQUIRED: Switch = Switch {
    name: "require-pushed-authorization-requests",
    says: "Every authorization request has to be pushed (RFC 9126 section 5)",
    relaxes: false,
};

static REUSABLE: Switch = Switch {
    name: "request-uri-reusable",
    says: "A pushed request may be used again within its life, as by a browser that reloads (RFC 9126 section 4)",
    relaxes: true,
};

static LIFETIME: Amount = Amount {
    name: "request-uri-seconds",
    says: "How long a pushed request may be used (RFC 9126 section 2.2 thinks of 5 to 600 seconds)",
    default: 60,
};

static DOCUMENT: Document = Document {
    name: "RFC 9126",
    title: "OAuth 2.0 Pushed Authorization Requests",
    url: "https://www.rfc-editor.org/rfc/rfc9126",
};

static RULES: &[&Rule] = &[
    &BESIDE_OBJECT,
    &BESIDE_REFERENCE,
    &CLIENT_ID,
    &EXPIRED,
    &METADATA,
    &NOT_PUSHED,
    &OTHER_CLIENT,
    &PUSHED_REFERENCE,
    &REUSED,
    &UNKNOWN,
];

static PUSHED_REFERENCE: Rule = Rule {
    id: "rfc9126-request-uri-pushed",
    document: &DOCUMENT,
    section: "2.1",
    error: ErrorCode::InvalidRequest,
    says: "The parameter request_uri must not be part of a pushed request",
};

static CLIENT_ID: Rule = Rule {
    id: "rfc9126-client-id",
    document: &DOCUMENT,
    section: "2.1",
    error: ErrorCode::InvalidRequest,
    says: "A pushed request carries client_id, like any authorization request, and it is that of the client that pushes",
};

static BESIDE_OBJECT: Rule = Rule {
    id: "rfc9126-parameter-beside-request",
    document: &DOCUMENT,
    section: "3",
    error: ErrorCode::InvalidRequest,
    says: "Beside a request object, only what authenticates the client is pushed; all else has to be claims of the object",
};

static UNKNOWN: Rule = Rule {
    id: "rfc9126-request-uri-unknown",
    document: &DOCUMENT,
    section: "2.2",
    error: ErrorCode::InvalidRequestUri,
    says: "The request_uri has to be one that this issuer gave out, whole and unaltered",
};

static OTHER_CLIENT: Rule = Rule {
    id: "rfc9126-request-uri-other-client",
    document: &DOCUMENT,
    section: "2.2",
    error: ErrorCode::InvalidRequestUri,
    says: "A request_uri is bound to the client that pushed the request",
};

static EXPIRED: Rule = Rule {
    id: "rfc9126-request-uri-expired",
    document: &DOCUMENT,
    section: "4",
    error: ErrorCode::InvalidRequestUri,
    says: "An expired request_uri must be rejected",
};

static REUSED: Rule = Rule {
    id: "rfc9126-request-uri-reused",
    document: &DOCUMENT,
    section: "4",
    error: ErrorCode::InvalidRequestUri,
    says: "A client must use a request_uri only once",
};

static NOT_PUSHED: Rule = Rule {
    id: "rfc9126-request-not-pushed",
    document: &DOCUMENT,
    section: "4",
    error: ErrorCode::InvalidRequest,
    says: "Where pushed requests are required, an authorization request has to be pushed first",
};

static METADATA: Rule = Rule {
    id: "rfc9126-client-metadata",
    document: &DOCUMENT,
    section: "6",
    error: ErrorCode::InvalidClientMetadata,
    says: "The client metadata require_pushed_authorization_requests is true or false",
};

static BESIDE_REFERENCE: Rule = Rule {
    id: "fapi2-parameter-beside-request-uri",
    document: &documents::FAPI2_SECURITY,
    section: "5.3.3.2",
    error: ErrorCode::InvalidRequest,
    says: "With a pushed request, only client_id and request_uri are sent to the authorization endpoint",
};

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_client_says_yes_or_no() {
        let judged = |value: Value| {
            let metadata = Map::from_iter([(REQUIRE.to_owned(), value)]);
            PushedRequests.register(&metadata, &Policy::default()).map_err(|refusal| refusal.rule.id)
        };
        assert_eq!(judged(json!(true)), Ok(()));
        assert_eq!(judged(json!(false)), Ok(()));
        assert_eq!(judged(json!("true")), Err("rfc9126-client-metadata"));
        assert!(PushedRequests.register(&Map::new(), &Policy::default()).is_ok());
    }
}
