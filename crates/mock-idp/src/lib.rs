//! A mock authorization server for tests of OAuth 2.0 and OpenID Connect clients. It verifies everything, misbehaves
//! on command, and explains every refusal.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")] async fn main() {
//! use mock_idp::MockIdp;
//!
//! let idp = MockIdp::start().await; // 127.0.0.1, a free port; ready at once, stopped when dropped
//! assert!(idp.issuer().starts_with("http://127.0.0.1:"));
//! # }
//! ```
//!
//! Without configuration there are two clients, `public` and `confidential` (its secret is `secret`), which may use
//! any loopback redirect URI, and two users, `alice` and `bob`. Login is automatic as `alice`; `login_hint` names
//! another. PKCE with S256 is required of every client.
//!
//! # Other clients and users
//! ```
//! # fn main() -> Result<(), mock_idp::StartError> {
//! use mock_idp::{Client, MockIdp, User};
//! use oauth_types::Algorithm;
//!
//! let idp = MockIdp::builder()
//!     .client(Client::confidential("web", "s3cret").redirect_uri("https://app.example/callback"))
//!     .user(User::new("carol").claim("email", "carol@example.com"))
//!     .alg(Algorithm::Es256)
//!     .in_process()?; // or .start().await, with a socket
//! # Ok(())
//! # }
//! ```
//!
//! # Time passes when a test says so
//! ```
//! # #[tokio::main(flavor = "current_thread")] async fn main() {
//! # let idp = mock_idp::MockIdp::start().await;
//! use std::time::Duration;
//!
//! idp.clock().advance(Duration::from_secs(3600)); // every access token has expired
//! # }
//! ```
//!
//! # Who there is
//! What is known of a [`User`] goes where a request asks for it; what is said for one destination is there whatever the
//! scope. That is how an access token comes to carry roles.
//! ```
//! # fn main() -> Result<(), mock_idp::StartError> {
//! use mock_idp::{MockIdp, User};
//! use oauth_types::scenario::Destination;
//!
//! let carol = User::new("carol")
//!     .claim("email", "carol@example.com") // with the scope email
//!     .claim_in(Destination::AccessToken, "roles", ["admin"])
//!     .claim_in(Destination::IdToken, "groups", ["staff"])
//!     .password("pa55") // asked for on the login page
//!     .one_time_code("123456"); // and then this, on a page of its own
//! let idp = MockIdp::builder().user(carol).in_process()?;
//! # Ok(())
//! # }
//! ```
//! The same as data is a [`UserSetup`](oauth_types::scenario::UserSetup), from which a `User` is made.
//!
//! # Who logs in
//! Login is automatic: whom `login_hint` or `id_token_hint` names, else whoever is logged in in this browser, else the first
//! user, logs in and agrees; `prompt=none` succeeds. A test says otherwise by a
//! [`NextLogin`](oauth_types::scenario::NextLogin), which is plain data:
//! ```
//! # fn main() -> Result<(), mock_idp::StartError> {
//! use mock_idp::MockIdp;
//! use oauth_types::scenario::{Destination, NextLogin, UserSetup};
//!
//! let idp = MockIdp::builder().in_process()?;
//! idp.login("bob"); // at the next request
//! idp.login(NextLogin::user("bob").mfa().seconds_ago(3600)); // at the one after it, and so on
//! idp.login(NextLogin::user("bob").claim_in(Destination::AccessToken, "roles", ["admin"])); // at this login alone
//! idp.login(NextLogin::person(UserSetup::new("dave").claim("email", "dave@example.com"))); // somebody new
//! idp.login(NextLogin::deny().for_client("public"));
//! # Ok(())
//! # }
//! ```
//! With `Builder::on("login-pages")` people log in, choose an account, register and agree on pages. They are plain forms
//! whose controls have stable ids: `#user-alice`, `#username`, `#claims`, `#login`, `#otp`, `#otp-submit`, `#consent-approve`,
//! `#consent-deny`, `#cancel`, `#account-alice`, `#account-other`, `#create`, `#logout-approve`, `#logout-deny`.
//! [`NextLogin::pages`] shows them once. A [`User::password`] and a [`User::one_time_code`] are asked for there; with both,
//! `amr` is `pwd`, `otp` and `mfa`, and `acr` is [`MULTI_FACTOR`]. Five wrong codes end the login. Claims that are entered
//! beside a name, such as `{"roles": ["admin"]}`, are in the tokens of that login and in UserInfo, without being asked for.
//!
//! [`NextLogin::pages`]: oauth_types::scenario::NextLogin::pages
//! [`MULTI_FACTOR`]: oauth_types::scenario::MULTI_FACTOR
//!
//! # To look at
//! At `/_inspect` people see what happened: each flow as a diagram, with every request, decision and token, and buttons
//! that move the clock, mount a fault, and send a request again as an attacker who saw it. At `/_try` a client of the
//! server's own logs in step by step. Whoever may call the control API may look; the pages work without scripts.
//!
//! # Tokens without a flow
//! For tests of whoever takes tokens. A [`Mint`](oauth_types::mint::Mint) says what is to be otherwise than the server would
//! have it; what is right is taken here too, by UserInfo, introspection, revocation and the token endpoint.
//! ```
//! # #[tokio::main(flavor = "current_thread")] async fn main() {
//! # let idp = mock_idp::MockIdp::start().await;
//! use oauth_types::fault::{Edit, Signature};
//! use oauth_types::mint::{Key, Mint};
//!
//! let read = || Mint::access_token("alice").audience("https://api.example").scope("read");
//! let token = idp.mint(read()).await;
//! assert_eq!(token.expose().split('.').count(), 3); // the token; it is printed as Secret(..)
//!
//! idp.mint(read().expired()).await;
//! idp.mint(read().claim("roles", ["admin"]).without("client_id")).await;
//! idp.mint(read().key(Key::Unpublished)).await;
//! idp.mint(read().edit(Edit::sign(Signature::AlgNone))).await;
//! idp.mint(Mint::id_token("alice").claim("nonce", "n-0S6")).await;
//! idp.mint(Mint::refresh_token("alice").client("public").scope("openid")).await;
//! # }
//! ```
//!
//! # A server that lies
//! What servers get wrong has a name, and is in a [catalogue](oauth_types::fault::catalogue). The guard takes the fault
//! off when it is dropped, and fails the test if the fault never acted.
//! ```
//! # #[tokio::main(flavor = "current_thread")] async fn main() {
//! # let idp = mock_idp::MockIdp::start().await;
//! use oauth_types::fault::Point;
//! use oauth_types::fault::catalogue::{CONNECTION_RESET, INVALID_ISS, SIGNING_KEY_ROTATION};
//!
//! let guard = idp.fault(INVALID_ISS); // in every ID token
//! // … the client has to refuse the login now …
//! # guard.unmount();
//! let guard = idp.fault(CONNECTION_RESET.at(Point::Jwks).nth(2)); // elsewhere than usual, and once
//! # guard.unmount();
//! let guard = idp.fault(SIGNING_KEY_ROTATION); // the next token is signed by a key that the client has not seen
//! # guard.unmount();
//! # }
//! ```
//! What has no name is a [`Fault`](oauth_types::fault::Fault) of one's own, which is plain data: a point where something
//! leaves the server, when, and edits of what leaves.
//! ```
//! # #[tokio::main(flavor = "current_thread")] async fn main() {
//! # let idp = mock_idp::MockIdp::start().await;
//! use oauth_types::fault::{Edit, Fault, Point};
//!
//! let fault = Fault::always(Point::AuthorizationResponse, Edit::set("iss", "https://evil.example"));
//! let guard = idp.fault(fault);
//! # guard.unmount();
//! # }
//! ```
//!
//! # What happened, and why
//! ```
//! # #[tokio::main(flavor = "current_thread")] async fn main() {
//! # use mock_idp::MockIdp;
//! let idp = MockIdp::builder().in_process().expect("nothing can fail");
//! let request = http::Request::post("/token").body("grant_type=authorization_code".into());
//! let answer = idp.call(request.expect("a request")).await; // the same server, without a socket
//! assert_eq!(answer.status(), 400);
//!
//! let entry = idp.journal().pop().expect("every request is written down");
//! let refused = entry.refusal.expect("and why it was refused");
//! assert_eq!(refused.rule, "rfc6749-token-request-not-a-form");
//! assert_eq!((refused.document, refused.section), ("RFC 6749", "4.1.3"));
//! assert_eq!(refused.hint.as_deref(), Some("There is no Content-Type header, or the body was not sent"));
//! # }
//! ```
//!
//! A [`Journal`] is asked by [`Expect`](oauth_types::journal::Expect) and [`Query`](oauth_types::journal::Query), exported as
//! HAR or JSON lines, and judges the client: what it tells is redacted.
//! ```
//! # #[tokio::main(flavor = "current_thread")] async fn main() {
//! # let idp = mock_idp::MockIdp::builder().in_process().expect("nothing can fail");
//! use oauth_types::journal::Expect;
//!
//! idp.expect(Expect::token().grant_type("refresh_token").never()); // verified when the server is dropped
//! // … the client logs in …
//! idp.journal().expect(Expect::any().refused(true).never());
//! idp.journal().assert_sound(); // state and nonce fresh, S256, the code redeemed once, iss compared …
//! # }
//! ```
//!
//! # https, and certificates of clients
//! With the cargo feature `tls`. The certification authority is made when the server starts and forgotten with it.
//! ```
//! # #[cfg(feature = "tls")]
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # use mock_idp::MockIdp;
//! use mock_idp::tls::{Subject, Tls};
//!
//! let idp = MockIdp::builder().tls(Tls::generated()).start().await?;
//! assert!(idp.issuer().starts_with("https://127.0.0.1:"));
//! let ca = idp.ca_pem().expect("it was generated"); // what clients have to trust
//! # assert!(ca.starts_with("-----BEGIN CERTIFICATE-----"));
//!
//! let web = Subject::named("web").dns("web.example");
//! let issued = idp.client_certificate(&web)?; // by an authority for clients that the server trusts
//! let own = web.self_signed()?; // is let in as well, and is for the authorization server to judge
//! # assert_ne!(issued.certificate_pem, own.certificate_pem);
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "tls"))]
//! # fn main() {}
//! ```
//!
//! [`Tls::name`](tls::Tls::name) says by which further names the server is called; `ca_pem`, `bundle_pem` and
//! `spki_sha256` are what clients and browsers are given.
//!
//! # From a browser and from a container
//! The issuer is one string. Where a browser visits and where a client calls may be two other addresses of the server:
//! ```
//! # fn main() -> Result<(), mock_idp::StartError> {
//! # use mock_idp::MockIdp;
//! let idp = MockIdp::builder()
//!     .issuer("http://localhost:8080") // also where the browser goes, unless front_channel says otherwise
//!     .back_channel("http://idp:8080") // token_endpoint, jwks_uri, userinfo_endpoint, …
//!     .in_process()?;
//! # Ok(())
//! # }
//! ```
//! Or the addresses follow the `Host` of each request: `Builder::on("back-channel-from-host")` moves the back channel
//! alone, and `Builder::on("issuer-from-host")` the issuer itself. Proxies are believed with
//! `Builder::on("trust-forwarded")`.
//!
//! # Many issuers
//! The first path segment is an issuer of its own, made on first use: [`MockIdp::tenant`].
//!
//! # Relaxations
//! The server is strict. [`Builder::any_client`], [`Builder::plain`] and [`Builder::pkce_optional`] relax it by name, and
//! [`Entry::relaxations`] says which requests passed only for that. [`Builder::without`] leaves a whole document out, and
//! [`Builder::legacy`] brings back those that no new client should speak.

