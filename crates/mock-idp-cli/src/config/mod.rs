//! The configuration file: TOML, YAML or JSON, every member optional, unknown members an error.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::num::NonZeroU64;
use std::path::{Path as FilePath, PathBuf};

use mock_idp::{Builder, Profile};
use oauth_types::Algorithm;
use oauth_types::scenario::{ClientSetup, UserSetup};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::tls::TlsConfig;

mod formats;
mod judge;
mod names;
mod node;
mod problem;
mod read;
pub(crate) mod schema;

use formats::Format;
use names::{AmountName, DocumentName};
pub(crate) use names::{SwitchName, profile, signing};
use node::Node;
use problem::Problem;
pub(crate) use problem::{ConfigError, nearest};

/// What a configuration file may say.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Configuration of mock-idp", inline)]
pub(crate) struct Config {
    /// Where to listen: an IP address and a port. Port 0 picks a free one.
    #[schemars(with = "Option<String>")]
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
    #[serde(default, deserialize_with = "names::read_profile")]
    #[schemars(schema_with = "names::profile_schema")]
    pub(crate) profile: Option<Profile>,
    /// What tokens are signed with.
    #[serde(default, deserialize_with = "names::read_signing")]
    #[schemars(schema_with = "names::signing_schema")]
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
    pub(crate) on: Vec<SwitchName>,
    /// Documents that are left out, by name.
    #[serde(default)]
    without: Vec<DocumentName>,
    /// Amounts of documents, by name.
    #[serde(default)]
    #[schemars(schema_with = "names::amounts_schema")]
    amount: BTreeMap<AmountName, u64>,
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
    /// What it was read from.
    #[serde(skip)]
    pub(crate) source: Source,
}

/// The file that a configuration was read from, if it was one.
#[derive(Debug, Clone, Default)]
pub(crate) struct Source(Option<(PathBuf, Node)>);

/// Lifetimes in seconds.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
struct Lifetimes {
    /// Of a code.
    code: Option<NonZeroU64>,
    /// Of an access token and an ID token.
    token: Option<NonZeroU64>,
    /// Of a refresh token that is not used.
    refresh: Option<NonZeroU64>,
}

/// Where records are kept.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(inline, with = "String")]
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
            _ => Err("this is no store; say memory or sqlite:PATH".to_owned()),
        }
    }
}

/// The most octets of a file.
const LARGEST: u64 = 16 * 1024 * 1024;

impl Config {
    /// Reads a file, in the format that the end of its name says.
    ///
    /// # Errors
    /// Every mistake, with its line.
    pub(crate) fn read(path: &FilePath) -> Result<Self, ConfigError> {
        let whole = |says: String, remedy| ConfigError::whole(path, says, remedy);
        let remedy = "name a file that can be read";
        let octets = std::fs::metadata(path).map_err(|error| whole(error.to_string(), remedy))?.len();
        if octets > LARGEST {
            return Err(whole(format!("it has more than {LARGEST} octets"), remedy));
        }
        let text = std::fs::read_to_string(path).map_err(|error| whole(error.to_string(), remedy))?;
        let known = "call it .toml, .yaml, .yml or .json";
        let format = Format::of(path).ok_or_else(|| whole("the end of its name says no format".to_owned(), known))?;
        let (mut config, root) = Self::parse(format, &text).map_err(|problems| ConfigError::new(path, problems))?;
        config.source = Source(Some((path.to_owned(), root)));
        Ok(config)
    }

    fn parse(format: Format, text: &str) -> Result<(Self, Node), Vec<Problem>> {
        let root = format.read(text).map_err(|unreadable| {
            let says = format!("this is no {}: {}", format.name(), unreadable.says);
            let remedy = "look for a quote, a bracket or a comma that is missing".to_owned();
            vec![Problem { at: unreadable.at, path: node::Path::default(), says, remedy }]
        })?;
        Ok((read::read(&root)?, root))
    }

    /// Whether the client `confidential`, which a server has by itself, gets a token by its secret alone.
    pub(crate) fn gives_tokens(&self) -> bool {
        let profile = self.profile.unwrap_or_default();
        let policy = profile.policy();
        let strict = ["require-sender-constrained", "strong-client-authentication"];
        let as_it_comes = self.client.is_empty() && self.on.is_empty() && self.without.is_empty();
        as_it_comes
            && profile.documents().contains(&"RFC 6749 client credentials")
            && !mock_idp::switches().iter().any(|switch| strict.contains(&switch.name) && policy.is_on(switch))
    }

