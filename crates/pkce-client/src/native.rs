//! Logging in through the system's browser and the loopback interface (RFC 8252 §7.3).

use std::io;
use std::sync::Arc;
use std::time::Duration;

use oauth_types::Secret;
use url::Url;

use crate::callback::Callback;
use crate::client::Client;
use crate::error::{ConfigError, Error, PasteError};
use crate::login::{LoginRequest, Started};
use crate::loopback::{Answer, Loopback, Request};
use crate::paste::{self, PastePrompt};
use crate::pending::{Accepted, Pending, RejectReason};
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
    /// With a [`PastePrompt`], the user may paste the response as well, and whichever comes first is taken. A text that is
    /// wrong is told to be so and asked for again, four times.
    ///
    /// Dropping the future closes the listener and sends nothing more.
    ///
    /// # Errors
    /// [`Error::Loopback`] or [`Error::UserAgent`] if it cannot start; [`Error::LoginTimeout`] after five minutes;
    /// [`Error::Pasted`] after five wrong texts; [`Error::Rejected`] if the user or the server refused; the errors of [`Client::redeem`].
    pub async fn native(self) -> Result<Session, Error> {
        if self.form_post {
            return Err(ConfigError::FormPostNative.into());
        }
        let client = self.client;
        let listener = Loopback::bind().await.map_err(Error::Loopback)?;
        let path = client.inner.loopback_path.clone();
        let redirect_uri = listener.redirect_uri(&path);
        let Started { url, pending } = self.begin_at(redirect_uri.clone()).await?;
        let pasting =
            client.inner.paste.clone().map(|prompt| Pasting { prompt, url: url.clone(), redirect_uri, wrong: 0 });
        let last_page = format!("{}/done", path.trim_end_matches('/'));
        let opening = Some(client.inner.user_agent.open(url));
        let mut visit = Visit { listener, opening, pasting, asking: None, no_browser: None, path, last_page };
        if visit.pasting.as_ref().is_some_and(|pasting| pasting.prompt.is_wanted()) {
            visit.ask(None);
        }
        let accepted = tokio::select! {
            outcome = visit.wait_for_response(client, pending) => outcome,
            () = client.inner.clock.wait(DEADLINE) => Err(Error::LoginTimeout),
        };
        // Nobody is asked any more.
        (visit.pasting, visit.asking) = (None, None);
        let (accepted, by) = accepted?;
        match (accepted, by) {
            (Ok(accepted), By::Browser) => tokio::join!(client.redeem(accepted), visit.say_farewell(client)).0,
            (Ok(accepted), By::Hand) => {
                drop(visit);
                client.redeem(accepted).await
            }
            (Err(reason), By::Browser) => {
                visit.say_farewell(client).await;
                Err(Error::Rejected(reason))
            }
            (Err(reason), By::Hand) => Err(Error::Rejected(reason)),
        }
    }
}

/// What became of the response that was waited for.
type Outcome = Result<Accepted, RejectReason>;

/// How a response came.
#[derive(Clone, Copy)]
enum By {
    /// To the listener.
    Browser,
    /// It was pasted.
    Hand,
}

/// What came.
enum Came {
    Request(Request),
    Text(Secret),
}

/// The browser's visit: from opening it to its last page.
struct Visit {
    listener: Loopback,
    /// Still opening the browser.
    opening: Option<BoxFuture<'static, io::Result<()>>>,
    /// How to ask the user to paste the response, if anybody can be asked.
    pasting: Option<Pasting>,
    /// Asking the user.
    asking: Option<BoxFuture<'static, io::Result<Secret>>>,
    /// Why the browser was not opened, while the user is asked instead.
    no_browser: Option<io::Error>,
    path: String,
    last_page: String,
}

struct Pasting {
    prompt: Arc<dyn PastePrompt>,
    url: Url,
    redirect_uri: String,
    /// How many texts were wrong.
    wrong: u32,
}

impl Visit {
    /// Answers requests, and reads what is pasted, until the response to this login is among them.
    async fn wait_for_response(&mut self, client: &Client, mut pending: Pending) -> Result<(Outcome, By), Error> {
        loop {
            let request = match self.next().await? {
                Came::Request(request) => request,
                Came::Text(text) => match self.read(client, pending, &text).await? {
                    Ok(outcome) => return Ok((outcome, By::Hand)),
                    Err(open) => {
                        pending = open;
                        continue;
                    }
                },
            };
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
                    return Ok((outcome.map_err(|rejected| rejected.reason), By::Browser));
                }
            }
        }
    }

    /// Holds what was pasted against the same rules. The login is handed back if the user is asked again.
    async fn read(
        &mut self,
        client: &Client,
        pending: Pending,
        text: &Secret,
    ) -> Result<Result<Outcome, Pending>, Error> {
        let Some(pasting) = &mut self.pasting else { return Ok(Err(pending)) };
        let (pending, wrong) = match paste::read(text.expose(), &pasting.url, &pasting.redirect_uri) {
            Err(wrong) => (pending, wrong),
            Ok(callback) => match client.accept(pending, callback).await {
                Ok(accepted) => return Ok(Ok(Ok(accepted))),
                Err(rejected) if rejected.reason.may_be_forged() => {
                    (rejected.pending, PasteError::Rejected(rejected.reason))
                }
                Err(rejected) => return Ok(Ok(Err(rejected.reason))),
            },
        };
        pasting.wrong += 1;
        if pasting.wrong >= paste::MAX_WRONG {
            return Err(Error::Pasted(wrong));
        }
        self.ask(Some(wrong));
        Ok(Err(pending))
    }

    fn ask(&mut self, wrong: Option<PasteError>) {
        self.asking = self.pasting.as_ref().map(|pasting| pasting.prompt.ask(&pasting.url, wrong));
    }

    /// Shows the last page to the browser, if it comes for it soon.
    async fn say_farewell(&mut self, client: &Client) {
        let shown = async {
            loop {
                match self.next().await {
                    Ok(Came::Request(request)) if request.path == self.last_page => {
                        return request.answer(Answer::Page).await;
                    }
                    Ok(Came::Request(request)) => drop(request.answer(Answer::NotFound)),
                    Err(Error::Loopback(_)) => return,
                    Ok(Came::Text(_)) | Err(_) => {}
                }
            }
        };
        tokio::select! {
            () = shown => {}
            () = client.inner.clock.wait(FAREWELL) => {}
        }
    }

    /// The next request or text, while the browser may still be opening.
    async fn next(&mut self) -> Result<Came, Error> {
        loop {
            tokio::select! {
                request = self.listener.next() => return request.map(Came::Request).map_err(Error::Loopback),
                opened = finish(&mut self.opening) => {
                    self.opening = None;
                    match opened {
                        Ok(()) => {}
                        Err(error) if self.pasting.is_none() => return Err(Error::UserAgent(error)),
                        Err(error) => {
                            self.no_browser = Some(error);
                            if self.asking.is_none() {
                                self.ask(None);
                            }
                        }
                    }
                }
                text = finish(&mut self.asking) => {
                    self.asking = None;
                    match text {
                        Ok(text) => return Ok(Came::Text(text)),
                        Err(_) => {
                            // Nobody can be asked: then it is the browser, or nothing.
                            self.pasting = None;
                            if let Some(error) = self.no_browser.take() {
                                return Err(Error::UserAgent(error));
                            }
                        }
                    }
                }
            }
        }
    }
}

/// What comes of it, if anything is under way.
async fn finish<T>(under_way: &mut Option<BoxFuture<'static, T>>) -> T {
    match under_way {
        Some(future) => future.await,
        None => std::future::pending().await,
    }
}
