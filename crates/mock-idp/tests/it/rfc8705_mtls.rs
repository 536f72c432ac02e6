//! RFC 8705: clients that authenticate with a certificate, and tokens that are bound to one.

use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::request::Builder as Asking;
use http::{Method, Request};
use mock_idp::tls::{Certificate, Credential, Subject, Tls};
use mock_idp::{Builder, Client, MockIdp};
use oauth_types::Params;
use serde_json::{Value, json};

use crate::browser::{Answer, Browser, asking, basic, decode, redeeming, refreshing, with};
use crate::refusals::assert_refused;
use crate::signer::{Signer, encoded, posting};
use crate::tls::{ca, client as https};

const BOUND: &str = "tls_client_certificate_bound_access_tokens";

/// A server that speaks TLS, with a client `web`.
struct Stage {
    idp: MockIdp,
}

impl Stage {
    fn new(client: Client, build: impl FnOnce(Builder) -> Builder) -> Self {
        let builder = MockIdp::builder().tls(Tls::generated()).client(client.any_loopback_redirect());
        Self { idp: build(builder).in_process().expect("a server") }
    }

    fn of(client: Client) -> Self {
        Self::new(client, |builder| builder)
    }

    fn issued(&self, subject: &Subject) -> Credential {
        self.idp.client_certificate(subject).expect("a certificate")
    }

    async fn code(&self) -> String {
        Browser::new(&self.idp).code(&with(asking(), "client_id", "web")).await
    }

    async fn send(&self, (request, body): (Asking, Bytes), shown: Option<&Credential>) -> Answer {
        let mut request = request.body(body).expect("a request");
        if let Some(shown) = shown {
            request.extensions_mut().insert(shown.presented());
        }
        Browser::new(&self.idp).send(request).await
    }

    async fn token(&self, params: &Params, shown: Option<&Credential>) -> Answer {
        self.send(posting("/token", params), shown).await
    }

    /// A token request that would get no further than to the authentication of the client.
    async fn tried(&self, shown: Option<&Credential>) -> Answer {
        self.token(&mine(redeeming("no-such-code")), shown).await
    }

    /// Tokens of a whole flow.
    async fn tokens(&self, shown: Option<&Credential>) -> Value {
        let code = self.code().await;
        self.token(&mine(redeeming(&code)), shown).await.tokens()
    }

    async fn userinfo(&self, token: &Value, shown: Option<&Credential>) -> Answer {
        let token = token.as_str().expect("a token");
        let request = Request::get("/userinfo").header(AUTHORIZATION, format!("Bearer {token}"));
        self.send((request, Bytes::new()), shown).await
    }

    fn refused(&self, answer: &Answer, rule: &str, hint: &str) {
        assert_refused(&self.idp, answer, rule, hint);
    }
}

/// The same request by the client `web`.
fn mine(params: Params) -> Params {
    with(params, "client_id", "web")
}

/// Whether the client of a request was authenticated.
fn passed(answer: &Answer) -> bool {
    answer.json()["error"] == "invalid_grant"
}

fn subject() -> Subject {
    let subject = Subject::named("web").organization("Example").dns("web.example").uri("urn:example:web");
    subject.ip([192, 0, 2, 7].into()).email("Web@web.example")
}

/// A client that is registered with these names of its certificate.
fn named(names: &[(&str, &str)]) -> Client {
    let client = Client::public("web").token_endpoint_auth_method("tls_client_auth");
    names.iter().fold(client, |client, (name, value)| client.metadata(*name, *value))
}

/// A client that is registered with its own certificate.
fn self_signed(own: &Credential) -> Client {
    let client = Client::public("web").token_endpoint_auth_method("self_signed_tls_client_auth");
    client.metadata("jwks", listing(own))
}

/// A set of one key, that of the certificate, with the certificate.
fn listing(own: &Credential) -> Value {
    let read = Certificate::parse(own.presented().leaf_der()).expect("a certificate");
    // The key is one of P-256: its point is what the structure ends with.
    let point = read.public_key().iter().rev().take(64).rev().copied().collect::<Vec<u8>>();
    let mut jwk = json!({"kty": "EC", "crv": "P-256", "x": encoded(&point[..32]), "y": encoded(&point[32..])});
    jwk["x5c"] = json!([BASE64_STANDARD.encode(own.presented().leaf_der())]);
    json!({"keys": [jwk]})
}

