//! `mock-idp serve`: the server as a program.

use std::io::{ErrorKind, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use mock_idp::{MockIdp, Profile, StartError};
use oauth_types::{Algorithm, Secret};

use crate::config::{self, Config, StoreChoice, SwitchName};
use crate::environment::Origins;
use crate::log::{Banner, LogFormat, Voice};
use crate::reload::Reload;
use crate::signals::Signals;
use crate::there::listening;
use crate::tls::{Chosen, TlsArguments};

/// How the server is to be.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Serve {
    /// Where to listen; port 0 picks a free one.
    #[arg(long, value_name = "HOST:PORT", value_parser = listening)]
    listen: Option<SocketAddr>,
    /// A configuration file in TOML, YAML or JSON, as the end of its name says. What the command line says comes first.
    /// It is read again on SIGHUP and when it has changed.
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
    /// Call the issuer as each request calls it: by the request's Host, and by its path from the tenant on. So it is
    /// without this, if the server listens everywhere (0.0.0.0) and no issuer is named.
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    issuer_from_host: Option<bool>,
    /// Announce the endpoints that a client calls at the request's Host; issuer and pages stay.
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    back_channel_from_host: Option<bool>,
    /// Relaxation: believe Forwarded, X-Forwarded-Host, -Proto and -Prefix, whoever sends them, where the Host counts.
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    trust_forwarded: Option<bool>,
    /// Relaxation: take every client_id for a client, with any redirect URI and any secret.
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    any_client: Option<bool>,
    /// Relaxation: accept PKCE's method plain beside S256.
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    plain: Option<bool>,
    /// Relaxation: let clients leave PKCE out.
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    pkce_optional: Option<bool>,
    #[command(flatten)]
    tls: TlsArguments,
    /// What calls of the control API (/_control) have to bear; then they are answered from other machines, too. Without
    /// it, they are answered to this machine only.
    #[arg(long, value_name = "TOKEN", value_parser = token)]
    control_token: Option<Secret>,
    /// Leave the control API out.
    #[arg(long, conflicts_with = "control_token")]
    no_control: bool,
    /// Write a line for every request, not only for refusals.
    #[arg(long, short)]
    verbose: bool,
    /// In what form lines are written to standard error: human or json. Without this, for people on a terminal, and in
    /// JSON elsewhere.
    #[arg(long, value_name = "FORM")]
    log: Option<LogFormat>,
    /// Which of these the environment said.
    #[arg(skip)]
    pub(crate) origins: Origins,
}

/// `mock-idp serve` by itself, without the other commands.
#[derive(Debug, clap::Parser)]
pub(crate) struct Alone {
    #[command(flatten)]
    pub(crate) serve: Serve,
}

/// What file, environment and command line come to.
pub(crate) struct Settled {
    config: Config,
    listen: SocketAddr,
    store: StoreChoice,
    tls: Chosen,
    origins: Origins,
}

/// An empty token would let nobody in, nor would one that no header can hold (RFC 6750 §2.1). What was said is not
/// repeated.
fn token(text: &str) -> Result<Secret, String> {
    match text.bytes().all(|octet| octet.is_ascii_graphic()) {
        _ if text.is_empty() => Err("the token is empty".to_owned()),
        true => Ok(text.into()),
        false => Err("the token cannot be sent; write visible ASCII characters, without blanks".to_owned()),
    }
}

impl Serve {
    /// The configuration file, if there is one.
    pub(crate) fn file(&self) -> Option<&Path> {
        self.config.as_deref()
    }

    /// What file, environment and command line come to. The file is read now.
    ///
    /// # Errors
    /// What is wrong, each in a line.
    pub(crate) fn config(&self) -> Result<Settled, String> {
        let mut config = match &self.config {
            Some(path) => Config::read(path).map_err(|error| match error.is_whole() {
                true => format!("{}{error}", self.origins.lead("config")),
                false => error.to_string(),
            })?,
            None => Config::default(),
        };
        config.any_client = self.any_client.unwrap_or(config.any_client);
        config.plain = self.plain.unwrap_or(config.plain);
        config.pkce_optional = self.pkce_optional.unwrap_or(config.pkce_optional);
        config.profile = self.profile.or(config.profile);
        config.alg = self.alg.or(config.alg);
        config.issuer = self.issuer.clone().or(config.issuer);
        config.front_channel = self.front_channel.clone().or(config.front_channel);
        config.back_channel = self.back_channel.clone().or(config.back_channel);
        let listen = self.listen.or(config.listen).unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 8080)));
        // Who listens everywhere is called by many names, and none of them is 0.0.0.0.
        let by_any_name = listen.ip().is_unspecified() && config.issuer.is_none();
        for (name, said) in [
            ("issuer-from-host", self.issuer_from_host.or(by_any_name.then_some(true))),
            ("back-channel-from-host", self.back_channel_from_host),
            ("trust-forwarded", self.trust_forwarded),
        ] {
            let name = SwitchName::from(name);
            match said {
                Some(true) => config.on.push(name),
                Some(false) => config.on.retain(|on| *on != name),
                None => {}
            }
        }
        let store = self.store.clone().or_else(|| config.store.clone()).unwrap_or(StoreChoice::Memory);
        let tls = (config.tls.take(), std::mem::take(&mut config.trust));
        let tls = self.tls.clone().over(tls, self.origins.clone())?;
        Ok(Settled { config, listen, store, tls, origins: self.origins.clone() })
    }
}

