//! Whose tokens are taken: one issuer exactly, or the tenants that are named.

use jsonwebtoken::Algorithm as Jws;
use mock_idp::MockIdp;
use oauth_types::fault::{Edit, Fault, Point};
use pkce_client::{
    BoxFuture, Client, ClientBuilder, ConfigError, DiscoveryError, Error, FinishError, HttpClient, HttpRequest,
    IssuerDifference, IssuerPolicy, JwtError, Session, TransportError,
};
use serde_json::{Value, json};

use crate::idp::{self, Idp};
use crate::stage::{CLIENT_ID, REDIRECT_URI, RS256, Stage, callback, jwk, rsa};

const OURS: &str = "c7c2f0f2-5c5a-4b0e-8a1b-2d6a3f1e9b10";
const THEIRS: &str = "9188040d-6c67-4c5b-b112-36a304b66dad";
const SHARED: &str = "https://issuer.example/common/v2.0";

fn of(tenant: &str) -> String {
    format!("https://issuer.example/{tenant}/v2.0")
}

fn ours() -> IssuerPolicy {
    IssuerPolicy::entra_multi_tenant([OURS.to_uppercase()])
}

/// A server of many tenants, whose token is of one of them.
fn stage(tenant: &str) -> Stage {
    let stage = Stage::new();
    stage.with(|script| {
        script.metadata["issuer"] = json!(of("{tenantid}"));
        script.metadata["authorization_response_iss_parameter_supported"] = json!(false);
        script.claims["iss"] = json!(of(tenant));
        script.claims["tid"] = json!(tenant);
    });
    stage
}

fn builder(stage: &Stage, issuer: &str, policy: IssuerPolicy) -> ClientBuilder {
    let builder = Client::builder(issuer, CLIENT_ID).redirect_uri(REDIRECT_URI).issuer_policy(policy);
    builder.http(stage.clone()).clock(stage.clock.clone())
}

