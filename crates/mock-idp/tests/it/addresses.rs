//! Where a server is reached, and what it is called: from a browser, from a container, behind a proxy.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, COOKIE, HOST, SET_COOKIE};
use http::{Method, Request};
use mock_idp::{Builder, Client, MockIdp, StartError};
use oauth_types::Params;
use serde_json::{Value, json};

use crate::browser::{Answer, Browser, REDIRECT_URI, asking, decode, redeeming, with};
use crate::refusals::assert_refused;
use crate::signer::{Signer, proven};
use crate::wire::{FORM, Login, Wire};

const FRONT: &str = "http://localhost:8080";
const BACK: &str = "http://idp:8080";

/// Somebody to whom every name is the server's: as the port is published to a browser, and as the network of containers
/// knows it.
fn somebody(server: std::net::SocketAddr) -> reqwest::Client {
    let proxy = reqwest::Proxy::http(format!("http://{server}")).expect("an address");
    let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).proxy(proxy);
    http.build().expect("a client")
}

async fn document(http: &reqwest::Client, base: &str) -> Value {
    let answer = http.get(format!("{base}/.well-known/openid-configuration")).send().await.expect("an answer");
    answer.json().await.expect("metadata")
}

fn text<'a>(members: &'a Value, name: &str) -> &'a str {
    members[name].as_str().unwrap_or_else(|| panic!("no {name}: {members}"))
}

fn claims(token: &Value) -> Value {
    decode(token).1
}

/// A login: the browser visits the front channel, the container calls the back channel.
async fn flow(http: &reqwest::Client, metadata: &Value) -> (Params, Value) {
    let login = Login::new();
    let url = format!("{}?{}", text(metadata, "authorization_endpoint"), login.request().encode());
    let answer = http.get(url).send().await.expect("an answer");
    let location = answer.headers()["location"].to_str().expect("ASCII").to_owned();
    let response = Params::parse(location.split_once('?').expect("a query").1).expect("parameters");
    let code = response.get("code").expect("a code");
    let request = http.post(text(metadata, "token_endpoint")).header("content-type", FORM);
    let tokens = request.body(login.redemption(code).encode()).send().await.expect("an answer");
    assert_eq!(tokens.status(), 200);
    let tokens: Value = tokens.json().await.expect("tokens");
    let user = http.get(text(metadata, "userinfo_endpoint")).bearer_auth(text(&tokens, "access_token"));
    assert_eq!(user.send().await.expect("an answer").status(), 200);
    (response, tokens)
}

#[tokio::test]
async fn row_17_an_issuer_works_from_browser_and_container() {
    let idp = MockIdp::builder().issuer(FRONT).back_channel(BACK).start().await.expect("a server");
    let http = somebody(idp.address().expect("a socket"));
    for tenant in ["", "/acme"] {
        let (issuer, back) = (format!("{FRONT}{tenant}"), format!("{BACK}{tenant}"));
        // The container looks where it finds the server, the browser where it does: the answer is the same.
        let metadata = document(&http, &back).await;
        assert_eq!(metadata, document(&http, &issuer).await);
        assert_eq!(metadata["issuer"], issuer);
        assert_eq!(metadata["authorization_endpoint"], format!("{issuer}/authorize"));
        assert_eq!(metadata["end_session_endpoint"], format!("{issuer}/logout"));
        for (name, path) in [
            ("token_endpoint", "/token"),
            ("jwks_uri", "/jwks"),
            ("userinfo_endpoint", "/userinfo"),
            ("introspection_endpoint", "/introspect"),
            ("pushed_authorization_request_endpoint", "/par"),
        ] {
            assert_eq!(metadata[name], format!("{back}{path}"));
        }
        let (response, tokens) = flow(&http, &metadata).await;
        assert_eq!(response.get("iss"), Some(&*issuer));
        for token in ["id_token", "access_token"] {
            assert_eq!(claims(&tokens[token])["iss"], issuer, "{token}");
        }
    }
}

