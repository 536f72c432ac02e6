//! MCP Authorization (revision 2025-11-25 and later): from the first refusal of a resource to a token for it alone.
//!
//! It is for every resource that has metadata (RFC 9728), whether or not it speaks MCP.

mod builder;
mod connect;
mod login;
mod scopes;
mod step_ups;

use std::fmt;
use std::sync::Arc;

use http::header::AUTHORIZATION;
use http::{StatusCode, Uri};
use tokio::sync::Mutex;

pub use self::builder::ResourceClientBuilder;
use self::builder::Terms;
use self::connect::Connection;
#[cfg(not(target_family = "wasm"))]
pub use self::login::NativeLogin;
pub use self::login::{AccessRequest, ResourceLogin};
use self::scopes::Scopes;
use self::step_ups::StepUps;
use crate::client::{Client, send};
use crate::error::Error;
use crate::session::Session;
use crate::specs::rfc6750_bearer::Challenge;
use crate::specs::rfc7591_registration::Registration;
use crate::specs::rfc9728_resource::{ResourceError, ResourceMetadata};
use crate::transport::{Endpoint, HttpRequest};

/// How often one request may lead to a login because it was refused altogether.
const LOGINS: u32 = 1;

/// How often one request may lead to a login because the token allows too little, and all of them together until one is
/// served.
const STEP_UPS: u32 = 2;

/// A protected resource, such as an MCP server, and access to it.
///
/// ```no_run
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use pkce_client::{ClientMetadata, ResourceClient};
///
/// let server = ResourceClient::at("https://mcp.example/mcp").registering(ClientMetadata::native("My agent")).build()?;
/// let request = http::Request::post("https://mcp.example/mcp").header("content-type", "application/json");
/// let answer = server.send(request.body(br#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#.to_vec())?).await?;
/// # let _ = answer;
/// # Ok(())
/// # }
/// ```
/// A request is sent without a token at first. When the resource refuses it, what the refusal says is followed:
/// 1. Its metadata are fetched, from its own origin, and have to be about it (RFC 9728 §3.3).
/// 2. The authorization server is the one that was chosen, or the first that it names. Nobody outside leads into a private
///    network.
/// 3. The client is the one that is registered there; or else the one of its document, where the server reads such; or
///    else it registers.
/// 4. The user logs in, for the scopes of the refusal, or else for those of the metadata. The token is asked for with
///    `resource`, here and whenever it is refreshed.
///
/// A token that is refused is refreshed once, and then the user logs in again, wherever the resource says by then. A
/// resource that wants more scope gets another login, for what was asked for before and for that; only if it is something
/// new, and at most twice until it serves a request, or for ten minutes. The token goes to this resource and nowhere else, and no token of anybody else
/// goes there.
///
/// Cloning it is cheap; clones share the login, and all who are refused at once cause one.
#[derive(Clone)]
pub struct ResourceClient {
    terms: Arc<Terms>,
    state: Arc<Mutex<State>>,
    step_ups: Arc<StepUps>,
}

/// What was found out and got so far.
#[derive(Default)]
struct State {
    connection: Option<Connection>,
    access: Option<Access>,
    /// Those that were brought, and those that were got here.
    registrations: Vec<Registration>,
    /// Whether the store of tokens was looked at.
    restored: bool,
    /// Counts logins, so that whoever was refused meanwhile does not cause another.
    logins: u64,
}

/// A session, and what it was asked for.
#[derive(Clone)]
struct Access {
    session: Session,
    scopes: Scopes,
}

/// What a refusal asks for.
enum Asks {
    Login,
    /// For what is new in these.
    More(Scopes),
    Nothing,
}

impl ResourceClient {
    /// Starts to describe the resource at this URL, which is https, or http on the loopback interface.
    pub fn at(url: impl Into<String>) -> ResourceClientBuilder {
        ResourceClientBuilder::new(url.into())
    }

    fn new(terms: Terms, registrations: Vec<Registration>) -> Self {
        let state = State { registrations, ..State::default() };
        Self { terms: Arc::new(terms), state: Arc::new(Mutex::new(state)), step_ups: Arc::default() }
    }

