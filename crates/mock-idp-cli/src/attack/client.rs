//! `mock-idp attack client`: a client of any kind, in any language.

use oauth_attacks::{Ability, Command, Registration, run_on_client};

use super::Running;

/// Which client to attack.
#[derive(Debug, clap::Args)]
pub struct ClientOptions {
    /// The client is a program: this line of the shell starts it for each login.
    ///
    /// It finds ISSUER, CLIENT_ID, CLIENT_SECRET, REDIRECT_URI, RESOURCE and BROWSER in its environment, opens the
    /// authorization request with $BROWSER, listens at the redirect URI, and prints {"accepted": {"iss": …, "sub": …}}
    /// or {"rejected": {"code": …}}, or just ends with 0 or with something else.
    #[arg(long, value_name = "COMMAND")]
    command: String,
    /// How the client is registered with every server: its id.
    #[arg(long, value_name = "ID", default_value = "client-under-test")]
    client_id: String,
    /// Its secret; without one it is a public client.
    #[arg(long, value_name = "SECRET")]
    client_secret: Option<String>,
    /// Its redirect URI. One on 127.0.0.1 without a port gets a free port for each login.
    #[arg(long, value_name = "URI", default_value = "http://127.0.0.1/callback")]
    redirect_uri: String,
    /// What the program does when it is told so on its standard input, separated by commas: refresh, call, who-am-i,
    /// logout, notify.
    #[arg(long, value_delimiter = ',', value_name = "ERRAND")]
    can: Vec<Errand>,
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

impl ClientOptions {
    /// Runs the attacks.
    ///
    /// # Errors
    /// When the client cannot be attacked, or an attack came to something that was not expected.
    pub fn run(&self) -> Result<String, String> {
        let options = self.running.options(oauth_attacks::Profile::Bcp, oauth_attacks::Baseline::default())?;
        let registration = match &self.client_secret {
            None => Registration::public(&self.client_id, &self.redirect_uri),
            Some(secret) => Registration::confidential(&self.client_id, secret.as_str(), &self.redirect_uri),
        };
        let client = Command::new(&self.command).map_err(|error| error.to_string())?;
        let client = client.registered(registration).able_to(self.can.iter().map(|errand| Ability::from(*errand)));
        let runtime = tokio::runtime::Runtime::new().map_err(|error| format!("no runtime: {error}"))?;
        runtime.block_on(async {
            let run = async |options| run_on_client(client, &options).await;
            self.running.show(("Attacks on a client", &self.command), options, run).await
        })
    }
}
