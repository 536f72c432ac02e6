//! The ledger: each check, kept by one client and broken by another.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use mock_idp::{Client, MockIdp};
use oauth_types::Params;
use oauth_types::fault::{Edit, Fault, Point};
use oauth_types::journal::{Flow, Verdict};
use pkce_core::Verifier;
use serde_json::Value;

use crate::browser::{Browser, REDIRECT_URI, asking, basic, redeeming, refreshing, with, without};
use crate::signer::{Signer, hashed, posting, proven, unique, userinfo};

use Verdict::{Broken, Kept, NotObserved};

fn server() -> MockIdp {
    MockIdp::builder().in_process().expect("nothing can fail")
}

fn lax() -> MockIdp {
    let builder = MockIdp::builder().pkce_optional().plain();
    builder.in_process().expect("two relaxations")
}

/// What a client draws for one login.
struct Login {
    verifier: String,
    asked: Params,
}

impl Login {
    fn new() -> Self {
        let verifier = Verifier::generate().expect("entropy");
        let asked = with(asking(), "code_challenge", verifier.challenge().as_str());
        let asked = with(with(asked, "state", &hashed(&unique())), "nonce", &hashed(&unique()));
        Self { verifier: verifier.expose().to_owned(), asked }
    }

    fn redeeming(&self, code: &str) -> Params {
        with(redeeming(code), "code_verifier", &self.verifier)
    }

    async fn code(&self, idp: &MockIdp) -> String {
        Browser::new(idp).code(&self.asked).await
    }

    /// The whole of it.
    async fn play(&self, idp: &MockIdp) -> Value {
        let code = self.code(idp).await;
        Browser::new(idp).token(&self.redeeming(&code)).await.json()
    }
}

fn without_pkce(asked: Params) -> Params {
    without(without(asked, "code_challenge"), "code_challenge_method")
}

fn last(idp: &MockIdp) -> Flow {
    idp.journal().flows().pop().expect("a flow")
}

fn assert_verdict(idp: &MockIdp, check: &str, verdict: Verdict) {
    let flow = last(idp);
    assert_eq!(flow.verdict(check), Some(verdict), "{flow}");
}

/// A login with the authorization request changed, at a server that takes nearly everything.
async fn asked(change: impl FnOnce(Params) -> Params) -> MockIdp {
    let idp = lax();
    let mut login = Login::new();
    login.asked = change(login.asked);
    let code = login.code(&idp).await;
    let redeeming = login.redeeming(&code);
    let has_challenge = login.asked.get("code_challenge").is_some();
    let redeeming = if has_challenge { redeeming } else { without(redeeming, "code_verifier") };
    Browser::new(&idp).token(&redeeming).await;
    idp
}

#[tokio::test]
async fn peers_4_3_a_sound_client_is_found_sound() {
    let idp = server();
    let tokens = Login::new().play(&idp).await;
    let browser = Browser::new(&idp);
    let fresh = browser.token(&refreshing(&tokens["refresh_token"])).await.tokens();
    browser.userinfo(fresh["access_token"].as_str().expect("a token")).await;
    Login::new().play(&idp).await;
    idp.journal().assert_sound();
    let flows = idp.journal().flows();
    assert_eq!(flows.iter().map(|flow| flow.entries.as_slice()).collect::<Vec<_>>(), [&[1, 2, 3, 4][..], &[5, 6]]);
    assert_eq!(flows[0].client_id.as_deref(), Some("public"));
    let lineage: Vec<(usize, usize)> =
        flows[0].lineage.iter().map(|step| (step.used.len(), step.issued.len())).collect();
    assert_eq!(lineage, [(0, 1), (1, 2), (1, 2), (1, 0)]);
    for check in ["state-present", "nonce-fresh", "challenge-s256", "code-redeemed-once", "refresh-token-newest"] {
        assert_eq!(flows[0].verdict(check), Some(Kept), "{}", flows[0]);
    }
    assert_eq!(flows[0].findings.len(), 17);
}

