//! The client against servers that are started here, and against what is no such server.

use mock_idp::MockIdp;
use mock_idp_control::ControlClient;

mod calls;
mod trouble;

/// A server on a free port, and the client of its control API.
async fn server() -> (MockIdp, ControlClient) {
    let idp = MockIdp::start().await;
    let client = ControlClient::new(address(&idp)).expect("an address");
    (idp, client)
}

fn address(idp: &MockIdp) -> String {
    format!("http://{}", idp.address().expect("it listens"))
}