async fn login(stage: &Stage, policy: IssuerPolicy) -> Result<Session, JwtError> {
    let client = stage.client_of(builder(stage, SHARED, policy));
    let started = stage.begin(&client).await;
    let callback = callback(&started, &[("iss", "")]);
    match client.finish(started.pending, callback).await {
        Ok(session) => Ok(session),
        Err(FinishError::Failed(Error::IdToken(error))) => Err(error),
        Err(other) => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn complaint_08_users_of_the_named_tenants_are_let_in() {
    let session = login(&stage(OURS), ours()).await.expect("a session");
    let claims = session.claims().expect("claims");
    assert_eq!((claims.issuer(), claims.subject()), (of(OURS).as_str(), "alice"));
    assert_eq!(login(&stage(THEIRS), ours()).await.err(), Some(JwtError::Tenant));
    let both = IssuerPolicy::entra_multi_tenant([OURS, THEIRS]);
    login(&stage(THEIRS), both).await.expect("a session");
    login(&stage(THEIRS), IssuerPolicy::entra_anybody_from_any_tenant()).await.expect("a session");
}

#[tokio::test]
async fn the_issuer_is_that_of_the_tenant() {
    for policy in [ours(), IssuerPolicy::entra_anybody_from_any_tenant()] {
        let error = async |name: &str, value: Value| {
            let stage = stage(OURS);
            stage.claim(name, value);
            login(&stage, policy.clone()).await.expect_err("a refusal")
        };
        for issuer in [of(THEIRS), of("{tenantid}"), of("common"), "https://evil.example".to_owned()] {
            let found = error("iss", json!(issuer)).await;
            assert!(matches!(found, JwtError::Issuer | JwtError::IssuerNearly(_)), "{issuer}: {found:?}");
        }
        let nearly = JwtError::IssuerNearly(IssuerDifference::TrailingSlash);
        assert_eq!(error("iss", json!(format!("{}/", of(OURS)))).await, nearly);
        assert_eq!(error("iss", Value::Null).await, JwtError::Missing("iss"));
        assert_eq!(error("tid", Value::Null).await, JwtError::Missing("tid"));
        for tenant in ["", "common", "contoso.example", "{tenantid}", &OURS.to_uppercase(), "../x"] {
            assert_eq!(error("tid", json!(tenant)).await, JwtError::Malformed("tid"), "{tenant}");
        }
        assert_eq!(error("tid", json!([OURS])).await, JwtError::Malformed("tid"));
    }
    let stage = stage(OURS);
    stage.claim("tid", json!(THEIRS));
    assert_eq!(login(&stage, ours()).await.err(), Some(JwtError::Tenant));
    let found = login(&stage, IssuerPolicy::entra_anybody_from_any_tenant()).await.err();
    assert_eq!(found, Some(JwtError::Issuer));
}

#[tokio::test]
async fn a_key_of_one_tenant_signs_for_no_other() {
    let signed_with = async |issuer: Value| {
        let stage = stage(OURS);
        stage.with(|script| {
            let mut key = jwk(&rsa(RS256), Jws::RS256, "one");
            key["issuer"] = issuer;
            script.jwks = json!({"keys": [key]});
        });
        login(&stage, ours()).await.map(drop)
    };
    assert_eq!(signed_with(json!(of("{tenantid}"))).await, Ok(()));
    assert_eq!(signed_with(json!(of(OURS))).await, Ok(()));
    assert_eq!(signed_with(json!(of(THEIRS))).await, Err(JwtError::TenantKey));
    assert_eq!(signed_with(json!("")).await, Err(JwtError::TenantKey));
    assert_eq!(signed_with(json!(7)).await, Err(JwtError::UnknownKey));
    // A client of one issuer does not ask for whom keys are.
    let stage = Stage::new();
    stage.with(|script| script.jwks["keys"][0]["issuer"] = json!("https://another.example"));
    stage.login(&stage.client()).await.expect("a session");
}

#[tokio::test]
async fn a_refreshed_token_is_of_the_same_tenant() {
    let stage = stage(OURS);
    let session = login(&stage, IssuerPolicy::entra_anybody_from_any_tenant()).await.expect("a session");
    session.refresh().await.expect("the same tenant");
    stage.claim("iss", json!(of(THEIRS)));
    stage.claim("tid", json!(THEIRS));
    let error = session.refresh().await.expect_err("another tenant");
    assert!(matches!(error, Error::IdToken(JwtError::Changed("iss"))), "{error:?}");
}

#[tokio::test]
async fn metadata_are_the_ones_of_all_tenants() {
    let discovered = async |issuer: &str, policy: IssuerPolicy| {
        let stage = stage(OURS);
        stage.with(|script| script.metadata["issuer"] = json!(issuer));
        builder(&stage, SHARED, policy).discover().await.map(drop)
    };
    discovered(&of("{tenantid}"), ours()).await.expect("a client");
    for issuer in [SHARED, &of(OURS), &of("{tenant}"), "https://evil.example/{tenantid}/v2.0"] {
        let error = discovered(issuer, ours()).await.expect_err("a refusal");
        let other = DiscoveryError::Issuer(IssuerDifference::Other);
        assert!(matches!(error, Error::Discovery(error) if error == other), "{issuer}");
    }
    let error = discovered(&of("{tenantid}"), IssuerPolicy::exact()).await.expect_err("a refusal");
    assert!(error.to_string().contains("entra_multi_tenant"), "{error}");
    discovered(SHARED, IssuerPolicy::exact()).await.expect("a client");
}

#[tokio::test]
async fn a_policy_fits_its_client() {
    let made = async |issuer: &str, policy: IssuerPolicy| match builder(&stage(OURS), issuer, policy).discover().await
    {
        Ok(_) => None,
        Err(Error::Config(error)) => Some(error),
        Err(other) => panic!("{other:?}"),
    };
    assert_eq!(made(SHARED, ours()).await, None);
    assert_eq!(made("https://issuer.example/organizations/v2.0", ours()).await, None);
    for issuer in [&of(OURS), &of("consumers"), "https://issuer.example", "https://issuer.example/common"] {
        assert_eq!(made(issuer, ours()).await, Some(ConfigError::TenantIssuer), "{issuer}");
    }
    assert_eq!(made(SHARED, IssuerPolicy::entra_multi_tenant::<String>([])).await, Some(ConfigError::NoTenant));
    for tenant in ["contoso.example", "", "*", "common"] {
        let refused = made(SHARED, IssuerPolicy::entra_multi_tenant([OURS, tenant])).await;
        assert_eq!(refused, Some(ConfigError::Tenant(tenant.to_owned())));
    }
}

/// Has the server's document at the address of all tenants.
struct Shared(Idp);

impl HttpClient for Shared {
    fn send(&self, mut request: HttpRequest) -> BoxFuture<'_, Result<http::Response<Vec<u8>>, TransportError>> {
        let uri = request.request.uri().to_string().replace("/common/v2.0/", "/");
        *request.request.uri_mut() = uri.parse().expect("an address");
        self.0.send(request)
    }
}

#[tokio::test]
async fn the_mock_server_may_speak_like_that() {
    let idp = Idp::new(MockIdp::builder().without("RFC 9207"));
    let template = "https://idp.example/{tenantid}/v2.0";
    let _document = idp.mock().mount(Fault::always(Point::Discovery, Edit::set("issuer", template)));
    let say = |tenant: &str| {
        let issuer = template.replace("{tenantid}", tenant);
        [("iss", issuer.as_str()), ("tid", tenant)]
            .map(|(name, value)| idp.mock().mount(Fault::always(Point::IdToken, Edit::set(name, value))))
    };
    let login = async || {
        let builder = Client::builder("https://idp.example/common/v2.0", "public").redirect_uri(idp::REDIRECT_URI);
        let builder = builder.http(Shared(idp.clone())).clock(idp.clone()).issuer_policy(ours());
        let client = builder.discover().await.expect("a client");
        let started = client.login().scopes(["openid"]).begin().await.expect("a login");
        let callback = idp.callback(&started.url).await;
        client.finish(started.pending, callback).await
    };
    let said = say(OURS);
    let session = login().await.expect("a session");
    assert_eq!(session.claims().expect("claims").issuer(), of(OURS).replace("issuer.example", "idp.example"));
    drop(said);
    let _said = say(THEIRS);
    let Err(FinishError::Failed(Error::IdToken(error))) = login().await else { panic!("a refusal") };
    assert_eq!(error, JwtError::Tenant);
}