mod certificate;
mod client_keys;
mod clients;
pub mod conformance;
mod described;
mod doctor;
mod documents;
mod elsewhere;
mod endpoints;
mod escape;
mod http;
pub mod jose;
mod memory;
mod pages;
mod people;
mod pipeline;
mod ports;
mod profiles;
mod protected;
mod redirect;
mod refusal;
mod registration;
mod reply;
mod request;
mod running;
mod scenario;
mod server;
mod sessions;
mod spec;
mod specs;
mod world;

pub use certificate::ClientCertificate;
pub use clients::Client;
pub use http::barriers::{Barriers, Gated, Held};
pub use http::departure::Cut;
pub use http::journal::snapshot::Journal;
pub use http::journal::{Answer, Entry};
pub use http::mint::MintError;
pub use http::notices::Notice;
pub use http::tap::{Faults, Mounted, Standing};
pub use people::User;
pub use profiles::Profile;
pub use refusal::{Document, Refused, Rule};
pub use running::{Disposable, MockIdp, Tenant};
pub use server::{Builder, ClientFlaw, StartError};
pub use world::{Amount, Policy, Switch};

pub use ports::{clock, dice, keys, outbound};

/// The control API, as it is described: [`Builder::control_token`] says who may call it.
#[cfg(feature = "control")]
pub mod control {
    pub use crate::http::control::{markdown, openapi};
}

