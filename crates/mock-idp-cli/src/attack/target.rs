//! A server under test as a file describes it: where it is, which clients it knows, and how its users log in.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use oauth_attacks::user_agent::Forms;
use oauth_attacks::{Baseline, Key, Profile, Registration, Role, Target};
use oauth_types::{Algorithm, Secret};
use serde::Deserialize;

/// The recipes that come along, by name.
pub(super) const RECIPES: &[(&str, &str)] = &[
    ("dex", include_str!("../../recipes/dex.toml")),
    ("keycloak", include_str!("../../recipes/keycloak.toml")),
    ("mock-oauth2-server", include_str!("../../recipes/mock-oauth2-server.toml")),
    ("node-oidc-provider", include_str!("../../recipes/node-oidc-provider.toml")),
    ("oidc-provider-mock", include_str!("../../recipes/oidc-provider-mock.toml")),
    ("oauth2-mock-server", include_str!("../../recipes/oauth2-mock-server.toml")),
];

/// The file.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Described {
    pub(super) issuer: Option<String>,
    pub(super) profile: Option<Profile>,
    scope: Option<String>,
    second_scope: Option<String>,
    resources: Option<[String; 2]>,
    ca_file: Option<PathBuf>,
    registration_token: Option<Secret>,
    second_issuer: Option<String>,
    login_hint: Option<String>,
    login: Option<LoginForms>,
    #[serde(default)]
    client: BTreeMap<Role, DescribedClient>,
    #[serde(default)]
    expect: Vec<serde_json::Value>,
}

/// How users get through the pages of the server.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct LoginForms {
    user: String,
    #[serde(default)]
    password: String,
    second_user: Option<String>,
    second_password: Option<String>,
    name_field: Option<String>,
    password_field: Option<String>,
    #[serde(default)]
    press: Vec<String>,
    #[serde(default)]
    also_at: Vec<String>,
}

/// A client that is registered with the server.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct DescribedClient {
    id: String,
    secret: Option<Secret>,
    #[serde(default)]
    auth: Auth,
    /// A private key in PEM: for `private_key_jwt`, and for signed requests.
    key: Option<PathBuf>,
    /// Certificate and private key in PEM, for mutual TLS.
    certificate: Option<PathBuf>,
    #[serde(default = "es256")]
    alg: Algorithm,
    #[serde(default)]
    kid: String,
    redirect_uris: Vec<String>,
    #[serde(default)]
    pushes: bool,
    #[serde(default)]
    signs: bool,
    #[serde(default)]
    dpop: bool,
    #[serde(default)]
    always: BTreeMap<String, String>,
}

fn es256() -> Algorithm {
    Algorithm::Es256
}

/// How a secret is sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub(super) enum Auth {
    /// In the Authorization header.
    #[default]
    Basic,
    /// In the body.
    Post,
}

impl Described {
    /// Reads a file.
    ///
    /// # Errors
    /// What is wrong with it, and where.
    pub(super) fn read(path: &Path) -> Result<Self, String> {
        let at = |error: String| format!("{}: {error}", path.display());
        let text = std::fs::read_to_string(path).map_err(|error| at(error.to_string()))?;
        Self::parse(&text).map_err(at)
    }

    /// The recipe of this name.
    ///
    /// # Errors
    /// The names that there are.
    pub(super) fn recipe(name: &str) -> Result<Self, String> {
        let names = || RECIPES.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
        let found = RECIPES.iter().find(|(known, _)| *known == name);
        let (_, text) = found.ok_or_else(|| format!("there is no recipe {name}; there are {}", names()))?;
        Self::parse(text)
    }

    fn parse(text: &str) -> Result<Self, String> {
        toml::from_str(text).map_err(|error| error.to_string().trim_end().to_owned())
    }

    /// The outcomes that are known and accepted.
    ///
    /// # Errors
    /// What is wrong with them.
    pub(super) fn known(&self) -> Result<Baseline, String> {
        let text = serde_json::to_string(&self.expect).map_err(|error| error.to_string())?;
        Baseline::read(&text).map_err(|error| format!("[[expect]] {error}"))
    }

    /// Where the server is.
    ///
    /// # Errors
    /// When nothing says it.
    pub(super) fn issuer(&self) -> Result<&str, String> {
        let missing = "no issuer is named: give --issuer, or a file that names one with --target, or a --recipe";
        self.issuer.as_deref().ok_or_else(|| missing.to_owned())
    }

