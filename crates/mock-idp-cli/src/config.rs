//! The configuration file: TOML, every member optional, unknown members an error.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use mock_idp::{Builder, Profile};
use oauth_types::Algorithm;
use oauth_types::scenario::{ClientSetup, UserSetup};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

use crate::tls::TlsConfig;

/// What a configuration file may say.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// Where to listen.
    pub(crate) listen: Option<SocketAddr>,
    /// The issuer of the tenant at the root.
    pub(crate) issuer: Option<String>,
    /// What the URLs of endpoints begin with that a browser visits.
    pub(crate) front_channel: Option<String>,
    /// What the URLs of endpoints begin with that a client calls.
    pub(crate) back_channel: Option<String>,
    /// `memory` or `sqlite:PATH`.
    pub(crate) store: Option<StoreChoice>,
    /// The set of documents and choices.
    #[serde(default, deserialize_with = "profile")]
    pub(crate) profile: Option<Profile>,
    /// What tokens are signed with.
    #[serde(default, deserialize_with = "signing")]
    pub(crate) alg: Option<Algorithm>,
    /// The relaxation `any-client`.
    #[serde(default)]
    pub(crate) any_client: bool,
    /// The relaxation `plain`.
    #[serde(default)]
    pub(crate) plain: bool,
    /// The relaxation `pkce-optional`.
    #[serde(default)]
    pub(crate) pkce_optional: bool,
    /// The documents that no new client should speak.
    #[serde(default)]
    legacy: bool,
    /// Switches of documents that are on, by name.
    #[serde(default)]
    pub(crate) on: Vec<String>,
    /// Documents that are left out, by name.
    #[serde(default)]
    without: Vec<String>,
    /// Amounts of documents, by name.
    #[serde(default)]
    amount: BTreeMap<String, u64>,
    /// Serve https.
    pub(crate) tls: Option<TlsConfig>,
    /// Files with the certification authorities of other servers.
    #[serde(default)]
    pub(crate) trust: Vec<PathBuf>,
    /// Lifetimes in seconds.
    #[serde(default)]
    lifetime: Lifetimes,
    /// Clients. With the first one, the built-in clients are gone.
    #[serde(default)]
    client: Vec<ClientSetup>,
    /// Users. With the first one, the built-in users are gone.
    #[serde(default)]
    user: Vec<UserSetup>,
}

/// Lifetimes in seconds.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Lifetimes {
    code: Option<u64>,
    token: Option<u64>,
    refresh: Option<u64>,
}

/// Where records are kept.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) enum StoreChoice {
    /// In memory.
    Memory,
    /// In a SQLite database at this path.
    Sqlite(String),
}

impl TryFrom<String> for StoreChoice {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl std::str::FromStr for StoreChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            None if text == "memory" => Ok(Self::Memory),
            Some(("sqlite", path)) if !path.is_empty() => Ok(Self::Sqlite(path.to_owned())),
            // What was said is not repeated: the address of a database may hold its password.
            _ => Err("this is no store: say memory or sqlite:PATH".to_owned()),
        }
    }
}

/// A configuration file that cannot be used.
#[derive(Debug)]
pub(crate) struct ConfigError(String);

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Config {
    /// Reads a file. An error names the line.
    pub(crate) fn read(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path);
        let text = text.map_err(|error| ConfigError(format!("{}: {error}", path.display())))?;
        toml::from_str(&text).map_err(|error| ConfigError(format!("{}: {}", path.display(), located(&text, &error))))
    }

    /// Describes the server, but for where it listens and what it keeps.
    pub(crate) fn describe(self, mut builder: Builder) -> Builder {
        let profile = self.profile.unwrap_or_default();
        let mut policy = profile.policy();
        policy.algorithm = self.alg.unwrap_or(policy.algorithm);
        policy.code_lifetime = self.lifetime.code.unwrap_or(policy.code_lifetime);
        policy.token_lifetime = self.lifetime.token.unwrap_or(policy.token_lifetime);
        builder = builder.profile(profile).policy(policy);
        if let Some(seconds) = self.lifetime.refresh {
            builder = builder.amount("refresh-idle-seconds", seconds);
        }
        if self.plain {
            builder = builder.plain();
        }
        if self.pkce_optional {
            builder = builder.pkce_optional();
        }
        if self.any_client {
            builder = builder.any_client();
        }
        if self.legacy {
            builder = builder.legacy();
        }
        if let Some(issuer) = self.issuer {
            builder = builder.issuer(issuer);
        }
        builder = self.front_channel.into_iter().fold(builder, Builder::front_channel);
        builder = self.back_channel.into_iter().fold(builder, Builder::back_channel);
        builder = self.on.into_iter().fold(builder, Builder::on);
        builder = self.without.into_iter().fold(builder, Builder::without);
        builder = self.amount.into_iter().fold(builder, |builder, (name, value)| builder.amount(name, value));
        builder = self.client.into_iter().fold(builder, |builder, client| builder.client(client.into()));
        self.user.into_iter().fold(builder, |builder, user| builder.user(user.into()))
    }
}

/// A profile by its name.
fn profile<'de, D: Deserializer<'de>>(source: D) -> Result<Option<Profile>, D::Error> {
    let name = String::deserialize(source)?;
    let unknown = || D::Error::custom(format!("there is no such profile: say one of {}", profiles()));
    Profile::named(&name).map(Some).ok_or_else(unknown)
}

/// The names of all profiles.
pub(crate) fn profiles() -> String {
    Profile::names()
}

