//! OpenID Connect Core 1.0: the ID token, UserInfo, and what an authentication request asks for.

use std::sync::Arc;

use http::{Method, StatusCode};
use oauth_types::fault::Point;
use oauth_types::scenario::{Destination, MULTI_FACTOR};
use oauth_types::{Algorithm, ContentEncryption, ErrorCode, KeyManagement};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::client_keys;
use crate::clients::Client;
use crate::documents;
use crate::memory::{Authorization, Life, Note};
use crate::people::{LOGIN_PAGES, PASSWORD, User};
use crate::ports::Ports;
use crate::refusal::{Document, Refusal, Rule};
use crate::reply::{Reply, Seal, TokenReply, Unsigned};
use crate::request::{AuthorizationRequest, Draft, Found, Place, Spent, TokenRequest};
use crate::spec::{Endpoint, Facts, Spec};
use crate::world::{Policy, Switch};

mod claims;
mod registration;
mod request;
mod subject;

use claims::{Requested, SCOPES};
use request::{DISPLAYS, LOCALES, PROMPTS};

#[derive(Debug)]
pub(crate) struct OpenIdConnect;

/// The nonce of the authorization request (§3.1.2.1). A refreshed ID token has none (§12.2).
#[derive(Debug, Serialize, Deserialize)]
struct Nonce(String);

impl Note for Nonce {
    const NAME: &'static str = "oidc/nonce";
    const LIFE: Life = Life::Code;
}

static ENDPOINTS: &[Endpoint] =
    &[Endpoint { path: "/userinfo", methods: &[Method::GET, Method::POST], at: Point::Userinfo, page: false }];

/// The scope that asks for refresh tokens to be used while nobody is there (§11).
const OFFLINE: &str = "offline_access";

impl Spec for OpenIdConnect {
    fn document(&self) -> &'static Document {
        &documents::OIDC_CORE
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

