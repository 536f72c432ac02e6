//! Canaries: recognisable secrets are sent in every place, right and wrong. None of them may sing in anything that is
//! printed, logged or answered to somebody who did not have it.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{Request, Response};
use mock_idp::store::{BoxFuture, GrantId, Kept, Key, MemoryStore, Record, Store, StoreError, Taken};
use mock_idp::{Builder, Client, MockIdp, User};
use oauth_types::fault::{Edit, Fault, Point};
use oauth_types::{Algorithm, Params, Secret};

use crate::canary::{Canaries, OTHER, SECRET, VERIFIER, WRONG, authorization, changed, redemption, without};
use crate::wire::{CALLBACK, get, member, post, userinfo, whole};

/// A server, what it was asked, and what must not be seen.
struct Cage {
    idp: MockIdp,
    store: Arc<Watched>,
    canaries: Canaries,
}

/// A store that keeps what passes through it.
#[derive(Debug, Default)]
pub(crate) struct Watched {
    store: MemoryStore,
    pub(crate) records: Mutex<Vec<Record>>,
}

impl Store for Watched {
    fn put(&self, key: Key, record: Record) -> BoxFuture<'_, Result<(), StoreError>> {
        self.records.lock().expect("no panic").push(record.clone());
        self.store.put(key, record)
    }

    fn get(&self, key: Key) -> BoxFuture<'_, Result<Option<Kept>, StoreError>> {
        self.store.get(key)
    }

    fn take(&self, key: Key, now: u64) -> BoxFuture<'_, Result<Taken, StoreError>> {
        self.store.take(key, now)
    }

    fn replace(&self, key: Key, version: u64, record: Record) -> BoxFuture<'_, Result<bool, StoreError>> {
        self.records.lock().expect("no panic").push(record.clone());
        self.store.replace(key, version, record)
    }

    fn once(&self, key: Key, now: u64, until: u64) -> BoxFuture<'_, Result<bool, StoreError>> {
        self.store.once(key, now, until)
    }

    fn drop_grant(&self, grant: GrantId, now: u64, forget: u64) -> BoxFuture<'_, Result<(), StoreError>> {
        self.store.drop_grant(grant, now, forget)
    }

    fn sweep(&self, now: u64) -> BoxFuture<'_, Result<(), StoreError>> {
        self.store.sweep(now)
    }
}

fn builder() -> Builder {
    let narrow = Client::public("narrow").redirect_uri("https://narrow.example/cb").scope(["openid"]);
    MockIdp::builder()
        .alg(Algorithm::Es256)
        .client(Client::public("public").any_loopback_redirect())
        .client(Client::confidential("confidential", SECRET).any_loopback_redirect())
        .client(narrow.grant_types(["refresh_token"]))
        .client(Client::public("once").any_loopback_redirect().grant_types(["authorization_code"]))
        .user(User::new("alice").claim("email", "alice@example.com"))
}

impl Cage {
    fn new(build: impl FnOnce(Builder) -> Builder) -> Self {
        let store = Arc::new(Watched::default());
        let idp = build(builder()).store(store.clone()).in_process().expect("a server");
        Self { idp, store, canaries: Canaries::new() }
    }

    /// Calls the server. An answer that is no success says nothing of any secret.
    async fn call(&mut self, request: Request<Bytes>) -> Response<Bytes> {
        let what = format!("the answer to {} {}", request.method(), request.uri().path());
        let answer = self.idp.call(request).await;
        if member(answer.body(), "access_token").is_none() && !whole(&answer).contains("?code=") {
            self.canaries.are_not_in(&whole(&answer), &what);
        }
        answer
    }

