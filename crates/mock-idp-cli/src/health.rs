//! `mock-idp healthcheck`: whether a server is there.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use mock_idp_control::Error;

use crate::there::{self, control, variable, why};

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
        let client = control(&url, self.ca.as_deref())?;
        let client = client.patience(Duration::from_secs(self.within));
        match client.health().await {
            Ok(()) => Ok(format!("{url} is there")),
            // It answers, and more was not asked.
            Err(Error::Refused { problem, .. }) if problem.kind.starts_with(PROBLEMS) => {
                Ok(format!("{url} is there, and its control API is for others"))
            }
            // Any server says that it does not know a path, and this one says why.
            Err(Error::Unexpected { status: 404, says, .. }) if says.contains(NONE) => {
                Ok(format!("{url} is there, without a control API"))
            }
            Err(Error::Refused { .. } | Error::Unexpected { status: 200..=499, .. }) => {
                Err(format!("{url}: {OTHER}"))
            }
            Err(error) => Err(format!("{url}: {}", why(&error))),
        }
    }
}

/// What the kinds of problems of the control API begin with.
const PROBLEMS: &str = "/_control/problems/";

/// What a mock server without a control API answers.
const NONE: &str = "There is no control API.";

const OTHER: &str = "another server answers there, which is no mock-idp; name the address that mock-idp listens on";

fn is_secured() -> bool {
    let tls = variable("MOCK_IDP_TLS").is_some_and(|tls| ["true", "1", "yes", "on"].contains(&tls.as_str()));
    tls || variable("MOCK_IDP_TLS_CERT").is_some()
}

/// Where a server that listens there is called from its own machine.
fn address(listen: Option<&str>, secured: bool) -> Result<String, String> {
    let mut address = match listen {
        None => SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)),
        Some(listen) => there::listening(listen).map_err(|why| format!("MOCK_IDP_LISTEN: {why}"))?,
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
        assert!(error.starts_with("MOCK_IDP_LISTEN: ") && error.contains("; write ") && !error.contains("canary"));
    }
}
