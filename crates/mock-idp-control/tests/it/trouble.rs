//! What goes wrong, and what is told of it.

use std::error::Error as _;
use std::time::Duration;

use mock_idp::MockIdp;
use mock_idp::tls::Tls;
use mock_idp_control::{ControlClient, Error};
use oauth_types::fault::{Edit, Fault, Point};
use oauth_types::scenario::{NextLogin, Scenario};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::{address, server};

#[test]
fn an_address_is_a_base_url() {
    for address in ["http://127.0.0.1:8080", "http://localhost:1/", "https://idp.example/below/"] {
        assert!(ControlClient::new(address).is_ok(), "{address}");
    }
    for address in
        ["", "127.0.0.1:8080", "ftp://a.example", "http://u:p@a.example", "http://a.example/?x", "http://a/#x"]
    {
        assert!(matches!(ControlClient::new(address), Err(Error::Address)), "{address}");
    }
}

#[tokio::test]
async fn what_was_refused_says_where_and_why() {
    let (_idp, client) = server().await;
    let twice =
        NextLogin { user: Some("bob".to_owned()), ..NextLogin::person(oauth_types::scenario::UserSetup::new("eve")) };
    let scenario = Scenario { logins: vec![NextLogin::deny(), twice], ..Scenario::default() };
    let error = client.root().play(&scenario).await.expect_err("nobody is two people");
    let problem = error.problem().expect("the server refused");
    assert!(problem.is("unfit") && !problem.is("conflict"));
    assert_eq!((problem.status, problem.pointer.as_deref()), (422, Some("/logins/1")));
    let text = error.to_string();
    assert!(text.starts_with("POST /_control/tenants/{tenant}/play: This cannot be (422): "), "{text}");
    assert!(text.ends_with(" [at /logins/1]"), "{text}");
    let unknown = Scenario { profile: Some("oidcc".to_owned()), ..Scenario::default() };
    let error = client.tenant("shop").create(&unknown).await.expect_err("there is no such profile");
    assert_eq!(error.problem().expect("the server refused").pointer.as_deref(), Some("/profile"));
}

#[tokio::test]
async fn a_name_does_not_lead_elsewhere() {
    let (_idp, client) = server().await;
    for name in ["", ".", ".."] {
        let error = client.tenant(name).destroy().await.expect_err("no name");
        assert!(matches!(error, Error::Name { .. }) && error.problem().is_none(), "{error}");
        assert!(matches!(client.root().remove_user(name).await, Err(Error::Name { .. })));
    }
    let error = client.tenant("a/../b").describe().await.expect_err("no tenant");
    assert!(error.problem().is_some_and(|problem| problem.is("no-such-tenant")), "{error}");
    client.root().users().await.expect("all is as it was");
}

#[tokio::test]
async fn a_token_is_shown_and_never_told() {
    let idp = MockIdp::builder().control_token("canary-token").start().await.expect("a server");
    let client = ControlClient::new(address(&idp)).expect("an address");
    let missing = client.health().await.expect_err("there is a token");
    assert!(missing.problem().is_some_and(|problem| problem.is("unauthorized") && problem.status == 401));
    let wrong = client.clone().token("canary-wrong");
    let error = wrong.health().await.expect_err("it is another one");
    let right = client.token("canary-token");
    right.health().await.expect("it is the one");
    let unsendable = right.clone().token("canary\n").health().await.expect_err("no header has it");
    let source = unsendable.source().map(ToString::to_string).unwrap_or_default();
    for text in [
        format!("{error} {error:?} {wrong:?}"),
        format!("{right:?}"),
        format!("{unsendable} {unsendable:?} {source}"),
    ] {
        assert!(!text.contains("canary"), "{text}");
    }
}

#[tokio::test]
async fn https_is_spoken_with_whom_one_trusts() {
    let idp = MockIdp::builder().tls(Tls::generated()).start().await.expect("a server");
    let address = format!("https://{}", idp.address().expect("it listens"));
    let client = ControlClient::new(&address).expect("an address");
    assert!(matches!(client.health().await, Err(Error::NoAnswer { .. })), "nobody is trusted");
    let client = client.trusting(idp.ca_pem().expect("it was generated")).expect("a certificate");
    client.health().await.expect("it is trusted");
    let other = ControlClient::new(&address).expect("an address");
    assert!(matches!(other.clone().trusting(""), Err(Error::Certificate(_))));
    let junk = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    assert!(matches!(other.trusting(junk), Err(Error::Certificate(_))));
}

#[tokio::test]
async fn nobody_is_waited_for_longer_than_was_said() {
    let slow = MockServer::start().await;
    let template = ResponseTemplate::new(204).set_delay(Duration::from_secs(60));
    Mock::given(any()).respond_with(template).mount(&slow).await;
    let client = ControlClient::new(slow.uri()).expect("an address").patience(Duration::from_millis(50));
    let error = client.reset().await.expect_err("it takes too long");
    assert!(matches!(error, Error::TimedOut { .. }), "{error}");
    assert_eq!(error.to_string(), "POST /_control/reset: there was no answer in time");
}

#[tokio::test]
async fn a_server_that_is_not_there_is_told_of() {
    let (idp, client) = server().await;
    drop(idp);
    let error = client.reset().await.expect_err("nobody is there");
    assert!(matches!(error, Error::NoAnswer { .. }), "{error}");
    assert!(error.source().is_some(), "and why");
}

#[tokio::test]
async fn an_answer_of_another_server_is_none() {
    let other = MockServer::start().await;
    let client = ControlClient::new(other.uri()).expect("an address");
    for (answer, says) in [
        (ResponseTemplate::new(200).set_body_string("canary-value"), "no such JSON at line 1"),
        (ResponseTemplate::new(200).set_body_string(r#"{"token":["canary-value"]}"#), "no such JSON"),
        (
            ResponseTemplate::new(502).set_body_string("Bad\nGateway"),
            r"502 is not one of the control API: Bad\nGateway",
        ),
        (ResponseTemplate::new(302).insert_header("location", "/elsewhere"), "302"),
    ] {
        other.reset().await;
        Mock::given(any()).respond_with(answer).mount(&other).await;
        let error = client.root().mint(&Default::default()).await.expect_err("it is none");
        assert!(matches!(error, Error::Unexpected { .. }), "{error:?}");
        assert!(error.to_string().contains(says), "{error}");
        assert!(!format!("{error} {error:?}").contains("canary"), "{error}");
    }
}

#[tokio::test]
async fn a_fault_that_was_left_mounted_stays() {
    let (_idp, client) = server().await;
    let fault = Fault::always(Point::Jwks, Edit::Status { code: 500 });
    drop(client.root().fault(fault).await.expect("a fault"));
    assert_eq!(client.root().faults().await.expect("faults").len(), 1);
    client.reset().await.expect("all is new");
    assert!(client.root().faults().await.expect("faults").is_empty());
}