/// An algorithm that this server has a key for.
fn signing<'de, D: Deserializer<'de>>(source: D) -> Result<Option<Algorithm>, D::Error> {
    let algorithm = Algorithm::deserialize(source)?;
    match algorithm.is_symmetric() {
        true => Err(D::Error::custom(format!("{algorithm} has no private key to sign with"))),
        false => Ok(Some(algorithm)),
    }
}

/// Where an error is and what it is, without the line's text: it may hold a secret.
fn located(text: &str, error: &toml::de::Error) -> String {
    let line = error.span().map(|span| text[..span.start.min(text.len())].matches('\n').count() + 1);
    match line {
        Some(line) => format!("line {line}: {}", without_value(error.message())),
        None => without_value(error.message()),
    }
}

/// A message of serde without the value it quotes: "invalid type: integer `1`, expected a string".
fn without_value(message: &str) -> String {
    let quoted = message.starts_with("invalid type: ") || message.starts_with("invalid value: ");
    match message.rsplit_once(", expected ").filter(|_| quoted) {
        Some((what, expected)) => {
            let kind = what.split(['`', '"']).next().unwrap_or("").trim_end();
            format!("{kind}, expected {expected}")
        }
        None => message.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Config, String> {
        toml::from_str(text).map_err(|error| located(text, &error))
    }

    #[test]
    fn a_whole_configuration_is_read() {
        let config = parse(
            r#"
            listen = "127.0.0.1:8080"
            store = "sqlite:mock.db"
            alg = "ES256"
            legacy = true
            on = ["plain"]
            without = ["RFC 9207"]
            [amount]
            device-interval-seconds = 1
            [lifetime]
            code = 30
            [[client]]
            client_id = "web"
            client_secret = "s3cret"
            redirect_uris = ["https://app.example/cb"]
            [[client]]
            client_id = "keyed"
            token_endpoint_auth_method = "private_key_jwt"
            [client.metadata]
            dpop_bound_access_tokens = true
            jwks = { keys = [{ kty = "OKP", crv = "Ed25519", x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" }] }
            [[user]]
            sub = "carol"
            password = "s3cret"
            claims = { email = "carol@example.com", groups = ["admin"] }
            "#,
        )
        .expect("a configuration");
        assert_eq!(config.store, Some(StoreChoice::Sqlite("mock.db".to_owned())));
        assert_eq!(config.alg, Some(Algorithm::Es256));
        assert!(config.describe(mock_idp::MockIdp::builder()).in_process().is_ok());
    }

    #[test]
    fn what_does_not_exist_is_named_at_the_start() {
        for text in ["on = [\"surely-not\"]", "without = [\"RFC 0\"]", "amount = { surely-not = 1 }"] {
            let described = parse(text).expect(text).describe(mock_idp::MockIdp::builder());
            let error = described.in_process().expect_err(text).to_string();
            assert!(error.contains("surely-not") || error.contains("RFC 0"), "{error}");
        }
    }

    #[test]
    fn a_misspelt_member_is_named_with_its_line() {
        let error = parse("alg = \"RS256\"\nany_cleint = true\n").expect_err("a misspelt member");
        assert!(error.starts_with("line 2: unknown field `any_cleint`"), "{error}");
    }

    #[test]
    fn a_profile_is_called_by_its_name() {
        for profile in Profile::ALL {
            let config = parse(&format!("profile = \"{profile}\"\n")).expect("a configuration");
            assert_eq!(config.profile, Some(*profile));
            assert!(config.describe(mock_idp::MockIdp::builder()).in_process().is_ok(), "{profile}");
        }
        let error = parse("profile = \"canary\"\n").expect_err("no profile");
        assert!(
            error.starts_with("line 1: there is no such profile: say one of strict, ") && !error.contains("canary")
        );
    }

    #[test]
    fn an_algorithm_without_a_private_key_is_refused() {
        let error = parse("alg = \"HS256\"\n").expect_err("a keyed hash");
        assert_eq!(error, "line 1: HS256 has no private key to sign with");
        for algorithm in Algorithm::SIGNING {
            let config = parse(&format!("alg = \"{algorithm}\"\n")).expect("a configuration");
            assert_eq!(config.alg, Some(*algorithm));
        }
    }

    #[test]
    fn an_error_does_not_show_a_secret() {
        let error = parse("[[client]]\nclient_secret = \"canary-secret\"\n").expect_err("no client_id");
        assert!(error.contains("client_id") && !error.contains("canary"), "{error}");
    }

    #[test]
    fn no_value_is_shown_whatever_is_wrong_with_it() {
        for text in [
            "[[client]]\nclient_id = \"a\"\nclient_secret = 4711\n",
            "[[client]]\nclient_id = \"a\"\nclient_secret = [4711]\n",
            "[[client]]\nclient_id = \"a\"\nclient_secret = 4711-canary\n",
            "[[client]]\nclient_id = \"a\"\nclient_secret = canary4711\n",
            "[[client]]\nclient_id = \"a\"\nclient_secret = \"canary4711\n",
            "[[client]]\nclient_id = \"a\"\nclient_secret = \"canary4711\\q\"\n",
            "[[client]]\nclient_id = \"a\"\nclient_secret = \"4711\" canary\n",
            "client = \"4711, expected canary\"\n",
            "listen = \"4711 canary\"\n",
            "store = \"postgres://canary:4711@db/x\"\n",
        ] {
            let error = parse(text).expect_err(text);
            assert!(error.starts_with("line ") && !error.contains("4711") && !error.contains("canary"), "{error}");
        }
    }

    #[test]
    fn a_store_is_memory_or_a_path() {
        assert_eq!("memory".parse(), Ok(StoreChoice::Memory));
        assert!("sqlite:".parse::<StoreChoice>().is_err());
        assert!("postgres://x".parse::<StoreChoice>().is_err());
    }
}