    /// The rule that a request breaks.
    async fn refused(&mut self, request: Request<Bytes>) -> &'static str {
        self.call(request).await;
        let entry = self.idp.journal().pop().expect("an entry");
        entry.refusal.unwrap_or_else(|| panic!("{} {} passes", entry.method, entry.path)).rule
    }

    async fn code(&mut self, params: &Params) -> String {
        let answer = self.call(get(&format!("/authorize?{}", params.encode()))).await;
        let location = answer.headers()["location"].to_str().expect("ASCII").to_owned();
        let query = location.split_once('?').expect("a query").1;
        let code =
            Params::parse(query).expect("a query").get("code").unwrap_or_else(|| panic!("{location}")).to_owned();
        self.canaries.0.push(code.clone());
        code
    }

    /// The access token and the refresh token of a redemption.
    async fn tokens(&mut self, params: &Params) -> (String, String) {
        let answer = self.call(post("/token", params)).await;
        assert_eq!(answer.status(), 200, "{answer:?}");
        let mut issued = |name| {
            let token = member(answer.body(), name).unwrap_or_default();
            self.canaries.0.extend((!token.is_empty()).then(|| token.clone()));
            // The signature alone would be enough for whoever knows the claims.
            self.canaries.0.extend(token.rsplit_once('.').map(|(_, signature)| signature.to_owned()));
            token
        };
        issued("id_token");
        (issued("access_token"), issued("refresh_token"))
    }

    /// Prints everything that can be printed.
    fn print(&self) {
        let Self { idp, canaries, .. } = self;
        canaries.are_not_in(&format!("{idp:?} {idp:#?}"), "the server");
        canaries.are_not_in(&format!("{:?}", idp.tenant("tenant")), "a tenant");
        for entry in idp.journal() {
            canaries.are_not_in(&format!("{entry:?} {entry:#?}"), "an entry");
            canaries.are_not_in(&entry.to_string(), "a line of the log");
            canaries.are_not_in(&format!("{:?}", entry.refusal), "a refusal");
            let sent = entry.headers.iter().filter(|(name, _)| *name == AUTHORIZATION);
            sent.for_each(|header| canaries.are_not_in(&format!("{header:?}"), "a header"));
        }
        let records = self.store.records.lock().expect("no panic");
        for record in records.iter() {
            canaries.are_not_in(&format!("{record:?} {:?}", record.notes), "a record");
            canaries.are_not_in(&format!("{:?} {:?}", record.authorization, record.authorization.notes), "a grant");
        }
        drop(records);
        canaries.are_not_in(&format!("{:?}", self.store), "a store");
        canaries.are_not_in(&format!("{:?}", builder().store(self.store.clone())), "a builder");
    }
}

fn refresh(client: &str, token: &str) -> Params {
    Params::new().with("grant_type", "refresh_token").with("client_id", client).with("refresh_token", token)
}

/// A token request with an `Authorization` header.
fn basic(scheme: &str, credentials: &str, params: &Params) -> Request<Bytes> {
    let mut request = post("/token", params);
    let value = format!("{scheme} {}", BASE64_STANDARD.encode(credentials));
    request.headers_mut().append(AUTHORIZATION, value.parse().expect("a header"));
    request
}

fn ask(params: &Params) -> Request<Bytes> {
    get(&format!("/authorize?{}", params.encode()))
}

/// What the ids begin with of rules whose refusals are searched for secrets in the tests of their own document.
const ELSEWHERE: &[&str] = &[
    "rfc9110-",
    "rfc6749-code-bu",
    "fapi2-parameter-beside-",
    "rfc7239-",
    "rfc9112-",
    "jarm-",
    "oauth-response-mode-query-",
    "ciba-",
    "oidc-openid-without-",
    "oidc-request-",
    "oidc-userinfo-user-",
    "rfc6749-client-credentials-",
    "rfc6749-password-",
    "oidc-hybrid-",
    "oidc-account-selection-",
    "oidc-acr-",
    "oidc-consent-",
    "oidc-claims-",
    "oidc-client-",
    "oidc-display-",
    "oidc-backchannel-",
    "oidc-frontchannel-",
    "oidc-id-token-hint-",
    "oidc-interaction-",
    "oidc-login-req",
    "oidc-logout-",
    "oidc-pairwise-",
    "oidc-subject-",
    "oidc-two-",
    "oidc-userinfo-user-",
    "rfc6749-consent-",
    "rfc6749-form-",
    "rfc6749-interaction-",
    "rfc6749-login-",
    "rfc6749-one-time-code-",
    "rfc6749-secret-tried-",
    "rfc9700-challenge-",
    "rfc9700-interaction-",
    "rfc6750-two-",
    "rfc7009-",
    "rfc7591-",
    "rfc7592-",
    "oidc-registration-",
    "rfc7662-",
    "rfc8693-",
    "rfc9701-",
    "rfc8628-",
    "rfc8414-authentication-",
    "rfc9700-client-called-",
    "rfc8707-",
    "rfc9101-",
    "rfc9126-",
    "rfc9396-",
    "rfc7523-assertion-",
    "rfc7523-client-",
    "rfc9449-",
    "cimd-",
    "mcp-",
    "rfc6749-needed-",
    "rfc6750-scope-",
    "rfc9068-",
    "rfc9470-",
    "rfc8705-",
];