    /// Whether it has a client that attacks can be run as.
    pub(super) fn has_client(&self) -> bool {
        !self.client.is_empty()
    }

    /// The server as a target.
    ///
    /// # Errors
    /// When it does not describe itself, or a key cannot be read.
    pub(super) async fn target(&self) -> Result<Target, String> {
        let target = self.at(self.issuer()?).await?;
        match &self.second_issuer {
            None => Ok(target),
            Some(second) => Ok(target.second_issuer(self.at(second).await?)),
        }
    }

    async fn at(&self, issuer: &str) -> Result<Target, String> {
        let trusted = self.ca_file.as_deref().map(read).transpose()?;
        let found = match &trusted {
            None => Target::discover(issuer).await,
            Some(pem) => Target::discover_trusting(issuer, pem).await,
        };
        let mut target = found.map_err(|error| told(&error))?;
        for (role, client) in &self.client {
            target = target.playing(*role, client.registration()?);
        }
        if let Some(scope) = &self.scope {
            target = target.scope(scope);
        }
        if let Some(scope) = &self.second_scope {
            target = target.second_scope(scope);
        }
        if let Some([first, second]) = &self.resources {
            target = target.resources(first, second);
        }
        if let Some(token) = &self.registration_token {
            target = target.registration_token(token.clone());
        }
        if let Some(hint) = &self.login_hint {
            target = target.second_user(hint);
        }
        Ok(match &self.login {
            None => target,
            Some(login) => target.login(login.forms()),
        })
    }

    /// The same with what the command line says, which comes first.
    pub(super) fn over(mut self, line: Line) -> Self {
        self.issuer = line.issuer.or(self.issuer);
        self.scope = line.scope.or(self.scope);
        self.second_scope = line.second_scope.or(self.second_scope);
        self.login_hint = line.login_hint.or(self.login_hint);
        self.ca_file = line.ca_file.or(self.ca_file);
        for (role, id, secret) in line.clients {
            let auth = line.auth;
            let redirect_uris = line.redirect_uris.clone();
            let client = DescribedClient { secret, auth, redirect_uris, ..DescribedClient::named(id) };
            self.client.insert(role, client);
        }
        if let Some((user, password)) = line.user {
            let (second_user, second_password) = line.second_user.unzip();
            let before = self.login.take();
            let fields = before.unwrap_or_else(LoginForms::nobody);
            self.login = Some(LoginForms { user, password, second_user, second_password, ..fields });
        }
        self
    }
}

/// What the command line says of a server.
#[derive(Debug, Default)]
pub(super) struct Line {
    pub(super) issuer: Option<String>,
    pub(super) clients: Vec<(Role, String, Option<Secret>)>,
    pub(super) auth: Auth,
    pub(super) redirect_uris: Vec<String>,
    pub(super) scope: Option<String>,
    pub(super) second_scope: Option<String>,
    pub(super) login_hint: Option<String>,
    pub(super) user: Option<(String, String)>,
    pub(super) second_user: Option<(String, String)>,
    pub(super) ca_file: Option<PathBuf>,
}

impl LoginForms {
    fn nobody() -> Self {
        let (user, password) = (String::new(), String::new());
        let (name_field, password_field, press, also_at) = (None, None, Vec::new(), Vec::new());
        Self { user, password, second_user: None, second_password: None, name_field, password_field, press, also_at }
    }

    fn forms(&self) -> Forms {
        let mut forms = Forms::new().user(&self.user, self.password.as_str());
        if let Some(second) = &self.second_user {
            forms = forms.second_user(second, self.second_password.clone().unwrap_or_default());
        }
        if let Some(selector) = &self.name_field {
            forms = forms.name_field(selector);
        }
        if let Some(selector) = &self.password_field {
            forms = forms.password_field(selector);
        }
        let forms = self.press.iter().fold(forms, Forms::press);
        self.also_at.iter().fold(forms, Forms::also_at)
    }
}

impl DescribedClient {
    fn named(id: String) -> Self {
        Self {
            id,
            secret: None,
            auth: Auth::Basic,
            key: None,
            certificate: None,
            alg: Algorithm::Es256,
            kid: String::new(),
            redirect_uris: Vec::new(),
            pushes: false,
            signs: false,
            dpop: false,
            always: BTreeMap::new(),
        }
    }

