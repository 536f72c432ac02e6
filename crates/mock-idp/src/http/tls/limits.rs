//! The limits of a connection hold over TLS.

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use rustls::pki_types::ServerName;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
    use tokio::sync::watch;
    use tokio::task::JoinHandle;
    use tokio::time::{Instant, timeout};
    use tokio_rustls::TlsConnector;
    use tokio_rustls::client::TlsStream;

    use super::super::{Tls, asking};
    use crate::MockIdp;
    use crate::http::router::router;
    use crate::http::serve;
    use crate::ports::clock::{AdjustableClock, Clock};

    const JWKS: &str = "GET /jwks HTTP/1.1\r\nHost: x\r\n\r\n";

    /// A connection that is being served, with what stops the server.
    struct Served {
        task: JoinHandle<()>,
        stop: watch::Sender<bool>,
        since: Instant,
    }

    impl Served {
        /// Waits until the connection has been left, for an hour at most, and says after how many seconds it was.
        async fn ended(self) -> u64 {
            let ended = timeout(Duration::from_secs(3600), self.task).await;
            ended.expect("the connection is kept").expect("no panic");
            self.since.elapsed().as_secs()
        }
    }

    /// A connection over which no hands have been shaken, and what shakes them.
    fn connect() -> (DuplexStream, TlsConnector, Served) {
        let host = ["localhost".to_owned()];
        let server = Tls::generated().secure(&host, AdjustableClock::new().now()).expect("TLS");
        let trusted = server.authority.as_ref().expect("generated").pem();
        let connector = TlsConnector::from(Arc::new(asking(&[trusted.into()]).expect("a CA")));
        let router = router(MockIdp::builder().in_process().expect("a server").app().clone());
        let (client, stream) = duplex(8 * 1024);
        let (stop, stopped) = watch::channel(false);
        let task = tokio::spawn(serve::secured(stream, server.acceptor, router, stopped));
        (client, connector, Served { task, stop, since: Instant::now() })
    }

    async fn shake() -> (TlsStream<DuplexStream>, Served) {
        let (client, connector, served) = connect();
        let name = ServerName::try_from("localhost").expect("a name");
        (connector.connect(name, client).await.expect("hands are shaken"), served)
    }

    #[tokio::test(start_paused = true)]
    async fn hands_are_shaken_in_ten_seconds() {
        for said in [&b""[..], b"\x16\x03\x01\x02\x00\x01"] {
            let (mut client, _, served) = connect();
            client.write_all(said).await.expect("the server reads");
            assert_eq!(served.ended().await, 10);
            assert_eq!(client.read(&mut [0]).await.expect("an end"), 0);
        }
        let (mut client, _, served) = connect();
        while client.write_all(b"\x16\x03\x01\x02\x00\x01"[..1].as_ref()).await.is_ok() {
            tokio::time::advance(Duration::from_secs(1)).await;
        }
        assert!(served.ended().await <= 11, "however busy the client is");
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_does_not_speak_tls_is_left_at_once() {
        let (mut client, _, served) = connect();
        client.write_all(JWKS.as_bytes()).await.expect("the server reads");
        assert_eq!(served.ended().await, 0);
        let mut said = Vec::new();
        client.read_to_end(&mut said).await.expect("an end");
        assert_eq!(said.first(), Some(&0x15), "an alert: {said:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_head_has_fifteen_seconds() {
        for said in ["", "GET /jwks HTTP/1.1\r\nX-"] {
            let (mut client, served) = shake().await;
            client.write_all(said.as_bytes()).await.expect("the server reads");
            assert_eq!(served.ended().await, 15);
            assert_eq!(client.read(&mut [0]).await.expect("an end that is said"), 0);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_has_ten_seconds() {
        let (mut client, served) = shake().await;
        let head = "POST /token HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\na";
        client.write_all(head.as_bytes()).await.expect("the server reads");
        let mut said = String::new();
        client.read_to_string(&mut said).await.expect("an answer and an end");
        assert!(said.starts_with("HTTP/1.1 408 "), "{said}");
        assert_eq!(served.ended().await, 10);
    }

    #[tokio::test(start_paused = true)]
    async fn a_head_is_not_larger_than_without_tls() {
        let (mut client, served) = shake().await;
        let long = format!("GET /jwks HTTP/1.1\r\nX: {}\r\n\r\n", "a".repeat(128 * 1024));
        let (_, said) = tokio::join!(served.ended(), async {
            // The server may have read enough before all of it is written.
            let _ = client.write_all(long.as_bytes()).await;
            let _ = client.flush().await;
            let mut said = Vec::new();
            client.read_to_end(&mut said).await.expect("an end that is said");
            String::from_utf8(said).expect("text")
        });
        assert!(said.starts_with("HTTP/1.1 431 "), "{said}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_never_reads_has_fifteen_seconds() {
        let (mut client, served) = shake().await;
        // More answers than there is room for between the two.
        client.write_all(JWKS.repeat(20).as_bytes()).await.expect("the server reads");
        assert_eq!(served.ended().await, 15);
    }

    #[tokio::test(start_paused = true)]
    async fn a_stopped_server_waits_neither_for_a_handshake_nor_for_an_idle_connection() {
        let (_client, _, served) = connect();
        served.stop.send_replace(true);
        assert_eq!(served.ended().await, 0);
        let (mut client, served) = shake().await;
        client.write_all(JWKS.as_bytes()).await.expect("the server reads");
        let mut said = [0; 64 * 1024];
        assert_ne!(client.read(&mut said).await.expect("an answer"), 0);
        served.stop.send_replace(true);
        assert_eq!(served.ended().await, 0);
        assert_eq!(client.read(&mut [0]).await.expect("an end that is said"), 0);
    }
}
