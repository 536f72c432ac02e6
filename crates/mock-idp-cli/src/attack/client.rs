//! `mock-idp attack client`: a client of any kind, in any language.

use std::net::SocketAddr;
use std::path::PathBuf;

use oauth_attacks::client::{ClientUnderTest as _, Door};
use oauth_attacks::web::WebError;
use oauth_attacks::{Ability, Chromium, Command, LoggedIn, Registration, Web, catalogue, run_on_client};

use super::running::{Running, waiting};

/// Which client to attack.
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("kind").args(["command", "web", "browser"]).required(true))]
pub struct ClientOptions {
    /// The client is a program: this line of the shell starts it for each login.
    ///
    /// It finds ISSUER, CLIENT_ID, CLIENT_SECRET, REDIRECT_URI, RESOURCE, BROWSER and CA_FILE in its environment, opens the
    /// authorization request with $BROWSER, listens at the redirect URI, and prints {"accepted": {"iss": …, "sub": …}}
    /// or {"rejected": {"code": …}}, or just ends with 0 or with something else.
    #[arg(long, value_name = "COMMAND")]
    command: Option<String>,
    /// The client is a running web application whose logins begin at this address. It is configured for the issuer
    /// `http://` and the address of --issuer-at, where the lying servers listen one after the other.
    #[arg(long, value_name = "START_URL", requires = "logged_in", group = "application")]
    web: Option<String>,
    /// The same for a single-page application, which is opened in a real Chromium without a window. Debian has it in
    /// the packages chromium and chromium-driver.
    #[arg(long, value_name = "START_URL", requires = "logged_in", group = "application")]
    browser: Option<String>,
    /// The program that drives Chromium.
    #[arg(long, value_name = "PATH", default_value = "chromedriver")]
    chromedriver: PathBuf,
    /// How to see that alice is logged in there: PATH=STATUS, such as /me=200, or PATH~TEXT, such as /me~alice, or
    /// ~TEXT for the page that the browser is on.
    #[arg(long, value_name = "PREDICATE")]
    logged_in: Option<LoggedIn>,
    /// Where the application expects its issuer; a second address lets attacks with two servers run.
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:9400", num_args = 1)]
    issuer_at: Vec<SocketAddr>,
    /// Where third parties begin logins at the application.
    #[arg(long, value_name = "PATH", requires = "application")]
    initiate_login: Option<String>,
    /// Where a server's page reports the end of a session to the application.
    #[arg(long, value_name = "PATH", requires = "application")]
    frontchannel_logout: Option<String>,
    /// Where a server sends logout tokens to.
    #[arg(long, value_name = "PATH", requires = "web")]
    backchannel_logout: Option<String>,
    /// Where visitors of the application log out.
    #[arg(long, value_name = "PATH", requires = "application")]
    logout: Option<String>,
    /// Where browsers come back to after logging out.
    #[arg(long, value_name = "PATH", requires = "application")]
    logged_out: Option<String>,
    /// How the client is registered with every server: its id.
    #[arg(long, value_name = "ID", default_value = "client-under-test")]
    client_id: String,
    /// Its secret; without one it is a public client.
    #[arg(long, value_name = "SECRET")]
    client_secret: Option<String>,
    /// Its redirect URI. For a program it is http://127.0.0.1/callback unless told otherwise, and one on 127.0.0.1 or localhost
    /// without a port gets a free port for each login; for a web application it is /callback.
    #[arg(long, value_name = "URI")]
    redirect_uri: Option<String>,
    /// What the program does when it is told so on its standard input, separated by commas: refresh, call, who-am-i,
    /// logout, notify.
    #[arg(long, value_delimiter = ',', value_name = "ERRAND")]
    can: Vec<Errand>,
    /// The program takes no issuers but those with https: every one has it, with certificates of the authority in the file
    /// that the program finds named in CA_FILE.
    #[arg(long, requires = "command")]
    https: bool,
    #[command(flatten)]
    running: Running,
}

/// What a program may be able to do besides logging in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Errand {
    /// Get a new access token with the refresh token.
    Refresh,
    /// Call a protected resource.
    Call,
    /// Say who is logged in.
    WhoAmI,
    /// Log out at the server as well.
    Logout,
    /// Take a logout token.
    Notify,
}

impl From<Errand> for Ability {
    fn from(errand: Errand) -> Self {
        match errand {
            Errand::Refresh => Self::Refresh,
            Errand::Call => Self::Call,
            Errand::WhoAmI => Self::WhoAmI,
            Errand::Logout => Self::Logout,
            Errand::Notify => Self::Notify,
        }
    }
}