/// A public client whose tokens are bound to its certificate.
fn bound() -> Client {
    Client::public("web").metadata(BOUND, true)
}

#[tokio::test]
async fn a_client_authenticates_with_an_issued_certificate() {
    for (name, right, wrong) in [
        ("tls_client_auth_subject_dn", "CN=web,O=Example", "CN=web"),
        ("tls_client_auth_subject_dn", "cn=WEB,o=example", "O=Example,CN=web"),
        ("tls_client_auth_san_dns", "web.example", "example"),
        ("tls_client_auth_san_dns", "WEB.example", "*.example"),
        ("tls_client_auth_san_uri", "urn:example:web", "urn:example:WEB"),
        ("tls_client_auth_san_ip", "192.0.2.7", "192.0.2.70"),
        ("tls_client_auth_san_email", "Web@WEB.example", "web@web.example"),
    ] {
        let stage = Stage::of(named(&[(name, right)]));
        let shown = stage.issued(&subject());
        assert_eq!(decode(&stage.tokens(Some(&shown)).await["access_token"]).1["client_id"], "web", "{name} {right}");
        let stage = Stage::of(named(&[(name, wrong)]));
        let answer = stage.tried(Some(&stage.issued(&subject()))).await;
        assert_eq!((answer.status, &answer.json()["error"]), (401, &json!("invalid_client")), "{name} {wrong}");
        stage.refused(&answer, "rfc8705-certificate-of-another", &format!("{name} {wrong}"));
    }
}

#[tokio::test]
async fn a_certificate_that_nobody_trusted_issued_is_refused() {
    let stage = Stage::of(named(&[("tls_client_auth_san_dns", "web.example")]));
    let own = subject().self_signed().expect("a certificate");
    let elsewhere = Stage::of(Client::public("web")).issued(&subject());
    let now = mock_idp::clock::Clock::now(stage.idp.clock());
    let old = stage.issued(&subject().valid(0, now - 1));
    let early = stage.issued(&subject().valid(now + 3600, now + 7200));
    for shown in [own, elsewhere, old, early] {
        let answer = stage.tried(Some(&shown)).await;
        assert_eq!(answer.status, 401);
        stage.refused(&answer, "rfc8705-certificate-untrusted", "expired, or nobody");
    }
    let brief = stage.issued(&subject().valid(0, now + 60));
    assert!(passed(&stage.tried(Some(&brief)).await));
    stage.idp.clock().advance(Duration::from_secs(120));
    stage.refused(&stage.tried(Some(&brief)).await, "rfc8705-certificate-untrusted", "");
}

#[tokio::test]
async fn a_client_is_registered_with_one_name() {
    let both = [("tls_client_auth_san_dns", "web.example"), ("tls_client_auth_san_uri", "urn:example:web")];
    for (names, hint) in [
        (&[][..], "none of tls_client_auth_subject_dn"),
        (&both[..], "more than one"),
        (&[("tls_client_auth_subject_dn", "web")], "RFC 4514"),
        (&[("tls_client_auth_san_ip", "web.example")], "no IP address"),
    ] {
        let stage = Stage::of(named(names));
        let answer = stage.tried(Some(&stage.issued(&subject()))).await;
        assert_eq!(answer.status, 401);
        stage.refused(&answer, "rfc8705-certificate-unnamed", hint);
    }
}

#[tokio::test]
async fn a_client_authenticates_with_a_certificate_of_its_own() {
    let own = subject().self_signed().expect("a certificate");
    let stage = Stage::of(self_signed(&own));
    assert_eq!(decode(&stage.tokens(Some(&own)).await["access_token"]).1["client_id"], "web");
    // It is the certificate that counts, not what it says.
    for other in [subject().self_signed().expect("a certificate"), stage.issued(&subject())] {
        let answer = stage.tried(Some(&other)).await;
        assert_eq!(answer.status, 401);
        stage.refused(&answer, "rfc8705-certificate-unregistered", "x5c");
    }
    let mut mixed = listing(&own);
    let other = Signer::new().jwk();
    for member in ["x", "y"] {
        mixed["keys"][0][member] = other[member].clone();
    }
    let stage = Stage::of(
        Client::public("web").token_endpoint_auth_method("self_signed_tls_client_auth").metadata("jwks", mixed),
    );
    stage.refused(&stage.tried(Some(&own)).await, "rfc8705-certificate-unregistered", "not its own");
    let keyless = Client::public("web").token_endpoint_auth_method("self_signed_tls_client_auth");
    let stage = Stage::of(keyless);
    stage.refused(&stage.tried(Some(&own)).await, "rfc8705-certificate-unregistered", "neither jwks nor jwks_uri");
}