#[tokio::test]
async fn the_back_channel_is_where_the_client_is_if_that_is_asked_for() {
    let idp = MockIdp::builder().issuer(FRONT).on("back-channel-from-host").start().await.expect("a server");
    let http = somebody(idp.address().expect("a socket"));
    for host in ["http://idp:8080", "http://127.0.0.1:9", FRONT] {
        let metadata = document(&http, &format!("{host}/acme")).await;
        assert_eq!(metadata["issuer"], format!("{FRONT}/acme"), "{host}");
        assert_eq!(metadata["authorization_endpoint"], format!("{FRONT}/acme/authorize"), "{host}");
        assert_eq!(metadata["token_endpoint"], format!("{host}/acme/token"), "{host}");
        let (response, tokens) = flow(&http, &metadata).await;
        assert_eq!(response.get("iss"), Some(&*format!("{FRONT}/acme")));
        assert_eq!(claims(&tokens["id_token"])["iss"], format!("{FRONT}/acme"));
    }
}

#[tokio::test]
async fn an_issuer_is_called_as_the_request_calls_it_if_that_is_asked_for() {
    let idp = MockIdp::builder().on("issuer-from-host").start().await.expect("a server");
    let http = somebody(idp.address().expect("a socket"));
    for (host, tenant) in [("http://idp:8080", ""), ("http://localhost", "/acme"), ("http://[::1]:81", "/acme")] {
        let issuer = format!("{host}{tenant}");
        let metadata = document(&http, &issuer).await;
        assert_eq!(metadata["issuer"], issuer);
        for (name, value) in metadata.as_object().expect("an object") {
            if let Some(url) = value.as_str().filter(|text| text.contains("://")) {
                assert!(url.starts_with(&issuer), "{name}: {url}");
            }
        }
        let (response, tokens) = flow(&http, &metadata).await;
        assert_eq!(response.get("iss"), Some(&*issuer));
        for token in ["id_token", "access_token"] {
            assert_eq!(claims(&tokens[token])["iss"], issuer, "{token}");
        }
        let logs = [idp.journal().to_vec(), idp.tenant("acme").journal().to_vec()].concat();
        assert!(logs.iter().all(|entry| entry.relaxations.is_empty()), "it is no relaxation");
    }
    let fixed = MockIdp::builder().issuer(FRONT).in_process().expect("a server");
    let told = Browser::new(&fixed).send(at("idp:8080", "/.well-known/openid-configuration")).await.json();
    assert_eq!(told["issuer"], FRONT, "nobody asked for it");
}

fn at(host: &str, path: &str) -> Request<Bytes> {
    Request::get(path).header(HOST, host).body(Bytes::new()).expect("a request")
}

fn posted_at(host: &str, path: &str, params: &Params) -> Request<Bytes> {
    let request = Request::post(path).header(HOST, host).header(CONTENT_TYPE, FORM);
    request.body(params.encode().into()).expect("a request")
}

fn following() -> MockIdp {
    MockIdp::builder().on("issuer-from-host").in_process().expect("a server")
}

#[tokio::test]
async fn what_was_issued_under_one_name_is_good_under_another_but_at_no_other_tenant() {
    let idp = following();
    let browser = Browser::new(&idp);
    let asked = browser.send(at("localhost:8080", &format!("/authorize?{}", asking().encode()))).await;
    let code = asked.redirected().get("code").expect("a code").to_owned();
    let tokens = browser.send(posted_at("idp:8080", "/token", &redeeming(&code))).await.tokens();
    assert_eq!(asked.redirected().get("iss"), Some(FRONT));
    assert_eq!(claims(&tokens["id_token"])["iss"], BACK);
    let bearer = format!("Bearer {}", text(&tokens, "access_token"));
    let userinfo = |host: &str, path: &str| {
        let request = Request::get(path).header(HOST, host).header(AUTHORIZATION, &bearer);
        browser.send(request.body(Bytes::new()).expect("a request"))
    };
    assert_eq!(userinfo("localhost:8080", "/userinfo").await.status, 200);
    assert_eq!(userinfo("idp:8080", "/resource").await.status, 200, "its audience is the issuer");
    assert_eq!(userinfo("localhost:8080", "/resource").await.status, 200);
    assert_eq!(userinfo("idp:8080", "/acme/userinfo").await.status, 401);
    let strict = MockIdp::builder().issuer(FRONT).in_process().expect("a server");
    let other = Browser::new(&strict).log_in().await;
    assert_eq!(claims(&other["access_token"])["iss"], FRONT);
    assert_eq!(Browser::new(&strict).userinfo(text(&other, "access_token")).await.status, 200);
}

