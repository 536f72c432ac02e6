//! The server and the client of this workspace withstand every attack of the catalogue.

use mock_idp::{Client, MockIdp};
use oauth_attacks::{Options, PkceClientWeb, Registration, Target, Verdict, catalogue, run_on_client, run_on_server};

const REDIRECT_URIS: [&str; 2] = ["http://127.0.0.1:9/callback", "http://127.0.0.1:9/other-callback"];

#[tokio::test]
async fn the_mock_server_stops_every_attack_strictly() {
    let [first, second] = REDIRECT_URIS;
    let idp = MockIdp::builder()
        .client(Client::public("app").redirect_uri(first).redirect_uri(second))
        .client(Client::confidential("web", "a secret").redirect_uri(first).redirect_uri(second))
        .client(Client::public("other").redirect_uri(first))
        .start()
        .await
        .expect("a server");
    let target = Target::discover(idp.issuer())
        .await
        .expect("metadata")
        .public("app", first)
        .confidential("web", "a secret", first)
        .second_redirect_uri(second)
        .second_client(Registration::public("other", first))
        .second_user("bob");
    let report = run_on_server(&target, &Options::new()).await;
    report.assert_all_stopped();
    for outcome in &report.outcomes {
        assert_eq!(outcome.verdict, Verdict::Stopped, "{}: {}", outcome.id, outcome.because);
    }
}

#[tokio::test]
async fn the_client_withstands_every_attack() {
    let report = run_on_client(PkceClientWeb::default(), &Options::new()).await;
    report.assert_all_stopped();
    assert_eq!(report.outcomes.len(), catalogue::CLIENT_ATTACKS.len());
    assert!(report.outcomes.iter().all(|outcome| outcome.verdict == Verdict::Stopped));
}
