//! Logging in through the system's browser and the loopback interface (RFC 8252 §7.3).

use std::future::pending;
use std::io;
use std::time::Duration;

use crate::callback::Callback;
use crate::client::Client;
use crate::error::{ConfigError, Error};
use crate::login::{LoginRequest, Started};
use crate::loopback::{Answer, Loopback, Request};
use crate::pending::{Accepted, Pending};
use crate::session::Session;
use crate::transport::BoxFuture;

/// How long the user may take, by [`Clock::wait`](crate::Clock::wait) of the client's clock.
const DEADLINE: Duration = Duration::from_secs(5 * 60);

/// How long the browser may take to fetch the last page.
const FAREWELL: Duration = Duration::from_secs(2);

impl LoginRequest<'_> {
    /// Logs the user in through their browser and a listener on the loopback interface.
    ///
    /// The listener is bound before the browser is opened, to a port the system chooses on 127.0.0.1 (on `[::1]` only
    /// where there is no IPv4), and the redirect URI follows from it: `http://127.0.0.1:PORT/callback`, or the path
    /// of [`ClientBuilder::loopback_path`](crate::ClientBuilder::loopback_path). Requests for other paths, with a
    /// wrong `state` or from a wrong issuer are answered and otherwise ignored: they do not end the login. The right
    /// one is redirected to a page without the code in its address. Then the port is closed.
    ///
    /// Dropping the future closes the listener and sends nothing more.
    ///
    /// # Errors
    /// [`Error::Loopback`] or [`Error::UserAgent`] if it cannot start; [`Error::LoginTimeout`] after five minutes;
    /// [`Error::Rejected`] if the user or the server refused; the errors of [`Client::redeem`].
    pub async fn native(self) -> Result<Session, Error> {
        if self.form_post {
            return Err(ConfigError::FormPostNative.into());
        }
        let client = self.client;
        let listener = Loopback::bind().await.map_err(Error::Loopback)?;
        let path = client.inner.loopback_path.clone();
        let Started { url, pending } = self.begin_at(listener.redirect_uri(&path)).await?;
        let opening = Some(client.inner.user_agent.open(url));
        let last_page = format!("{}/done", path.trim_end_matches('/'));
        let mut visit = Visit { listener, opening, path, last_page };
        let accepted = tokio::select! {
            outcome = visit.wait_for_response(client, pending) => outcome,
            () = client.inner.clock.wait(DEADLINE) => Err(Error::LoginTimeout),
        };
        match accepted {
            Ok(accepted) => tokio::join!(client.redeem(accepted), visit.say_farewell(client)).0,
            Err(error @ Error::Rejected(_)) => {
                visit.say_farewell(client).await;
                Err(error)
            }
            Err(error) => Err(error),
        }
    }
}

/// The browser's visit: from opening it to its last page.
struct Visit {
    listener: Loopback,
    /// Still opening the browser.
    opening: Option<BoxFuture<'static, io::Result<()>>>,
    path: String,
    last_page: String,
}

impl Visit {
    /// Answers requests until the response to this login is among them.
    async fn wait_for_response(&mut self, client: &Client, mut pending: Pending) -> Result<Accepted, Error> {
        loop {
            let request = self.next().await?;
            if request.path != self.path {
                drop(request.answer(Answer::NotFound));
                continue;
            }
            let Ok(callback) = Callback::from_query(&request.query) else {
                drop(request.answer(Answer::BadRequest));
                continue;
            };
            match client.accept(pending, callback).await {
                Err(rejected) if rejected.reason.may_be_forged() => {
                    drop(request.answer(Answer::BadRequest));
                    pending = rejected.pending;
                }
                outcome => {
                    drop(request.answer(Answer::SeeOther(self.last_page.clone())));
                    return outcome.map_err(|rejected| Error::Rejected(rejected.reason));
                }
            }
        }
    }

    /// Shows the last page to the browser, if it comes for it soon.
    async fn say_farewell(&mut self, client: &Client) {
        let shown = async {
            loop {
                match self.next().await {
                    Ok(request) if request.path == self.last_page => return request.answer(Answer::Page).await,
                    Ok(request) => drop(request.answer(Answer::NotFound)),
                    Err(Error::Loopback(_)) => return,
                    Err(_) => {}
                }
            }
        };
        tokio::select! {
            () = shown => {}
            () = client.inner.clock.wait(FAREWELL) => {}
        }
    }

    /// The next request, while the browser may still be opening.
    async fn next(&mut self) -> Result<Request, Error> {
        loop {
            tokio::select! {
                request = self.listener.next() => return request.map_err(Error::Loopback),
                opened = finish(&mut self.opening) => {
                    self.opening = None;
                    opened.map_err(Error::UserAgent)?;
                }
            }
        }
    }
}

async fn finish(opening: &mut Option<BoxFuture<'static, io::Result<()>>>) -> io::Result<()> {
    match opening {
        Some(opening) => opening.await,
        None => pending().await,
    }
}
