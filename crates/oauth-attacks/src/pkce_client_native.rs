//! `pkce_client` as a client under test: a native application that listens itself, as its documentation says.

use std::collections::HashMap;
use std::fmt;
use std::sync::Mutex;
use std::time::Duration;

use oauth_types::Params;
use pkce_client::Client;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::agent::{Agent, Request, Tls, lock};
use crate::client::{Ability, Answered, ClientUnderTest, Page, Provider, Rejected, Said, Visitor};
use crate::dice::fresh;
use crate::target::{ClientAuth, Registration};
use crate::trace::Party;

/// The cookie that leads to the login of a visitor.
const COOKIE: &str = "application";

/// How it is registered. Its port is another one for each login (RFC 8252 section 7.3).
const REDIRECT_URI: &str = "http://127.0.0.1/callback";

/// How long it may be silent after the browser came back before it counts as still waiting.
const QUIET: Duration = Duration::from_millis(1500);

/// A native application on `pkce_client`, started anew for each login.
///
/// It tells everybody else apart from its browser by itself: what comes back is opened at its listener, as a browser
/// would.
#[derive(Default)]
pub struct PkceClientNative {
    logins: Mutex<HashMap<String, JoinHandle<Said>>>,
}

impl PkceClientNative {
    async fn begin_login(&self, visitor: &Visitor, provider: &Provider) -> Result<String, Rejected> {
        if !matches!(provider.client.auth, ClientAuth::None) {
            return Err(Rejected::new("a native application has no secret"));
        }
        let (opens, mut opened) = mpsc::unbounded_channel();
        let browser = move |url: url::Url| {
            // Nobody waits for a second address.
            let _ = opens.send(url);
            std::future::ready(std::io::Result::Ok(()))
        };
        let builder = Client::builder(&provider.issuer, &provider.client.client_id).user_agent(browser);
        let client = builder.discover().await.map_err(Rejected::from)?;
        let mut login = tokio::spawn(async move {
            match client.login().scopes(["openid"]).native().await {
                Ok(session) => match session.userinfo().await {
                    Ok(claims) => {
                        Said::Accepted { issuer: client.issuer().to_owned(), subject: claims.subject().to_owned() }
                    }
                    Err(error) => Said::Rejected(error.into()),
                },
                Err(error) => Said::Rejected(error.into()),
            }
        });
        let url = tokio::select! {
            biased;
            Some(url) = opened.recv() => url,
            ended = &mut login => return match ended {
                Ok(Said::Rejected(rejected)) => Err(rejected),
                _ => Err(Rejected::new("it opened no browser")),
            },
        };
        visitor.note_opened(url.as_str());
        let name = fresh();
        visitor.set_cookie(COOKIE, &name);
        lock(&self.logins).insert(name, login);
        Ok(url.into())
    }

    async fn finish_login(&self, visitor: &Visitor, address: &str) -> Said {
        let waiting = || Said::Rejected(Rejected::new("the application is still waiting"));
        let name = visitor.cookie(COOKIE).unwrap_or_default();
        if let Some(page) = visit(address).await {
            visitor.show(page);
        }
        let Some(mut login) = lock(&self.logins).remove(&name) else {
            return Said::Rejected(Rejected::new("no application waits for this browser"));
        };
        match tokio::time::timeout(QUIET, &mut login).await {
            Ok(Ok(said)) => said,
            Ok(Err(_)) => Said::BrokeDown,
            Err(_) => {
                lock(&self.logins).insert(name, login);
                waiting()
            }
        }
    }
}

/// Opens an address of the application, and the page that it leads to.
async fn visit(address: &str) -> Option<Page> {
    let agent = Agent::new(Tls::Untrusted).ok()?.aside();
    let open =
        async |url: String| agent.send(Request::get(Party::Browser, Party::Client, url, Params::new())).await.ok();
    let base = url::Url::parse(address).ok()?;
    let mut answer = open(address.to_owned()).await?;
    if let Some(next) = answer.location().and_then(|location| base.join(location).ok())
        && next.origin() == base.origin()
    {
        answer = open(next.into()).await.unwrap_or(answer);
    }
    Some(Page { status: answer.status, body: answer.body, ..Page::default() })
}

impl ClientUnderTest for PkceClientNative {
    fn begin<'a>(&'a self, visitor: &'a Visitor, provider: &'a Provider) -> Answered<'a, Result<String, Rejected>> {
        Box::pin(self.begin_login(visitor, provider))
    }

    fn finish<'a>(&'a self, visitor: &'a Visitor, address: &'a str) -> Answered<'a, Said> {
        Box::pin(self.finish_login(visitor, address))
    }

    fn can(&self, ability: Ability) -> bool {
        matches!(ability, Ability::Listen | Ability::OpenBrowser)
    }

    fn registration(&self) -> Registration {
        Registration::public("client-under-test", REDIRECT_URI)
    }
}

impl Drop for PkceClientNative {
    fn drop(&mut self) {
        lock(&self.logins).values().for_each(JoinHandle::abort);
    }
}

impl fmt::Debug for PkceClientNative {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PkceClientNative").finish_non_exhaustive()
    }
}