#[tokio::test]
async fn a_certificate_is_shown_in_the_handshake_alone() {
    let own = subject().self_signed().expect("a certificate");
    let named = named(&[("tls_client_auth_san_dns", "web.example")]);
    for stage in [Stage::of(named), Stage::of(self_signed(&own))] {
        let issued = stage.issued(&subject());
        let spoofed = [&own, &issued].map(|shown| shown.certificate_pem.replace('\n', "%0A"));
        for pem in spoofed {
            let (mut request, body) = posting("/token", &mine(redeeming("x")));
            for name in ["x-ssl-client-cert", "x-forwarded-client-cert", "ssl_client_cert", "client-cert"] {
                request = request.header(name, &pem);
            }
            let answer = stage.send((request, body), None).await;
            assert_eq!(answer.status, 401);
            stage.refused(&answer, "rfc8705-certificate-missing", "proves nothing");
        }
    }
}

#[tokio::test]
async fn no_weaker_method_takes_the_place_of_a_certificate() {
    let client = Client::confidential("web", "secret").token_endpoint_auth_method("tls_client_auth");
    let stage = Stage::of(client.metadata("tls_client_auth_san_dns", "web.example"));
    let shown = stage.issued(&subject());
    let secret = mine(redeeming("x")).with("client_secret", "secret");
    for shown in [None, Some(&shown)] {
        let answer = stage.token(&secret, shown).await;
        stage.refused(&answer, "rfc7591-other-authentication-method", "registered for tls_client_auth");
    }
    let (request, body) = posting("/token", &redeeming("x"));
    let request = request.header(AUTHORIZATION, basic("web", "secret"));
    let mut bare = Params::parse(std::str::from_utf8(&body).expect("text")).expect("a form");
    bare.remove("client_id");
    let answer = stage.send((request, bare.encode().into()), Some(&shown)).await;
    stage.refused(&answer, "rfc7591-other-authentication-method", "");
    assert!(passed(&stage.tried(Some(&shown)).await));

    // A certificate is no credential of a client that is registered for something else.
    let other = Stage::of(Client::confidential("web", "secret"));
    let answer = other.tried(Some(&other.issued(&subject()))).await;
    other.refused(&answer, "rfc6749-secret-missing", "");
}

#[tokio::test]
async fn a_certificate_does_not_replace_pkce() {
    let stage = Stage::of(named(&[("tls_client_auth_san_dns", "web.example")]));
    let shown = stage.issued(&subject());
    let code = stage.code().await;
    let mut bare = mine(redeeming(&code));
    bare.remove("code_verifier");
    let answer = stage.token(&bare, Some(&shown)).await;
    stage.refused(&answer, "rfc7636-verifier-missing", "");
}

#[tokio::test]
async fn tokens_are_bound_to_the_certificate() {
    let stage = Stage::of(bound());
    let own = subject().self_signed().expect("a certificate");
    let thief = subject().self_signed().expect("a certificate");
    let tokens = stage.tokens(Some(&own)).await;
    let token = &tokens["access_token"];
    assert_eq!(tokens["token_type"], "Bearer");
    assert_eq!(decode(token).1["cnf"], json!({"x5t#S256": own.presented().x5t_s256()}));
    assert_eq!(stage.userinfo(token, Some(&own)).await.status, 200);
    for (shown, rule) in
        [(None, "rfc8705-access-token-without-certificate"), (Some(&thief), "rfc8705-access-token-other-certificate")]
    {
        let answer = stage.userinfo(token, shown).await;
        assert_eq!((answer.status, &answer.json()["error"]), (401, &json!("invalid_token")));
        stage.refused(&answer, rule, "");
    }
}

