//! The control API, by the typed client.

use std::net::{Ipv4Addr, SocketAddr};

use mock_idp::MockIdp;
use mock_idp_control::{ControlClient, ControlTenant, RemoteFault};
use oauth_types::scenario::{NextLogin, Scenario};
use tokio::net::TcpListener;

use super::shell::Shell;
use super::visit::{Visitor, clients};
use super::{all, observe};

/// A tenant that is driven from outside.
struct Remote {
    tenant: ControlTenant,
    mounted: Option<RemoteFault>,
    visitor: Visitor,
}

impl Remote {
    /// A tenant with the clients and choices that the server has in the other shell.
    async fn at(idp: &MockIdp, server: &ControlClient) -> Self {
        let ears = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await.expect("a port");
        let scenario = Scenario {
            legacy: Some(true),
            on: vec!["device-approved-at-once".to_owned()],
            clients: clients(ears.local_addr().expect("an address")),
            ..Scenario::default()
        };
        let tenant = server.disposable(&scenario).await.expect("a tenant");
        let base = format!("/{}", tenant.name());
        let visitor = Visitor { address: idp.address().expect("it listens"), base, patience: None, ears };
        Self { tenant, mounted: None, visitor }
    }
}

impl Shell for Remote {
    fn visitor(&mut self) -> &mut Visitor {
        &mut self.visitor
    }

    async fn next_login(&mut self, next: NextLogin) {
        self.tenant.login(next).await.expect("it can be");
    }

    async fn mount(&mut self, name: &'static str) {
        self.mounted = Some(self.tenant.fault_named(name).await.expect("a name of the catalogue"));
    }

    async fn unmount(&mut self) {
        let taken = self.mounted.take().expect("it is mounted").take_off().await.expect("it is mounted");
        assert!(taken.fired > 0, "it never acted: {taken:?}");
    }
}

#[tokio::test]
async fn row_9_every_fault_of_the_catalogue_is_seen_over_the_control_api() {
    let idp = MockIdp::start().await;
    let server = ControlClient::new(idp.issuer()).expect("an address");
    let mut wrong = Vec::new();
    for case in all() {
        let mut remote = Remote::at(&idp, &server).await;
        wrong.extend(observe(&mut remote, case).await.err());
        remote.tenant.destroy().await.expect("it is there");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
