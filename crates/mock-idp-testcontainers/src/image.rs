//! The image, and how the server in it is started.

use std::borrow::Cow;
use std::fmt::{self, Write as _};

use oauth_types::Secret;
use oauth_types::scenario::Scenario;
use testcontainers::Image;
use testcontainers::core::{ContainerPort, CopyToContainer, WaitFor};
use testcontainers::runners::AsyncRunner as _;

use crate::{Error, RunningMockIdp};

/// What the image is called.
const NAME: &str = "mock-idp";
/// Images and this crate are made together.
const TAG: &str = env!("CARGO_PKG_VERSION");
/// Where the server listens in its container.
pub(crate) const PORT: u16 = 8080;
/// Where a configuration is put.
const CONFIGURATION: &str = "/mock-idp.toml";

/// The image of the server, and what is to be said to the server when it starts.
///
/// Strict, as everywhere: each relaxation has a name ([`MockIdpImage::relaxed`]).
#[derive(Clone)]
pub struct MockIdpImage {
    name: String,
    tag: String,
    arguments: Vec<String>,
    tls: bool,
    configuration: Vec<CopyToContainer>,
    control_token: Option<Secret>,
    pub(crate) scenario: Option<Scenario>,
}

// Arguments and a configuration may hold secrets.
impl fmt::Debug for MockIdpImage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MockIdpImage")
            .field("name", &self.name)
            .field("tag", &self.tag)
            .field("tls", &self.tls)
            .finish_non_exhaustive()
    }
}

impl Default for MockIdpImage {
    fn default() -> Self {
        Self::at(NAME, TAG)
    }
}

impl MockIdpImage {
    /// The image of this name and tag, such as one in a registry of your own.
    pub fn at(name: impl Into<String>, tag: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            tag: tag.into(),
            arguments: Vec::new(),
            tls: false,
            configuration: Vec::new(),
            control_token: drawn(),
            scenario: None,
        }
    }

    /// Plays this scenario on the tenant at the root before [`Self::run`] returns.
    #[must_use]
    pub fn scenario(mut self, scenario: Scenario) -> Self {
        self.scenario = Some(scenario);
        self
    }

    /// Starts with this set of documents and choices, such as `oauth21`, `oidc`, `fapi2` or `mcp`. A name that there is
    /// not ends the container.
    #[must_use]
    pub fn profile(self, name: &str) -> Self {
        self.argument("--profile").argument(name)
    }

    /// Starts with this relaxation: `any-client`, `plain` or `pkce-optional`.
    #[must_use]
    pub fn relaxed(self, name: &str) -> Self {
        self.argument(&format!("--{name}"))
    }

    /// Serves https, with a certificate for loopback addresses by a certification authority of its own:
    /// [`RunningMockIdp::authority`]. Whoever calls the server otherwise needs [`Self::tls_name`].
    #[must_use]
    pub fn https(mut self) -> Self {
        self.tls = true;
        self.argument("--tls")
    }

    /// A further name that the server's certificate is good for, such as its name in a network of containers.
    #[must_use]
    pub fn tls_name(self, name: &str) -> Self {
        self.argument("--tls-name").argument(name)
    }

    /// Announces this issuer, not what the `Host` of each request says.
    #[must_use]
    pub fn issuer(self, issuer: &str) -> Self {
        self.argument("--issuer").argument(issuer)
    }

    /// Announces that clients call the server here, as in a network of containers: `http://idp:8080`. For use with
    /// [`Self::issuer`].
    #[must_use]
    pub fn back_channel(self, url: &str) -> Self {
        self.argument("--back-channel").argument(url)
    }

    /// Starts with this configuration file, in TOML.
    #[must_use]
    pub fn configuration(mut self, toml: &str) -> Self {
        self.configuration = vec![CopyToContainer::new(toml.as_bytes().to_vec(), CONFIGURATION)];
        self
    }

    /// Says one more argument to `mock-idp serve`.
    #[must_use]
    pub fn argument(mut self, argument: &str) -> Self {
        self.arguments.push(argument.to_owned());
        self
    }

    /// Calls of the control API have to bear this token. Without this, each image draws one of its own.
    #[must_use]
    pub fn control_token(mut self, token: impl Into<Secret>) -> Self {
        self.control_token = Some(token.into());
        self
    }

    /// Starts a container and waits until the server in it listens. Dropping what this gives removes the container.
    ///
    /// # Errors
    /// [`Error`] if the container does not run, or the scenario cannot be played.
    pub async fn run(self) -> Result<RunningMockIdp, Error> {
        RunningMockIdp::of(self.start().await?).await
    }

    /// Whether the server speaks TLS.
    pub(crate) fn is_https(&self) -> bool {
        self.tls
    }

    /// What calls of the control API have to bear.
    pub(crate) fn token(&self) -> Result<Secret, Error> {
        self.control_token.clone().ok_or(Error::Randomness(getrandom::Error::UNSUPPORTED))
    }
}

impl Image for MockIdpImage {
    fn name(&self) -> &str {
        &self.name
    }

    fn tag(&self) -> &str {
        &self.tag
    }

    fn ready_conditions(&self) -> Vec<WaitFor> {
        // The one line that the server writes there, once it answers.
        vec![WaitFor::message_on_stdout("listening on ")]
    }

    fn env_vars(&self) -> impl IntoIterator<Item = (impl Into<Cow<'_, str>>, impl Into<Cow<'_, str>>)> {
        self.control_token.iter().map(|token| ("MOCK_IDP_CONTROL_TOKEN", token.expose()))
    }

    fn copy_to_sources(&self) -> impl IntoIterator<Item = &CopyToContainer> {
        &self.configuration
    }

    fn cmd(&self) -> impl IntoIterator<Item = impl Into<Cow<'_, str>>> {
        // In the form that the certification authority is found in.
        let mut arguments = ["serve", "--log", "human"].map(str::to_owned).to_vec();
        if !self.configuration.is_empty() {
            arguments.extend(["--config".to_owned(), CONFIGURATION.to_owned()]);
        }
        arguments.extend(self.arguments.iter().cloned());
        arguments
    }

    fn expose_ports(&self) -> &[ContainerPort] {
        &[ContainerPort::Tcp(PORT)]
    }
}

/// A token that nobody guesses.
fn drawn() -> Option<Secret> {
    let mut octets = [0; 16];
    getrandom::fill(&mut octets).ok()?;
    let text = octets.iter().fold(String::new(), |mut text, octet| {
        // Writing to a string does not fail.
        let _ = write!(text, "{octet:02x}");
        text
    });
    Some(text.into())
}