#[tokio::test]
async fn a_host_that_is_none_is_refused() {
    for idp in [following(), MockIdp::builder().in_process().expect("a server")] {
        let browser = Browser::new(&idp);
        for host in
            ["", "a b", "a/b", "evil.example/x?", "u@a", "a:b", "a:99999", "\"a\"", "<a>", "a,b", &"a".repeat(300)]
        {
            for path in ["/.well-known/openid-configuration", "/authorize", "/acme/userinfo"] {
                let answer = browser.send(at(host, path)).await;
                assert_eq!(answer.status, 400, "{host}");
                if !path.starts_with("/acme") {
                    assert_refused(&idp, &answer, "rfc9112-host-malformed", "a colon, and a port");
                }
            }
        }
        let twice = Request::get("/jwks").header(HOST, "a").header(HOST, "a").body(Bytes::new()).expect("a request");
        let answer = browser.send(twice).await;
        assert_eq!((answer.status, answer.header("access-control-allow-origin")), (400, Some("*")));
        assert_refused(&idp, &answer, "rfc9112-host-twice", "");
        let uri = Request::get("http://u@a/jwks").body(Bytes::new()).expect("a request");
        assert_refused(&idp, &browser.send(uri).await, "rfc9112-host-malformed", "first line");
    }
    let idp = following();
    let answer = Browser::new(&idp).fetch("/jwks").await;
    assert_refused(&idp, &answer, "rfc9112-host-missing", "as the request calls it");
    let uri = Request::get("http://idp/.well-known/openid-configuration").header(HOST, "x").body(Bytes::new());
    let told = Browser::new(&idp).send(uri.expect("a request")).await.json();
    assert_eq!(told["issuer"], "http://idp", "the first line comes first");
}

