//! A server that is there already.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use mock_idp_control::{ControlClient, Error};

/// Where a certification authority may be named, by whoever started the server.
const AUTHORITIES: [&str; 3] = ["MOCK_IDP_BUNDLE_OUT", "MOCK_IDP_CA_OUT", "MOCK_IDP_TLS_CERT"];

/// Its control API, with the token in MOCK_IDP_CONTROL_TOKEN if there is one. Over https, this certification authority or
/// certificate is trusted and no other: the one in `ca`, or in the file that a variable of the server names.
///
/// # Errors
/// Why it cannot be called.
pub(crate) fn control(url: &str, ca: Option<&Path>) -> Result<ControlClient, String> {
    let mut client = ControlClient::new(url).map_err(|error| format!("{url}: {}", why(&error)))?;
    if url.starts_with("https:") {
        let ca = ca.map(Path::to_owned).or_else(|| AUTHORITIES.into_iter().find_map(variable).map(PathBuf::from));
        let ca = ca.ok_or_else(|| format!("{url}: name the certification authority by --ca, or MOCK_IDP_CA_OUT"))?;
        let at = |error: String| format!("{}: {error}", ca.display());
        let pem = std::fs::read_to_string(&ca).map_err(|error| at(error.to_string()))?;
        client = client.trusting(&pem).map_err(|error| at(error.to_string()))?;
    }
    Ok(match variable("MOCK_IDP_CONTROL_TOKEN") {
        Some(token) => client.token(token),
        None => client,
    })
}

/// An address to listen on. What was said is not repeated.
///
/// # Errors
/// What to write instead.
pub(crate) fn listening(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| {
        "this is no address to listen on; write an IP address and a port, such as 127.0.0.1:8080 for localhost, or \
         0.0.0.0:8080 for every address"
            .to_owned()
    })
}

/// What a call of the control API failed by, and what to do about it where that is known.
pub(crate) fn refused(error: &Error) -> String {
    match error {
        Error::Refused { problem, .. } if problem.is("unauthorized") => {
            "the control API is for whoever has the control token; say it in MOCK_IDP_CONTROL_TOKEN".to_owned()
        }
        Error::Refused { problem, .. } => problem.to_string(),
        Error::Unexpected { status: 404, .. } => {
            "there is no control API; start the server without --no-control".to_owned()
        }
        Error::NoAnswer { call, .. } | Error::TimedOut { call } => {
            let (text, call) = (why(error), format!("{call}: "));
            text.strip_prefix(&call).unwrap_or(&text).to_owned()
        }
        error => why(error),
    }
}

/// An error with what caused it.
pub(crate) fn why(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    // Whoever speaks TLS answers http with an alert, which is no HTTP.
    match text.contains("invalid HTTP version parsed") {
        true => {
            "the answer is no HTTP; if the server has TLS, write https:// and name its authority by --ca".to_owned()
        }
        false => text,
    }
}

/// What a variable says, if it says anything.
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
