//! Assembly: documents, ports, policy, clients and people become a server. The only place that names every part.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use oauth_types::Algorithm;
use oauth_types::fault::Unfit;
use oauth_types::scenario::UnsoundLogin;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::clients::Client;
use crate::described::{Choice, Description};
use crate::http::journal::Entry;
use crate::http::router::{self, App};
use crate::http::serve::{self, Door};
use crate::http::tenants::{KeySource, Origin, Tenants};
use crate::people::User;
use crate::ports::clock::AdjustableClock;
use crate::ports::dice::{Dice, SystemDice};
use crate::ports::keys::{Keys, RotatingKeys, RotationError};
use crate::ports::outbound::Outbound;
use crate::ports::store::{Store, StoreError};
use crate::profiles::Profile;
use crate::request::Place;
use crate::running::{MockIdp, Running};
use crate::specs::rfc7636_pkce;
use crate::world::Policy;

#[cfg(feature = "control")]
mod controlled;
mod judged;
mod security;

pub use judged::ClientFlaw;
pub(crate) use security::Security;
use security::Wanted;

/// Where the issuer of a server without a socket is.
const IN_PROCESS: &str = "mock-idp.test";

/// Why a server did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The address could not be listened on.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why not.
        source: std::io::Error,
    },
    /// The issuer is not an `http` or `https` URL without query, fragment and trailing slash (RFC 8414 §2).
    #[error("the issuer has to be an http or https URL without user, query, fragment and trailing slash")]
    Issuer(String),
    /// The front channel or the back channel is not an `http` or `https` URL without query, fragment and trailing
    /// slash.
    #[error("front and back channel have to be http or https URLs without user, query, fragment and trailing slash")]
    Address(String),
    /// A client's redirect URI cannot be one.
    #[error("client {client_id}: {uri} cannot be a redirect URI: it has to be absolute, without a fragment")]
    RedirectUri {
        /// The client.
        client_id: String,
        /// The URI.
        uri: String,
    },
    /// A client or a user has no identifier.
    #[error("{0} needs an identifier")]
    Nameless(&'static str),
    /// Two clients have the same identifier.
    #[error("there are two clients called {0}")]
    ClientTwice(String),
    /// Two users have the same identifier.
    #[error("there are two users called {0}")]
    UserTwice(String),
    /// A profile that is not known.
    #[error("there is no profile called {name}; these are known: {known}")]
    Profile {
        /// What was named.
        name: String,
        /// What can be named.
        known: String,
    },
    /// A document that is to be left out is unknown, or the server cannot do without it.
    #[error("{name} cannot be left out; these can: {optional}")]
    Without {
        /// What was to be left out.
        name: String,
        /// What can be left out.
        optional: String,
    },
    /// A choice that no document leaves to the server.
    #[error("there is no choice called {name}; these can be made: {known}")]
    Choice {
        /// What was to be chosen.
        name: String,
        /// What can be chosen.
        known: String,
    },
    /// No keys could be made for it alone.
    #[error("{0}")]
    Keys(#[from] RotationError),
    /// Keys of its own were asked for once the tenant was there.
    #[error("a tenant gets keys of its own when it is made, and not later: create it anew")]
    KeysTooLate,
    /// A fault or a barrier that a scenario wants cannot do what it says.
    #[error(transparent)]
    Unfit(#[from] Unfit),
    /// A login that a scenario wants cannot be.
    #[error(transparent)]
    Login(#[from] UnsoundLogin),
    /// The store could not be opened.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There can be no TLS as described.
    #[cfg(feature = "tls")]
    #[error(transparent)]
    Tls(#[from] crate::http::tls::TlsError),
}

/// A server that is still being described.
#[derive(Debug, Default)]
#[must_use = "a builder does nothing until it is started"]
pub struct Builder {
    listen: Option<SocketAddr>,
    issuer: Option<String>,
    front: Option<String>,
    back: Option<String>,
    pub(crate) description: Description,
    store: Option<Arc<dyn Store>>,
    clock: Option<Arc<AdjustableClock>>,
    dice: Option<Arc<dyn Dice>>,
    keys: KeySource,
    outbound: Option<Arc<dyn Outbound>>,
    watch: Option<fn(&Entry)>,
    security: Wanted,
    #[cfg(feature = "control")]
    control: controlled::Control,
}

impl Builder {
    /// Where to listen. Without this: a free port of 127.0.0.1.
    pub fn listen(mut self, address: SocketAddr) -> Self {
        self.listen = Some(address);
        self
    }

    /// The issuer of the tenant at the root, if it is not `http://` and the address that is listened on.
    pub fn issuer(mut self, issuer: impl Into<String>) -> Self {
        self.issuer = Some(issuer.into());
        self
    }

    /// What the URLs of endpoints begin with that a browser visits, if not with the issuer: `authorization_endpoint` and
    /// the pages. Tenants are below it by their names.
    pub fn front_channel(mut self, base: impl Into<String>) -> Self {
        self.front = Some(base.into());
        self
    }

    /// What the URLs of endpoints begin with that a client calls, if not with the issuer: `token_endpoint`, `jwks_uri`
    /// and all others. Tenants are below it by their names.
    pub fn back_channel(mut self, base: impl Into<String>) -> Self {
        self.back = Some(base.into());
        self
    }

    /// What tokens are signed with. Without this: RS256 (OpenID Connect Core §2).
    pub fn alg(mut self, algorithm: Algorithm) -> Self {
        self.description.policy.algorithm = algorithm;
        self
    }

    /// The documents to speak and the choices to make. It comes first: choices made before are gone.
    pub fn profile(mut self, profile: Profile) -> Self {
        self.description.profile = profile;
        self.description.policy = profile.policy();
        self
    }

    /// Every decision at once.
    pub fn policy(mut self, policy: Policy) -> Self {
        self.description.policy = policy;
        self
    }

    /// The relaxation `any-client`: every client_id is taken for a client, with any redirect URI and any secret.
    pub fn any_client(mut self) -> Self {
        self.description.any_client = true;
        self
    }

    /// The relaxation `plain`: PKCE's plain method is accepted beside S256.
    pub fn plain(mut self) -> Self {
        self.description.policy.switch(&rfc7636_pkce::PLAIN_ALLOWED, true);
        self
    }

    /// The relaxation `pkce-optional`: a client may leave PKCE out.
    pub fn pkce_optional(mut self) -> Self {
        self.description.policy.switch(&rfc7636_pkce::OPTIONAL, true);
        self
    }

    /// The relaxation `legacy`: the password grant (RFC 6749 §4.3), the implicit grant (§4.2) and the implicit and hybrid
    /// flows of OpenID Connect are spoken, which no new client should speak (RFC 9700 §2.1.2 and §2.4).
    pub fn legacy(mut self) -> Self {
        self.description.legacy = true;
        self
    }

    /// Turns on a switch of a document, by its name: `plain`. [`switches`](crate::switches) lists them.
    pub fn on(self, switch: impl Into<String>) -> Self {
        self.choose(switch.into(), Choice::Switch(true))
    }

    /// Turns a switch of a document off, by its name, if a profile or a call before turned it on.
    pub fn off(self, switch: impl Into<String>) -> Self {
        self.choose(switch.into(), Choice::Switch(false))
    }

    /// Sets an amount of a document, by its name. [`amounts`](crate::amounts) lists them.
    pub fn amount(self, amount: impl Into<String>, value: u64) -> Self {
        self.choose(amount.into(), Choice::Amount(value))
    }

    /// Leaves a document out, by its short name: `RFC 9207`.
    pub fn without(mut self, document: impl Into<String>) -> Self {
        self.description.without.push(document.into());
        self
    }

    /// Adds a client. With the first one, the built-in clients are gone.
    pub fn client(mut self, client: Client) -> Self {
        self.description.clients.push(Arc::new(client));
        self
    }

    /// Adds a user. With the first one, the built-in users are gone.
    pub fn user(mut self, user: User) -> Self {
        self.description.users.push(Arc::new(user));
        self
    }

    /// Where records are kept. Without this: in memory.
    pub fn store(mut self, store: Arc<dyn Store>) -> Self {
        self.store = Some(store);
        self
    }

    /// Keeps records in a SQLite database, made if it is not there.
    ///
    /// # Errors
    /// [`StartError::Store`] if it cannot be opened.
    #[cfg(feature = "sqlite")]
    pub async fn sqlite(self, path: impl AsRef<std::path::Path>) -> Result<Self, StartError> {
        let store = crate::ports::sqlite::SqliteStore::open(path.as_ref()).await?;
        Ok(self.store(Arc::new(store)))
    }

    /// What time it is. Without this: the system's time.
    pub fn clock(mut self, clock: Arc<AdjustableClock>) -> Self {
        self.clock = Some(clock);
        self
    }

    /// Where randomness comes from. Without this: the system's generator.
    pub fn dice(mut self, dice: Arc<dyn Dice>) -> Self {
        self.dice = Some(dice);
        self
    }

    /// What tokens are signed with. Without this: the fixed test keys.
    pub fn keys(mut self, keys: Arc<dyn Keys>) -> Self {
        self.keys = KeySource::Given(keys);
        self
    }

    /// Signs with keys that nobody else has. They are made now, which takes a good part of a second.
    ///
    /// # Errors
    /// [`RotationError::NotMade`] if none can be made.
    pub fn own_keys(mut self) -> Result<Self, RotationError> {
        self.keys = KeySource::Own(Arc::new(RotatingKeys::generated()?));
        Ok(self)
    }

    /// Calls `watch` with each entry of the journal as it is written.
    pub fn watch(mut self, watch: fn(&Entry)) -> Self {
        self.watch = Some(watch);
        self
    }

    /// Starts the server. It is ready when this returns.
    ///
    /// # Errors
    /// [`StartError`] if the address cannot be listened on, or if what was described cannot be.
    pub async fn start(self) -> Result<MockIdp, StartError> {
        let address = self.listen.unwrap_or_else(|| (Ipv4Addr::LOCALHOST, 0).into());
        let listener = TcpListener::bind(address).await.map_err(|source| StartError::Listen { address, source })?;
        let address = listener.local_addr().map_err(|source| StartError::Listen { address, source })?;
        let issuer = announced(self.security.scheme(), address);
        let mut server = self.assemble(&issuer, Some(address))?;
        let (stop, stopped) = watch::channel(false);
        let door = Door { acceptor: server.security.acceptor(), router: router::router(server.app().clone()) };
        let accepting = tokio::spawn(serve::serve(listener, door, stopped));
        server.running = Some(Running { address, stop, accepting });
        Ok(server)
    }

    /// A server without a socket: [`MockIdp::call`] answers. Its issuer is `http://mock-idp.test` unless
    /// set, with TLS `https://`.
    ///
    /// # Errors
    /// [`StartError`] if what was described cannot be.
    pub fn in_process(self) -> Result<MockIdp, StartError> {
        let issuer = format!("{}://{IN_PROCESS}", self.security.scheme());
        self.assemble(&issuer, None)
    }

    fn assemble(self, default_issuer: &str, address: Option<SocketAddr>) -> Result<MockIdp, StartError> {
        let issuer = self.issuer.unwrap_or_else(|| default_issuer.to_owned());
        let dice = self.dice.unwrap_or_else(|| Arc::new(SystemDice));
        #[cfg(feature = "control")]
        let control = self.control.access((&issuer, address), dice.as_ref());
        let mut place = Place::root(issuer);
        (place.front, place.back) = (self.front, self.back);
        check_addresses(&place)?;
        let security = self.security.make(&place, address)?;
        let client_certificates = security.acceptor().is_some();
        let origin = Origin {
            description: Description { client_certificates, ..self.description },
            dice,
            outbound: self.outbound.unwrap_or_else(|| Arc::new(security.outgoing())),
            keys: self.keys,
            store: self.store,
            like_root: false,
        };
        let tenants = Tenants::new(place, self.clock.unwrap_or_default(), origin)?;
        let app = Arc::new(App {
            tenants,
            watch: self.watch,
            #[cfg(feature = "control")]
            control,
        });
        Ok(MockIdp::new(app, security))
    }

    /// What a tenant is made from that is described by this, at a server whose own tenant is made from `root`.
    ///
    /// Everything that a server has but once stays as it is.
    pub(crate) fn tenant(self, root: &Origin) -> Origin {
        let client_certificates = root.description.client_certificates;
        Origin {
            description: Description { client_certificates, ..self.description },
            dice: self.dice.unwrap_or_else(|| root.dice.clone()),
            outbound: self.outbound.unwrap_or_else(|| root.outbound.clone()),
            keys: self.keys.or(&root.keys),
            store: self.store.or_else(|| root.store.clone()),
            like_root: false,
        }
    }

    fn choose(mut self, name: String, choice: Choice) -> Self {
        self.description.chosen.retain(|(own, _)| *own != name);
        self.description.chosen.push((name, choice));
        self
    }

    /// The builder of what is described.
    pub(crate) fn of(description: Description) -> Self {
        Self { description, ..Self::default() }
    }

    /// What is described.
    pub(crate) fn into_description(self) -> Description {
        self.description
    }
}

/// The issuer of a server that listens on `address`. An unspecified address is no place a client could go to.
fn announced(scheme: &str, address: SocketAddr) -> String {
    match address.ip().is_unspecified() {
        true => format!("{scheme}://localhost:{}", address.port()),
        false => format!("{scheme}://{address}"),
    }
}

fn check_addresses(place: &Place) -> Result<(), StartError> {
    unusable_addresses(place).next().map_or(Ok(()), Err)
}

/// Every address that is none.
fn unusable_addresses(place: &Place) -> impl Iterator<Item = StartError> {
    let issuer = (!is_base(&place.issuer)).then(|| StartError::Issuer(place.issuer.clone()));
    let channels = [&place.front, &place.back].into_iter().flatten().filter(|base| !is_base(base));
    issuer.into_iter().chain(channels.map(|base| StartError::Address(base.clone())))
}

/// Whether endpoints can be below it (RFC 8414 §2).
fn is_base(text: &str) -> bool {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let legal = |octet: u8| octet.is_ascii_alphanumeric() || b"-._~:/[]%".contains(&octet);
    let begins = |rest: &str| !rest.is_empty() && !rest.starts_with('/') && !rest.ends_with('/');
    rest.is_some_and(|rest| begins(rest) && rest.bytes().all(legal))
}
