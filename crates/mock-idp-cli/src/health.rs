//! `mock-idp healthcheck`: whether a server is there.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use mock_idp_control::{ControlClient, Error};

/// Which server, and for how long to wait.
#[derive(Debug, clap::Args)]
pub(crate) struct Healthcheck {
    /// Where it is. Without this, where MOCK_IDP_LISTEN has it listen on this machine: http://127.0.0.1:8080 if it says
    /// nothing.
    url: Option<String>,
    /// Trust this certification authority, or this certificate, and no other. PEM. Without this, what MOCK_IDP_BUNDLE_OUT,
    /// MOCK_IDP_CA_OUT or MOCK_IDP_TLS_CERT names.
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// How long to wait for an answer, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..=60))]
    within: u64,
}

impl Healthcheck {
    /// Asks once.
    ///
    /// # Errors
    /// Why it is not there.
    pub(crate) async fn run(self) -> Result<String, String> {
        let url = match self.url {
            Some(url) => url,
            None => address(variable("MOCK_IDP_LISTEN").as_deref(), is_secured())?,
        };
        let mut client = ControlClient::new(&url).map_err(|error| format!("{url}: {error}"))?;
        if url.starts_with("https:") {
            let named = ["MOCK_IDP_BUNDLE_OUT", "MOCK_IDP_CA_OUT", "MOCK_IDP_TLS_CERT"];
            let ca = self.ca.or_else(|| named.into_iter().find_map(variable).map(PathBuf::from));
            let ca =
                ca.ok_or_else(|| format!("{url}: name the certification authority by --ca, or MOCK_IDP_CA_OUT"))?;
            let at = |error: String| format!("{}: {error}", ca.display());
            let pem = std::fs::read_to_string(&ca).map_err(|error| at(error.to_string()))?;
            client = client.trusting(&pem).map_err(|error| at(error.to_string()))?;
        }
        if let Some(token) = variable("MOCK_IDP_CONTROL_TOKEN") {
            client = client.token(token);
        }
        match client.patience(Duration::from_secs(self.within)).health().await {
            Ok(()) => Ok(format!("{url} is there")),
            // It answers, and more was not asked.
            Err(Error::Refused { .. }) => Ok(format!("{url} is there, and its control API is for others")),
            Err(Error::Unexpected { status: 404, .. }) => Ok(format!("{url} is there, without a control API")),
            Err(error) => Err(format!("{url}: {}", why(&error))),
        }
    }
}

/// An error with what caused it.
fn why(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

fn is_secured() -> bool {
    let tls = variable("MOCK_IDP_TLS").is_some_and(|tls| ["true", "1", "yes", "on"].contains(&tls.as_str()));
    tls || variable("MOCK_IDP_TLS_CERT").is_some()
}

/// Where a server that listens there is called from its own machine.
fn address(listen: Option<&str>, secured: bool) -> Result<String, String> {
    let mut address = match listen {
        None => SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)),
        Some(listen) => listen.parse().map_err(|_| "MOCK_IDP_LISTEN: this is no address to listen on".to_owned())?,
    };
    match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => address.set_ip(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(ip) if ip.is_unspecified() => address.set_ip(Ipv6Addr::LOCALHOST.into()),
        _ => {}
    }
    Ok(format!("{}://{address}", if secured { "https" } else { "http" }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_called_on_its_own_machine() {
        for (listen, secured, url) in [
            (None, false, "http://127.0.0.1:8080"),
            (Some("0.0.0.0:80"), false, "http://127.0.0.1:80"),
            (Some("[::]:8080"), true, "https://[::1]:8080"),
            (Some("10.0.0.1:8080"), false, "http://10.0.0.1:8080"),
        ] {
            assert_eq!(address(listen, secured).as_deref(), Ok(url));
        }
        let error = address(Some("canary"), false).expect_err("no address");
        assert!(error.starts_with("MOCK_IDP_LISTEN: ") && !error.contains("canary"));
    }
}
