//! Faults that take time, with a paused clock: what a test of milliseconds cannot see.

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use oauth_types::fault::{Barrier, Edit, Fault, Point};
    use oauth_types::journal::Ending;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
    use tokio::sync::watch;
    use tokio::task::JoinHandle;
    use tokio::time::{Instant, timeout};

    use crate::MockIdp;
    use crate::http::lever::HELD_AT_MOST;
    use crate::http::patience::WRITE_WITHIN;
    use crate::http::router::router;
    use crate::http::serve::connection;

    const JWKS: &str = "GET /jwks HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    /// What a timer may be late by.
    const SLACK: Duration = Duration::from_secs(1);

    fn server() -> MockIdp {
        MockIdp::builder().in_process().expect("a server")
    }

    /// A connection to a server, the task that serves it, and what stops it.
    fn connect(idp: &MockIdp) -> (DuplexStream, JoinHandle<()>, watch::Sender<bool>) {
        let (client, server) = duplex(1024);
        let (stop, stopped) = watch::channel(false);
        (client, tokio::spawn(connection(server, router(idp.app().clone()), None, stopped)), stop)
    }

    async fn ask(client: &mut DuplexStream) {
        client.write_all(JWKS.as_bytes()).await.expect("the server reads");
    }

    /// Everything until the end.
    async fn rest(client: &mut DuplexStream) -> String {
        let mut octets = Vec::new();
        timeout(Duration::from_secs(24 * 3600), client.read_to_end(&mut octets))
            .await
            .expect("an end")
            .expect("no error");
        String::from_utf8(octets).expect("text")
    }

    async fn ask_and_wait(idp: &MockIdp) -> (String, Duration) {
        let (mut client, _served, _stop) = connect(idp);
        let start = Instant::now();
        ask(&mut client).await;
        (rest(&mut client).await, start.elapsed())
    }

    fn keys(edit: Edit) -> Fault {
        Fault::always(Point::Jwks, edit)
    }

    fn ending(idp: &MockIdp) -> Ending {
        idp.journal().pop().expect("an entry").ending
    }

    #[tokio::test(start_paused = true)]
    async fn a_delayed_answer_is_late_and_nobody_elses_is() {
        let idp = server();
        let _fault = idp.mount(keys(Edit::Delay { milliseconds: 60_000 }).once());
        let (mut slow, _served, _stop) = connect(&idp);
        let start = Instant::now();
        ask(&mut slow).await;
        tokio::task::yield_now().await;
        let (other, took) = ask_and_wait(&idp).await;
        assert!(other.starts_with("HTTP/1.1 200 ") && took == Duration::ZERO, "{took:?}");
        assert!(rest(&mut slow).await.starts_with("HTTP/1.1 200 "));
        assert!(start.elapsed() >= Duration::from_secs(60) && start.elapsed() <= Duration::from_secs(61));
    }

    #[tokio::test(start_paused = true)]
    async fn a_dripping_body_takes_its_time_and_is_whole() {
        let idp = server();
        let (whole, _) = ask_and_wait(&idp).await;
        let body = whole.split("\r\n\r\n").nth(1).expect("a body").to_owned();
        let octets = body.len() / 30;
        let _fault = idp.mount(keys(Edit::Drip { octets, milliseconds: 1_000 }));
        let (dripped, took) = ask_and_wait(&idp).await;
        assert!(dripped.ends_with(&body));
        assert!(
            took > WRITE_WITHIN && took >= Duration::from_secs(29) && took <= Duration::from_secs(32),
            "{took:?}"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_stall_ends_at_last() {
        for (after, sent) in [(None, ""), (Some(5), "{\"key")] {
            let idp = server();
            let _fault = idp.mount(keys(Edit::Stall { after }));
            let (said, took) = ask_and_wait(&idp).await;
            assert!(said.ends_with(sent) && said.is_empty() == sent.is_empty(), "{said}");
            assert!(took >= HELD_AT_MOST && took <= HELD_AT_MOST + SLACK, "{took:?}");
            assert_eq!(ending(&idp), Ending::Stalled);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_endless_body_ends_at_last() {
        let idp = server();
        let _fault = idp.mount(keys(Edit::Endless));
        let (mut client, _served, _stop) = connect(&idp);
        ask(&mut client).await;
        let mut read = vec![0; 256 * 1024];
        client.read_exact(&mut read).await.expect("there is more");
        let start = Instant::now();
        // Whoever does not read for that long is left, as with any other answer.
        while start.elapsed() < HELD_AT_MOST - WRITE_WITHIN {
            client.read_exact(&mut read).await.expect("there is more");
            tokio::time::advance(WRITE_WITHIN / 2).await;
        }
        tokio::time::advance(WRITE_WITHIN).await;
        rest(&mut client).await;
        assert_eq!(ending(&idp), Ending::Endless);
    }

    #[tokio::test(start_paused = true)]
    async fn whatever_is_held_ends_when_its_client_goes_away() {
        for edit in [
            Edit::Stall { after: None },
            Edit::Stall { after: Some(3) },
            Edit::Delay { milliseconds: 600_000 },
            Edit::Drip { octets: 1, milliseconds: 60_000 },
        ] {
            let idp = server();
            let _fault = idp.mount(keys(edit.clone()));
            let (mut client, served, _stop) = connect(&idp);
            let start = Instant::now();
            ask(&mut client).await;
            tokio::task::yield_now().await;
            drop(client);
            timeout(HELD_AT_MOST, served).await.expect("the connection is left").expect("no panic");
            assert_eq!(start.elapsed(), Duration::ZERO, "{edit:?}");
            let delayed = matches!(edit, Edit::Delay { .. });
            assert_eq!((idp.journal().len(), ending(&idp) == Ending::GaveUp), (1, delayed), "{edit:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn whatever_is_held_ends_when_the_server_stops() {
        for (edit, answered) in [
            (Edit::Stall { after: None }, false),
            (Edit::Stall { after: Some(3) }, false),
            (Edit::Drip { octets: 1, milliseconds: 60_000 }, false),
            (Edit::Endless, false),
            (Edit::Delay { milliseconds: 600_000 }, true),
        ] {
            let idp = server();
            let _fault = idp.mount(keys(edit.clone()));
            let (mut client, served, stop) = connect(&idp);
            let start = Instant::now();
            ask(&mut client).await;
            tokio::task::yield_now().await;
            stop.send_replace(true);
            assert_eq!(rest(&mut client).await.contains("]}"), answered || edit == Edit::Endless, "{edit:?}");
            timeout(HELD_AT_MOST, served).await.expect("the connection is left").expect("no panic");
            assert_eq!(start.elapsed(), Duration::ZERO, "{edit:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_is_held_at_a_barrier_for_ever_nor_after_the_server_stopped() {
        let idp = server();
        let held = idp.hold(Barrier::at(Point::Jwks));
        let (said, took) = ask_and_wait(&idp).await;
        assert!(said.starts_with("HTTP/1.1 200 "), "{said}");
        assert!(took >= HELD_AT_MOST && took <= HELD_AT_MOST + SLACK, "{took:?}");

        let (mut client, _served, stop) = connect(&idp);
        ask(&mut client).await;
        held.arrived(1).await;
        let start = Instant::now();
        stop.send_replace(true);
        assert!(rest(&mut client).await.starts_with("HTTP/1.1 200 "));
        assert_eq!((start.elapsed(), held.waiting()), (Duration::ZERO, 0));
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_goes_away_does_not_wait_at_a_barrier() {
        for barrier in [Barrier::at(Point::Jwks), Barrier::at(Point::Jwks).before()] {
            let idp = server();
            let held = idp.hold(barrier);
            let (mut client, served, _stop) = connect(&idp);
            ask(&mut client).await;
            assert_eq!((held.arrived(1).await, idp.journal().len()), (1, 0));
            drop(client);
            served.await.expect("no panic");
            assert_eq!((held.waiting(), ending(&idp)), (0, Ending::GaveUp));
        }
    }
}
