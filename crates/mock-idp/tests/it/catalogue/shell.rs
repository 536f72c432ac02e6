//! The ways to a server that lies: in this process, and by the control API of a running binary.

use std::net::{Ipv4Addr, SocketAddr};

use mock_idp::{Builder, Client, MockIdp, Mounted};
use oauth_types::fault::Fault;
use oauth_types::scenario::NextLogin;
use tokio::net::TcpListener;

use super::visit::{Visitor, clients};

/// A server that faults can be mounted on by name, whoever mounts them.
pub(crate) trait Shell {
    /// Who goes to this server.
    fn visitor(&mut self) -> &mut Visitor;

    /// Says what the person does at the next login.
    async fn next_login(&mut self, next: NextLogin);

    /// Mounts a fault of the catalogue.
    async fn mount(&mut self, name: &'static str);

    /// Takes it off, and sees that it acted.
    async fn unmount(&mut self);
}

/// The Rust API, with a socket on a random port.
pub(crate) struct Rust {
    idp: MockIdp,
    mounted: Option<Mounted>,
    visitor: Visitor,
}

impl Rust {
    pub(crate) async fn start() -> Self {
        let ears = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await.expect("a port");
        let at = ears.local_addr().expect("an address");
        let idp = described(at).start().await.expect("a server");
        let address = idp.address().expect("a socket");
        Self { idp, mounted: None, visitor: Visitor { address, base: String::new(), patience: None, ears } }
    }
}

/// The server in all shells: its clients, and that a device need not wait for anybody.
fn described(ears: SocketAddr) -> Builder {
    let builder = MockIdp::builder().legacy().on("device-approved-at-once");
    clients(ears).into_iter().fold(builder, |builder, setup| builder.client(Client::from(setup)))
}

impl Shell for Rust {
    fn visitor(&mut self) -> &mut Visitor {
        &mut self.visitor
    }

    async fn next_login(&mut self, next: NextLogin) {
        self.idp.next_login(next);
    }

    async fn mount(&mut self, name: &'static str) {
        self.mounted = Some(self.idp.fault(Fault::named(name).expect("a name of the catalogue")));
    }

    async fn unmount(&mut self) {
        // Dropping it fails the test if the fault never acted.
        assert!(self.mounted.take().is_some_and(|mounted| mounted.fired() > 0));
    }
}
