//! `pkce_client` as a client under test: a web application that uses it as its documentation says.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use pkce_client::{
    Callback, Client, ClientBuilder, Clock, FinishError, FlowKey, Pending, Rejected as Rejection, Session, Started,
    SystemClock,
};

use crate::agent::lock;
use crate::client::{Ability, Answered, ClientUnderTest, Done, Errand, Provider, Rejected, Said, Visitor};
use crate::dice::fresh;
use crate::target::{ClientAuth, Registration};

/// The cookie that leads to a visitor's logins.
const COOKIE: &str = "session";

/// A web application on `pkce_client`.
///
/// Pending logins are kept where only the visitor's session cookie leads. A login is used up by finishing it; a
/// response that is rejected before anything was sent leaves it open for the right one. A response that belongs to
/// none of the browser's logins is held against the latest, so that it is the library that rejects it. If it belongs
/// to a login of another browser, that one is over: whoever brought it may have stolen it.
pub struct PkceClientWeb {
    registration: Option<Registration>,
    adjust: Box<dyn Fn(ClientBuilder) -> ClientBuilder + Send + Sync>,
    clients: Mutex<HashMap<String, Client>>,
    /// The open logins of each session, the latest last.
    open: Mutex<HashMap<String, Vec<Open>>>,
    /// Who is logged in, by session.
    held: Mutex<HashMap<String, Session>>,
    /// By how much the clock for each issuer was moved, in seconds.
    later: Mutex<HashMap<String, Arc<AtomicU64>>>,
}

/// A clock that can be moved forward.
struct Later(Arc<AtomicU64>);

impl Clock for Later {
    fn now(&self) -> u64 {
        SystemClock.now() + self.0.load(Ordering::Relaxed)
    }
}

/// A login that was begun.
struct Open {
    issuer: String,
    key: FlowKey,
    pending: Pending,
}

impl Default for PkceClientWeb {
    fn default() -> Self {
        Self::new(|builder| builder)
    }
}

impl PkceClientWeb {
    /// An application whose clients are adjusted like this before they are made.
    pub fn new(adjust: impl Fn(ClientBuilder) -> ClientBuilder + Send + Sync + 'static) -> Self {
        Self {
            registration: None,
            adjust: Box::new(adjust),
            clients: Mutex::default(),
            open: Mutex::default(),
            held: Mutex::default(),
            later: Mutex::default(),
        }
    }

    /// The same application, registered like this.
    #[must_use]
    pub fn registered(mut self, registration: Registration) -> Self {
        self.registration = Some(registration);
        self
    }

    async fn client(&self, provider: &Provider) -> Result<Client, Rejected> {
        if let Some(client) = lock(&self.clients).get(&provider.issuer) {
            return Ok(client.clone());
        }
        let builder = Client::builder(&provider.issuer, &provider.client.client_id);
        let builder = match &provider.client.auth {
            ClientAuth::None => builder,
            ClientAuth::Basic(secret) => builder.secret(secret.clone()),
            ClientAuth::Post(secret) => builder.secret_in_body(secret.clone()),
            ClientAuth::PrivateKeyJwt(_) | ClientAuth::MutualTls(_) => {
                return Err(Rejected::new("pkce_client does not authenticate like this"));
            }
        };
        let later = Arc::clone(lock(&self.later).entry(provider.issuer.clone()).or_default());
        let builder = builder.redirect_uri(provider.client.redirect_uri()).clock(Later(later));
        let client = (self.adjust)(builder).discover().await.map_err(Rejected::from)?;
        lock(&self.clients).insert(provider.issuer.clone(), client.clone());
        Ok(client)
    }

    async fn begin_login(&self, visitor: &Visitor, provider: &Provider) -> Result<String, Rejected> {
        let client = self.client(provider).await?;
        let age = provider.client.always.iter().find(|(name, _)| name == "max_age").map(|(_, age)| age.parse());
        let login = client.login().scopes(["openid", "profile"]);
        let login = match age {
            Some(Ok(seconds)) => login.max_age(Duration::from_secs(seconds)),
            _ => login,
        };
        let Started { url, pending } = login.begin().await.map_err(Rejected::from)?;
        let session = visitor.cookie(COOKIE).unwrap_or_else(fresh);
        visitor.set_cookie(COOKIE, &session);
        let open = Open { issuer: provider.issuer.clone(), key: pending.lookup_key(), pending };
        lock(&self.open).entry(session).or_default().push(open);
        Ok(url.into())
    }

    async fn finish_login(&self, visitor: &Visitor, address: &str) -> Result<Said, Rejected> {
        let query = address.split_once('?').map_or("", |(_, query)| query);
        self.finish_with(visitor, Callback::from_query(query).map_err(Rejected::from)?).await
    }

