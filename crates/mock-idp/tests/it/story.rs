//! A whole story told by the typed client alone, to whoever listens at an address.

use std::net::SocketAddr;
use std::time::Duration;

use mock_idp_control::{ControlClient, ControlTenant};
use oauth_types::Params;
use oauth_types::fault::{Barrier, Edit, Fault, Point};
use oauth_types::journal::{Expect, Query};
use oauth_types::scenario::{NextLogin, Scenario};

use crate::wire::{Answer, Login, Wire, written};

/// An application that logs people in at a tenant.
#[derive(Clone)]
struct Application {
    address: SocketAddr,
    base: String,
}

impl Application {
    async fn asks(&self, login: &Login) -> Answer {
        let request = format!("GET {}/authorize?{} HTTP/1.1\r\nHost: x\r\n\r\n", self.base, login.request().encode());
        Wire::connect(self.address).await.exchange(&request).await
    }

    async fn posts(&self, form: &Params) -> Answer {
        Wire::connect(self.address).await.exchange(&written(&format!("{}/token", self.base), form)).await
    }

    /// The answer to a code.
    async fn logs_in(&self) -> Answer {
        let login = Login::new();
        let code = self.asks(&login).await.code();
        self.posts(&login.redemption(&code)).await
    }

    async fn refreshes(&self, token: &str) -> Answer {
        let form = Params::new().with("grant_type", "refresh_token").with("refresh_token", token);
        self.posts(&form.with("client_id", "public")).await
    }

    async fn userinfo(&self, token: &str) -> Answer {
        let path = format!("{}/userinfo", self.base);
        let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n");
        Wire::connect(self.address).await.exchange(&request).await
    }
}

pub(crate) async fn story(address: SocketAddr) {
    let server = ControlClient::new(format!("http://{address}")).expect("an address");
    server.reset().await.expect("all is new");
    let idp = server.disposable(&Scenario::default()).await.expect("a tenant");
    let application = Application { address, base: format!("/{}", idp.name()) };
    somebody_denies(&idp, &application).await;
    a_family_ends(&idp, &application).await;
    time_passes(&idp, &application).await;
    a_token_endpoint_fails_once(&idp, &application).await;
    an_answer_is_held(&idp, &application).await;
    idp.destroy().await.expect("it is there");
}

async fn somebody_denies(idp: &ControlTenant, application: &Application) {
    idp.login(NextLogin::deny()).await.expect("a login");
    idp.login("bob").await.expect("a login");
    let denied = application.asks(&Login::new()).await;
    assert!(denied.header("location").is_some_and(|to| to.contains("error=access_denied")), "{denied:?}");
    let tokens = application.logs_in().await;
    assert_eq!(application.userinfo(&tokens.member("access_token")).await.member("sub"), "bob");
    assert!(idp.logins().await.expect("a queue").is_empty());
}

/// A refresh token that is used again ends all that came of its login (RFC 9700 §4.14.2).
async fn a_family_ends(idp: &ControlTenant, application: &Application) {
    idp.clear_journal().await.expect("forgotten");
    let first = application.logs_in().await.member("refresh_token");
    let second = application.refreshes(&first).await.member("refresh_token");
    for token in [&first, &second] {
        assert_eq!(application.refreshes(token).await.member("error"), "invalid_grant");
    }
    let refresh = || Expect::token().grant_type("refresh_token");
    idp.expect(refresh().refused(false).times(1)).await.expect("one was in order");
    idp.expect(refresh().refused(true).times(2)).await.expect("two were not");
    idp.expect(Expect::in_order([Expect::authorize(), Expect::token(), refresh()])).await.expect("in this order");
    let unmet = idp.expect(refresh().never()).await.expect_err("there were three").to_string();
    assert!(unmet.contains("3 times") && !unmet.contains(&first), "{unmet}");
    let entries = idp.journal(&Query { refused: Some(true), ..Query::any() }).await.expect("entries");
    assert!(entries.iter().all(|entry| entry.refusal.as_ref().is_some_and(|refused| refused.hint.is_some())));
    let flows = idp.flows().await.expect("flows");
    assert_eq!(flows.len(), 1, "a login and all that came of it");
}

async fn time_passes(idp: &ControlTenant, application: &Application) {
    let token = application.logs_in().await.member("access_token");
    let seconds = idp.describe().await.expect("it is there").description.token_seconds;
    idp.advance(Duration::from_secs(seconds - 60)).await.expect("a time");
    assert_eq!(application.userinfo(&token).await.status, 200);
    idp.advance(Duration::from_secs(120)).await.expect("a time");
    assert_eq!(application.userinfo(&token).await.status, 401);
}

async fn a_token_endpoint_fails_once(idp: &ControlTenant, application: &Application) {
    let fault = Fault::always(Point::TokenResponse, Edit::Status { code: 503 }).once();
    let fault = idp.fault(fault).await.expect("a fault");
    assert_eq!(application.logs_in().await.status, 503);
    assert_eq!(application.logs_in().await.status, 200);
    assert_eq!(fault.fired().await.expect("a number"), 1);
    assert_eq!(fault.take_off().await.expect("it is mounted").matched, 2);
}

async fn an_answer_is_held(idp: &ControlTenant, application: &Application) {
    let barrier = idp.hold(Barrier::at(Point::TokenResponse).once()).await.expect("a barrier");
    let own = application.clone();
    let held = tokio::spawn(async move { own.logs_in().await.status });
    assert_eq!(barrier.arrived(1, Duration::from_secs(30)).await.expect("a number"), 1);
    assert!(!held.is_finished());
    assert_eq!(application.logs_in().await.status, 200, "others are answered");
    barrier.release().await.expect("it stands");
    assert_eq!(held.await.expect("an answer"), 200);
    assert_eq!(barrier.take_off().await.expect("it stands").arrived, 1);
}