    fn registration(&self) -> Result<Registration, String> {
        let [first, others @ ..] = self.redirect_uris.as_slice() else {
            return Err(format!("client {}: a redirect URI is needed", self.id));
        };
        let key = self.key.as_deref().map(|path| self.private_key(path)).transpose()?;
        let registration = match (&self.secret, &key, &self.certificate) {
            (Some(secret), ..) => {
                let client = Registration::confidential(&self.id, secret.clone(), first);
                if self.auth == Auth::Post { client.secret_in_body() } else { client }
            }
            (None, Some(key), None) if !self.signs || self.certificate.is_none() => {
                Registration::keyed(&self.id, key.clone(), first)
            }
            (None, _, Some(path)) => Registration::with_certificate(&self.id, read(path)?, first),
            (None, ..) => Registration::public(&self.id, first),
        };
        let registration = others.iter().fold(registration, Registration::redirect_uri_too);
        let registration = if self.pushes { registration.pushing() } else { registration };
        let registration = match (self.signs, key) {
            (true, Some(key)) => registration.signing(key),
            (true, None) => return Err(format!("client {}: `signs` needs a `key`", self.id)),
            (false, _) => registration,
        };
        let registration = match self.dpop {
            true => registration.proving(Key::fresh().map_err(|error| error.to_string())?),
            false => registration,
        };
        Ok(self.always.iter().fold(registration, |client, (name, value)| client.always(name, value)))
    }

    fn private_key(&self, path: &Path) -> Result<Key, String> {
        let key = Key::from_pem(self.alg, &self.kid, &read(path)?);
        key.map_err(|error| format!("{}: {error}", path.display()))
    }
}

fn read(path: &Path) -> Result<String, String> {
    std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
}

/// An error with what caused it.
pub(super) fn told(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut error = error;
    while let Some(source) = error.source() {
        let more = source.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        error = source;
    }
    text
}

/// `NAME:PASSWORD`.
pub(super) fn name_and_password(text: &str) -> Option<(String, String)> {
    let (name, password) = text.split_once(':').filter(|(name, _)| !name.is_empty())?;
    Some((name.to_owned(), password.to_owned()))
}

/// `ID` or `ID:SECRET`.
pub(super) fn id_and_secret(text: &str) -> (String, Option<Secret>) {
    text.split_once(':').map_or((text.to_owned(), None), |(id, secret)| (id.to_owned(), Some(secret.into())))
}

#[cfg(test)]
mod tests {
    use oauth_attacks::ClientAuth;

    use super::*;

    #[test]
    fn every_recipe_is_understood() {
        for (name, _) in RECIPES {
            let recipe = Described::recipe(name).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert!(recipe.issuer.is_some() && !recipe.client.is_empty(), "{name}");
            recipe.known().unwrap_or_else(|error| panic!("{name}: {error}"));
            for client in recipe.client.values() {
                client.registration().unwrap_or_else(|error| panic!("{name}: {error}"));
            }
        }
        assert!(Described::recipe("keycloack").expect_err("no recipe").contains("keycloak"));
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line() {
        let error = |text: &str| Described::parse(text).expect_err("an error");
        assert!(error("isuer = \"x\"").contains("unknown field `isuer`"));
        assert!(error("[client.publik]\nid = \"a\"\nredirect_uris = []").contains("line 1"));
        let client = Described::parse("[client.public]\nid = \"a\"\nredirect_uris = []").expect("a file");
        assert!(client.client[&Role::Public].registration().expect_err("no URI").contains("redirect URI"));
    }

    #[test]
    fn the_command_line_comes_first() {
        let file = "issuer = \"http://a\"\n[client.public]\nid = \"a\"\nredirect_uris = [\"http://127.0.0.1/cb\"]";
        let line = Line {
            issuer: Some("http://b".to_owned()),
            clients: vec![(Role::Confidential, "web".to_owned(), Some("s".into()))],
            auth: Auth::Post,
            redirect_uris: vec!["http://127.0.0.1/web".to_owned()],
            user: name_and_password("alice:a:b"),
            ..Line::default()
        };
        let described = Described::parse(file).expect("a file").over(line);
        assert_eq!(described.issuer.as_deref(), Some("http://b"));
        let web = described.client[&Role::Confidential].registration().expect("a client");
        assert!(matches!(web.auth, ClientAuth::Post(_)));
        assert!(described.client[&Role::Public].registration().expect("a client").is_public());
        assert_eq!(described.login.expect("forms").password, "a:b");
    }
}