#[tokio::test]
async fn a_request_over_http_names_its_host_once() {
    let idp = MockIdp::start().await;
    let address = idp.address().expect("a socket");
    for (head, status, rule) in [
        ("GET /jwks HTTP/1.1\r\n\r\n", 400, Some("rfc9112-host-missing")),
        ("GET /jwks HTTP/1.1\r\nHost:\r\n\r\n", 400, Some("rfc9112-host-malformed")),
        ("GET /jwks HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400, Some("rfc9112-host-twice")),
        ("GET /jwks HTTP/1.1\r\nHost: a\r\n\r\n", 200, None),
        ("GET /jwks HTTP/1.0\r\n\r\n", 200, None),
    ] {
        let answer = Wire::connect(address).await.exchange(head).await;
        assert_eq!(answer.status, status, "{head}");
        assert_eq!(idp.journal().pop().expect("an entry").refusal.map(|refused| refused.rule), rule, "{head}");
    }
}

/// A request for metadata with these headers.
async fn told(idp: &MockIdp, headers: &[(&str, &str)]) -> Answer {
    let request = Request::get("/acme/.well-known/openid-configuration").header(HOST, "inner:8080");
    let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    Browser::new(idp).send(request.body(Bytes::new()).expect("a request")).await
}

#[tokio::test]
async fn proxies_are_believed_only_if_that_is_asked_for() {
    let trusting = MockIdp::builder().on("issuer-from-host").on("trust-forwarded").in_process().expect("a server");
    let acme = trusting.tenant("acme");
    for (headers, issuer) in [
        (&[("forwarded", "for=1.2.3.4;proto=https;host=\"idp.example:443\"")][..], "https://idp.example/acme"),
        (&[("x-forwarded-proto", "https")], "https://inner:8080/acme"),
        (
            &[("x-forwarded-host", "idp.example, inner"), ("x-forwarded-prefix", "/oauth")],
            "http://idp.example/oauth/acme",
        ),
    ] {
        let metadata = told(&trusting, headers).await.json();
        assert_eq!(metadata["issuer"], issuer);
        assert_eq!(metadata["authorization_endpoint"], format!("{issuer}/authorize"));
        assert_eq!(metadata["token_endpoint"], format!("{issuer}/token"));
        assert_eq!(acme.journal().pop().expect("an entry").relaxations, ["trust-forwarded"]);
        let metadata = told(&following(), headers).await.json();
        assert_eq!(metadata["issuer"], "http://inner:8080/acme", "nobody asked for it");
    }
    assert_eq!(told(&trusting, &[]).await.json()["issuer"], "http://inner:8080/acme");
    assert_eq!(acme.journal().pop().expect("an entry").relaxations, [""; 0], "there was nothing to believe");
    let unused = MockIdp::builder().issuer(FRONT).on("trust-forwarded").in_process().expect("a server");
    let metadata = told(&unused, &[("x-forwarded-host", "idp.example")]).await.json();
    assert_eq!(metadata["issuer"], format!("{FRONT}/acme"), "the issuer follows nothing");
}

#[tokio::test]
async fn a_proxy_that_says_nonsense_is_told_so() {
    let idp = MockIdp::builder().on("issuer-from-host").on("trust-forwarded").in_process().expect("a server");
    let journal = || idp.tenant("acme").journal().pop().expect("an entry").refusal.expect("refused").rule;
    for (headers, rule) in [
        (&[("forwarded", "host")][..], "rfc7239-forwarded-malformed"),
        (&[("forwarded", "host=\"a/b\"")], "rfc7239-host-malformed"),
        (&[("x-forwarded-host", "a\"><script>")], "rfc7239-host-malformed"),
        (&[("x-forwarded-proto", "javascript")], "rfc7239-proto-unknown"),
        (&[("x-forwarded-prefix", "/../x")], "rfc7239-prefix-malformed"),
        (&[("forwarded", "host=a"), ("x-forwarded-host", "b")], "rfc7239-headers-disagree"),
    ] {
        let answer = told(&idp, headers).await;
        assert_eq!((answer.status, journal()), (400, rule), "{headers:?}");
        assert!(answer.json()["error_description"].as_str().expect("text").contains("RFC 7239"), "{answer:?}");
    }
}

#[tokio::test]
async fn pages_and_cookies_are_where_the_browser_is() {
    let build = |builder: Builder| {
        let client = Client::confidential("web", "secret").redirect_uri(REDIRECT_URI);
        builder
            .client(client)
            .client(Client::public("public").redirect_uri(REDIRECT_URI))
            .on("login-pages")
            .in_process()
    };
    let split = build(MockIdp::builder().issuer(FRONT).front_channel("https://idp.example/oauth")).expect("a server");
    let proxied = build(MockIdp::builder().on("issuer-from-host").on("trust-forwarded")).expect("a server");
    for idp in [split, proxied] {
        let browser = Browser { idp: &idp, base: "/acme" };
        let visit = |path: String, cookies: String| {
            let request = Request::get(path).header(HOST, "inner").header("x-forwarded-host", "idp.example");
            let request = request.header("x-forwarded-proto", "https").header("x-forwarded-prefix", "/oauth");
            browser.send(request.header(COOKIE, cookies).body(Bytes::new()).expect("a request"))
        };
        let path = format!("/acme/authorize?{}", with(asking(), "prompt", "login").encode());
        let asked = visit(path, String::new()).await;
        let location = asked.location.clone().unwrap_or_else(|| panic!("no page: {asked:?}"));
        assert!(location.starts_with("/oauth/acme/login?interaction="), "{location}");
        let cookies = asked.response.headers().get_all(SET_COOKIE).iter();
        let cookies: Vec<_> = cookies.map(|value| value.to_str().expect("ASCII")).collect();
        let pairs: Vec<_> = cookies.iter().filter_map(|cookie| cookie.split(';').next()).collect();
        let page = visit(location.strip_prefix("/oauth").expect("a path").to_owned(), pairs.join("; ")).await;
        assert!(page.body.contains("action=\"/oauth/acme/login"), "{page:?}");
        let secure = |text: &&str| text.starts_with("__Secure-") && text.contains("; Path=/oauth/acme;");
        assert!(!cookies.is_empty() && cookies.iter().all(secure), "{cookies:?}");
    }
}

#[tokio::test]
async fn a_device_is_sent_to_the_front_channel() {
    let idp = MockIdp::builder().issuer(FRONT).back_channel(BACK).in_process().expect("a server");
    let params = Params::new().with("client_id", "public").with("scope", "openid");
    let answer = Browser { idp: &idp, base: "/acme" }.post("/device_authorization", params.encode(), None).await;
    assert_eq!(answer.tokens()["verification_uri"], format!("{FRONT}/acme/device"));
}

#[tokio::test]
async fn a_proof_is_for_any_announced_address_of_the_endpoint() {
    let idp = MockIdp::builder().issuer(FRONT).back_channel(BACK).in_process().expect("a server");
    let (browser, key) = (Browser::new(&idp), Signer::new());
    for (htu, taken) in [(BACK, true), (FRONT, true), ("http://other:8080", false)] {
        let code = browser.code(&asking()).await;
        let proof = key.proof(&idp, &Method::POST, "/token").claim("htu", format!("{htu}/token"));
        let request = (Request::post("/token").header(CONTENT_TYPE, FORM), redeeming(&code).encode().into());
        let answer = browser.send(proven(request, &key.sign(&proof))).await;
        match taken {
            true => assert_eq!(answer.tokens()["token_type"], "DPoP", "{htu}"),
            false => assert_refused(&idp, &answer, "rfc9449-proof-htu", "http://idp:8080/token"),
        }
    }
}

#[tokio::test]
async fn an_assertion_is_for_the_issuer_or_if_that_is_allowed_for_any_address_of_the_endpoint() {
    let key = Signer::new();
    let client = || {
        let client = Client::public("keyed").token_endpoint_auth_method("private_key_jwt");
        client.metadata("jwks", key.jwks("k1")).grant_types(["client_credentials"]).scope(["read"])
    };
    let build = |builder: Builder| builder.issuer(FRONT).back_channel(BACK).client(client()).in_process();
    let strict = build(MockIdp::builder()).expect("a server");
    let loose = build(MockIdp::builder().on("audience-token-endpoint")).expect("a server");
    for (idp, audience, taken) in [
        (&strict, FRONT.to_owned(), true),
        (&strict, format!("{BACK}/token"), false),
        (&loose, format!("{BACK}/token"), true),
        (&loose, format!("{FRONT}/token"), true),
        (&loose, "http://other:8080/token".to_owned(), false),
    ] {
        let assertion = key.sign(&key.assertion(idp, "keyed").claim("aud", audience.as_str()));
        let params = Params::new()
            .with("grant_type", "client_credentials")
            .with("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
            .with("client_assertion", assertion.as_str());
        let answer = Browser::new(idp).token(&params).await;
        assert_eq!(answer.status == 200, taken, "{audience}: {answer:?}");
    }
}

#[tokio::test]
async fn a_resource_is_where_its_clients_call_it() {
    let idp = MockIdp::builder().issuer(FRONT).back_channel(BACK).in_process().expect("a server");
    let browser = Browser::new(&idp);
    let refused = browser.fetch("/acme/resource").await;
    let challenge = refused.header("www-authenticate").expect("a challenge");
    let url = format!("{BACK}/.well-known/oauth-protected-resource/acme/resource");
    assert!(challenge.contains(&format!("resource_metadata=\"{url}\"")), "{challenge}");
    let described = browser.fetch(url.strip_prefix(BACK).expect("a path")).await.json();
    assert_eq!(described["resource"], format!("{BACK}/acme/resource"));
    assert_eq!(described["authorization_servers"], json!([format!("{FRONT}/acme")]));
}

#[test]
fn an_address_that_is_none_is_named_at_the_start() {
    for url in ["idp:8080", "ftp://idp", "http://", "http://idp/", "http://idp?x", "http://i\"dp"] {
        let described = [MockIdp::builder().front_channel(url), MockIdp::builder().back_channel(url)];
        for builder in described {
            let error = builder.in_process().expect_err(url);
            assert!(matches!(&error, StartError::Address(own) if own == url), "{error}");
        }
    }
}

#[tokio::test]
async fn a_token_of_a_following_issuer_is_signed_as_any_other() {
    let idp = following();
    let asked = Browser::new(&idp).send(at("idp", &format!("/authorize?{}", asking().encode()))).await;
    let code = asked.redirected().get("code").expect("a code").to_owned();
    let tokens = Browser::new(&idp).send(posted_at("idp", "/token", &redeeming(&code))).await.tokens();
    let forged = text(&tokens, "access_token").rsplit_once('.').expect("a signature").0.to_owned();
    let forged = format!("{forged}.{}", BASE64_URL_SAFE_NO_PAD.encode([0; 256]));
    let request = Request::get("/userinfo").header(HOST, "idp").header(AUTHORIZATION, format!("Bearer {forged}"));
    assert_eq!(Browser::new(&idp).send(request.body(Bytes::new()).expect("a request")).await.status, 401);
}