#[tokio::test]
async fn a_stolen_refresh_token_of_a_public_client_is_worth_nothing() {
    let stage = Stage::of(bound());
    let own = subject().self_signed().expect("a certificate");
    let thief = subject().self_signed().expect("a certificate");
    let mut tokens = stage.tokens(Some(&own)).await;
    for _ in 0..2 {
        let good = mine(refreshing(&tokens["refresh_token"]));
        let answer = stage.token(&good, None).await;
        stage.refused(&answer, "rfc8705-refresh-token-without-certificate", "");
        let answer = stage.token(&good, Some(&thief)).await;
        stage.refused(&answer, "rfc8705-refresh-token-other-certificate", "");
        tokens = stage.token(&good, Some(&own)).await.tokens();
        assert_eq!(decode(&tokens["access_token"]).1["cnf"]["x5t#S256"], own.presented().x5t_s256());
    }
}

#[tokio::test]
async fn a_confidential_client_may_have_a_new_certificate() {
    let client = named(&[("tls_client_auth_san_dns", "web.example")]).metadata(BOUND, true);
    let stage = Stage::of(client);
    let tokens = stage.tokens(Some(&stage.issued(&subject()))).await;
    let renewed = stage.issued(&subject());
    let tokens = stage.token(&mine(refreshing(&tokens["refresh_token"])), Some(&renewed)).await.tokens();
    assert_eq!(decode(&tokens["access_token"]).1["cnf"]["x5t#S256"], renewed.presented().x5t_s256());
}

#[tokio::test]
async fn introspection_says_what_a_token_is_bound_to() {
    let stage = Stage::of(named(&[("tls_client_auth_san_dns", "web.example")]).metadata(BOUND, true));
    let shown = stage.issued(&subject());
    let tokens = stage.tokens(Some(&shown)).await;
    let token = tokens["access_token"].as_str().expect("a token");
    let asked = Params::new().with("client_id", "web").with("token", token);
    let told = stage.send(posting("/introspect", &asked), Some(&shown)).await.json();
    assert_eq!((&told["active"], &told["token_type"]), (&json!(true), &json!("Bearer")));
    assert_eq!(told["cnf"], json!({"x5t#S256": shown.presented().x5t_s256()}));
    let answer = stage.send(posting("/introspect", &asked), None).await;
    stage.refused(&answer, "rfc8705-certificate-missing", "");
}

#[tokio::test]
async fn a_client_that_wants_bound_tokens_gets_no_others() {
    let stage = Stage::of(bound());
    let code = stage.code().await;
    let answer = stage.token(&mine(redeeming(&code)), None).await;
    stage.refused(&answer, "rfc8705-token-request-without-certificate", BOUND);
    let own = subject().self_signed().expect("a certificate");
    assert_eq!(stage.token(&mine(redeeming(&code)), Some(&own)).await.status, 200, "the owner lost the code");
}

#[tokio::test]
async fn tokens_are_bound_to_a_certificate_if_that_is_asked_for() {
    let stage = Stage::of(named(&[("tls_client_auth_san_dns", "web.example")]));
    let tokens = stage.tokens(Some(&stage.issued(&subject()))).await;
    assert_eq!(decode(&tokens["access_token"]).1.get("cnf"), None);
    assert_eq!(stage.userinfo(&tokens["access_token"], None).await.status, 200);
}

/// A token request with a proof.
fn proven(stage: &Stage, key: &Signer, params: &Params) -> (Asking, Bytes) {
    let (request, body) = posting("/token", params);
    (request.header("dpop", key.sign(&key.proof(&stage.idp, &Method::POST, "/token"))), body)
}

#[tokio::test]
async fn a_token_is_bound_to_one_key() {
    let (own, key) = (subject().self_signed().expect("a certificate"), Signer::new());
    // A certificate for the client, a proof for its tokens.
    let stage = Stage::of(self_signed(&own));
    let code = stage.code().await;
    let tokens = stage.send(proven(&stage, &key, &mine(redeeming(&code))), Some(&own)).await.tokens();
    assert_eq!(
        (&tokens["token_type"], &decode(&tokens["access_token"]).1["cnf"]),
        (&json!("DPoP"), &json!({"jkt": key.jkt()}))
    );
    // Both for its tokens.
    let stage = Stage::of(bound());
    let code = stage.code().await;
    let answer = stage.send(proven(&stage, &key, &mine(redeeming(&code))), Some(&own)).await;
    assert_eq!(answer.status, 400);
    stage.refused(&answer, "rfc8705-two-keys", "DPoP proof");
    assert_eq!(stage.token(&mine(redeeming(&code)), Some(&own)).await.status, 200, "the owner lost the code");
}