    /// Sends a request to the resource, and does what its refusals ask for. An `Authorization` header of the request is not
    /// sent: the token is got here.
    ///
    /// It is sent again after it was refused with 401, or with 403 for its scope. Other answers are returned as they are,
    /// and so are refusals that no login helps with.
    ///
    /// # Errors
    /// [`ResourceError::Elsewhere`] if it goes elsewhere, and nothing is sent; [`Error::ProtectedResource`] if the metadata
    /// are unusable; the errors of [`Client::discover`](crate::ClientBuilder::discover),
    /// [`ClientBuilder::register`](crate::ClientBuilder::register), the login, and [`Session::send`].
    pub async fn send(&self, mut request: http::Request<Vec<u8>>) -> Result<http::Response<Vec<u8>>, Error> {
        self.judge(request.uri())?;
        request.headers_mut().remove(AUTHORIZATION);
        let (mut logins, mut step_ups) = (LOGINS, STEP_UPS);
        loop {
            let (access, seen) = self.current().await?;
            let answer = match &access {
                None => self.bare(request.clone()).await,
                Some(access) => access.session.send(request.clone()).await,
            };
            let (answer, challenges, asks) = match answer {
                // There is nothing left to refresh the token with.
                Err(Error::ReauthRequired) if access.is_some() && logins > 0 => (None, Vec::new(), Asks::Login),
                answer => {
                    let answer = answer?;
                    let challenges = Challenge::of(answer.headers());
                    let asks = asks(answer.status(), &challenges, access.as_ref());
                    if answer.status().is_success() {
                        self.step_ups.have_helped();
                    }
                    (Some(answer), challenges, asks)
                }
            };
            let now = self.terms.ports.clock.now();
            let left = match asks {
                Asks::Login => &mut logins,
                Asks::More(_) if self.step_ups.were(STEP_UPS, now) => &mut 0,
                Asks::More(_) => &mut step_ups,
                Asks::Nothing => &mut 0,
            };
            match (answer, *left) {
                (Some(answer), 0) => return Ok(answer),
                _ => *left = left.saturating_sub(1),
            }
            self.log_in_after(seen, &challenges, asks).await?;
        }
    }

    /// Logs in now, without having been refused: for the scopes that the metadata name. Whoever is logged in already is
    /// not asked again.
    ///
    /// # Errors
    /// As [`ResourceClient::send`].
    pub async fn log_in(&self) -> Result<Session, Error> {
        let (access, seen) = self.current().await?;
        if access.is_none() {
            self.log_in_after(seen, &[], Asks::Login).await?;
        }
        self.session().await.ok_or(Error::ReauthRequired)
    }

    /// The session that is used, if there is one: to be revoked, or to ask who the user is. Its token is for this resource.
    pub async fn session(&self) -> Option<Session> {
        self.state.lock().await.access.as_ref().map(|access| access.session.clone())
    }

    /// The client as the authorization server knows it. The server is found, and the client registered there, if that has
    /// not happened yet.
    ///
    /// # Errors
    /// As [`ResourceClient::send`], besides those of the login.
    pub async fn client(&self) -> Result<Client, Error> {
        let mut state = self.state.lock().await;
        Ok(self.connected(&mut state, &[]).await?.client.clone())
    }

    /// What the resource says of itself. It is fetched if that has not happened yet.
    ///
    /// # Errors
    /// [`Error::ProtectedResource`] if it is unusable; [`Error::Protocol`] or [`Error::Transport`].
    pub async fn metadata(&self) -> Result<ResourceMetadata, Error> {
        match &self.state.lock().await.connection {
            Some(connection) => Ok(connection.metadata.clone()),
            None => self.terms.metadata(&[]).await,
        }
    }

    /// Every registration of the client, those that were brought and those that were got here: to be kept, and brought the
    /// next time by [`ResourceClientBuilder::registered`].
    pub async fn registrations(&self) -> Vec<Registration> {
        self.state.lock().await.registrations.clone()
    }

