//! The client against the mock authorization server: the flows, and the server's misbehaviour.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use mock_idp::clock::{AdjustableClock, Clock as _};
use mock_idp::keys::{Keys as _, RotatingKeys};
use mock_idp::{MockIdp, Mounted};
use oauth_types::fault::{Edit, Fault, Point, Signature};
use pkce_client::{
    Algorithm, Callback, Client, ClientBuilder, Clock, Defect, DiscoveryError, Endpoint, Error, FinishError,
    IssuerDifference, JwtError, RejectReason, Started, TokenType,
};
use url::Url;

use crate::idp::Idp;

pub(crate) const REDIRECT_URI: &str = "http://127.0.0.1:9/cb";

/// The server's clock, for the client.
pub(crate) struct Shared(pub(crate) Arc<AdjustableClock>);

impl Clock for Shared {
    fn now(&self) -> u64 {
        self.0.now()
    }
}

/// A browser: follows every redirect to its end.
async fn browse(url: Url) -> io::Result<()> {
    let response = reqwest::get(url).await.map_err(io::Error::other)?;
    response.error_for_status().map(drop).map_err(io::Error::other)
}

/// A browser that stops at the redirect back to the client.
pub(crate) async fn authorize(url: Url) -> Callback {
    let browser = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().expect("a browser");
    let response = browser.get(url).send().await.expect("an answer");
    let location = response.headers().get("location").expect("a redirect").to_str().expect("a URL");
    let (redirect_uri, query) = location.split_once('?').expect("a query");
    assert_eq!(redirect_uri, REDIRECT_URI);
    Callback::from_query(query).expect("parameters")
}

fn public(idp: &MockIdp) -> ClientBuilder {
    Client::builder(idp.issuer(), "public").redirect_uri(REDIRECT_URI)
}

pub(crate) async fn login(client: &Client) -> Result<pkce_client::Session, FinishError> {
    let Started { url, pending } = client.login().scopes(["openid", "profile"]).begin().await.expect("a login");
    client.finish(pending, authorize(url).await).await
}

/// What a login fails with while the server misbehaves. The same login succeeds before and after.
async fn failed(idp: &MockIdp, fault: Fault) -> Error {
    let client = public(idp).discover().await.expect("a client");
    login(&client).await.expect("an honest server");
    let mounted: Mounted = idp.mount(fault);
    let Err(FinishError::Failed(error)) = login(&client).await else { panic!("a failure") };
    drop(mounted);
    login(&client).await.expect("an honest server");
    error
}

async fn id_token_error(edit: Edit) -> JwtError {
    let idp = MockIdp::start().await;
    match failed(&idp, Fault::always(Point::IdToken, edit)).await {
        Error::IdToken(error) => error,
        other => panic!("{other:?}"),
    }
}