#[tokio::test]
async fn no_refusal_shows_a_secret() {
    let mut cage = Cage::new(|builder| builder);
    let mut seen = BTreeSet::new();
    authorization_requests(&mut cage, &mut seen).await;
    client_authentication(&mut cage, &mut seen).await;
    code_redemptions(&mut cage, &mut seen).await;
    refreshes(&mut cage, &mut seen).await;
    protected_resources(&mut cage, &mut seen).await;
    cage.print();
    let here = |id: &&str| !ELSEWHERE.iter().any(|elsewhere| id.starts_with(elsewhere));
    let known: BTreeSet<&str> = mock_idp::rules().iter().map(|rule| rule.id).filter(here).collect();
    let missed: Vec<&str> = known.difference(&seen).copied().collect();
    assert_eq!(missed, [""; 0]);
}

async fn authorization_requests(cage: &mut Cage, seen: &mut BTreeSet<&'static str>) {
    let good = authorization("public", VERIFIER);
    let hidden = |name: &str| changed(&good, name, WRONG);
    for params in [
        without(&good, "client_id"),
        hidden("client_id").with("x", WRONG),
        without(&good, "redirect_uri"),
        hidden("redirect_uri"),
        changed(&good, "redirect_uri", &format!("https://evil.example/{WRONG}")),
        changed(&good, "redirect_uri", &format!("{CALLBACK}#{WRONG}")),
        without(&good, "response_type"),
        hidden("response_type"),
        hidden("response_mode"),
        changed(&good, "client_id", "narrow").with("code", WRONG),
        changed(&changed(&good, "client_id", "narrow"), "redirect_uri", "https://narrow.example/cb"),
        changed(&good, "scope", "open\"id"),
        hidden("login_hint"),
        hidden("max_age"),
        changed(&good, "prompt", "none login"),
        good.clone().with("state", WRONG).with("state", WRONG),
        good.clone().with(WRONG.repeat(2), "").with(WRONG.repeat(2), ""),
        good.clone().with(format!("{{{WRONG}}}"), "").with(format!("{{{WRONG}}}"), ""),
        without(&good, "code_challenge"),
        without(&without(&good, "code_challenge"), "code_challenge_method"),
        without(&good, "code_challenge_method"),
        changed(&good, "code_challenge_method", WRONG),
        changed(&changed(&good, "code_challenge_method", "plain"), "code_challenge", VERIFIER),
        changed(&good, "code_challenge", VERIFIER),
        changed(&good, "code_challenge", &format!("{VERIFIER}=")),
    ] {
        let mut params = params;
        params.remove("x");
        // An identifier and a redirect URI travel in the open: these two are looked at for their rule alone.
        let open =
            params.get("client_id") == Some(WRONG) || params.get("redirect_uri").is_some_and(|u| u.contains(WRONG));
        let quiet = params
            .iter()
            .map(|(name, value)| (name, if open { value.replace(WRONG, "unknown") } else { value.to_owned() }));
        seen.insert(cage.refused(ask(&quiet.collect())).await);
    }
    let narrow = Client::public("narrow").redirect_uri("https://narrow.example/cb").scope(["openid"]);
    let narrowed = MockIdp::builder().client(narrow).in_process().expect("a server");
    narrowed.call(ask(&changed(&without(&good, "redirect_uri"), "client_id", "narrow"))).await;
    seen.extend(narrowed.journal().pop().and_then(|entry| entry.refusal).map(|refused| refused.rule));
    let mut both = post("/authorize", &good.clone().with("code", WRONG));
    *both.uri_mut() = format!("/authorize?client_secret={SECRET}").parse().expect("a path");
    seen.insert(cage.refused(both).await);
}