    /// The token goes to this resource alone.
    fn judge(&self, to: &Uri) -> Result<(), ResourceError> {
        if self.terms.asked.holds(to) { Ok(()) } else { Err(ResourceError::Elsewhere) }
    }

    async fn bare(&self, request: http::Request<Vec<u8>>) -> Result<http::Response<Vec<u8>>, Error> {
        send(&*self.terms.http, HttpRequest::new(Endpoint::Resource, request)).await
    }

    /// The access there is, and how many logins there have been.
    async fn current(&self) -> Result<(Option<Access>, u64), Error> {
        let mut state = self.state.lock().await;
        if state.access.is_none() && !state.restored {
            self.restore(&mut state).await?;
            state.restored = true;
        }
        Ok((state.access.clone(), state.logins))
    }

    /// Logs in, unless somebody else has since `seen`.
    async fn log_in_after(&self, seen: u64, challenges: &[Challenge], asks: Asks) -> Result<(), Error> {
        let mut state = self.state.lock().await;
        if state.logins != seen {
            return Ok(());
        }
        let issuer = state.connection.as_ref().map(|connection| connection.client.issuer().to_owned());
        let connection = match &asks {
            Asks::More(_) => self.connected(&mut state, challenges).await?,
            // The resource may have moved to another server.
            _ => self.connect(&mut state, challenges).await?,
        };
        let before = state.access.as_ref().filter(|_| issuer.as_deref() == Some(connection.client.issuer()));
        let before = before.map(|access| access.scopes.clone()).unwrap_or_default();
        let wanted = match asks {
            Asks::More(more) => {
                self.step_ups.begin(self.terms.ports.clock.now());
                more
            }
            _ => connection.scopes(challenges),
        };
        let scopes = before.and(&wanted);
        let session = match self.logged_in(&connection, &scopes).await {
            Ok(session) => session,
            Err(error) => {
                state.doubt(&error, &connection);
                return Err(error);
            }
        };
        if let Some(store) = &self.terms.store {
            match session.keep_in(Arc::clone(store)).await {
                // It is tried again whenever the session is used.
                Ok(()) | Err(Error::Store(_)) => {}
                Err(error) => return Err(error),
            }
        }
        state.access = Some(Access { session, scopes });
        state.logins += 1;
        Ok(())
    }

    async fn logged_in(&self, connection: &Connection, scopes: &Scopes) -> Result<Session, Error> {
        let request = AccessRequest {
            client: &connection.client,
            resource: connection.metadata.resource(),
            scopes: scopes.words(),
        };
        let session = self.terms.login.log_in(request).await?;
        if session.is_for(&connection.client, connection.metadata.resource()).await {
            Ok(session)
        } else {
            Err(ResourceError::OtherResource.into())
        }
    }
}

impl State {
    /// A server that does not know the client any more gets another introduction the next time.
    fn doubt(&mut self, error: &Error, connection: &Connection) {
        let issuer = connection.client.issuer();
        let own = |registration: &Registration| registration.is_own() && registration.issuer() == issuer;
        if let Error::OAuth { error, .. } = error
            && error.code() == "invalid_client"
            && self.registrations.iter().any(own)
        {
            self.registrations.retain(|registration| !own(registration));
            self.connection = None;
        }
    }
}

/// What an answer asks for (MCP 2025-11-25, Scope Challenge Handling).
fn asks(status: StatusCode, challenges: &[Challenge], access: Option<&Access>) -> Asks {
    match (status, access) {
        (StatusCode::UNAUTHORIZED, _) => Asks::Login,
        (StatusCode::FORBIDDEN, Some(access)) => {
            let refused = |challenge: &&Challenge| challenge.parameter("error") == Some("insufficient_scope");
            let Some(challenge) = challenges.iter().find(refused) else { return Asks::Nothing };
            let wanted = Scopes::of(challenge);
            if access.scopes.have(&wanted) { Asks::Nothing } else { Asks::More(wanted) }
        }
        _ => Asks::Nothing,
    }
}

impl fmt::Debug for ResourceClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResourceClient").field("url", &self.terms.asked.url.as_str()).finish_non_exhaustive()
    }
}