async fn defect(edit: Edit) -> Defect {
    let idp = MockIdp::start().await;
    match failed(&idp, Fault::always(Point::TokenResponse, edit)).await {
        Error::Protocol { endpoint: Endpoint::Token, defect } => defect,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_native_login_ends_with_a_session() {
    let idp = MockIdp::start().await;
    let client = Client::builder(idp.issuer(), "public").user_agent(browse).discover().await.expect("a client");
    let session = client.login_native(["openid", "profile"]).await.expect("a session");
    assert_eq!(session.claims().expect("claims").subject(), "alice");
    assert_eq!(session.userinfo().await.expect("userinfo").subject(), "alice");
    let session = client.login().scopes(["openid"]).login_hint("bob").native().await.expect("a session");
    assert_eq!(session.claims().expect("claims").subject(), "bob");
    assert!(idp.journal().iter().all(|entry| entry.refusal.is_none() && entry.relaxations.is_empty()));
}

#[tokio::test]
async fn a_web_login_ends_with_a_session_for_every_kind_of_client() {
    let idp = MockIdp::start().await;
    let confidential = || Client::builder(idp.issuer(), "confidential").redirect_uri(REDIRECT_URI);
    for builder in [public(&idp), confidential().secret("secret"), confidential().secret_in_body("secret")] {
        let session = login(&builder.discover().await.expect("a client")).await.expect("a session");
        assert_eq!(session.claims().expect("claims").subject(), "alice");
        session.userinfo().await.expect("userinfo");
    }
    let wrong = confidential().secret("guess").discover().await.expect("a client");
    let Err(FinishError::Failed(Error::OAuth { error, .. })) = login(&wrong).await else { panic!("a refusal") };
    assert_eq!(error.code(), "invalid_client");
}

#[tokio::test]
async fn every_algorithm_is_verified_when_it_is_allowed() {
    for algorithm in Algorithm::SIGNING.iter().filter(|algorithm| **algorithm != Algorithm::Es512) {
        let idp = MockIdp::builder().alg(*algorithm).start().await.expect("a server");
        let client = public(&idp).id_token_algorithms([*algorithm]).discover().await.expect("a client");
        login(&client).await.expect("a session");
    }
}

#[tokio::test]
async fn a_client_follows_a_rotation_of_keys() {
    let keys = Arc::new(RotatingKeys::new());
    let idp = MockIdp::builder().keys(Arc::<RotatingKeys>::clone(&keys)).start().await.expect("a server");
    let client = public(&idp).discover().await.expect("a client");
    let fetched = || idp.journal().iter().filter(|entry| entry.path == "/jwks").count();
    login(&client).await.expect("a session");
    keys.announce().expect("the next keys");
    login(&client).await.expect("a session");
    assert_eq!(fetched(), 1);
    keys.rotate().expect("they are announced");
    login(&client).await.expect("a session");
    assert_eq!(fetched(), 2);
    keys.retire().expect("the former keys");
    login(&client).await.expect("a session");
    assert_eq!(fetched(), 2);
}

#[tokio::test]
async fn a_session_outlives_its_tokens() {
    let clock = Arc::new(AdjustableClock::new());
    let idp = MockIdp::builder().clock(Arc::clone(&clock)).start().await.expect("a server");
    let client = public(&idp).clock(Shared(Arc::clone(&clock))).discover().await.expect("a client");
    let session = login(&client).await.expect("a session");
    let mut tokens = vec![session.access_token().await.expect("a token")];
    for _ in 0..3 {
        clock.advance(Duration::from_secs(3600));
        tokens.push(session.access_token().await.expect("a token"));
        session.userinfo().await.expect("userinfo");
    }
    tokens.dedup();
    assert_eq!(tokens.len(), 4);
    assert_eq!(idp.journal().iter().filter(|entry| entry.path == "/token").count(), 4);
}

#[tokio::test]
async fn a_tenant_is_another_server() {
    let idp = MockIdp::start().await;
    let acme = idp.tenant("acme");
    let client =
        Client::builder(acme.issuer(), "public").redirect_uri(REDIRECT_URI).discover().await.expect("a client");
    assert!(client.issuer().ends_with("/acme"));
    login(&client).await.expect("a session");
    let root = public(&idp).discover().await.expect("a client");
    let Started { url, pending } = client.login().begin().await.expect("a login");
    let Err(FinishError::Rejected(rejected)) = root.finish(pending, authorize(url).await).await else {
        panic!("a rejection")
    };
    assert_eq!(rejected.reason, RejectReason::OtherClient);
}

#[tokio::test]
async fn complaint_25_a_server_without_a_socket_is_a_transport() {
    let idp = Idp::new(MockIdp::builder());
    let client = idp.client("public").discover().await.expect("a client");
    let session = idp.login(&client, &["openid"]).await;
    assert_eq!(session.claims().expect("claims").subject(), "alice");
    idp.assert_strict();
}

#[tokio::test]
async fn a_server_without_rfc_9207_is_served() {
    let idp = MockIdp::builder().without("RFC 9207").start().await.expect("a server");
    let client = public(&idp).discover().await.expect("a client");
    assert!(!client.metadata().authorization_response_iss_parameter_supported);
    login(&client).await.expect("a session");
}

#[tokio::test]
async fn a_misbehaving_authorization_endpoint_is_noticed() {
    let idp = MockIdp::start().await;
    let client = public(&idp).discover().await.expect("a client");
    let cases = [
        (Edit::set("state", "other"), RejectReason::StateMismatch),
        (Edit::remove("state"), RejectReason::StateMissing),
        (Edit::set("iss", "https://evil.example"), RejectReason::IssuerMismatch),
        (Edit::remove("iss"), RejectReason::IssuerMissing),
        (Edit::remove("code"), RejectReason::CodeMissing),
    ];
    for (edit, reason) in cases {
        let mounted = idp.mount(Fault::always(Point::AuthorizationResponse, edit));
        let Err(FinishError::Rejected(rejected)) = login(&client).await else { panic!("a rejection") };
        assert_eq!(rejected.reason, reason);
        drop(mounted);
    }
    assert!(idp.journal().iter().all(|entry| entry.path != "/token"));
}

#[tokio::test]
async fn a_misbehaving_token_endpoint_is_noticed() {
    assert_eq!(defect(Edit::set("token_type", "mac")).await, Defect::TokenType(TokenType::Bearer));
    assert_eq!(defect(Edit::set("access_token", "a\nb")).await, Defect::Member("access_token"));
    assert_eq!(defect(Edit::remove("access_token")).await, Defect::Missing("access_token"));
    assert_eq!(defect(Edit::Status { code: 500 }).await, Defect::Status(500));
    let redirect = Edit::Redirect { code: 307, location: "http://127.0.0.1:9/steal".into() };
    assert_eq!(defect(redirect).await, Defect::Redirect(307));
}

#[tokio::test]
async fn misbehaving_signatures_are_noticed() {
    let sign = async |with| id_token_error(Edit::Sign { with }).await;
    assert_eq!(sign(Signature::AlgNone).await, JwtError::NotCompact);
    assert_eq!(sign(Signature::Hs256PublicKey).await, JwtError::Algorithm);
    assert_eq!(sign(Signature::Stripped).await, JwtError::NotCompact);
    assert_eq!(sign(Signature::UnpublishedKey).await, JwtError::Signature);
    let header = async |name: &str, value: &str| {
        id_token_error(Edit::JoseHeader { name: name.into(), value: value.into() }).await
    };
    assert_eq!(header("typ", "at+jwt").await, JwtError::Type);
    assert_eq!(header("jku", "http://127.0.0.1:9/keys").await, JwtError::EmbeddedKey("jku"));
    assert_eq!(header("kid", "other").await, JwtError::UnknownKey);
}

#[tokio::test]
async fn misbehaving_claims_are_noticed() {
    assert_eq!(id_token_error(Edit::set("iss", "https://evil.example")).await, JwtError::Issuer);
    assert_eq!(id_token_error(Edit::set("aud", "other")).await, JwtError::Audience);
    assert_eq!(id_token_error(Edit::set("nonce", "other")).await, JwtError::Nonce);
    assert_eq!(id_token_error(Edit::remove("nonce")).await, JwtError::Missing("nonce"));
    assert_eq!(id_token_error(Edit::set("exp", "never")).await, JwtError::Malformed("exp"));
    assert_eq!(id_token_error(Edit::set("at_hash", "AAAAAAAAAAAAAAAAAAAAAA")).await, JwtError::AccessTokenHash);
}

#[tokio::test]
async fn misbehaving_metadata_are_noticed() {
    let idp = MockIdp::start().await;
    let discovered = async |edit| {
        let _mounted = idp.mount(Fault::always(Point::Discovery, edit));
        public(&idp).discover().await.expect_err("a refusal")
    };
    let error = discovered(Edit::set("issuer", format!("{}/", idp.issuer()))).await;
    assert!(matches!(error, Error::Discovery(DiscoveryError::Issuer(IssuerDifference::TrailingSlash))), "{error:?}");
    let error = discovered(Edit::remove("code_challenge_methods_supported")).await;
    assert!(matches!(error, Error::Discovery(DiscoveryError::PkceNotAdvertised)), "{error:?}");
    let error = discovered(Edit::Redirect { code: 302, location: "http://127.0.0.1:9/".into() }).await;
    assert!(matches!(error, Error::Protocol { defect: Defect::Redirect(302), .. }), "{error:?}");
}

#[tokio::test]
async fn userinfo_about_another_subject_is_noticed() {
    let idp = MockIdp::start().await;
    let client = public(&idp).discover().await.expect("a client");
    let session = login(&client).await.expect("a session");
    let mounted = idp.mount(Fault::always(Point::Userinfo, Edit::set("sub", "mallory")));
    assert!(matches!(session.userinfo().await, Err(Error::SubjectMismatch)));
    drop(mounted);
    session.userinfo().await.expect("userinfo");
}

#[tokio::test]
async fn a_stolen_code_is_worth_nothing_to_another_login() {
    let idp = MockIdp::start().await;
    let client = public(&idp).discover().await.expect("a client");
    let Started { url, .. } = client.login().scopes(["openid"]).begin().await.expect("the victim's login");
    let stolen = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().expect("a browser");
    let location =
        stolen.get(url).send().await.expect("an answer").headers()["location"].to_str().expect("a URL").to_owned();
    let location = Url::parse(&location).expect("a URL");
    let (_, code) = location.query_pairs().find(|(name, _)| name == "code").expect("a code");
    let Started { url, pending } = client.login().scopes(["openid"]).begin().await.expect("the attacker's login");
    let (_, state) = url.query_pairs().find(|(name, _)| name == "state").expect("a state");
    let injected = oauth_types::Params::new().with("code", code).with("state", state).with("iss", idp.issuer());
    let injected = Callback::from_query(&injected.encode()).expect("parameters");
    let Err(FinishError::Failed(Error::OAuth { error, .. })) = client.finish(pending, injected).await else {
        panic!("a refusal")
    };
    assert_eq!(error.code(), "invalid_grant");
}