    fn switches(&self) -> &'static [&'static Switch] {
        SWITCHES
    }

    fn metadata(&self, facts: &Facts<'_>, document: &mut Map<String, Value>) {
        let mut set = |name: &str, value: Value| document.insert(name.to_owned(), value);
        let scopes = ["openid"].into_iter().chain(SCOPES.iter().map(|(scope, _)| *scope)).chain([OFFLINE]);
        set("userinfo_endpoint", facts.place.url("/userinfo").into());
        set("scopes_supported", json!(scopes.collect::<Vec<_>>()));
        set("subject_types_supported", json!(subject::TYPES));
        set("claims_supported", claims::supported());
        set("claim_types_supported", json!(["normal", "aggregated", "distributed"]));
        set("claims_parameter_supported", true.into());
        set("request_parameter_supported", false.into());
        set("request_uri_parameter_supported", false.into());
        set("prompt_values_supported", json!(PROMPTS));
        set("display_values_supported", json!(DISPLAYS));
        set("ui_locales_supported", json!(LOCALES));
        set("userinfo_signing_alg_values_supported", json!(signing(facts.ports).collect::<Vec<_>>()));
        for kind in ["id_token", "userinfo"] {
            set(&format!("{kind}_encryption_alg_values_supported"), json!(KeyManagement::ALL));
            set(&format!("{kind}_encryption_enc_values_supported"), json!(ContentEncryption::ALL));
        }
        if facts.policy.is_on(&LOGIN_PAGES) {
            set("acr_values_supported", json!([PASSWORD, MULTI_FACTOR]));
        }
    }

    fn register(&self, metadata: &Map<String, Value>, _policy: &Policy) -> Result<(), Refusal> {
        registration::judge(metadata)
    }

    fn authorize(&self, request: &AuthorizationRequest<'_>, draft: &mut Draft) -> Result<(), Refusal> {
        if request.params.get("request").is_some() {
            return Err(REQUEST_OBJECT.refuse());
        }
        if request.params.get("request_uri").is_some() {
            return Err(REQUEST_URI.refuse());
        }
        draft.wanted = request::wanted(request)?;
        if !draft.scope.contains("openid") {
            return Ok(());
        }
        if let Some(text) = request.params.get("claims") {
            let requested = Requested::parse(text)?;
            request::narrow(&mut draft.wanted, &requested)?;
            draft.remember(&requested);
        }
        if !may_be_offline(request, draft) {
            draft.scope = draft.scope.without(OFFLINE);
        }
        if let Some(nonce) = request.params.get("nonce") {
            draft.remember(&Nonce(nonce.to_owned()));
        }
        Ok(())
    }

    /// "The ID Token is a security token that contains Claims about the Authentication of an End-User" (§2).
    fn redeem(&self, _request: &TokenRequest<'_>, found: &Found) -> Result<(), Refusal> {
        let authorization = &found.record.authorization;
        match authorization.login.is_none() && authorization.scope.contains("openid") {
            true => Err(NOBODY.because("Leave openid out, or let somebody log in by the authorization code grant")),
            false => Ok(()),
        }
    }

    /// The claims of §2, in the code flow (§3.1.3.6) and on refresh (§12.2).
    fn bind(&self, request: &TokenRequest<'_>, spent: &Spent, reply: &mut TokenReply) {
        let authorization = reply.authorization.clone();
        let Some(login) = authorization.login.as_ref().filter(|_| authorization.scope.contains("openid")) else {
            return;
        };
        if request.policy.is_on(&REFRESH_OFFLINE) && !authorization.scope.contains(OFFLINE) {
            reply.withhold_refresh_token(&request.arrival.place.tenant);
        }
        let now = request.arrival.now;
        let algorithm: Algorithm = request.client().id_token_algorithm.unwrap_or(request.policy.algorithm);
        let mut claims = Map::new();
        if let Some(user) = request.people.find(&login.user) {
            let told = user.told(&authorization.notes);
            // "The Claims requested by the profile, email, address, and phone scope values are returned [...] in the ID
            // Token" if there is no access token (§5.4).
            if request.params.get("response_type") == Some("id_token") {
                claims = claims::by_scope(&told, &authorization.scope);
            }
            let wishes = spent.note::<Requested>().unwrap_or_default().id_token;
            claims::add(&told, &wishes, &mut claims);
            told.put(Destination::IdToken, &mut claims);
        }
        let mut claim = |name: &str, value: Value| claims.insert(name.to_owned(), value);
        claim("iss", request.arrival.place.issuer.clone().into());
        claim("sub", authorization.subject.clone().into());
        claim("aud", authorization.client_id.clone().into());
        claim("exp", now.saturating_add(request.policy.token_lifetime).into());
        claim("iat", now.into());
        claim("auth_time", login.auth_time.into());
        if let Some(acr) = &login.acr {
            claim("acr", acr.as_str().into());
        }
        if !login.amr.is_empty() {
            claim("amr", json!(login.amr));
        }
        if let Some(Nonce(nonce)) = spent.note() {
            claim("nonce", nonce.into());
        }
        let (member, at, header) = ("id_token", Point::IdToken, header(request.ports, algorithm));
        let hash = vec![("at_hash", "access_token"), ("c_hash", "code")];
        let seal = client_keys::seal(request.client(), member, algorithm);
        reply.tokens.push(Unsigned { member, at, algorithm, header, claims, hash, seal });
    }

    fn subject(&self, client: &Client, user: &User) -> Option<String> {
        subject::pairwise(client, user)
    }
}