impl Settled {
    /// What cannot change while the server runs, by name.
    pub(crate) fn fixed(&self) -> Vec<(&'static str, String)> {
        let Config { issuer, front_channel, back_channel, .. } = &self.config;
        vec![
            ("listen", self.listen.to_string()),
            ("store", format!("{:?}", self.store)),
            ("issuer", format!("{issuer:?}")),
            ("front_channel", format!("{front_channel:?}")),
            ("back_channel", format!("{back_channel:?}")),
            ("tls and trust", format!("{:?}", self.tls)),
        ]
    }

    /// The server as it is described, but for where it listens and what it keeps.
    ///
    /// # Errors
    /// What is wrong, each in a line.
    pub(crate) fn described(self) -> Result<mock_idp::Builder, String> {
        let (source, front) = (self.config.source.clone(), self.config.front_channel.clone());
        let builder = self.config.describe(MockIdp::builder());
        source.judge(&builder, front, &self.origins).map(|()| builder)
    }
}

/// Serves until a signal ends it.
///
/// # Errors
/// What is wrong, each in a line.
pub(crate) async fn run(serve: Serve) -> Result<(), String> {
    let voice = Voice::of_stderr(serve.log);
    let reload = Reload::new(&serve, voice);
    let settled = serve.config()?;
    let mut reload = reload.fixed(settled.fixed());
    let (listen, store, tls) = (settled.listen, settled.store.clone(), settled.tls.clone());
    let gives_tokens = settled.config.gives_tokens();
    let mut builder = tls.describe(settled.described()?)?.listen(listen).watch(voice.raise(serve.verbose));
    if let Some(token) = serve.control_token.clone() {
        builder = builder.control_token(token);
    }
    if serve.no_control {
        builder = builder.without_control();
    }
    if let StoreChoice::Sqlite(path) = store {
        // An address of a database is no path, and may hold a password.
        let shown = if path.contains('@') { String::new() } else { format!("{path}: ") };
        let failed = |error| format!("{}{shown}{error}", serve.origins.lead("store"));
        builder = sqlite(builder, path).await.map_err(failed)?;
    }
    let mut signals = Signals::listen()?;
    let server = builder.start().await.map_err(|error| explained(&error, &serve.origins))?;
    let scheme = tls.scheme();
    // Before the line that clients wait for, so that no request's line comes in between.
    if server.address().is_none_or(|address| server.issuer() != format!("{scheme}://{address}")) {
        voice.tell("issuer", server.issuer(), &format!("issuer {}", server.issuer()));
    }
    tls.announce(&server, voice)?;
    if let Some(address) = server.address() {
        // Whoever waits for this line may have gone; the server serves all the same.
        let _ = writeln!(std::io::stdout(), "listening on {scheme}://{address}");
        let _ = std::io::stdout().flush();
    }
    if voice.is_seen() {
        let control = !serve.no_control && serve.control_token.is_none();
        let reached = server.address().filter(|address| !address.ip().is_unspecified());
        let base = reached.map_or_else(|| server.issuer().to_owned(), |address| format!("{scheme}://{address}"));
        let banner = Banner { base: &base, gives_tokens, verbose: serve.verbose, control };
        let _ = writeln!(std::io::stderr(), "{}", banner.text());
    }
    loop {
        tokio::select! {
            ended = signals.next() => match ended {
                false if serve.file().is_some() => reload.again(&server),
                // There is nothing to be read again: the terminal was closed.
                true | false => break,
            },
            () = reload.changed() => reload.again(&server),
        }
    }
    // Requests under way are finished; whoever is in a hurry says so again.
    tokio::select! {
        () = server.stop() => Ok(()),
        () = signals.end() => Err("ended by a second signal, with requests under way".to_owned()),
    }
}

/// An error of the start, and what to do about it where that is known.
fn explained(error: &StartError, origins: &Origins) -> String {
    match error {
        StartError::Listen { source, .. } => {
            let remedy = match source.kind() {
                ErrorKind::AddrInUse => "end what listens there, or name another port; port 0 picks a free one",
                ErrorKind::AddrNotAvailable => "name an address of this machine, such as 127.0.0.1 or 0.0.0.0",
                ErrorKind::PermissionDenied => "name a port of 1024 or more",
                _ => "name another address",
            };
            format!("{}{error}; {remedy} by {}", origins.lead("listen"), origins.name("listen"))
        }
        _ => error.to_string(),
    }
}

#[cfg(feature = "sqlite")]
async fn sqlite(builder: mock_idp::Builder, path: String) -> Result<mock_idp::Builder, String> {
    builder.sqlite(path).await.map_err(|error| error.to_string())
}

#[cfg(not(feature = "sqlite"))]
async fn sqlite(_builder: mock_idp::Builder, _path: String) -> Result<mock_idp::Builder, String> {
    Err("this program was built without SQLite".to_owned())
}