    async fn finish_with(&self, visitor: &Visitor, callback: Callback) -> Result<Said, Rejected> {
        let none = || Rejected::new("no login of this browser is open");
        self.end_elsewhere(visitor.cookie(COOKIE).as_deref(), callback.lookup_key());
        let cookie = visitor.cookie(COOKIE).ok_or_else(none)?;
        let open = self.take(&cookie, callback.lookup_key()).ok_or_else(none)?;
        let client = lock(&self.clients).get(&open.issuer).cloned();
        let client = client.ok_or_else(|| Rejected::new("this issuer is not configured"))?;
        let session = match client.finish(open.pending, callback).await {
            Ok(session) => session,
            Err(FinishError::Rejected(Rejection { pending, reason, .. })) => {
                lock(&self.open).entry(cookie).or_default().push(Open { pending, ..open });
                return Err(reason.into());
            }
            Err(error) => return Err(error.into()),
        };
        let claims = session.userinfo().await.map_err(Rejected::from)?;
        lock(&self.held).insert(cookie, session);
        Ok(Said::Accepted { issuer: client.issuer().to_owned(), subject: claims.subject().to_owned() })
    }

    async fn run_errand(&self, visitor: &Visitor, errand: &Errand) -> Result<Done, Rejected> {
        match errand {
            Errand::Refresh => self.session(visitor)?.refresh().await.map(|()| Done::Done).map_err(Rejected::from),
            Errand::WhoAmI => Ok(Done::Is(self.who_am_i(visitor).await.unwrap_or_else(Said::Rejected))),
            Errand::Scope => Ok(Done::Scope(self.session(visitor)?.scopes().await)),
            Errand::LetPass { seconds } => {
                let issuer = visitor
                    .cookie(COOKIE)
                    .and_then(|cookie| Some(lock(&self.open).get(&cookie)?.last()?.issuer.clone()));
                let issuer = issuer.ok_or_else(|| Rejected::new("no login of this browser is open"))?;
                lock(&self.later).entry(issuer).or_default().fetch_add(*seconds, Ordering::Relaxed);
                Ok(Done::Done)
            }
            Errand::TakeForm { form } => {
                self.finish_with(visitor, Callback::from_form(form).map_err(Rejected::from)?).await.map(Done::Is)
            }
            _ => Err(Rejected::new("the client cannot do that")),
        }
    }

    /// Who is logged in, for as long as there is a token that can be used.
    async fn who_am_i(&self, visitor: &Visitor) -> Result<Said, Rejected> {
        let session = self.session(visitor)?;
        session.access_token().await.map_err(Rejected::from)?;
        let claims = session.claims().ok_or_else(|| Rejected::new("nobody is logged in"))?;
        let issuer = claims.get("iss").ok().flatten().unwrap_or_default();
        Ok(Said::Accepted { issuer, subject: claims.subject().to_owned() })
    }

    fn session(&self, visitor: &Visitor) -> Result<Session, Rejected> {
        let held = visitor.cookie(COOKIE).and_then(|cookie| lock(&self.held).get(&cookie).cloned());
        held.ok_or_else(|| Rejected::new("nobody is logged in"))
    }

    /// Ends the login with this key in every session but one.
    fn end_elsewhere(&self, cookie: Option<&str>, key: Option<FlowKey>) {
        let mut open = lock(&self.open);
        for (_, logins) in open.iter_mut().filter(|(session, _)| Some(session.as_str()) != cookie) {
            logins.retain(|login| Some(&login.key) != key.as_ref());
        }
    }

    /// Takes the login with this key out of a session, or else the latest.
    fn take(&self, cookie: &str, key: Option<FlowKey>) -> Option<Open> {
        let mut open = lock(&self.open);
        let logins = open.get_mut(cookie)?;
        let at = logins.iter().position(|login| Some(&login.key) == key.as_ref());
        at.or_else(|| logins.len().checked_sub(1)).map(|at| logins.remove(at))
    }
}

impl ClientUnderTest for PkceClientWeb {
    fn begin<'a>(&'a self, visitor: &'a Visitor, provider: &'a Provider) -> Answered<'a, Result<String, Rejected>> {
        Box::pin(self.begin_login(visitor, provider))
    }

    fn finish<'a>(&'a self, visitor: &'a Visitor, address: &'a str) -> Answered<'a, Said> {
        Box::pin(async move { self.finish_login(visitor, address).await.unwrap_or_else(Said::Rejected) })
    }

    fn can(&self, ability: Ability) -> bool {
        use Ability::{AtOnce, LetPass, Refresh, Scope, TakeForm, WhoAmI};
        matches!(ability, AtOnce | Refresh | WhoAmI | Scope | LetPass | TakeForm)
    }

    fn run<'a>(&'a self, visitor: &'a Visitor, errand: &'a Errand) -> Answered<'a, Result<Done, Rejected>> {
        Box::pin(self.run_errand(visitor, errand))
    }

    fn registration(&self) -> Registration {
        let default = || Registration::public("client-under-test", "http://127.0.0.1:9/callback");
        self.registration.clone().unwrap_or_else(default)
    }
}

impl fmt::Debug for PkceClientWeb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PkceClientWeb").field("registration", &self.registration).finish_non_exhaustive()
    }
}
