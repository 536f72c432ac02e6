//! The client of the server's own: it refuses what a client has to refuse, and says why.

use std::collections::HashMap;
use std::net::SocketAddr;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, COOKIE, LOCATION, ORIGIN, SET_COOKIE};
use http::{Request, Response};
use mock_idp::{Builder, Client, MockIdp, Profile};
use oauth_types::Params;
use oauth_types::fault::{Point, catalogue};

const COMPLETE: &str = "The login is complete";

fn server(builder: Builder) -> MockIdp {
    builder.in_process().expect("a server")
}

/// A browser that tries a login out.
struct Trial<'a> {
    idp: &'a MockIdp,
    /// What the browser calls the server.
    address: &'static str,
    /// What the server is told by whoever stands before it.
    headers: &'static [(&'static str, &'static str)],
    tenant: &'static str,
    scope: &'static str,
    attack: &'static str,
    cookies: HashMap<String, String>,
}

impl<'a> Trial<'a> {
    fn of(idp: &'a MockIdp) -> Self {
        Self {
            idp,
            address: "http://127.0.0.1:8080",
            headers: &[("host", "127.0.0.1:8080")],
            tenant: "",
            scope: "openid email",
            attack: "nobody",
            cookies: HashMap::new(),
        }
    }

    async fn send(&mut self, request: http::request::Builder, body: String) -> Response<Bytes> {
        let request = self.headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        let cookies: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = request.extension(SocketAddr::from(([127, 0, 0, 1], 4711))).header(COOKIE, cookies.join("; "));
        let answer = self.idp.call(request.body(Bytes::from(body)).expect("a request")).await;
        for cookie in answer.headers().get_all(SET_COOKIE) {
            let (name, value) = cookie.to_str().expect("text").split_once('=').expect("a cookie");
            let value = value.split(';').next().unwrap_or_default();
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        answer
    }

    /// Where the form leads.
    async fn begun(&mut self) -> Response<Bytes> {
        let fields =
            [("tenant", self.tenant), ("client_id", "public"), ("scope", self.scope), ("attack", self.attack)];
        let form: Params = fields.into_iter().collect();
        let request = Request::post("/_try").header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(request.header(ORIGIN, self.address), form.encode()).await
    }

    /// Where the server sends the browser back to.
    async fn returned(&mut self) -> String {
        let begun = self.begun().await;
        let path = self.path(&begun);
        let back = self.send(Request::get(path), String::new()).await;
        self.path(&back)
    }

    /// The path that an answer leads to, as it arrives at the server.
    fn path(&self, answer: &Response<Bytes>) -> String {
        let to = answer.headers().get(LOCATION).unwrap_or_else(|| panic!("{}", text(answer)));
        let to = to.to_str().expect("text");
        let prefix = self.address.find("/oauth").map_or("", |at| &self.address[at..]);
        let below = to.strip_prefix(self.address).or_else(|| to.strip_prefix(prefix));
        below.unwrap_or_else(|| panic!("{to} is elsewhere")).to_owned()
    }

    /// The page at the end.
    async fn page(&mut self) -> Response<Bytes> {
        let path = self.returned().await;
        self.send(Request::get(path), String::new()).await
    }

    /// How the login ended, of which the page shows the steps.
    async fn ended(&mut self) -> String {
        let page = text(&self.page().await);
        assert!(page.contains("<ol id=\"steps\">"), "{page}");
        let (_, rest) = page.split_once("role=\"status\"><strong>").unwrap_or_else(|| panic!("no end in {page}"));
        rest.split(".</strong>").next().unwrap_or_default().to_owned()
    }
}

fn text(answer: &Response<Bytes>) -> String {
    String::from_utf8_lossy(answer.body()).into_owned()
}

/// How a login ends while a fault acts.
async fn with(name: &str) -> String {
    let idp = server(MockIdp::builder());
    let _fault = idp.fault(catalogue::find(name).unwrap_or_else(|| panic!("no {name}")).fault());
    Trial::of(&idp).ended().await
}

/// Fails unless each of these faults ends the login for its reason.
async fn are_refused(faults: &[(&str, &str)]) {
    for (name, why) in faults {
        let ended = with(name).await;
        assert!(ended.contains(why) && !ended.contains(COMPLETE), "{name}: {ended}");
    }
}

/// The faults that no client has to end a login for, and those of metadata that this one does not use: it knows where the
/// endpoints of its own server are.
const TOLERATED: &[&str] = &[
    "answer-delayed",
    "slow-drip",
    "header-bomb",
    "wrong-content-type",
    "missing-content-type",
    "cached-token-response",
    "body-oversize",
    "metadata-without-s256",
    "metadata-without-pkce",
    "metadata-without-iss",
    "metadata-without-par",
    "metadata-without-jwks",
    "metadata-without-token-endpoint",
    "metadata-foreign-jwks",
    "metadata-foreign-authorization-endpoint",
    "mix-up",
    "metadata-alg-none",
    "metadata-list-as-text",
    "metadata-null",
    "expires-in-missing",
    "expires-in-negative",
    "expires-in-zero",
    "expires-in-string",
    "expires-in-fraction",
    "expires-in-huge",
    "expires-in-null",
    "token-type-upper-case",
    "scope-widened",
    "scope-narrowed",
    "scope-missing",
    "scope-array",
    "no-refresh-token",
    "kid-absent-single-jwks",
    "header-jwk",
    "header-jku",
    "header-x5u",
    "header-typ-odd",
    "header-cty-jwt",
    "signing-key-rotation",
    "signing-key-rotation-just-before-signing",
    "jwks-slow",
    "invalid-iat",
    "iat-old",
    "invalid-auth-time",
    "missing-auth-time",
    "auth-time-wrong-type",
    "invalid-acr",
    "missing-acr",
    "acr-wrong-type",
    "amr-wrong-type",
    "missing-athash",
    "invalid-chash",
    "missing-chash",
    "chash-wrong-type",
    "invalid-shash",
    "extra-claim",
    "userinfo-email-wrong-type",
];

#[tokio::test]
async fn every_other_fault_of_a_login_ends_it() {
    let mut complete = Vec::new();
    for named in catalogue::all() {
        let idp = server(MockIdp::builder());
        let fault = idp.fault(named.fault());
        let page = text(&Trial::of(&idp).page().await);
        if fault.fired() > 0 && page.contains(COMPLETE) {
            complete.push(named.name);
        }
        fault.unmount();
    }
    assert_eq!(complete, TOLERATED);
}

#[tokio::test]
async fn an_answer_that_is_no_token_response_is_refused() {
    let none = "The answer is no token response (RFC 6749 section 5.1)";
    are_refused(&[
        ("body-not-json", none),
        ("body-half-json", none),
        ("body-empty", none),
        ("body-array", none),
        ("form-encoded", none),
        ("success-status-with-error", none),
        ("access-token-missing", none),
        ("access-token-empty", none),
        ("access-token-not-a-string", none),
        ("access-token-repeated", none),
        ("token-type-missing", none),
        ("token-type-odd", "RFC 6749 section 7.1"),
        ("access-token-with-newline", "RFC 6749 appendix A.12"),
        ("id-token-missing", "There is no ID token, although openid was asked for"),
        ("internal-server-error", "The server gave no token"),
    ])
    .await;
}

#[tokio::test]
async fn an_id_token_of_something_else_is_refused() {
    are_refused(&[
        ("invalid-iss", "its iss is not the issuer"),
        ("missing-iss", "its iss is not the issuer"),
        ("invalid-aud", "it is for another client"),
        ("aud-extra", "it is for somebody else as well"),
        ("missing-azp", "it is for somebody else as well"),
        ("missing-aud", "its aud is missing"),
        ("aud-wrong-type", "its aud is neither text nor a list"),
        ("invalid-azp", "its azp is not this client"),
        ("azp-wrong-type", "its azp is not this client"),
        ("nonce-invalid", "its nonce is not the one"),
        ("missing-sub", "its sub is missing"),
        ("sub-empty", "its sub is missing, empty"),
        ("sub-wrong-type", "its sub is missing, empty or no text"),
        ("invalid-exp", "it has expired"),
        ("missing-exp", "its exp is missing"),
        ("exp-wrong-type", "its exp is no time"),
        ("missing-iat", "its iat is missing"),
        ("iat-wrong-type", "its iat is no time"),
        ("invalid-nbf", "it is not good yet"),
        ("invalid-athash", "its at_hash is not that of the access token"),
        ("athash-wrong-type", "its at_hash is not that of the access token"),
        ("alg-unknown", "This client does not know the &#39;alg&#39;"),
        ("header-crit", "this client understands no extension"),
        ("jwks-unavailable", "its keys cannot be had, since the server answered 500"),
        ("jwks-garbage", "The JWK Set is not a JSON object"),
    ])
    .await;
}

#[tokio::test]
async fn userinfo_about_somebody_else_is_not_used() {
    are_refused(&[
        ("invalid-sub", "it is about somebody else than the ID token"),
        ("userinfo-invalid-sub", "it is about somebody else than the ID token"),
        ("userinfo-missing-sub", "its sub is missing or no text"),
        ("userinfo-sub-wrong-type", "its sub is missing or no text"),
        ("userinfo-sub-repeated", "has a name twice"),
        ("userinfo-invalid-token", "the server answered 401"),
    ])
    .await;
}

#[tokio::test]
async fn userinfo_that_is_signed_is_verified() {
    let signed =
        || Client::public("public").any_loopback_redirect().metadata("userinfo_signed_response_alg", "RS256");
    let idp = server(MockIdp::builder().client(signed()));
    assert_eq!(Trial::of(&idp).ended().await, COMPLETE);
    for (fault, why) in [
        (&catalogue::USERINFO_TOKEN_INVALID_ISS, "its iss is not the issuer"),
        (&catalogue::USERINFO_TOKEN_INVALID_AUD, "it is for another client"),
        (&catalogue::USERINFO_TOKEN_INVALID_SUB, "it is about somebody else"),
        (&catalogue::USERINFO_TOKEN_SIG_NONE, "the token is not signed"),
    ] {
        let _fault = idp.fault(fault.fault());
        let ended = Trial::of(&idp).ended().await;
        assert!(ended.contains("The client does not use what UserInfo says") && ended.contains(why), "{ended}");
    }
}

#[tokio::test]
async fn an_authorization_response_of_another_login_is_refused() {
    are_refused(&[
        ("state-repeated", "The response has state twice"),
        ("code-repeated", "The response has code twice"),
        ("iss-parameter-repeated", "The response has iss twice"),
        ("state-missing", "The state is not the one"),
        ("iss-parameter-missing", "RFC 9207 section 2.4"),
        ("iss-parameter-wrong", "RFC 9207 section 2.4"),
        ("code-missing", "There is no code"),
        ("code-wrong", "The server gave no token"),
        ("code-and-error", "The server refused"),
    ])
    .await;
}

#[tokio::test]
async fn metadata_of_another_issuer_are_blamed_themselves() {
    are_refused(&[
        ("discovery-issuer-mismatch", "RFC 8414 section 3.3"),
        ("discovery-issuer-normalised", "RFC 8414 section 3.3"),
        ("discovery-issuer-missing", "The server has no metadata that name its issuer"),
        ("metadata-not-json", "The server has no metadata that name its issuer"),
        ("metadata-unavailable", "The metadata cannot be had: the server answered 503"),
    ])
    .await;
}

#[tokio::test]
async fn what_changes_nothing_for_a_client_does_not_keep_it_from_logging_in() {
    for name in ["token-type-upper-case", "extra-claim", "missing-athash", "no-refresh-token", "body-oversize"] {
        assert_eq!(with(name).await, COMPLETE, "{name}");
    }
    let idp = server(MockIdp::builder());
    assert_eq!(Trial::of(&idp).ended().await, COMPLETE);
    let bare = Trial { scope: "email", ..Trial::of(&idp) }.ended().await;
    assert!(bare.contains("Nobody has logged in"), "{bare}");
}

#[tokio::test]
async fn a_thief_has_tokens_only_if_there_are_some() {
    let idp = server(MockIdp::builder());
    let _fault = idp.fault(catalogue::SUCCESS_STATUS_WITH_ERROR.fault());
    let page = text(&Trial { attack: "thief", ..Trial::of(&idp) }.page().await);
    assert!(page.matches("and was refused").count() == 2 && !page.contains("and got tokens"), "{page}");
}

#[tokio::test]
async fn a_broken_connection_is_noticed() {
    for (name, at) in [
        ("connection-reset", Point::TokenResponse),
        ("body-truncated", Point::Jwks),
        ("answer-stalled", Point::Discovery),
        ("body-stalled", Point::Userinfo),
        ("body-endless", Point::TokenResponse),
    ] {
        let idp = server(MockIdp::builder());
        let _fault = idp.fault(catalogue::find(name).expect("a fault").at(at));
        let page = Trial::of(&idp).page().await;
        assert_eq!(page.status(), 502, "{name}: {}", text(&page));
        assert!(text(&page).contains("A fault broke the connection"), "{name}: {}", text(&page));
    }
}

#[tokio::test]
async fn a_request_that_is_sent_again_may_meet_a_broken_connection() {
    let idp = server(MockIdp::builder());
    let mut trial = Trial::of(&idp);
    assert_eq!(trial.ended().await, COMPLETE);
    let redeemed = idp.journal().iter().find(|entry| entry.path == "/token").expect("a redemption").number;
    let _fault = idp.fault(catalogue::CONNECTION_RESET.fault());
    let request = Request::post("/_inspect/_root/attack")
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header(ORIGIN, trial.address);
    let answer = trial.send(request, format!("entry={redeemed}&without=nothing&do=again")).await;
    assert_eq!(answer.status(), 502, "{}", text(&answer));
    assert!(text(&answer).contains("A fault broke the connection"));
}

/// What a proxy says that is called `https://idp.example/oauth` by browsers.
const PROXIED: &[(&str, &str)] = &[
    ("host", "inner:8080"),
    ("x-forwarded-host", "idp.example"),
    ("x-forwarded-proto", "https"),
    ("x-forwarded-prefix", "/oauth"),
];

#[tokio::test]
async fn a_login_can_be_tried_behind_a_proxy_that_is_believed() {
    let standard: &[_] = &[("host", "inner:8080"), ("forwarded", "proto=https;host=idp.example")];
    for (address, headers, tenant, issuer) in [
        ("https://idp.example/oauth", PROXIED, "", "https://idp.example/oauth"),
        ("https://idp.example/oauth", PROXIED, "acme", "https://idp.example/oauth/acme"),
        ("https://idp.example", standard, "acme", "https://idp.example/acme"),
    ] {
        let client = Client::public("public").redirect_uri(format!("{address}/_try/callback"));
        let builder = MockIdp::builder().client(client).on("issuer-from-host").on("trust-forwarded");
        let idp = server(builder);
        let mut trial = Trial { address, headers, tenant, ..Trial::of(&idp) };
        let begun = trial.begun().await;
        let path = address.strip_prefix("https://idp.example").expect("a path");
        let cookie = begun.headers()[SET_COOKIE].to_str().expect("text");
        assert!(cookie.contains(&format!("; Path={path}/_try;")) && cookie.ends_with("; Secure"), "{cookie}");
        let page = text(&trial.page().await);
        assert!(page.contains(COMPLETE) && page.contains(&format!("&#34;iss&#34;: &#34;{issuer}&#34;")), "{page}");
        assert!(page.contains(&format!("href=\"{path}/_inspect/")), "{page}");
    }
}

#[tokio::test]
async fn a_proxy_that_is_not_believed_changes_nothing() {
    let idp = server(MockIdp::builder());
    let headers = &[("host", "127.0.0.1:8080"), ("x-forwarded-host", "evil.example"), ("x-forwarded-proto", "https")];
    assert_eq!(Trial { headers, ..Trial::of(&idp) }.ended().await, COMPLETE);
}

#[tokio::test]
async fn metadata_are_found_wherever_the_server_has_them() {
    for (builder, tenant) in [
        (MockIdp::builder().without("RFC 8414"), ""),
        (MockIdp::builder().without("RFC 8414"), "acme"),
        (MockIdp::builder().profile(Profile::Legacy), ""),
        (MockIdp::builder().profile(Profile::Oidc), "acme"),
    ] {
        let idp = server(builder);
        assert_eq!(Trial { tenant, ..Trial::of(&idp) }.ended().await, COMPLETE);
    }
    let nowhere = MockIdp::builder().without("RFC 8414").without("OpenID Connect Discovery 1.0");
    let ended = Trial::of(&server(nowhere)).ended().await;
    assert!(ended.contains("The server has no metadata that name its issuer"), "{ended}");
}

#[tokio::test]
async fn the_page_leads_to_the_flow_of_its_own_login() {
    let idp = server(MockIdp::builder());
    let mut trial = Trial::of(&idp);
    let path = trial.returned().await;
    assert_eq!(Trial::of(&idp).ended().await, COMPLETE);
    let page = text(&trial.send(Request::get(path), String::new()).await);
    let own = idp.journal().redacted().first().and_then(|entry| entry.flow.clone()).expect("a flow");
    assert!(page.contains(&format!("href=\"/_inspect/_root/flows/{own}\"")), "{own}: {page}");
}

#[tokio::test]
async fn a_forged_cookie_is_no_login() {
    use base64::Engine;
    use base64::prelude::BASE64_URL_SAFE_NO_PAD;
    let idp = server(MockIdp::builder());
    let mut trial = Trial::of(&idp);
    trial.begun().await;
    let kept = BASE64_URL_SAFE_NO_PAD.decode(&trial.cookies["mock_idp_try"]).expect("base64");
    for tenant in ["a b", "_control", "a/../b"] {
        let mut pending: serde_json::Value = serde_json::from_slice(&kept).expect("JSON");
        pending["tenant"] = tenant.into();
        let forged = BASE64_URL_SAFE_NO_PAD.encode(pending.to_string());
        trial.cookies.insert("mock_idp_try".to_owned(), forged);
        let answer = trial.send(Request::get("/_try/callback?code=x"), String::new()).await;
        assert_eq!(answer.status(), 400);
        assert!(text(&answer).contains("belongs to no login"), "{tenant}: {}", text(&answer));
    }
}

#[tokio::test]
async fn the_page_says_which_clients_can_be_tried() {
    let idp = server(MockIdp::builder());
    let page = text(&Trial::of(&idp).send(Request::get("/_try"), String::new()).await);
    assert!(page.contains("<code>confidential</code> cannot be tried"), "{page}");
    assert!(page.contains("<code>http://127.0.0.1:8080/_try/callback</code>"), "{page}");
}