/// https, and certificates of clients.
#[cfg(feature = "tls")]
pub mod tls {
    pub use crate::certificate::{Certificate, CertificateError, dn_matches, is_dn};
    pub use crate::http::tls::{Flaw, Role, Tls, TlsError};
    pub use crate::ports::authority::{Credential, CredentialError, Subject};
}

/// What is remembered between requests, and where.
pub mod store {
    pub use crate::memory::{Authorization, Confirmation, Life, Login, Note, Notes, Scope};
    pub use crate::ports::memory::MemoryStore;
    #[cfg(feature = "sqlite")]
    pub use crate::ports::sqlite::SqliteStore;
    pub use crate::ports::store::{BoxFuture, GrantId, Kept, Key, Kind, Record, Store, StoreError, Taken};
}

/// Every document this server speaks, in the order their checks run.
pub fn documents() -> Vec<&'static Document> {
    let mut documents: Vec<&'static Document> = Vec::new();
    for spec in specs::every() {
        if !documents.contains(&spec.document()) {
            documents.push(spec.document());
        }
    }
    documents
}

/// The names of the documents that can be left out, by [`Builder::without`], in alphabetical order.
pub fn optional_documents() -> Vec<&'static str> {
    let every = specs::every();
    let mut names: Vec<_> = every.iter().filter(|spec| spec.optional()).map(|spec| spec.name()).collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// Every rule this server enforces, by id.