/// The ids of the attacks on clients.
fn on_clients() -> impl Iterator<Item = &'static str> {
    catalogue::client_attacks().map(|attack| attack.idea.id)
}

impl ClientOptions {
    /// Runs the attacks.
    ///
    /// # Errors
    /// When the client cannot be attacked, or an attack came to something that was not expected.
    pub fn run(&self) -> Result<String, String> {
        let options =
            self.running.options(on_clients(), (oauth_attacks::Profile::Bcp, oauth_attacks::Baseline::default()))?;
        waiting(async {
            match (&self.command, &self.web, &self.browser, &self.logged_in) {
                (Some(line), ..) => {
                    let client = self.program(line)?;
                    let run = async |options| run_on_client(client, &options).await;
                    self.running.show(("Attacks on a client", line), (on_clients(), options), run).await
                }
                (None, Some(start), _, Some(logged_in)) => {
                    let client = self.application(start, logged_in.clone())?;
                    let run = async |options| run_on_client(client, &options).await;
                    self.running.show(("Attacks on a client", start), (on_clients(), options), run).await
                }
                (None, None, Some(start), Some(logged_in)) => {
                    let client = self.single_page(start, logged_in.clone())?;
                    let client = client.started().await.map_err(|error| error.to_string())?;
                    let run = async |options| run_on_client(client, &options).await;
                    self.running.show(("Attacks on a client", start), (on_clients(), options), run).await
                }
                _ => Err("name a client: --command, or --web or --browser with --logged-in".to_owned().into()),
            }
        })
    }

    fn registration(&self, redirect_uri: &str) -> Registration {
        match &self.client_secret {
            None => Registration::public(&self.client_id, redirect_uri),
            Some(secret) => Registration::confidential(&self.client_id, secret.as_str(), redirect_uri),
        }
    }

    fn program(&self, line: &str) -> Result<Command, String> {
        let redirect_uri = self.redirect_uri.as_deref().unwrap_or("http://127.0.0.1/callback");
        let client = Command::new(line).map_err(|error| error.to_string())?;
        let abilities = self.can.iter().map(|errand| Ability::from(*errand));
        let client = client.registered(self.registration(redirect_uri)).able_to(abilities);
        if self.https { client.over_https().map_err(|error| error.to_string()) } else { Ok(client) }
    }

    fn application(&self, start: &str, logged_in: LoggedIn) -> Result<Web, String> {
        let told = |error: WebError| error.to_string();
        let client = Web::new(start, logged_in).map_err(told)?;
        let (first, second) = self.issuers()?;
        let registration = self.coming_back_to(client.registration());
        let mut client = client.registered(registration).issuers_at(first, second);
        for (door, at) in self.doors(start) {
            client = client.door(door, at).map_err(told)?;
        }
        if let Some(at) = &self.backchannel_logout {
            client = client.notified_at(at).map_err(told)?;
        }
        match &self.logout {
            Some(at) => client.logout_at(at).map_err(told),
            None => Ok(client),
        }
    }

    fn single_page(&self, start: &str, logged_in: LoggedIn) -> Result<Chromium, String> {
        let told = |error: WebError| error.to_string();
        let client = Chromium::new(start, logged_in).map_err(told)?.chromedriver(&self.chromedriver);
        let (first, second) = self.issuers()?;
        let registration = self.coming_back_to(client.registration());
        let mut client = client.registered(registration).issuers_at(first, second);
        for (door, at) in self.doors(start) {
            client = client.door(door, at).map_err(told)?;
        }
        match &self.logout {
            Some(at) => client.logout_at(at).map_err(told),
            None => Ok(client),
        }
    }

    fn issuers(&self) -> Result<(SocketAddr, Option<SocketAddr>), String> {
        match self.issuer_at.as_slice() {
            [first, others @ ..] => Ok((*first, others.first().copied())),
            [] => Err("an issuer's address is needed".to_owned()),
        }
    }

    /// How the client is registered, where the redirect URI that it has anyway holds unless told otherwise.
    fn coming_back_to(&self, anyway: Registration) -> Registration {
        let redirect_uri = self.redirect_uri.clone().unwrap_or_else(|| anyway.redirect_uris.concat());
        self.registration(&redirect_uri)
    }

    /// The addresses that links may lead to.
    fn doors<'a>(&'a self, start: &'a str) -> impl Iterator<Item = (Door, &'a str)> {
        let others = [
            (Door::InitiateLogin, &self.initiate_login),
            (Door::FrontChannelLogout, &self.frontchannel_logout),
            (Door::LoggedOut, &self.logged_out),
        ];
        let others = others.into_iter().filter_map(|(door, at)| Some((door, at.as_deref()?)));
        std::iter::once((Door::Login, start)).chain(others)
    }
}