async fn client_authentication(cage: &mut Cage, seen: &mut BTreeSet<&'static str>) {
    let code = cage.code(&authorization("confidential", VERIFIER)).await;
    let good = redemption("confidential", &code);
    let anonymous = without(&good, "client_id");
    let good_pair = format!("confidential:{SECRET}");
    let mut twice = basic("Basic", &good_pair, &anonymous);
    twice.headers_mut().append(AUTHORIZATION, format!("Bearer {code}").parse().expect("a header"));
    let mut json = post("/token", &good);
    *json.body_mut() = format!("{{\"client_secret\":\"{SECRET}\",\"code\":\"{code}\"}}").into();
    let mut typed = json.clone();
    typed.headers_mut().insert(CONTENT_TYPE, "application/json".parse().expect("a type"));
    let mut in_query = post("/token", &good);
    *in_query.uri_mut() = format!("/token?client_secret={SECRET}&code={code}").parse().expect("a path");
    let mut bare = post("/token", &good);
    *bare.uri_mut() = format!("/token?{code}").parse().expect("a path");
    let mut unreadable = post("/token", &good);
    *unreadable.body_mut() = format!("client_secret={SECRET}&code={code}%4").into();
    let mut put = post("/token", &good.clone().with("client_secret", SECRET));
    *put.method_mut() = http::Method::PUT;
    for request in [
        post("/token", &good),
        post("/token", &anonymous),
        post("/token", &good.clone().with("client_secret", WRONG)),
        post("/token", &good.clone().with("client_secret", format!(" {SECRET}"))),
        post("/token", &good.clone().with("client_secret", SECRET).with("client_secret", SECRET)),
        post("/token", &redemption("public", &code).with("client_secret", SECRET)),
        basic("Basic", &format!("{SECRET}:confidential"), &anonymous),
        basic("Basic", SECRET, &anonymous),
        basic("Basic", &format!("confidential:{SECRET}%"), &anonymous),
        basic("Basic", &format!(":{SECRET}"), &anonymous),
        basic("Bearer", &good_pair, &anonymous),
        basic("Basic", &good_pair, &redemption("public", &code)),
        basic("Basic", &good_pair, &good.clone().with("client_secret", SECRET)),
        twice,
        json,
        typed,
        in_query,
        bare,
        unreadable,
        put,
        post("/token", &without(&good, "grant_type").with("client_secret", SECRET)),
        post("/token", &changed(&good, "grant_type", WRONG).with("client_secret", SECRET)),
        post("/token", &changed(&redemption("narrow", &code), "grant_type", "authorization_code")),
        post("/token", &good.clone().with(code.as_str(), "").with(code.as_str(), "")),
    ] {
        seen.insert(cage.refused(request).await);
    }
    cage.tokens(&good.with("client_secret", SECRET)).await;
}

async fn code_redemptions(cage: &mut Cage, seen: &mut BTreeSet<&'static str>) {
    let code = cage.code(&authorization("public", VERIFIER)).await;
    cage.code(&authorization("public", OTHER)).await;
    let good = redemption("public", &code);
    for params in [
        without(&good, "code"),
        changed(&good, "code", WRONG),
        changed(&good, "code", &format!(" {code}")),
        changed(&good, "code", VERIFIER),
        changed(&good, "client_id", "once"),
        without(&good, "redirect_uri"),
        changed(&good, "redirect_uri", &format!("http://127.0.0.1:1/{code}")),
        without(&good, "code_verifier"),
        changed(&good, "code_verifier", OTHER),
        changed(&good, "code_verifier", WRONG),
        changed(&good, "code_verifier", &format!("{VERIFIER}=")),
        changed(&good, "code_verifier", &code),
    ] {
        seen.insert(cage.refused(post("/token", &params)).await);
    }
    let (access, _) = cage.tokens(&good).await;
    seen.insert(cage.refused(post("/token", &good)).await);
    seen.insert(cage.refused(userinfo(&access)).await);
    let late = cage.code(&authorization("public", VERIFIER)).await;
    cage.idp.clock().advance(Duration::from_secs(61));
    seen.insert(cage.refused(post("/token", &redemption("public", &late))).await);

    // Without PKCE a verifier is unsolicited.
    let mut relaxed = Cage::new(Builder::pkce_optional);
    let plain = without(&without(&authorization("public", VERIFIER), "code_challenge"), "code_challenge_method");
    let code = relaxed.code(&plain).await;
    seen.insert(relaxed.refused(post("/token", &redemption("public", &code))).await);
    relaxed.print();
}