#[tokio::test]
async fn a_client_that_is_not_sound_fails_the_test_with_what_it_did() {
    let idp = asked(|asked| without(without(without_pkce(asked), "state"), "nonce")).await;
    let fails = catch_unwind(AssertUnwindSafe(|| {
        idp.journal().assert_sound();
    }));
    let text = *fails.expect_err("it is not sound").downcast::<String>().expect("text");
    assert!(
        text.contains("state-present: BROKEN (RFC 6749 section 10.12)") && text.contains("[entries 1]"),
        "{text}"
    );
    assert!(text.contains("\n  2 POST /token"), "{text}");
}

#[tokio::test]
async fn a_state_is_there_or_something_in_its_place() {
    let bare = |asked| without(without_pkce(asked), "state");
    assert_verdict(&asked(|asked| asked).await, "state-present", Kept);
    let idp = asked(|asked| without(asked, "state")).await;
    assert_verdict(&idp, "state-present", Kept);
    assert!(last(&idp).finding("state-present").expect("a finding").says.contains("PKCE in its place"));
    assert_verdict(&asked(bare).await, "state-present", Kept);
    assert_verdict(&asked(|asked| without(bare(asked), "nonce")).await, "state-present", Broken);
}

#[tokio::test]
async fn a_state_is_used_once_and_cannot_be_guessed() {
    assert_verdict(&asked(|asked| asked).await, "state-fresh", Kept);
    assert_verdict(&asked(|asked| with(asked, "state", "xyz")).await, "state-fresh", Broken);
    assert_verdict(&asked(|asked| without(asked, "state")).await, "state-fresh", NotObserved);
}

#[tokio::test]
async fn what_belongs_to_one_flow_is_in_no_other() {
    for (name, check) in [("state", "state-fresh"), ("nonce", "nonce-fresh"), ("code_challenge", "challenge-fresh")] {
        let idp = server();
        let (one, mut other) = (Login::new(), Login::new());
        one.play(&idp).await;
        other.play(&idp).await;
        assert_verdict(&idp, check, Kept);
        other = Login::new();
        other.asked = with(other.asked, name, one.asked.get(name).expect("a value"));
        other.code(&idp).await;
        assert_verdict(&idp, check, Broken);
        let finding = last(&idp).finding(check).expect("a finding").clone();
        assert_eq!(finding.entries, [1, 5]);
        // It shows in both.
        assert_eq!(idp.journal().flows()[0].verdict(check), Some(Broken));
    }
}

#[tokio::test]
async fn a_nonce_is_there_or_something_in_its_place() {
    assert_verdict(&asked(|asked| asked).await, "nonce-present", Kept);
    assert_verdict(&asked(|asked| without(asked, "nonce")).await, "nonce-present", Kept);
    let bare = |asked| without(without_pkce(asked), "nonce");
    assert_verdict(&asked(bare).await, "nonce-present", Broken);
    assert_verdict(&asked(|asked| with(bare(asked), "scope", "email")).await, "nonce-present", NotObserved);
}

#[tokio::test]
async fn a_challenge_is_made_with_s256() {
    assert_verdict(&asked(|asked| asked).await, "challenge-s256", Kept);
    assert_verdict(&asked(|asked| with(asked, "code_challenge_method", "plain")).await, "challenge-s256", Broken);
    assert_verdict(&asked(without_pkce).await, "challenge-s256", Broken);
}

#[tokio::test]
async fn a_verifier_is_used_once() {
    let idp = lax();
    let one = Login::new();
    one.play(&idp).await;
    assert_verdict(&idp, "verifier-fresh", Kept);
    let mut other = Login::new();
    other.asked = with(other.asked, "code_challenge", one.asked.get("code_challenge").expect("a challenge"));
    other.verifier.clone_from(&one.verifier);
    other.play(&idp).await;
    assert_verdict(&idp, "verifier-fresh", Broken);
}

#[tokio::test]
async fn the_redirect_uri_is_the_same_in_both_requests() {
    let idp = server();
    let login = Login::new();
    login.play(&idp).await;
    assert_verdict(&idp, "redirect-uri-identical", Kept);
    let code = login.code(&idp).await;
    Browser::new(&idp).token(&with(login.redeeming(&code), "redirect_uri", &format!("{REDIRECT_URI}/"))).await;
    assert_verdict(&idp, "redirect-uri-identical", Broken);
}

