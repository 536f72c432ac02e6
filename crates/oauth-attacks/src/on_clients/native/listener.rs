//! Applications that listen on the loopback interface themselves (RFC 8252 section 7.3).

use std::net::Ipv4Addr;

use mock_idp::MockIdp;
use oauth_types::fault::Point;
use tokio::net::TcpStream;

use crate::attack::Inconclusive;
use crate::idp::Idp;
use crate::observe;
use crate::stage::{Address, Stage};

/// A redirect URI whose port is chosen at each login.
const REDIRECT_URI: &str = "http://127.0.0.1/callback";

/// What a client is registered with that knows its computer by name only: the port is chosen at each login as well.
const ON_LOCALHOST: &str = "http://localhost";

/// A server where the client is registered as a native application.
pub(super) async fn idp(stage: &Stage) -> Result<Idp, Inconclusive> {
    let native = |registration: &mut crate::target::Registration| {
        if !registration.redirect_uris.iter().any(|uri| uri == ON_LOCALHOST) {
            registration.redirect_uris = vec![REDIRECT_URI.to_owned()];
        }
    };
    stage.idp_as(MockIdp::builder(), native).await
}

/// The port of the redirect URI of the authorization request that was made last, pushed or not.
pub(super) fn port(idp: &Idp, request: &Address) -> Result<u16, Inconclusive> {
    let pushed = idp.journal().into_iter().rfind(|entry| entry.point == Some(Point::PushedAuthorization));
    let asked = observe::asked(request, pushed.as_slice());
    let address = asked.get("redirect_uri").and_then(|url| url::Url::parse(url).ok());
    let is_loopback = |url: &url::Url| matches!(url.host_str(), Some("127.0.0.1" | "localhost"));
    let port = address.filter(is_loopback).and_then(|url| url.port());
    port.ok_or_else(|| Inconclusive::new("the client does not listen on a port of 127.0.0.1"))
}

/// Whether somebody listens there.
pub(super) async fn answers(address: Ipv4Addr, port: u16) -> bool {
    TcpStream::connect((address, port)).await.is_ok()
}