async fn refreshes(cage: &mut Cage, seen: &mut BTreeSet<&'static str>) {
    let code = cage.code(&authorization("public", VERIFIER)).await;
    let (access, token) = cage.tokens(&redemption("public", &code)).await;
    let good = refresh("public", &token);
    for params in [
        without(&good, "refresh_token"),
        changed(&good, "refresh_token", WRONG),
        changed(&good, "refresh_token", &access),
        changed(&good, "client_id", "narrow"),
        good.clone().with("scope", "open\"id"),
        good.clone().with("scope", "admin"),
    ] {
        seen.insert(cage.refused(post("/token", &params)).await);
    }
    let (_, next) = cage.tokens(&good).await;
    seen.insert(cage.refused(post("/token", &good)).await);
    seen.insert(cage.refused(post("/token", &refresh("public", &next))).await);
    let code = cage.code(&authorization("public", VERIFIER)).await;
    let (_, token) = cage.tokens(&redemption("public", &code)).await;
    cage.idp.clock().advance(Duration::from_secs(31 * 24 * 3600));
    seen.insert(cage.refused(post("/token", &refresh("public", &token))).await);
}

async fn protected_resources(cage: &mut Cage, seen: &mut BTreeSet<&'static str>) {
    let code = cage.code(&changed(&authorization("public", VERIFIER), "scope", "email")).await;
    let (access, token) = cage.tokens(&redemption("public", &code)).await;
    let bearer = |text: &str| {
        let mut request = get("/userinfo");
        request.headers_mut().append(AUTHORIZATION, text.parse().expect("a header"));
        request
    };
    let mut twice = bearer(&format!("Bearer {access}"));
    twice.headers_mut().append(AUTHORIZATION, format!("Bearer {token}").parse().expect("a header"));
    for request in [
        userinfo(&access),
        userinfo(&token),
        userinfo(&code),
        userinfo(&access[..access.len() - 1]),
        get(&format!("/userinfo?access_token={access}")),
        bearer(&access),
        bearer(&format!("Bearer  {access}")),
        get(&format!("/nowhere?code={code}")),
        twice,
    ] {
        seen.insert(cage.refused(request).await);
    }
}

#[tokio::test]
async fn no_success_shows_more_than_it_gives() {
    let mut cage = Cage::new(Builder::plain);
    let verifier = changed(&authorization("public", VERIFIER), "code_challenge", VERIFIER);
    let code = cage.code(&changed(&verifier, "code_challenge_method", "plain").with("nonce", "n")).await;
    let (access, _) = cage.tokens(&redemption("public", &code)).await;
    let claims = cage.call(userinfo(&access)).await;
    assert_eq!(claims.status(), 200);
    cage.print();
}

#[tokio::test]
async fn a_form_post_shows_the_code_in_its_input_alone() {
    let mut cage = Cage::new(|builder| builder);
    let params = authorization("public", VERIFIER).with("response_mode", "form_post").with("state", "s");
    let answer = cage.idp.call(ask(&params)).await;
    let page = whole(&answer);
    let (before, rest) = page.split_once("name=\"code\" value=\"").expect("a code");
    let (code, after) = rest.split_once('"').expect("its end");
    cage.canaries.0.push(code.to_owned());
    cage.canaries.are_not_in(before, "the page before the code");
    cage.canaries.are_not_in(after, "the page after the code");
    cage.print();
}

#[test]
fn no_type_prints_its_secret() {
    let canaries = Canaries::new();
    let client = Client::confidential("confidential", SECRET);
    canaries.are_not_in(&format!("{client:?} {client:#?}"), "a client");
    let user = User::new("alice").claim("email", "alice@example.com");
    canaries.are_not_in(&format!("{user:?}"), "a user");
    canaries.are_not_in(&format!("{:?}", Secret::new(SECRET)), "a secret");
    canaries.are_not_in(&format!("{:?}", Params::new().with("client_secret", SECRET)), "parameters");
    let twice = builder().client(Client::confidential("confidential", WRONG)).in_process().expect_err("twice");
    canaries.are_not_in(&format!("{twice} {twice:?}"), "an error at the start");
    let uri =
        builder().client(Client::confidential("x", WRONG).redirect_uri("/cb")).in_process().expect_err("no URI");
    canaries.are_not_in(&format!("{uri} {uri:?}"), "an error at the start");
    let unmet = builder().in_process().expect("a server").mount(Fault::always(Point::Jwks, Edit::set("keys", 1)));
    canaries.are_not_in(&format!("{unmet:?}"), "a fault");
    unmet.unmount();
}