#[tokio::test]
async fn a_server_may_issue_bound_tokens_alone() {
    let (own, key) = (subject().self_signed().expect("a certificate"), Signer::new());
    let stage = Stage::new(Client::public("web"), |builder| builder.on("require-sender-constrained"));
    let code = stage.code().await;
    let answer = stage.token(&mine(redeeming(&code)), None).await;
    stage.refused(&answer, "rfc8705-token-unconstrained", "neither");
    let tokens = stage.token(&mine(redeeming(&code)), Some(&own)).await.tokens();
    assert_eq!(decode(&tokens["access_token"]).1["cnf"], json!({"x5t#S256": own.presented().x5t_s256()}));
    for shown in [None, Some(&own)] {
        let code = stage.code().await;
        let tokens = stage.send(proven(&stage, &key, &mine(redeeming(&code))), shown).await.tokens();
        assert_eq!(decode(&tokens["access_token"]).1["cnf"], json!({"jkt": key.jkt()}));
    }
}

#[tokio::test]
async fn metadata_offers_what_a_connection_can_carry() {
    let methods = |metadata: &Value| metadata["token_endpoint_auth_methods_supported"].to_string();
    let secure = Stage::of(Client::public("web"));
    let metadata = Browser::new(&secure.idp).fetch("/.well-known/oauth-authorization-server").await.json();
    assert_eq!(metadata[BOUND], true);
    assert!(methods(&metadata).contains("\"tls_client_auth\",\"self_signed_tls_client_auth\""));
    assert_eq!(metadata.get("mtls_endpoint_aliases"), None);
    let plain = MockIdp::builder().in_process().expect("a server");
    let metadata = Browser::new(&plain).fetch("/.well-known/oauth-authorization-server").await.json();
    assert_eq!(metadata.get(BOUND), None);
    assert!(!methods(&metadata).contains("tls_client_auth"));
}

#[tokio::test]
async fn no_refusal_shows_a_code_or_a_token() {
    let stage = Stage::of(bound());
    let own = subject().self_signed().expect("a certificate");
    let tokens = stage.tokens(Some(&own)).await;
    let code = stage.code().await;
    let (access, refresh) = (tokens["access_token"].as_str(), tokens["refresh_token"].as_str());
    let (access, refresh) = (access.expect("a token"), refresh.expect("a token"));
    for answer in [
        stage.token(&mine(redeeming(&code)), None).await,
        stage.token(&mine(refreshing(&tokens["refresh_token"])), None).await,
        stage.userinfo(&tokens["access_token"], None).await,
    ] {
        let entry = stage.idp.journal();
        let shown = format!("{} {:?} {entry:?}", answer.body, answer.response.headers());
        for secret in [code.as_str(), access, refresh] {
            assert!(!shown.contains(secret), "{secret} is in {shown}");
        }
    }
}

#[tokio::test]
async fn certificates_come_over_real_connections() {
    let own = subject().self_signed().expect("a certificate");
    let issued = named(&[("tls_client_auth_san_dns", "web.example")]).metadata(BOUND, true).any_loopback_redirect();
    let idp = MockIdp::builder().tls(Tls::generated()).client(issued).start().await.expect("a server");
    let right = idp.client_certificate(&subject()).expect("a certificate");
    let code = Browser::new(&idp).code(&with(asking(), "client_id", "web")).await;
    let redeem = async |shown: Option<&Credential>| {
        let request = https(ca(&idp), shown).post(format!("{}/token", idp.issuer()));
        let request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        let answer = request.body(mine(redeeming(&code)).encode()).send().await.expect("an answer");
        (answer.status().as_u16(), answer.json::<Value>().await.expect("JSON"))
    };
    assert_eq!(redeem(None).await.0, 401);
    assert_eq!(redeem(Some(&own)).await.0, 401);
    let (status, tokens) = redeem(Some(&right)).await;
    assert_eq!(status, 200, "{tokens}");
    let token = tokens["access_token"].as_str().expect("a token");
    assert_eq!(decode(&tokens["access_token"]).1["cnf"]["x5t#S256"], right.presented().x5t_s256());
    for (shown, expected) in [(None, 401), (Some(&own), 401), (Some(&right), 200)] {
        let request = https(ca(&idp), shown).get(format!("{}/userinfo", idp.issuer())).bearer_auth(token);
        assert_eq!(request.send().await.expect("an answer").status().as_u16(), expected);
    }
}
