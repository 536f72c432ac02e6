//! `mock-idp attack server`: any authorization server that one may test.

use std::path::PathBuf;

use oauth_attacks::attack::On;
use oauth_attacks::{Options, Role, catalogue, run_on_server};

use super::control::RemoteClock;
use super::running::{Running, waiting};
use super::target::{Auth, Described, Line, id_and_secret, name_and_password};

/// Which server to attack, and as whom.
#[derive(Debug, clap::Args)]
pub struct ServerOptions {
    /// The issuer of a server that you may test.
    #[arg(long, value_name = "URL")]
    issuer: Option<String>,
    /// A file in TOML that describes the server; what the command line says comes first.
    #[arg(long, value_name = "FILE", conflicts_with = "recipe")]
    target: Option<PathBuf>,
    /// The description of a well-known server as its documentation starts it: dex, keycloak, mock-oauth2-server,
    /// node-oidc-provider, oauth2-mock-server or oidc-provider-mock.
    #[arg(long, value_name = "NAME")]
    recipe: Option<String>,
    /// A client that is registered there.
    #[arg(long, value_name = "ID")]
    client_id: Option<String>,
    /// Its secret; without one it is a public client. The variable CLIENT_SECRET does the same and is not seen by
    /// other users of the machine.
    #[arg(long, value_name = "SECRET", requires = "client_id")]
    client_secret: Option<String>,
    /// How clients send their secrets.
    #[arg(long, value_enum, default_value = "basic")]
    auth_method: Auth,
    /// The redirect URI of the clients named here; a second one lets more attacks run. Nothing has to listen there.
    #[arg(long, value_name = "URI", default_value = "http://127.0.0.1:8400/callback", num_args = 1)]
    redirect_uri: Vec<String>,
    /// Another client, `ID` or `ID:SECRET`, which attacks across clients need.
    #[arg(long, value_name = "CLIENT")]
    second_client: Option<String>,
    /// The scope of every request; `openid` unless told otherwise.
    #[arg(long)]
    scope: Option<String>,
    /// A scope that the clients may ask for as well.
    #[arg(long, value_name = "SCOPE")]
    second_scope: Option<String>,
    /// Somebody who logs in by the server's forms, `NAME:PASSWORD`. Without this, the server is expected to send
    /// browsers back at once.
    #[arg(long, value_name = "NAME:PASSWORD")]
    user: Option<String>,
    /// Somebody else who does.
    #[arg(long, value_name = "NAME:PASSWORD", requires = "user")]
    second_user: Option<String>,
    /// A login_hint that logs a second user in, where no forms do.
    #[arg(long, value_name = "HINT")]
    login_hint: Option<String>,
    /// Trust the certificates that the authorities in this PEM file sign, and no others.
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,
    /// The server is a mock-idp whose control API is at this address: time is let pass there where attacks need it.
    #[arg(long, value_name = "URL")]
    control: Option<String>,
    #[command(flatten)]
    running: Running,
}

/// The ids of the attacks on servers.
fn on_servers() -> impl Iterator<Item = &'static str> {
    catalogue::server_attacks().map(|attack| attack.idea.id)
}

/// Whether these attacks can be run as nobody.
fn without_client(options: &Options) -> Result<(), String> {
    let as_somebody = catalogue::server_attacks().filter(|attack| attack.on != On::Nobody);
    match options.count(as_somebody.map(|attack| attack.idea.id)) {
        0 => Ok(()),
        _ => Err(
            "no client is named, and the attacks need one that is registered there: give --client-id, or describe \
                  it in a file, [client.public] or [client.confidential], and name that with --target"
                .to_owned(),
        ),
    }
}

impl ServerOptions {
    /// Runs the attacks.
    ///
    /// # Errors
    /// When the server cannot be attacked, or an attack came to something that was not expected.
    pub fn run(&self) -> Result<String, String> {
        let described = match (&self.target, &self.recipe) {
            (Some(file), _) => Described::read(file)?,
            (None, Some(name)) => Described::recipe(name)?,
            (None, None) => Described::default(),
        };
        let described = described.over(self.line()?);
        described.issuer()?;
        let options =
            self.running.options(on_servers(), (described.profile.unwrap_or_default(), described.known()?))?;
        if !described.has_client() {
            without_client(&options)?;
        }
        waiting(async {
            let mut target = described.target().await?;
            if let Some(address) = &self.control {
                target = target.time(RemoteClock::at(address, self.ca_file.as_deref()).await?);
            }
            let issuer = target.metadata().issuer.clone();
            let run = async |options| run_on_server(&target, &options).await;
            self.running.show(("Attacks on a server", &issuer), (on_servers(), options), run).await
        })
    }

    fn line(&self) -> Result<Line, String> {
        let secret = || self.client_secret.clone().or_else(|| std::env::var("CLIENT_SECRET").ok());
        let first = self.client_id.iter().map(|id| (id.clone(), secret().map(Into::into)));
        let first = first.map(|(id, secret)| {
            let role = if secret.is_some() { Role::Confidential } else { Role::Public };
            (role, id, secret)
        });
        let second = self.second_client.iter().map(|text| id_and_secret(text));
        let second = second.map(|(id, secret)| (Role::Second, id, secret));
        let person = |flag: &str, text: &Option<String>| {
            let person = text.as_deref().map(|text| name_and_password(text).ok_or(flag)).transpose();
            person.map_err(|flag| format!("{flag}: write NAME:PASSWORD, or NAME: where there is no password"))
        };
        Ok(Line {
            issuer: self.issuer.clone(),
            clients: first.chain(second).collect(),
            auth: self.auth_method,
            redirect_uris: self.redirect_uri.clone(),
            scope: self.scope.clone(),
            second_scope: self.second_scope.clone(),
            login_hint: self.login_hint.clone(),
            user: person("--user", &self.user)?,
            second_user: person("--second-user", &self.second_user)?,
            ca_file: self.ca_file.clone(),
        })
    }
}
