//! The journal: what is written down, what can be asked of it, and what it does not tell.

use std::panic::{AssertUnwindSafe, catch_unwind};

use bytes::Bytes;
use http::Request;
use http::header::{AUTHORIZATION, CONTENT_TYPE, COOKIE};
use mock_idp::{Client, MockIdp, User};
use oauth_types::Params;
use oauth_types::fault::{Edit, Fault, Point};
use oauth_types::journal::{Entry, Expect, Query};
use serde_json::Value;

use crate::browser::{Browser, REDIRECT_URI, VERIFIER, asking, basic, redeeming, refreshing, with, without};
use crate::signer::{Signer, posting, proven, userinfo};

fn server() -> MockIdp {
    MockIdp::builder().in_process().expect("nothing can fail")
}

/// What a test that fails says.
fn said(fails: impl FnOnce()) -> String {
    let panic = catch_unwind(AssertUnwindSafe(fails)).expect_err("it does not fail");
    match panic.downcast::<String>() {
        Ok(text) => *text,
        Err(_) => panic!("it says nothing"),
    }
}

/// A login, a refresh, and a request for user information.
async fn play(idp: &MockIdp) -> Value {
    let browser = Browser::new(idp);
    let tokens = browser.log_in().await;
    let fresh = browser.token(&refreshing(&tokens["refresh_token"])).await.tokens();
    browser.userinfo(fresh["access_token"].as_str().expect("a token")).await;
    fresh
}

