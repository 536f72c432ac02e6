//! `pkce_client` as a client under test: a web application that uses it as its documentation says.

mod resources;

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use oauth_types::{Algorithm, Params};
use pkce_client::{
    Callback, Client, ClientBuilder, Clock, FinishError, FlowKey, LoginRequest, Pending, PendingLogout,
    Rejected as Rejection, Session, Started, SystemClock,
};

use crate::agent::lock;
use crate::client::{
    Ability, Answered, ClientUnderTest, Done, Door, Errand, Page, Provider, Rejected, Said, Visitor,
};
use crate::dice::fresh;
use crate::pkce_client_web::resources::{Visit, Visits};
use crate::target::{ClientAuth, Registration};

/// The cookie that leads to a visitor's logins.
const COOKIE: &str = "session";

/// Where visitors come back to from logging out.
const LOGGED_OUT: &str = "http://127.0.0.1:9/goodbye";

/// A web application on `pkce_client`.
///
/// Pending logins are kept where only the visitor's session cookie leads. A login is used up by finishing it; a
/// response that is rejected before anything was sent leaves it open for the right one. A response that belongs to
/// none of the browser's logins is held against the latest, so that it is the library that rejects it. If it belongs
/// to a login of another browser, that one is over: whoever brought it may have stolen it.
pub struct PkceClientWeb {
    registration: Option<Registration>,
    adjust: Adjust,
    /// The issuer where each session began its last login.
    chosen: Mutex<HashMap<String, String>>,
    clients: Mutex<HashMap<String, Client>>,
    /// The open logins of each session, the latest last.
    open: Mutex<HashMap<String, Vec<Open>>>,
    /// Who is logged in, by session.
    held: Mutex<HashMap<String, Session>>,
    /// The logouts that were begun, by session.
    leaving: Mutex<HashMap<String, PendingLogout>>,
    /// Where it is registered, and how.
    providers: Mutex<HashMap<String, Provider>>,
    /// By how much the clock for each issuer was moved, in seconds.
    later: Mutex<HashMap<String, Arc<AtomicU64>>>,
    /// The resources that each session has access to, or is about to.
    visits: Visits,
}

/// What is to be said of a client besides who it is.
type Adjust = Arc<dyn Fn(ClientBuilder) -> ClientBuilder + Send + Sync>;

/// A clock that can be moved forward.
struct Later(Arc<AtomicU64>);

impl Clock for Later {
    fn now(&self) -> u64 {
        SystemClock.now() + self.0.load(Ordering::Relaxed)
    }
}

/// A login that was begun.
struct Open {
    client: Client,
    key: FlowKey,
    pending: Pending,
    purpose: Purpose,
}

