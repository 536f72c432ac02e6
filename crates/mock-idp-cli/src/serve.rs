//! `mock-idp serve`: the server as a program.

use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;

use mock_idp::{Entry, MockIdp, Profile};
use oauth_types::{Algorithm, Secret};

use crate::config::{self, Config, StoreChoice, SwitchName};
use crate::tls::TlsArguments;

/// How the server is to be.
#[derive(Debug, clap::Args)]
pub(crate) struct Serve {
    /// Where to listen; port 0 picks a free one.
    #[arg(long, value_name = "HOST:PORT")]
    listen: Option<SocketAddr>,
    /// A configuration file in TOML. What the command line says comes first.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Where codes and tokens are kept: memory, or sqlite:PATH.
    #[arg(long)]
    store: Option<StoreChoice>,
    /// The set of documents and choices: strict, oauth21, oidc, fapi2, fapi2-message-signing, mcp, rfc7636 or legacy.
    #[arg(long, value_parser = config::profile)]
    profile: Option<Profile>,
    /// What ID tokens and access tokens are signed with, such as RS256, PS256, ES256 or EdDSA.
    #[arg(long, value_parser = config::signing)]
    alg: Option<Algorithm>,
    /// The issuer, if it is not http:// or https:// and the address that is listened on.
    #[arg(long, value_name = "URL")]
    issuer: Option<String>,
    /// What the URLs of endpoints begin with that a browser visits, if not with the issuer.
    #[arg(long, value_name = "URL")]
    front_channel: Option<String>,
    /// What the URLs of endpoints begin with that a client calls, if not with the issuer.
    #[arg(long, value_name = "URL")]
    back_channel: Option<String>,
    /// Call the issuer as each request calls it: by the request's Host, and by its path from the tenant on.
    #[arg(long)]
    issuer_from_host: bool,
    /// Announce the endpoints that a client calls at the request's Host; issuer and pages stay.
    #[arg(long)]
    back_channel_from_host: bool,
    /// Relaxation: believe Forwarded, X-Forwarded-Host, -Proto and -Prefix, whoever sends them, where the Host counts.
    #[arg(long)]
    trust_forwarded: bool,
    /// Relaxation: take every client_id for a client, with any redirect URI and any secret.
    #[arg(long)]
    any_client: bool,
    /// Relaxation: accept PKCE's method plain beside S256.
    #[arg(long)]
    plain: bool,
    /// Relaxation: let clients leave PKCE out.
    #[arg(long)]
    pkce_optional: bool,
    #[command(flatten)]
    tls: TlsArguments,
    /// What calls of the control API (/_control) have to bear; then they are answered from other machines, too. Without
    /// this, MOCK_IDP_CONTROL_TOKEN; without either, they are answered to this machine only.
    #[arg(long, value_name = "TOKEN", value_parser = token)]
    control_token: Option<Secret>,
    /// Leave the control API out.
    #[arg(long, conflicts_with = "control_token")]
    no_control: bool,
    /// Write a line for every request, not only for refusals.
    #[arg(long, short)]
    verbose: bool,
}

/// An empty token would let nobody in. What was said is not repeated.
fn token(text: &str) -> Result<Secret, String> {
    if text.is_empty() { Err("the token is empty".to_owned()) } else { Ok(text.into()) }
}

/// Serves until a signal ends it.
pub(crate) async fn run(serve: Serve) -> Result<(), String> {
    let mut config = match &serve.config {
        Some(path) => Config::read(path).map_err(|error| error.to_string())?,
        None => Config::default(),
    };
    config.any_client |= serve.any_client;
    config.plain |= serve.plain;
    config.pkce_optional |= serve.pkce_optional;
    config.profile = serve.profile.or(config.profile);
    config.alg = serve.alg.or(config.alg);
    config.issuer = serve.issuer.or(config.issuer);
    config.front_channel = serve.front_channel.or(config.front_channel);
    config.back_channel = serve.back_channel.or(config.back_channel);
    let by_name = [
        ("issuer-from-host", serve.issuer_from_host),
        ("back-channel-from-host", serve.back_channel_from_host),
        ("trust-forwarded", serve.trust_forwarded),
    ];
    config.on.extend(by_name.iter().filter(|(_, on)| *on).map(|(name, _)| SwitchName::from(*name)));
    let listen = serve.listen.or(config.listen).unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 8080)));
    let store = serve.store.or_else(|| config.store.clone()).unwrap_or(StoreChoice::Memory);
    let watch = if serve.verbose { every_request } else { what_was_refused };
    let tls = serve.tls.over(config.tls.take(), std::mem::take(&mut config.trust))?;
    let source = std::mem::take(&mut config.source);
    let mut builder = config.describe(MockIdp::builder());
    source.judge(&builder)?;
    builder = tls.describe(builder)?.listen(listen).watch(watch);
    let in_environment = || std::env::var("MOCK_IDP_CONTROL_TOKEN").ok().filter(|token| !token.is_empty());
    if let Some(token) = serve.control_token.or_else(|| in_environment().map(Secret::from)) {
        builder = builder.control_token(token);
    }
    if serve.no_control {
        builder = builder.without_control();
    }
    if let StoreChoice::Sqlite(path) = store {
        builder = sqlite(builder, path).await?;
    }
    let ended = Ended::listen()?;
    let server = builder.start().await.map_err(|error| error.to_string())?;
    let scheme = tls.scheme();
    // Before the line that clients wait for, so that no request's line comes in between.
    if server.address().is_none_or(|address| server.issuer() != format!("{scheme}://{address}")) {
        eprintln!("issuer {}", server.issuer());
    }
    tls.announce(&server)?;
    if let Some(address) = server.address() {
        // Whoever waits for this line may have gone; the server serves all the same.
        let _ = writeln!(std::io::stdout(), "listening on {scheme}://{address}");
        let _ = std::io::stdout().flush();
    }
    ended.wait().await;
    server.stop().await;
    Ok(())
}

#[cfg(feature = "sqlite")]
async fn sqlite(builder: mock_idp::Builder, path: String) -> Result<mock_idp::Builder, String> {
    builder.sqlite(path).await.map_err(|error| error.to_string())
}

#[cfg(not(feature = "sqlite"))]
async fn sqlite(_builder: mock_idp::Builder, _path: String) -> Result<mock_idp::Builder, String> {
    Err("this program was built without SQLite".to_owned())
}

fn every_request(entry: &Entry) {
    let _ = writeln!(std::io::stderr(), "{entry}");
}

fn what_was_refused(entry: &Entry) {
    if entry.refusal.is_some() || !entry.relaxations.is_empty() || entry.failure.is_some() {
        every_request(entry);
    }
}

/// The signals that end the server: an interrupt, and on Unix SIGTERM, which a container's engine sends.
struct Ended {
    #[cfg(unix)]
    signals: [tokio::signal::unix::Signal; 2],
}

impl Ended {
    /// Listens from now on: a signal that arrives before [`Ended::wait`] is not lost.
    #[cfg(unix)]
    fn listen() -> Result<Self, String> {
        use tokio::signal::unix::{SignalKind, signal};
        let listen = |kind| signal(kind).map_err(|error| error.to_string());
        Ok(Self { signals: [listen(SignalKind::interrupt())?, listen(SignalKind::terminate())?] })
    }

    #[cfg(not(unix))]
    fn listen() -> Result<Self, String> {
        Ok(Self {})
    }

    #[cfg(unix)]
    async fn wait(mut self) {
        let [interrupt, terminate] = &mut self.signals;
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    }

    #[cfg(not(unix))]
    async fn wait(self) {
        let _ = tokio::signal::ctrl_c().await;
    }
}
