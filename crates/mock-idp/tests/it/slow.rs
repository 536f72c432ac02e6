//! The end of a server, and clients that take their time. What one connection does, and how long it may, is tested
//! with a paused clock in `src/http/serve.rs`.

use std::net::SocketAddr;
use std::sync::Arc;

use mock_idp::MockIdp;
use mock_idp::store::MemoryStore;
use tokio::net::TcpListener;
use tokio::runtime::Handle;
use tokio::time::Instant;

use crate::wire::{FORM, Wire, log_in, within};

const JWKS: &str = "GET /jwks HTTP/1.1\r\nHost: x\r\n\r\n";

/// Waits until nobody listens on `address` any more.
async fn port_is_free(address: SocketAddr) {
    within(async {
        // Another test's server may have the port for a while.
        while TcpListener::bind(address).await.is_err() {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

/// A request whose body the server waits for, and the two octets it wants.
async fn begin_request(address: SocketAddr) -> Wire {
    let mut wire = Wire::connect(address).await;
    let head = format!("POST /token HTTP/1.1\r\nHost: x\r\nContent-Type: {FORM}\r\nContent-Length: 3\r\n");
    wire.send(format!("{head}Expect: 100-continue\r\n\r\n").as_bytes()).await.expect("the server reads");
    wire.is_asked_for_more().await;
    wire
}

#[tokio::test]
async fn a_dropped_server_closes_idle_connections_and_frees_its_port() {
    let idp = MockIdp::start().await;
    let address = idp.address().expect("a socket");
    let (mut used, mut fresh) = (Wire::connect(address).await, Wire::connect(address).await);
    assert_eq!(used.exchange(JWKS).await.status, 200);
    drop(idp);
    assert!(used.is_closed().await && fresh.is_closed().await);
    port_is_free(address).await;
}

#[tokio::test]
async fn a_stopped_server_finishes_the_request_under_way() {
    let idp = MockIdp::start().await;
    let address = idp.address().expect("a socket");
    let mut wire = begin_request(address).await;
    let stopping = tokio::spawn(idp.stop());
    port_is_free(address).await;
    assert!(!stopping.is_finished(), "it waits for the request");
    wire.send(b"a=1").await.expect("the server reads");
    let answer = wire.receive().await.expect("the request is answered");
    assert_eq!((answer.status, answer.member("error").as_str()), (401, "invalid_client"));
    within(stopping).await.expect("no panic");
    assert!(wire.is_closed().await);
}

#[tokio::test]
async fn a_stopped_server_does_not_wait_for_a_request_that_never_ends() {
    let idp = MockIdp::start().await;
    let _wire = begin_request(idp.address().expect("a socket")).await;
    tokio::time::pause();
    let start = Instant::now();
    idp.stop().await;
    assert!((5..7).contains(&start.elapsed().as_secs()), "{:?}", start.elapsed());
}

#[tokio::test]
async fn slow_clients_do_not_keep_others_waiting() {
    let idp = MockIdp::start().await;
    let address = idp.address().expect("a socket");
    let mut slow = Vec::new();
    for octets in
        [&b""[..], b"GET /jw", b"GET /jwks HTTP/1.1\r\nX-", b"POST /token HTTP/1.1\r\nContent-Length: 9\r\n\r\na"]
    {
        for _ in 0..50 {
            let mut wire = Wire::connect(address).await;
            wire.send(octets).await.expect("the server reads");
            slow.push(wire);
        }
    }
    for _ in 0..50 {
        // Its answers are never read.
        let mut wire = Wire::connect(address).await;
        wire.send(JWKS.repeat(20).as_bytes()).await.expect("the server reads");
        slow.push(wire);
    }
    assert_eq!(Wire::connect(address).await.exchange(JWKS).await.status, 200);
    log_in(&idp).await;
    assert_eq!(slow.len(), 250);
}

#[tokio::test]
async fn a_thousand_servers_leave_nothing_behind() {
    let tasks = || Handle::current().metrics().num_alive_tasks();
    let before = tasks();
    let store = Arc::new(MemoryStore::new());
    let mut addresses = Vec::new();
    for round in 0..1000 {
        let idp = MockIdp::builder().store(store.clone()).start().await.expect("a server");
        let address = idp.address().expect("a socket");
        if round % 10 == 0 {
            assert_eq!(Wire::connect(address).await.exchange(JWKS).await.status, 200);
        }
        match round % 2 {
            0 => idp.stop().await,
            _ => drop(idp),
        }
        addresses.push(address);
    }
    within(async {
        while tasks() > before {
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert_eq!(Arc::strong_count(&store), 1, "no server is left that could use it");
    for address in addresses {
        port_is_free(address).await;
    }
}