#[tokio::test]
async fn a_code_is_redeemed_once() {
    let idp = server();
    let login = Login::new();
    let code = login.code(&idp).await;
    assert_verdict(&idp, "code-redeemed-once", NotObserved);
    // What was refused has not used the code.
    Browser::new(&idp).token(&with(login.redeeming(&code), "redirect_uri", "http://127.0.0.1:9/other")).await;
    Browser::new(&idp).token(&login.redeeming(&code)).await.tokens();
    assert_verdict(&idp, "code-redeemed-once", Kept);
    Browser::new(&idp).token(&login.redeeming(&code)).await;
    assert_verdict(&idp, "code-redeemed-once", Broken);
    assert_eq!(last(&idp).finding("code-redeemed-once").expect("a finding").entries, [4]);
}

#[tokio::test]
async fn a_refresh_uses_the_newest_token() {
    let idp = server();
    let tokens = Login::new().play(&idp).await;
    assert_verdict(&idp, "refresh-token-newest", NotObserved);
    Browser::new(&idp).token(&refreshing(&tokens["refresh_token"])).await.tokens();
    assert_verdict(&idp, "refresh-token-newest", Kept);
    Browser::new(&idp).token(&refreshing(&tokens["refresh_token"])).await;
    assert_verdict(&idp, "refresh-token-newest", Broken);
}

/// A client that goes on after a response in which `edit` was made, and one that does not.
async fn lied(edit: Edit, check: &str) {
    let idp = server();
    Login::new().play(&idp).await;
    assert_verdict(&idp, check, NotObserved);
    let _guard = idp.mount(Fault::always(Point::AuthorizationResponse, edit));
    let login = Login::new();
    let code = login.code(&idp).await;
    assert_verdict(&idp, check, Kept);
    Browser::new(&idp).token(&login.redeeming(&code)).await.tokens();
    assert_verdict(&idp, check, Broken);
}

#[tokio::test]
async fn the_issuer_of_a_response_is_compared() {
    lied(Edit::set("iss", "https://evil.example"), "iss-compared").await;
    lied(Edit::remove("iss"), "iss-compared").await;
}

#[tokio::test]
async fn the_state_of_a_response_is_compared() {
    lied(Edit::set("state", "another"), "state-compared").await;
    lied(Edit::remove("state"), "state-compared").await;
}

#[tokio::test]
async fn without_rfc_9207_no_issuer_is_missed() {
    let idp = MockIdp::builder().without("RFC 9207").in_process().expect("it can do without");
    Login::new().play(&idp).await;
    assert_verdict(&idp, "iss-compared", NotObserved);
}

#[tokio::test]
async fn nothing_secret_is_in_a_query() {
    let check = "nothing-secret-in-a-query";
    let idp = server();
    let login = Login::new();
    let code = login.code(&idp).await;
    assert_verdict(&idp, check, Kept);
    let params = login.redeeming(&code).encode();
    Browser::new(&idp).post(&format!("/token?{params}"), String::new(), None).await;
    assert_verdict(&idp, check, Broken);
    let idp = server();
    let tokens = Login::new().play(&idp).await;
    Browser::new(&idp)
        .fetch(&format!("/userinfo?access_token={}", tokens["access_token"].as_str().expect("a token")))
        .await;
    assert_verdict(&idp, check, Broken);
}

#[tokio::test]
async fn a_client_authenticates_in_one_way() {
    let idp = server();
    let mut login = Login::new();
    login.asked = with(login.asked, "client_id", "confidential");
    let code = login.code(&idp).await;
    let params = without(login.redeeming(&code), "client_id");
    assert_verdict(&idp, "one-authentication", NotObserved);
    let (browser, basic) = (Browser::new(&idp), basic("confidential", "secret"));
    browser.post("/token", params.encode(), Some(&basic)).await.tokens();
    assert_verdict(&idp, "one-authentication", Kept);
    browser.post("/token", params.with("client_secret", "secret").encode(), Some(&basic)).await;
    assert_verdict(&idp, "one-authentication", Broken);
}

