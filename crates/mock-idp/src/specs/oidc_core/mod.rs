//! OpenID Connect Core 1.0: the ID token, and the claims that a scope asks for.

use http::Method;
use oauth_types::fault::Point;
use oauth_types::{Algorithm, ErrorCode};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::documents;
use crate::memory::{Life, Note, Scope};
use crate::people::{LOGIN_PAGES, PASSWORD, User};
use crate::refusal::{Document, Refusal, Rule};
use crate::reply::{TokenReply, Unsigned};
use crate::request::{AuthorizationRequest, Draft, Found, Spent, TokenRequest};
use crate::spec::{Endpoint, Facts, Spec};

mod request;

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

/// The claims that each scope asks for (§5.4).
const SCOPES: &[(&str, &[&str])] = &[
    (
        "profile",
        &[
            "name",
            "family_name",
            "given_name",
            "middle_name",
            "nickname",
            "preferred_username",
            "profile",
            "picture",
            "website",
            "gender",
            "birthdate",
            "zoneinfo",
            "locale",
            "updated_at",
        ],
    ),
    ("email", &["email", "email_verified"]),
    ("address", &["address"]),
    ("phone", &["phone_number", "phone_number_verified"]),
];

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

    fn metadata(&self, facts: &Facts<'_>, document: &mut Map<String, Value>) {
        let mut set = |name: &str, value: Value| document.insert(name.to_owned(), value);
        let scopes = ["openid"].into_iter().chain(SCOPES.iter().map(|(scope, _)| *scope)).collect::<Vec<_>>();
        let token = ["iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "at_hash", "acr", "amr"];
        let claims = token.into_iter().chain(SCOPES.iter().flat_map(|(_, claims)| claims.iter().copied()));
        set("userinfo_endpoint", facts.place.url("/userinfo").into());
        set("scopes_supported", json!(scopes));
        set("claims_supported", json!(claims.collect::<Vec<_>>()));
        set("claim_types_supported", json!(["normal"]));
        set("claims_parameter_supported", false.into());
        set("request_parameter_supported", false.into());
        set("request_uri_parameter_supported", false.into());
        set("prompt_values_supported", json!(PROMPTS));
        set("display_values_supported", json!(DISPLAYS));
        set("ui_locales_supported", json!(LOCALES));
        if facts.policy.is_on(&LOGIN_PAGES) {
            set("acr_values_supported", json!([PASSWORD]));
        }
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
        let now = request.arrival.now;
        let algorithm: Algorithm = request.client().id_token_algorithm.unwrap_or(request.policy.algorithm);
        let mut header = Map::new();
        header.insert("typ".to_owned(), "JWT".into());
        header.insert("alg".to_owned(), algorithm.as_str().into());
        header.insert("kid".to_owned(), request.ports.keys.kid(algorithm).into());
        let mut claims = Map::new();
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
        let hash = vec![("at_hash", "access_token"), ("c_hash", "code")];
        let (member, at) = ("id_token", Point::IdToken);
        reply.tokens.push(Unsigned { member, at, algorithm, header, claims, hash });
    }
}

/// What UserInfo says of `user` to a token of `scope` (§5.3.2 and §5.4).
pub(crate) fn claims_of(user: &User, scope: &Scope) -> Map<String, Value> {
    let standard = |name: &str| SCOPES.iter().find(|(_, claims)| claims.contains(&name)).map(|(scope, _)| *scope);
    let mut claims = Map::new();
    claims.insert("sub".to_owned(), user.subject().into());
    for (name, value) in user.claims() {
        // A claim that no scope stands for was given to the user by whoever set up the server.
        if standard(name).is_none_or(|needed| scope.contains(needed)) {
            claims.insert(name.clone(), value.clone());
        }
    }
    claims
}

static RULES: &[&Rule] =
    &[&NOBODY, &REQUEST_OBJECT, &REQUEST_URI, &request::DISPLAY, &request::HINT, &request::MAX_AGE, &request::PROMPT];

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