pub fn rules() -> Vec<&'static Rule> {
    let spine = [
        clients::RULES,
        redirect::RULES,
        people::RULES,
        endpoints::authorize::RULES,
        endpoints::login::RULES,
        endpoints::login::interaction::RULES,
        endpoints::token::RULES,
        endpoints::userinfo::RULES,
        http::address::RULES,
        http::extract::RULES,
        http::router::RULES,
        sessions::browser::RULES,
    ];
    let mut rules: Vec<&'static Rule> = spine.into_iter().flatten().copied().collect();
    rules.extend(pipeline::rules());
    rules.extend(specs::every().iter().flat_map(|spec| spec.rules()));
    rules.sort_by_key(|rule| rule.id);
    rules
}

/// Every choice between two ways that a document leaves to the server, by name.
pub fn switches() -> Vec<&'static Switch> {
    let mut switches: Vec<_> = specs::every().iter().flat_map(|spec| spec.switches()).copied().collect();
    switches.sort_by_key(|switch| switch.name);
    switches
}

/// Every number that a document leaves to the server, by name.
pub fn amounts() -> Vec<&'static Amount> {
    let mut amounts: Vec<_> = specs::every().iter().flat_map(|spec| spec.amounts()).copied().collect();
    amounts.sort_by_key(|amount| amount.name);
    amounts
}
