//! A server in a container, while it runs.

use mock_idp_control::{ControlClient, ControlTenant};
use testcontainers::ContainerAsync;

use crate::image::PORT;
use crate::{Error, MockIdpImage};

/// The variable of testcontainers in other languages that says where the ports of containers are.
const HOST: &str = "TESTCONTAINERS_HOST_OVERRIDE";

/// A server in a container. Dropping it removes the container.
#[derive(Debug)]
pub struct RunningMockIdp {
    container: ContainerAsync<MockIdpImage>,
    issuer: String,
    authority: Option<String>,
    control: ControlClient,
}

impl RunningMockIdp {
    /// The server in a container that was started with more options than a [`MockIdpImage`] has. Plays its scenario, if it
    /// has one.
    ///
    /// # Errors
    /// [`Error`] if its port is not reached from here, or the scenario cannot be played.
    pub async fn of(container: ContainerAsync<MockIdpImage>) -> Result<Self, Error> {
        let port = container.get_host_port_ipv4(PORT).await?;
        let host = match std::env::var(HOST) {
            Ok(host) => host,
            Err(_) => container.get_host().await?.to_string(),
        };
        // The port is one of IPv4, and not every client tries that when a name has both.
        let host = if host == "localhost" { "127.0.0.1".to_owned() } else { host };
        let image = container.image();
        let scheme = if image.is_https() { "https" } else { "http" };
        let issuer = format!("{scheme}://{host}:{port}");
        let control = ControlClient::new(&issuer)?.token(image.token()?);
        let scenario = image.scenario.clone();
        let authority = match image.is_https() {
            true => Some(authority(&container.stderr_to_vec().await?).ok_or(Error::Authority)?),
            false => None,
        };
        let control = match &authority {
            Some(pem) => control.trusting(pem)?,
            None => control,
        };
        let running = Self { container, issuer, authority, control };
        if let Some(scenario) = scenario {
            running.root().play(&scenario).await?;
        }
        Ok(running)
    }

    /// The issuer of the tenant at the root, as clients on this machine call it: without a slash at its end. The server
    /// calls itself differently if [`MockIdpImage::issuer`] says so.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The certification authority of a server with https, in PEM. It is good for this container alone.
    pub fn authority(&self) -> Option<&str> {
        self.authority.as_deref()
    }

    /// The control API of the server.
    pub fn control(&self) -> &ControlClient {
        &self.control
    }

    /// The tenant at the root, in the control API.
    pub fn root(&self) -> ControlTenant {
        self.control.root()
    }

    /// The container, for what testcontainers can do with it.
    pub fn container(&self) -> &ContainerAsync<MockIdpImage> {
        &self.container
    }
}

/// The certificate that the server writes to its log when it has made one.
fn authority(log: &[u8]) -> Option<String> {
    const END: &str = "-----END CERTIFICATE-----";
    let log = String::from_utf8_lossy(log);
    let from = log.find("-----BEGIN CERTIFICATE-----")?;
    let until = from + log.get(from..)?.find(END)? + END.len();
    Some(format!("{}\n", log.get(from..until)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_authority_is_what_the_log_shows_of_it() {
        let pem = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        let log = format!("issuer https://127.0.0.1:8080\n{pem}spki-sha256 AAAA\n");
        assert_eq!(authority(log.as_bytes()).as_deref(), Some(pem));
        assert_eq!(authority(b"-----BEGIN CERTIFICATE-----\nAAAA\n"), None);
        assert_eq!(authority(b""), None);
    }
}