    /// Describes the server, but for where it listens and what it keeps.
    pub(crate) fn describe(self, mut builder: Builder) -> Builder {
        let profile = self.profile.unwrap_or_default();
        let mut policy = profile.policy();
        policy.algorithm = self.alg.unwrap_or(policy.algorithm);
        policy.code_lifetime = self.lifetime.code.map_or(policy.code_lifetime, NonZeroU64::get);
        policy.token_lifetime = self.lifetime.token.map_or(policy.token_lifetime, NonZeroU64::get);
        builder = builder.profile(profile).policy(policy);
        if let Some(seconds) = self.lifetime.refresh {
            builder = builder.amount("refresh-idle-seconds", seconds.get());
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads TOML. An error is what is told of the first mistake.
    fn parse(text: &str) -> Result<Config, String> {
        let told = |problems| ConfigError::new(FilePath::new("mock.toml"), problems).to_string();
        Config::parse(Format::Toml, text).map(|(config, _)| config).map_err(told)
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
    fn every_mistake_is_told_at_once_in_the_order_they_are_written() {
        let text = "alg = \"HS256\"\nany_cleint = true\n[[client]]\nclient_secret = 1\n[[client]]\nclient_id = 1\n";
        let error = parse(text).expect_err("five mistakes");
        let lines: Vec<&str> = error.lines().collect();
        let begin = ["1:1: alg:", "2:1: any_cleint:", "3:1: client[0]:", "4:1: client[0].client_secret:"];
        for (line, begin) in lines.iter().zip(begin.into_iter().chain(["6:1: client[1].client_id:"])) {
            assert!(line.starts_with(&format!("mock.toml:{begin}")), "{error}");
        }
        assert_eq!(lines.len(), 5, "{error}");
    }

    #[test]
    fn what_does_not_exist_is_named_with_what_was_meant() {
        for (text, says) in [
            ("on = [\"plian\"]", "1:7: on[0]: there is no such switch; did you mean plain?"),
            (
                "without = [\"RFC9207\"]",
                "1:12: without[0]: there is no such document that can be left out; did you mean RFC 9207?",
            ),
            (
                "amount = { device-interval-second = 1 }",
                "1:12: amount.device-interval-second: there is no such amount; did you mean device-interval-seconds?",
            ),
            ("profile = \"odic\"", "1:1: profile: there is no such profile; did you mean oidc?"),
            ("alg = \"RSA256\"", "1:1: alg: there is no such algorithm; did you mean RS256?"),
        ] {
            assert_eq!(parse(text).expect_err(text), format!("mock.toml:{says}"));
        }
    }

    #[test]
    fn a_member_is_told_where_it_belongs() {
        let error = parse("[[client]]\nclient_id = \"a\"\nlogo_uri = \"x\"\n").expect_err("metadata");
        assert!(error.ends_with("other members of RFC 7591 go into metadata"), "{error}");
        let error = parse("[[user]]\nsub = \"a\"\nemail = \"x\"\n").expect_err("a claim");
        assert!(error.ends_with("what is known of a user goes into claims"), "{error}");
        let error = parse("[client]\nclient_id = \"a\"\n").expect_err("one table");
        assert!(error.contains("has to be a list; write [[name]]"), "{error}");
    }

    #[tokio::test]
    async fn where_tokens_are_said_to_be_given_they_are() {
        for profile in Profile::ALL {
            let config = parse(&format!("profile = \"{profile}\"\n")).expect("a configuration");
            let given = config.gives_tokens();
            let idp = config.describe(mock_idp::MockIdp::builder()).in_process().expect("a server");
            let body = "grant_type=client_credentials&client_id=confidential&client_secret=secret";
            let request = http::Request::post("/token").header("Content-Type", "application/x-www-form-urlencoded");
            let answer = idp.call(request.body(body.into()).expect("a request")).await;
            assert_eq!(answer.status() == 200, given, "{profile}: {answer:?}");
        }
        assert!(Config::default().gives_tokens());
    }

    #[test]
    fn every_example_of_the_documentation_is_understood() {
        let document = include_str!("../../../../docs/CONFIGURATION.md");
        let mut blocks = 0;
        for (format, language) in [(Format::Toml, "toml"), (Format::Yaml, "yaml"), (Format::Json, "json")] {
            for rest in document.split(&format!("```{language}\n")).skip(1) {
                let text = rest.split("```").next().expect("an end");
                let (config, _) = Config::parse(format, text).expect(text);
                let described = config.describe(mock_idp::MockIdp::builder());
                assert_eq!(described.flaws().expect(text), [], "{text}");
                blocks += 1;
            }
        }
        assert!(blocks >= 3, "{blocks}");
    }

    #[test]
    fn a_profile_is_called_by_its_name() {
        for profile in Profile::ALL {
            let config = parse(&format!("profile = \"{profile}\"\n")).expect("a configuration");
            assert_eq!(config.profile, Some(*profile));
            assert!(config.describe(mock_idp::MockIdp::builder()).in_process().is_ok(), "{profile}");
        }
        let error = parse("profile = \"canary\"\n").expect_err("no profile");
        assert!(error.contains("no such profile; known are strict, ") && !error.contains("canary"), "{error}");
    }

    #[test]
    fn an_algorithm_without_a_private_key_is_refused() {
        let error = parse("alg = \"HS256\"\n").expect_err("a keyed hash");
        assert!(error.contains("alg: HS256 has no private key to sign with; say one of RS256"), "{error}");
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
            assert!(
                error.starts_with("mock.toml:")
                    && error.as_bytes()[10].is_ascii_digit()
                    && !error.contains("4711")
                    && !error.contains("canary"),
                "{error}"
            );
        }
    }

    #[test]
    fn a_store_is_memory_or_a_path() {
        assert_eq!("memory".parse(), Ok(StoreChoice::Memory));
        assert!("sqlite:".parse::<StoreChoice>().is_err());
        assert!("postgres://x".parse::<StoreChoice>().is_err());
    }
}
