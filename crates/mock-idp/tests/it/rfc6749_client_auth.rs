//! RFC 6749 §2.3.1: secrets of clients, and how often they may be wrong.

use std::time::Duration;

use mock_idp::MockIdp;
use oauth_types::Params;

use crate::browser::{Browser, with};
use crate::refusals::{assert_quiet, assert_refused};

fn asking(client_id: &str, secret: &str) -> Params {
    let fields = [("grant_type", "client_credentials"), ("client_id", client_id), ("client_secret", secret)];
    fields.into_iter().collect()
}

fn server(attempts: u64) -> MockIdp {
    let idp = MockIdp::builder().amount("secret-attempts", attempts).in_process().expect("a server");
    idp.clock().set(1_800_000_000);
    idp
}

#[tokio::test]
async fn a_secret_is_not_found_by_trying() {
    let idp = server(3);
    let browser = Browser::new(&idp);
    let right = asking("confidential", "secret");
    for _ in 0..3 {
        assert_eq!(browser.token(&right).await.status, 200, "the right one does not count");
        let answer = browser.token(&asking("confidential", "guess")).await;
        assert_refused(&idp, &answer, "rfc6749-secret-wrong", "");
    }
    let answer = browser.token(&right).await;
    assert_eq!((answer.status, &answer.json()["error"]), (401, &"invalid_client".into()));
    assert_refused(&idp, &answer, "rfc6749-secret-tried-too-often", "");
    assert_quiet(&idp, &answer, &["guess"]);
    idp.clock().advance(Duration::from_secs(59));
    assert_refused(&idp, &browser.token(&right).await, "rfc6749-secret-tried-too-often", "");
    idp.clock().advance(Duration::from_secs(1));
    assert_eq!(browser.token(&right).await.status, 200);
}

#[tokio::test]
async fn secrets_may_be_wrong_without_end_if_the_server_is_told_so() {
    let idp = server(0);
    let browser = Browser::new(&idp);
    for _ in 0..100 {
        let answer = browser.token(&with(asking("confidential", ""), "client_secret", "guess")).await;
        assert_refused(&idp, &answer, "rfc6749-secret-wrong", "");
    }
    assert_eq!(browser.token(&asking("confidential", "secret")).await.status, 200);
}
