//! RFC 7009: OAuth 2.0 Token Revocation.
//!
//! With a refresh token, everything of its family ends. With an access token, that token ends alone, unless the server
//! is told otherwise. A hint of the kind is not needed here, so none can be wrong (§2.1).

use http::{Method, StatusCode};
use oauth_types::ErrorCode;
use oauth_types::fault::Point;
use serde_json::{Map, Value, json};

use crate::doctor;
use crate::ports::store::BoxFuture;
use crate::refusal::{Document, Rule};
use crate::reply::{Reply, Stop};
use crate::request::TokenKind;
use crate::spec::{Call, Endpoint, Facts, Spec};
use crate::world::Switch;

const PATH: &str = "/revoke";

static ENDPOINTS: &[Endpoint] =
    &[Endpoint { path: PATH, methods: &[Method::POST], at: Point::Revocation, page: false }];

#[derive(Debug)]
pub(crate) struct Revocation;

impl Spec for Revocation {
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

    fn endpoints(&self) -> &'static [Endpoint] {
        ENDPOINTS
    }

    fn metadata(&self, facts: &Facts<'_>, document: &mut Map<String, Value>) {
        document.insert("revocation_endpoint".to_owned(), facts.place.url(PATH).into());
        let methods = json!(facts.auth_methods);
        document.insert("revocation_endpoint_auth_methods_supported".to_owned(), methods);
        if let Some(algorithms) = document.get("token_endpoint_auth_signing_alg_values_supported").cloned() {
            document.insert("revocation_endpoint_auth_signing_alg_values_supported".to_owned(), algorithms);
        }
    }

    fn serve<'a>(&'a self, call: &'a Call<'a>) -> Option<BoxFuture<'a, Reply>> {
        Some(Box::pin(async move {
            match revoke(call).await {
                Ok(()) => Reply::Empty(StatusCode::OK),
                Err(stop) => Reply::stopped(stop),
            }
        }))
    }
}

async fn revoke(call: &Call<'_>) -> Result<(), Stop> {
    let arrival = call.arrival;
    let params = call.spine.form(arrival)?;
    let client = call.spine.authenticate(arrival, params).await?;
    let token = params.get("token").ok_or_else(|| doctor::missing(&MISSING, params, "token"))?;
    // "Invalid tokens do not cause an error response since the client cannot handle such an error in a reasonable way"
    // (§2.2).
    let Some(resolved) = call.spine.resolve(arrival.place, token).await? else { return Ok(()) };
    let record = &resolved.kept.record;
    if record.authorization.client_id != client.client().client_id {
        let (owner, user) = (&record.authorization.client_id, client.client().client_id());
        return Err(OTHER_CLIENT.because(doctor::of_another(owner, user)).into());
    }
    match resolved.kind {
        TokenKind::Refresh => call.spine.revoke(record.grant, arrival.now).await,
        TokenKind::Access if call.policy.is_on(&NOT_REVOCABLE) => Err(UNSUPPORTED.refuse().into()),
        TokenKind::Access if call.policy.is_on(&WHOLE_GRANT) => call.spine.revoke(record.grant, arrival.now).await,
        TokenKind::Access => {
            call.ports.store.take(resolved.key, arrival.now).await?;
            Ok(())
        }
    }
}

static SWITCHES: &[&Switch] = &[&NOT_REVOCABLE, &WHOLE_GRANT];

static WHOLE_GRANT: Switch = Switch {
    name: "revoke-grant-with-access-token",
    says: "Revoking an access token revokes its refresh token and everything else of its grant (RFC 7009 section 2.1)",
    relaxes: false,
};

static NOT_REVOCABLE: Switch = Switch {
    name: "access-tokens-not-revocable",
    says: "Refresh tokens alone can be revoked (RFC 7009 section 2)",
    relaxes: false,
};

static DOCUMENT: Document =
    Document { name: "RFC 7009", title: "OAuth 2.0 Token Revocation", url: "https://www.rfc-editor.org/rfc/rfc7009" };

static RULES: &[&Rule] = &[&MISSING, &OTHER_CLIENT, &UNSUPPORTED];

static MISSING: Rule = Rule {
    id: "rfc7009-token-missing",
    document: &DOCUMENT,
    section: "2.1",
    error: ErrorCode::InvalidRequest,
    says: "A revocation request needs token",
};

static OTHER_CLIENT: Rule = Rule {
    id: "rfc7009-token-of-another-client",
    document: &DOCUMENT,
    section: "2.1",
    error: ErrorCode::InvalidGrant,
    says: "A client revokes no tokens but those that were issued to it",
};

static UNSUPPORTED: Rule = Rule {
    id: "rfc7009-access-tokens-not-revocable",
    document: &DOCUMENT,
    section: "2.2.1",
    error: ErrorCode::UnsupportedTokenType,
    says: "This server revokes refresh tokens alone; its access tokens end by themselves",
};
