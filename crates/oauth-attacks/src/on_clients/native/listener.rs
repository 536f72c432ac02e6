//! Applications that listen on the loopback interface themselves (RFC 8252 section 7.3).

use std::net::Ipv4Addr;

use mock_idp::MockIdp;
use tokio::net::TcpStream;

use crate::attack::Inconclusive;
use crate::idp::Idp;
use crate::stage::{Address, Stage};

/// A redirect URI whose port is chosen at each login.
const REDIRECT_URI: &str = "http://127.0.0.1/callback";

/// A server where the client is registered as a native application.
pub(super) async fn idp(stage: &Stage) -> Result<Idp, Inconclusive> {
    let native = |registration: &mut crate::target::Registration| {
        registration.redirect_uris = vec![REDIRECT_URI.to_owned()];
    };
    stage.idp_as(MockIdp::builder(), native).await
}

/// The port of the redirect URI of an authorization request.
pub(super) fn port(request: &Address) -> Result<u16, Inconclusive> {
    let address = url::Url::parse(request.get("redirect_uri")).ok();
    let port = address.filter(|url| url.host_str() == Some("127.0.0.1")).and_then(|url| url.port());
    port.ok_or_else(|| Inconclusive::new("the client does not listen on a port of 127.0.0.1"))
}

/// Whether somebody listens there.
pub(super) async fn answers(address: Ipv4Addr, port: u16) -> bool {
    TcpStream::connect((address, port)).await.is_ok()
}