#[tokio::test]
async fn row_11_requests_are_captured_and_a_test_says_how_often_they_came() {
    let idp = server();
    play(&idp).await;
    let journal = idp.journal();
    journal.expect(Expect::token().times(2)).expect(Expect::token().grant_type("refresh_token").times(1));
    journal.expect(Expect::any().refused(true).never()).expect(Expect::any().relaxed(true).never());
    journal.in_order([Expect::authorize(), Expect::token(), Expect::userinfo()]);
    journal.expect(Expect::token().since(2).times(1)).expect(Expect::path("/par").never());
    let text = said(|| {
        journal.expect(Expect::token().client_id("public").times(1));
    });
    assert!(
        text.starts_with(r#"expected {"point":"token_response","client_id":"public"} 1 times, and it came 2"#),
        "{text}"
    );
    assert!(text.contains("\n  1 GET /authorize 302 client public\n  2 POST /token 200 client public"), "{text}");
    let text = said(|| {
        journal.in_order([Expect::userinfo(), Expect::authorize()]);
    });
    assert!(text.contains("then") && text.contains("it came 0 times"), "{text}");
}

#[tokio::test]
async fn entries_are_found_by_what_they_are() {
    let idp = server();
    play(&idp).await;
    Browser::new(&idp).token(&with(redeeming("bogus"), "code_verifier", VERIFIER)).await;
    let found = |query: Query| idp.journal().matching(&query).iter().map(|entry| entry.number).collect::<Vec<_>>();
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(found(Query::any()), [1, 2, 3, 4, 5]);
    assert_eq!(found(Query::at(Point::TokenResponse)), [2, 3, 5]);
    assert_eq!(found(Query { method: text("get"), ..Query::any() }), [1, 4]);
    assert_eq!(found(Query { path: text("/userinfo"), ..Query::any() }), [4]);
    assert_eq!(found(Query { grant_type: text("refresh_token"), ..Query::any() }), [3]);
    assert_eq!(found(Query { status: Some(400), ..Query::any() }), [5]);
    assert_eq!(found(Query { refused: Some(false), ..Query::any() }), [1, 2, 3, 4]);
    assert_eq!(found(Query { param: text("code_verifier"), since: Some(2), ..Query::any() }), [5]);
    assert_eq!(found(Query { client_id: text("nobody"), ..Query::any() }), [0; 0]);
    let rule = idp.journal().pop().expect("an entry").refusal.expect("a refusal").rule;
    assert_eq!(found(Query { rule: text(rule), ..Query::any() }), [5]);
    let flow = idp.journal().redacted()[0].flow.clone();
    assert_eq!(found(Query { flow, ..Query::any() }), [1, 2, 3, 4]);
    idp.clear_journal();
    Browser::new(&idp).fetch("/jwks").await;
    assert_eq!(found(Query::any()), [6]);
}

#[tokio::test]
async fn peers_4_13_what_was_given_out_is_found_where_it_is_used() {
    let idp = server();
    play(&idp).await;
    let told = idp.journal().redacted();
    let [authorize, token, refresh, userinfo] = told.as_slice() else { panic!("{told:?}") };
    let id = |tickets: &[oauth_types::journal::Ticket], kind: &str| {
        let found = tickets.iter().find(|ticket| ticket.kind == kind);
        found.unwrap_or_else(|| panic!("no {kind} in {tickets:?}")).id.clone()
    };
    assert_eq!(id(&authorize.issued, "code"), id(&token.used, "code"));
    assert_eq!(id(&token.issued, "refresh_token"), id(&refresh.used, "refresh_token"));
    assert_ne!(id(&refresh.used, "refresh_token"), id(&refresh.issued, "refresh_token"));
    assert_eq!(id(&refresh.issued, "access_token"), id(&userinfo.used, "access_token"));
    assert!(authorize.flow.is_some());
    assert!(told.iter().all(|entry| entry.flow == authorize.flow), "{told:?}");
    let code = token.request.form.iter().find(|pair| pair.name == "code").expect("a code");
    assert_eq!(code.value, format!("<code {}>", id(&authorize.issued, "code")));
    assert!(authorize.response.headers.iter().any(|pair| pair.value.contains(&code.value)), "{authorize:?}");
    assert_eq!(
        (authorize.user.as_deref(), token.auth_method.as_deref(), token.grant_type.as_deref()),
        (Some("alice"), Some("none"), Some("authorization_code"))
    );
    let id_token = token.tokens.iter().find(|token| token.name == "id_token").expect("an ID token");
    assert_eq!((&id_token.claims["sub"], &id_token.header["typ"]), (&"alice".into(), &"JWT".into()));
    assert!(id_token.claims["nonce"].as_str().expect("text").starts_with("<nonce "), "{id_token:?}");
}

#[tokio::test]
async fn a_pushed_request_and_its_pages_are_of_the_same_flow() {
    let idp = MockIdp::builder().on("login-pages").in_process().expect("a switch");
    let browser = Browser::new(&idp);
    let pushed = browser.post("/par", asking().encode(), None).await.json();
    let reference = pushed["request_uri"].as_str().expect("a reference");
    browser.authorize(&Params::new().with("client_id", "public").with("request_uri", reference)).await;
    let told = idp.journal().redacted();
    assert_eq!(told[0].issued, told[1].used);
    assert_eq!((told[0].flow.as_deref(), &told[1].flow), (Some("request-1"), &told[0].flow));
    assert_eq!(told[1].issued[0].kind, "interaction");
    // Another request is of another flow.
    browser.authorize(&asking()).await;
    assert_ne!(idp.journal().redacted()[2].flow, told[0].flow);
}

#[tokio::test]
async fn what_is_told_can_be_read_again() {
    let idp = server();
    play(&idp).await;
    let journal = idp.journal();
    let lines: Vec<Entry> =
        journal.jsonl().lines().map(|line| serde_json::from_str(line).expect("an entry in each line")).collect();
    assert_eq!(lines, journal.redacted());
    let code = |entries: &[Entry]| entries[1].request.form[1].value.clone();
    assert_eq!(Some(code(&journal.revealed()).as_str()), journal[1].params.get("code"));
    assert_ne!(code(&journal.revealed()), code(&lines));
}

#[tokio::test]
async fn the_archive_is_what_har_asks_for() {
    let idp = server();
    idp.clock().set(951_782_400);
    play(&idp).await;
    Browser::new(&idp).token(&redeeming("bogus")).await;
    let har = idp.journal().har();
    assert_eq!((&har["log"]["version"], &har["log"]["creator"]["name"]), (&"1.2".into(), &"mock-idp".into()));
    let entries = har["log"]["entries"].as_array().expect("entries");
    assert_eq!(entries.len(), 5);
    for entry in entries {
        // Every member that HAR 1.2 requires, and its type.
        for path in
            ["/startedDateTime", "/request/method", "/request/url", "/request/httpVersion", "/response/statusText"]
        {
            assert!(entry.pointer(path).is_some_and(Value::is_string), "{path}: {entry}");
        }
        for path in ["/response/httpVersion", "/response/redirectURL", "/response/content/mimeType"] {
            assert!(entry.pointer(path).is_some_and(Value::is_string), "{path}: {entry}");
        }
        for path in ["/time", "/timings/send", "/timings/wait", "/timings/receive", "/response/status"] {
            assert!(entry.pointer(path).is_some_and(Value::is_number), "{path}: {entry}");
        }
        for path in ["/request/headersSize", "/request/bodySize", "/response/bodySize", "/response/content/size"] {
            assert!(entry.pointer(path).is_some_and(Value::is_number), "{path}: {entry}");
        }
        for path in
            ["/request/cookies", "/request/headers", "/request/queryString", "/response/cookies", "/response/headers"]
        {
            assert!(entry.pointer(path).is_some_and(Value::is_array), "{path}: {entry}");
        }
        assert!(entry["cache"].is_object());
    }
    assert_eq!(entries[0]["startedDateTime"], "2000-02-29T00:00:00Z");
    let url = entries[0]["request"]["url"].as_str().expect("a URL");
    assert!(url.starts_with(&format!("{}/authorize?response_type=code&", idp.issuer())), "{url}");
    assert_eq!(entries[1]["request"]["postData"]["mimeType"], "application/x-www-form-urlencoded");
    assert!(entries[1]["_flow"].is_string() && entries[1].get("_rule").is_none());
    assert_eq!(entries[4]["_rule"], idp.journal()[4].refusal.clone().expect("a refusal").rule);
}

#[tokio::test]
async fn what_was_expected_is_verified_at_the_end() {
    let idp = server();
    idp.expect(Expect::token().times(1));
    idp.expect(Expect::path("/par").never());
    let text = said(|| idp.verify());
    assert!(text.contains("it came 0 times"), "{text}");
    Browser::new(&idp).log_in().await;
    idp.verify();
    drop(idp);

    let idp = server();
    idp.expect(Expect::token().never());
    Browser::new(&idp).log_in().await;
    let text = said(|| drop(idp));
    assert!(text.contains("never, and it came 1 times") && text.contains("\n  2 POST /token 200"), "{text}");

    let idp = server();
    idp.tenant("acme").expect(Expect::jwks());
    let text = said(|| drop(idp));
    assert!(text.contains("the journal of http://mock-idp.test/acme, 0 entries"), "{text}");

    let idp = server();
    let tenant = idp.disposable(MockIdp::builder()).expect("a tenant");
    tenant.expect(Expect::jwks());
    assert!(said(|| drop(tenant)).contains("it came 0 times"));

    // What a reset forgets is not verified.
    idp.expect(Expect::jwks());
    idp.reset();
}

#[tokio::test]
async fn a_test_that_failed_already_is_not_told_of_it_again() {
    let idp = server();
    idp.expect(Expect::jwks());
    let text = said(move || {
        let _idp = idp;
        panic!("{}", "for another reason");
    });
    assert_eq!(text, "for another reason");
}

#[tokio::test]
async fn a_fault_that_never_acted_prints_the_journal() {
    let idp = server();
    let fault = idp.mount(Fault::always(Point::Userinfo, Edit::remove("sub")));
    Browser::new(&idp).log_in().await;
    let text = said(|| drop(fault));
    assert!(text.contains("never acted") && text.contains("\n  1 GET /authorize 302 client public"), "{text}");
}

#[tokio::test]
async fn what_faults_changed_in_a_response_is_written_down() {
    let idp = server();
    let fault = Fault::always(Point::AuthorizationResponse, Edit::set("iss", "https://evil.example"))
        .and(Edit::remove("state"))
        .and(Edit::set("x", "y"));
    let _guard = idp.mount(fault);
    Browser::new(&idp).authorize(&asking()).await;
    let mut altered = idp.journal()[0].altered.clone();
    altered.sort();
    assert_eq!(altered, ["iss", "state", "x"]);
}

/// A login with every kind of secret in it.
async fn secrets(idp: &MockIdp) -> Vec<String> {
    let (browser, key) = (Browser::new(idp), Signer::new());
    let mut secrets = vec!["swordfish".to_owned(), basic("web", "swordfish-secret"), VERIFIER.to_owned()];
    let asked = with(with(asking(), "client_id", "web"), "state", "swordfish-state-0123456789");
    let asked = with(asked, "nonce", "swordfish-nonce-0123456789");
    let pushed = browser.post(
        "/par",
        without(asked.clone(), "client_id").with("client_id", "web").encode(),
        Some(&secrets[1]),
    );
    let reference = pushed.await.json()["request_uri"].as_str().expect("a reference").to_owned();
    let code = browser.code(&asked).await;
    let params =
        without(redeeming(&code), "client_id").with("client_id", "web").with("client_secret", "swordfish-secret");
    let proof = key.at_token(idp);
    let tokens = browser.send(proven(posting("/token", &params), &proof)).await.tokens();
    let access = tokens["access_token"].as_str().expect("a token").to_owned();
    let at_userinfo = key.at_userinfo(idp, &access);
    browser.send(proven(userinfo(&access), &at_userinfo)).await;
    let refresh = refreshing(&tokens["refresh_token"]);
    let rotated = browser.post("/token", without(refresh, "client_id").encode(), Some(&secrets[1])).await.json();
    let assertion = key.sign(&key.assertion(idp, "web"));
    let asserting =
        Params::new().with("grant_type", "client_credentials").with("client_assertion", assertion.as_str());
    let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    browser.token(&asserting.with("client_assertion_type", kind)).await;
    let with_cookie = Request::post("/login").header(COOKIE, "mock-idp-session=swordfish-cookie");
    let form = Params::new()
        .with("username", "alice")
        .with("password", "swordfish-password")
        .with("swordfish".repeat(6), "");
    let with_cookie = with_cookie.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
    browser.send(with_cookie.body(Bytes::from(form.encode())).expect("a request")).await;
    let odd = Request::get("/userinfo?access_token=swordfish-query").header(AUTHORIZATION, "swordfish-scheme");
    let odd = odd.header("referer", format!("{REDIRECT_URI}?code={code}&state=swordfish-state-0123456789"));
    browser.send(odd.body(Bytes::new()).expect("a request")).await;
    secrets.extend([code, proof, at_userinfo, assertion]);
    secrets.push(reference.rsplit_once(':').expect("a handle").1.to_owned());
    let given = [&tokens, &rotated].into_iter().flat_map(|tokens| {
        ["access_token", "refresh_token", "id_token"].into_iter().filter_map(|name| tokens[name].as_str())
    });
    secrets.extend(given.map(str::to_owned));
    // The signature alone would be enough for whoever knows the claims.
    let signatures = secrets.iter().filter(|secret| secret.matches('.').count() == 2);
    let signatures: Vec<String> =
        signatures.filter_map(|token| token.rsplit_once('.')).map(|(_, signature)| signature.to_owned()).collect();
    secrets.extend(signatures);
    secrets
}

#[tokio::test]
async fn row_11_no_secret_of_a_flow_is_told() {
    let client = Client::confidential("web", "swordfish-secret").any_loopback_redirect();
    let idp = MockIdp::builder().client(client).user(User::new("alice")).in_process().expect("a server");
    let secrets = secrets(&idp).await;
    assert!(secrets.len() > 12, "{}", secrets.len());
    let journal = idp.journal();
    let told = [
        ("Debug", format!("{journal:?} {journal:#?}")),
        ("Display", journal.to_string()),
        ("an entry", journal.iter().map(|entry| format!("{entry} {entry:?} {:?}", entry.answer)).collect()),
        ("the headers", format!("{:?}", journal.iter().map(|entry| &entry.answer.headers).collect::<Vec<_>>())),
        ("the redacted form", serde_json::to_string(&journal.redacted()).expect("JSON")),
        ("HAR", journal.har().to_string()),
        ("JSONL", journal.jsonl()),
        ("the ledger", format!("{:?} {}", journal.flows(), serde_json::to_string(&journal.flows()).expect("JSON"))),
        ("a flow", journal.flows().iter().map(ToString::to_string).collect()),
    ];
    for (what, text) in &told {
        for secret in &secrets {
            assert!(!text.contains(secret.as_str()), "{secret} is in {what}: {text}");
        }
    }
    // Whoever asks for them gets them.
    let revealed = serde_json::to_string(&journal.revealed()).expect("JSON");
    let hidden: Vec<_> = secrets.iter().filter(|secret| !revealed.contains(secret.as_str())).collect();
    assert_eq!(hidden, [""; 0]);
}
