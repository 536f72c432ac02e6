//! What becomes of a code that somebody tries to redeem and may not.

use mock_idp::MockIdp;

use crate::browser::{Answer, Browser, asking, redeeming, with, without};
use crate::refusals::assert_refused;

const OTHER: &str = "a-verifier-of-43-characters-that-fits-nothing";

fn server(name: &str, value: u64) -> MockIdp {
    MockIdp::builder().amount(name, value).in_process().expect("a server")
}

async fn wrongly(browser: &Browser<'_>, code: &str) -> Answer {
    browser.token(&with(redeeming(code), "code_verifier", OTHER)).await
}

#[tokio::test]
async fn a_code_outlives_requests_that_are_not_in_order() {
    let idp = MockIdp::builder().in_process().expect("a server");
    let browser = Browser::new(&idp);
    let code = browser.code(&asking()).await;
    for _ in 0..23 {
        assert_refused(&idp, &wrongly(&browser, &code).await, "rfc7636-verifier-wrong", "");
    }
    assert_eq!(browser.token(&redeeming(&code)).await.status, 200);
}

#[tokio::test]
async fn a_code_is_gone_after_as_many_as_were_chosen() {
    let idp = server("code-attempts", 5);
    let browser = Browser::new(&idp);
    let (code, other) = (browser.code(&asking()).await, browser.code(&asking()).await);
    for _ in 0..5 {
        assert_refused(&idp, &wrongly(&browser, &code).await, "rfc7636-verifier-wrong", "");
    }
    let answer = browser.token(&redeeming(&code)).await;
    assert_refused(&idp, &answer, "rfc6749-code-burnt", "5 requests for it were not in order");
    assert_eq!(browser.token(&redeeming(&other)).await.status, 200, "each code is counted on its own");
}

#[tokio::test]
async fn a_server_may_burn_a_code_at_once_or_be_patient() {
    let hasty = server("code-attempts", 1);
    let browser = Browser::new(&hasty);
    let code = browser.code(&asking()).await;
    wrongly(&browser, &code).await;
    assert_refused(&hasty, &browser.token(&redeeming(&code)).await, "rfc6749-code-burnt", "1 requests");

    let patient = server("code-attempts", 20);
    let browser = Browser::new(&patient);
    let code = browser.code(&asking()).await;
    for _ in 0..19 {
        wrongly(&browser, &code).await;
    }
    assert_eq!(browser.token(&redeeming(&code)).await.status, 200);
}

#[tokio::test]
async fn a_replay_that_is_not_in_order_revokes_only_if_it_was_chosen() {
    for (chosen, status) in [(false, 200), (true, 401)] {
        let builder = MockIdp::builder();
        let builder = if chosen { builder.on("any-replay-revokes") } else { builder };
        let idp = builder.in_process().expect("a server");
        let browser = Browser::new(&idp);
        let code = browser.code(&asking()).await;
        let tokens = browser.token(&redeeming(&code)).await.tokens();
        for _ in 0..9 {
            assert_refused(&idp, &wrongly(&browser, &code).await, "rfc7636-verifier-wrong", "");
        }
        let token = tokens["access_token"].as_str().expect("a token");
        assert_eq!(browser.userinfo(token).await.status, status, "any-replay-revokes {chosen}");
    }
}

#[tokio::test]
async fn an_unsolicited_verifier_is_ignored_only_if_it_was_chosen() {
    for (chosen, status) in [(false, 400), (true, 200)] {
        let builder = MockIdp::builder().pkce_optional();
        let builder = if chosen { builder.on("unsolicited-verifier") } else { builder };
        let idp = builder.in_process().expect("a server");
        let browser = Browser::new(&idp);
        let plain = without(without(asking(), "code_challenge"), "code_challenge_method");
        let code = browser.code(&plain).await;
        assert_eq!(browser.token(&redeeming(&code)).await.status, status);
        let relaxed = idp.journal().pop().expect("an entry").relaxations.contains(&"unsolicited-verifier");
        assert_eq!(relaxed, chosen);
    }
}

#[tokio::test]
async fn a_challenge_of_a_finished_flow_is_refused_only_if_that_was_chosen() {
    for chosen in [false, true] {
        let builder = MockIdp::builder();
        let builder = if chosen { builder.on("challenge-once") } else { builder };
        let idp = builder.in_process().expect("a server");
        let browser = Browser::new(&idp);
        let (first, second) = (browser.code(&asking()).await, browser.code(&asking()).await);
        assert_ne!(first, second, "a request may be sent again as long as nothing came of it");
        browser.token(&redeeming(&second)).await.tokens();
        let answer = browser.authorize(&asking()).await;
        match chosen {
            true => assert_refused(&idp, &answer, "rfc9700-challenge-constant", "finished before"),
            false => assert!(answer.redirected().get("code").is_some()),
        }
    }
}
