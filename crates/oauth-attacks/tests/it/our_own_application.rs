//! The example of a web application (crates/pkce-client/examples/web.rs) withstands every attack, as browsers see it.

use std::net::Ipv4Addr;

use mock_idp::MockIdp;
use oauth_attacks::client::Door;
use oauth_attacks::{Options, Registration, Web, run_on_client};
use pkce_client::Client;
use tokio::net::TcpListener;

use crate::our_own::assert_as_recorded;

#[path = "../../../pkce-client/examples/web.rs"]
#[expect(dead_code, reason = "it is started from here")]
mod example;

const CLIENT_ID: &str = "client-under-test";

/// The application, and the harness that knows where it is.
async fn web() -> Web {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
    let at = format!("http://{}", listener.local_addr().expect("an address"));
    let callback = format!("{at}/callback");
    // It reads the metadata when it starts.
    let idp = MockIdp::builder().start().await.expect("a server");
    let client = Client::builder(idp.issuer(), CLIENT_ID).redirect_uri(&callback);
    let app = example::app(client.discover().await.expect("metadata")).expect("an application");
    tokio::spawn(async move { axum::serve(listener, app).await });
    let place = idp.issuer().trim_start_matches("http://").parse().expect("an address");
    let web = Web::new(&format!("{at}/login"), "/me~Hello, alice.".parse().expect("a predicate"));
    let web = web.and_then(|web| web.logout_at("/logout")?.notified_at("/backchannel-logout"));
    let web = web.and_then(|web| web.door(Door::Login, "/login"));
    web.expect("an application").registered(Registration::public(CLIENT_ID, callback)).issuers_at(place, None)
}

#[tokio::test]
async fn the_web_application_withstands_every_attack() {
    let report = run_on_client(web().await, &Options::new()).await;
    assert_as_recorded("pkce-client-web", &report);
}