#[tokio::test]
async fn a_proof_is_used_once() {
    let idp = server();
    let (browser, key, login) = (Browser::new(&idp), Signer::new(), Login::new());
    let code = login.code(&idp).await;
    assert_verdict(&idp, "proofs-fresh", NotObserved);
    let at_token = proven(posting("/token", &login.redeeming(&code)), &key.at_token(&idp));
    let tokens = browser.send(at_token).await.tokens();
    let token = tokens["access_token"].as_str().expect("a token");
    let proof = key.at_userinfo(&idp, token);
    browser.send(proven(userinfo(token), &proof)).await;
    assert_verdict(&idp, "proofs-fresh", Kept);
    browser.send(proven(userinfo(token), &proof)).await;
    assert_verdict(&idp, "proofs-fresh", Broken);
}

#[tokio::test]
async fn a_request_that_was_refused_is_not_sent_on_and_on() {
    let idp = server();
    let login = Login::new();
    let code = login.code(&idp).await;
    let wrong = with(login.redeeming(&code), "redirect_uri", "http://127.0.0.1:9/other");
    for verdict in [Kept, Kept, Broken] {
        Browser::new(&idp).token(&wrong).await;
        assert_verdict(&idp, "no-retry-storm", verdict);
    }
    // With time in between, it is patience.
    let idp = server();
    let tokens = Login::new().play(&idp).await;
    Browser::new(&idp).token(&refreshing(&tokens["refresh_token"])).await.tokens();
    for _ in 0..4 {
        Browser::new(&idp).token(&refreshing(&tokens["refresh_token"])).await;
        idp.clock().advance(Duration::from_secs(45));
    }
    assert_verdict(&idp, "no-retry-storm", Kept);
}

#[tokio::test]
async fn a_code_that_nobody_issued_is_a_flow_of_its_own() {
    let idp = server();
    for _ in 0..3 {
        Browser::new(&idp).token(&redeeming("bogus")).await;
    }
    Browser::new(&idp).token(&redeeming("another")).await;
    let flows = idp.journal().flows();
    assert_eq!(flows.iter().map(|flow| flow.entries.as_slice()).collect::<Vec<_>>(), [&[1, 2, 3][..], &[4]]);
    assert_eq!(flows[0].verdict("no-retry-storm"), Some(Broken));
}

#[tokio::test]
async fn polls_keep_their_interval() {
    let grant_type = "urn:ietf:params:oauth:grant-type:device_code";
    let client = Client::public("tv").grant_types([grant_type]);
    let idp = MockIdp::builder().client(client).in_process().expect("a server");
    let browser = Browser::new(&idp);
    let params = Params::new().with("client_id", "tv").with("scope", "openid");
    let begun = browser.post("/device_authorization", params.encode(), None).await.json();
    let code = begun["device_code"].as_str().expect("a device code");
    let poll = Params::new().with("grant_type", grant_type).with("client_id", "tv").with("device_code", code);
    assert_verdict(&idp, "polls-in-time", NotObserved);
    for _ in 0..4 {
        idp.clock().advance(Duration::from_secs(6));
        browser.token(&poll).await;
    }
    assert_verdict(&idp, "polls-in-time", Kept);
    assert_verdict(&idp, "no-retry-storm", Kept);
    browser.token(&poll).await;
    assert_verdict(&idp, "polls-in-time", Broken);
}

#[tokio::test]
async fn a_pushed_request_is_judged_like_any_other() {
    let idp = server();
    let (browser, login) = (Browser::new(&idp), Login::new());
    let weak = with(login.asked.clone(), "state", "xyz");
    let pushed = browser.post("/par", weak.encode(), None).await.json();
    let reference = pushed["request_uri"].as_str().expect("a reference");
    let code = browser.code(&Params::new().with("client_id", "public").with("request_uri", reference)).await;
    browser.token(&login.redeeming(&code)).await.tokens();
    let flows = idp.journal().flows();
    assert_eq!(flows.len(), 1, "{flows:?}");
    assert_eq!(flows[0].entries, [1, 2, 3]);
    assert_eq!((flows[0].verdict("state-fresh"), flows[0].verdict("challenge-s256")), (Some(Broken), Some(Kept)));
}