/// What UserInfo says of `user` (§5.3.2), as the client wants it: as JSON, signed, encrypted, or both.
pub(crate) fn userinfo(
    ports: &Ports,
    place: &Place,
    client: Option<&Arc<Client>>,
    (authorization, user): (&Authorization, &User),
) -> Reply {
    let wishes = authorization.notes.find::<Requested>().unwrap_or_default().userinfo;
    let told = user.told(&authorization.notes);
    let mut claims = claims::userinfo(user, &told, &authorization.scope, &wishes);
    claims.insert("sub".to_owned(), authorization.subject.clone().into());
    let signed = client.and_then(|client| Algorithm::from_wire(client.text("userinfo_signed_response_alg")?));
    let algorithm = signed.unwrap_or(Algorithm::Rs256);
    let seal = client.map(|client| client_keys::seal(client, "userinfo", algorithm)).unwrap_or_default();
    if signed.is_none() && seal.encrypted.is_none() {
        return Reply::Document { at: Point::Userinfo, status: StatusCode::OK, members: claims };
    }
    // "If signed, the UserInfo Response MUST contain the Claims iss [...] and aud" (§5.3.2).
    if signed.is_some() {
        claims.insert("iss".to_owned(), place.issuer.clone().into());
        claims.insert("aud".to_owned(), authorization.client_id.clone().into());
    }
    let seal = Seal { plain: signed.is_none(), ..seal };
    let (member, at, header) = ("userinfo", Point::UserinfoToken, header(ports, algorithm));
    let token = Unsigned { member, at, algorithm, header, claims, hash: Vec::new(), seal };
    Reply::Jwt { token, content_type: "application/jwt" }
}

/// What can be signed with: the server's keys, and the secrets of clients (§10.1).
fn signing(ports: &Ports) -> impl Iterator<Item = &Algorithm> {
    ports.keys.algorithms().iter().chain(Algorithm::KEYED_HASH)
}

fn header(ports: &Ports, algorithm: Algorithm) -> Map<String, Value> {
    let mut header = Map::new();
    header.insert("typ".to_owned(), "JWT".into());
    header.insert("alg".to_owned(), algorithm.as_str().into());
    if let Some(kid) = ports.keys.kid(algorithm).filter(|_| !algorithm.is_symmetric()) {
        header.insert("kid".to_owned(), kid.into());
    }
    header
}

/// Whether `offline_access` means anything: "The Authorization Server MUST ignore the `offline_access` request unless the
/// Client is using a `response_type` value that would result in an Authorization Code being returned" (§11).
fn may_be_offline(request: &AuthorizationRequest<'_>, draft: &Draft) -> bool {
    let kinds = request.params.get("response_type").unwrap_or_default();
    let asks = !request.policy.is_on(&OFFLINE_CONSENT) || draft.wanted.asks_for("consent");
    kinds.split(' ').any(|kind| kind == "code") && asks
}

static SWITCHES: &[&Switch] = &[&OFFLINE_CONSENT, &REFRESH_OFFLINE];

static OFFLINE_CONSENT: Switch = Switch {
    name: "offline-access-needs-consent",
    says: "offline_access is ignored without prompt=consent (OpenID Connect Core section 11)",
    relaxes: false,
};

static REFRESH_OFFLINE: Switch = Switch {
    name: "refresh-needs-offline-access",
    says: "A login with openid gives a refresh token only with offline_access (OpenID Connect Core section 11)",
    relaxes: false,
};

static RULES: &[&Rule] = &[
    &NOBODY,
    &REQUEST_OBJECT,
    &REQUEST_URI,
    &claims::MALFORMED,
    &registration::METADATA,
    &request::DISPLAY,
    &request::HINT,
    &request::MAX_AGE,
    &request::PROMPT,
    &request::SUBJECTS,
    &subject::SECTOR,
];

static NOBODY: Rule = Rule {
    id: "oidc-openid-without-login",
    document: &documents::OIDC_CORE,
    section: "2",
    error: ErrorCode::InvalidScope,
    says: "The scope openid asks for an ID token, which tells of the login of a person",
};

static REQUEST_OBJECT: Rule = Rule {
    id: "oidc-request-not-supported",
    document: &documents::OIDC_CORE,
    section: "6.1",
    error: ErrorCode::RequestNotSupported,
    says: "Request objects are not supported by this server, as its metadata says",
};

static REQUEST_URI: Rule = Rule {
    id: "oidc-request-uri-not-supported",
    document: &documents::OIDC_CORE,
    section: "6.2",
    error: ErrorCode::RequestUriNotSupported,
    says: "Request objects by reference are not supported by this server, as its metadata says",
};