/// What a login was begun for.
enum Purpose {
    Login,
    /// To link an account to the session.
    Link,
    /// To visit a resource.
    Visit(Visit),
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
            adjust: Arc::new(adjust),
            chosen: Mutex::default(),
            clients: Mutex::default(),
            open: Mutex::default(),
            held: Mutex::default(),
            leaving: Mutex::default(),
            providers: Mutex::default(),
            later: Mutex::default(),
            visits: Visits::default(),
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
            // The key is given to the builder by whoever registered it.
            ClientAuth::PrivateKeyJwt(_) => builder,
            ClientAuth::MutualTls(_) => return Err(Rejected::new("no certificate is configured")),
        };
        let signed = provider.client.registered.iter().any(|(name, _)| name == "userinfo_signed_response_alg");
        let builder = if signed { builder.signed_userinfo([Algorithm::Rs256]) } else { builder };
        let later = Arc::clone(lock(&self.later).entry(provider.issuer.clone()).or_default());
        let builder = builder.redirect_uri(provider.client.redirect_uri()).clock(Later(later));
        let client = (self.adjust)(builder).discover().await?;
        lock(&self.clients).insert(provider.issuer.clone(), client.clone());
        lock(&self.providers).insert(provider.issuer.clone(), provider.clone());
        Ok(client)
    }

    async fn begin_login(&self, visitor: &Visitor, provider: &Provider) -> Result<String, Rejected> {
        let url = self.begin_for_purpose(visitor, provider, Purpose::Login).await?;
        lock(&self.chosen).insert(cookie_of(visitor), provider.issuer.clone());
        Ok(url)
    }

    /// Begins to link the visitor's account at another server to the session they have.
    async fn begin_link(&self, visitor: &Visitor, provider: &Provider) -> Result<Done, Rejected> {
        self.session(visitor)?;
        let url = self.begin_for_purpose(visitor, provider, Purpose::Link).await?;
        Ok(Done::Sent { url })
    }

    async fn begin_for_purpose(
        &self,
        visitor: &Visitor,
        provider: &Provider,
        purpose: Purpose,
    ) -> Result<String, Rejected> {
        let client = self.client(provider).await?;
        let login = client.login().scopes(["openid", "profile"]);
        let login = provider.client.always.iter().fold(login, wished);
        let Started { url, pending } = login.begin().await?;
        let open = Open { client, key: pending.lookup_key(), pending, purpose };
        lock(&self.open).entry(cookie_of(visitor)).or_default().push(open);
        Ok(url.into())
    }

    async fn finish_login(&self, visitor: &Visitor, address: &str) -> Result<Said, Rejected> {
        let query = address.split_once('?').map_or("", |(_, query)| query);
        self.finish_with(visitor, Callback::from_query(query)?).await
    }

    async fn finish_with(&self, visitor: &Visitor, callback: Callback) -> Result<Said, Rejected> {
        let none = || Rejected::new("no login of this browser is open");
        self.end_elsewhere(visitor.cookie(COOKIE).as_deref(), callback.lookup_key());
        let cookie = visitor.cookie(COOKIE).ok_or_else(none)?;
        let Open { client, key, pending, purpose } = self.take(&cookie, callback.lookup_key()).ok_or_else(none)?;
        let session = match client.finish(pending, callback).await {
            Ok(session) => session,
            Err(FinishError::Rejected(Rejection { pending, reason, .. })) => {
                lock(&self.open).entry(cookie).or_default().push(Open { client, key, pending, purpose });
                return Err(reason.into());
            }
            Err(error) => return Err(error.into()),
        };
        let links = match purpose {
            Purpose::Visit(visit) => return self.arrive(visitor, visit, session).await,
            Purpose::Link => true,
            Purpose::Login => false,
        };
        let claims = session.userinfo().await?;
        // Who links an account stays who they are.
        if !links {
            lock(&self.held).insert(cookie, session);
        }
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
                    .and_then(|cookie| Some(lock(&self.open).get(&cookie)?.last()?.client.issuer().to_owned()));
                let issuer = issuer.ok_or_else(|| Rejected::new("no login of this browser is open"))?;
                lock(&self.later).entry(issuer).or_default().fetch_add(*seconds, Ordering::Relaxed);
                Ok(Done::Done)
            }
            Errand::TakeForm { form } => self.finish_with(visitor, Callback::from_form(form)?).await.map(Done::Is),
            Errand::Device { provider } => self.log_in_as_device(visitor, provider).await.map(Done::Is),
            Errand::Link { provider } => self.begin_link(visitor, provider).await,
            Errand::Logout => self.log_out(visitor).await,
            Errand::Notify { logout_token } => self.take_logout_token(visitor, logout_token).await,
            Errand::Open { door, params } => self.opened(visitor, *door, params),
            Errand::Call { url } => self.call(visitor, url).await,
            Errand::BeginFor { resource } => self.begin_for(visitor, resource).await,
        }
    }

    async fn log_in_as_device(&self, visitor: &Visitor, provider: &Provider) -> Result<Said, Rejected> {
        let client = self.client(provider).await?;
        let mut login = client.device().scopes(["openid"]).begin().await?;
        let printed = format!("Open {} and enter {}", login.verification_uri(), login.user_code());
        visitor.show(Page { printed, ..Page::default() });
        let session = login.wait().await?;
        let subject = session.userinfo().await?.subject().to_owned();
        Ok(Said::Accepted { issuer: client.issuer().to_owned(), subject })
    }

    /// Sends the visitor to the server. The session goes on until they come back.
    async fn log_out(&self, visitor: &Visitor) -> Result<Done, Rejected> {
        let session = self.session(visitor)?;
        let client = self.of_visitor(visitor)?;
        let started = client.logout(&session).redirect_uri(LOGGED_OUT).begin().await?;
        lock(&self.leaving).insert(visitor.cookie(COOKIE).unwrap_or_default(), started.pending);
        Ok(Done::Sent { url: started.url.into() })
    }

    /// Ends every session that a server says is over.
    async fn take_logout_token(&self, visitor: &Visitor, token: &str) -> Result<Done, Rejected> {
        let over = self.of_visitor(visitor)?.verify_logout_token(token).await?;
        lock(&self.held).retain(|_, session| !session.claims().is_some_and(|claims| over.concerns(claims)));
        Ok(Done::Answered { status: 200 })
    }

    /// An address of the application was opened.
    fn opened(&self, visitor: &Visitor, door: Door, params: &[(String, String)]) -> Result<Done, Rejected> {
        let cookie = visitor.cookie(COOKIE).unwrap_or_default();
        let query = params.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect::<Params>().encode();
        let over = match door {
            Door::FrontChannelLogout => {
                let session = self.session(visitor)?;
                let asked = self.of_visitor(visitor)?.judge_frontchannel_logout(&query)?;
                session.claims().is_some_and(|claims| asked.concerns(claims))
            }
            Door::LoggedOut => {
                let mut leaving = lock(&self.leaving);
                let pending = leaving.get(&cookie).ok_or_else(|| Rejected::new("nobody asked to log out"))?;
                pending.accept(&query).map_err(pkce_client::Error::from)?;
                leaving.remove(&cookie).is_some()
            }
            Door::Login | Door::InitiateLogin => return Err(Rejected::new("there is no such address")),
        };
        if over {
            lock(&self.held).remove(&cookie);
        }
        Ok(Done::Answered { status: 200 })
    }

    /// The client for the issuer where the visitor began their last login.
    fn of_visitor(&self, visitor: &Visitor) -> Result<Client, Rejected> {
        let issuer = visitor.cookie(COOKIE).and_then(|cookie| lock(&self.chosen).get(&cookie).cloned());
        let client = issuer.and_then(|issuer| lock(&self.clients).get(&issuer).cloned());
        client.ok_or_else(|| Rejected::new("nobody is logged in"))
    }

    /// Who is logged in, for as long as there is a token that can be used.
    async fn who_am_i(&self, visitor: &Visitor) -> Result<Said, Rejected> {
        let session = self.session(visitor)?;
        session.access_token().await?;
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

/// The cookie that leads to a visitor's logins, which they have from now on.
fn cookie_of(visitor: &Visitor) -> String {
    let cookie = visitor.cookie(COOKIE).unwrap_or_else(fresh);
    visitor.set_cookie(COOKIE, &cookie);
    cookie
}

/// What a login is to say besides, as an application says it.
fn wished<'a>(login: LoginRequest<'a>, (name, value): &(String, String)) -> LoginRequest<'a> {
    match (name.as_str(), value.parse(), serde_json::from_str(value)) {
        ("max_age", Ok(seconds), _) => login.max_age(Duration::from_secs(seconds)),
        ("claims", _, Ok(claims)) => login.claims(claims),
        _ => login,
    }
}

impl ClientUnderTest for PkceClientWeb {
    fn begin<'a>(&'a self, visitor: &'a Visitor, provider: &'a Provider) -> Answered<'a, Result<String, Rejected>> {
        Box::pin(self.begin_login(visitor, provider))
    }

    fn finish<'a>(&'a self, visitor: &'a Visitor, address: &'a str) -> Answered<'a, Said> {
        Box::pin(async move {
            self.finish_login(visitor, address).await.unwrap_or_else(|rejected| {
                visitor.show(Page { printed: rejected.shown().to_owned(), ..Page::default() });
                Said::Rejected(rejected)
            })
        })
    }

    fn can(&self, ability: Ability) -> bool {
        !matches!(ability, Ability::Pages | Ability::Listen | Ability::OpenBrowser)
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
