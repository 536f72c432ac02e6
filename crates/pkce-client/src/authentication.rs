//! How a client proves who it is to an endpoint of the server (RFC 6749 §2.3). One way per client, never a fallback
//! to another.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::AUTHORIZATION;
use oauth_types::{Algorithm, Params, Secret};

use crate::client::Client;
use crate::error::{ConfigError, Error};
use crate::exchange::Form;

/// A way of client authentication.
pub(crate) trait Authentication: Send + Sync {
    /// Its registered name (RFC 7591 §4.2).
    fn method(&self) -> &'static str;

    /// Adds the proof to a form. It is called anew each time the form is sent, so that nothing meant for one use is
    /// used twice.
    fn authenticate(&self, client: &Client, form: &mut Form) -> Result<(), Error>;

    /// What it signs with, if it signs.
    fn algorithm(&self) -> Option<Algorithm> {
        None
    }

    /// Judges what the caller gave, before anything is sent.
    fn judge(&self) -> Result<(), ConfigError> {
        Ok(())
    }

    /// Whether the proof is the connection itself, so that endpoints may be elsewhere (RFC 8705 §5).
    fn is_in_connection(&self) -> bool {
        false
    }
}

/// A public client: `client_id` in the body.
pub(crate) struct Public;

/// `client_secret_basic`.
pub(crate) struct Basic(pub(crate) Secret);

/// `client_secret_post`.
pub(crate) struct Post(pub(crate) Secret);

impl Authentication for Public {
    fn method(&self) -> &'static str {
        "none"
    }

    fn authenticate(&self, client: &Client, form: &mut Form) -> Result<(), Error> {
        form.params.set("client_id", client.client_id());
        Ok(())
    }
}

impl Authentication for Basic {
    fn method(&self) -> &'static str {
        "client_secret_basic"
    }

    fn authenticate(&self, client: &Client, form: &mut Form) -> Result<(), Error> {
        form.headers.insert(AUTHORIZATION, basic(client.client_id(), &self.0));
        Ok(())
    }
}

impl Authentication for Post {
    fn method(&self) -> &'static str {
        "client_secret_post"
    }

    fn authenticate(&self, client: &Client, form: &mut Form) -> Result<(), Error> {
        form.params.set("client_id", client.client_id());
        form.params.push("client_secret", self.0.expose());
        Ok(())
    }
}

/// RFC 6749 §2.3.1: both halves are form-encoded before they are joined.
fn basic(client_id: &str, secret: &Secret) -> http::HeaderValue {
    let encoded = |text: &str| Params::new().with("", text).encode().split_off(1);
    let pair = Secret::new(format!("{}:{}", encoded(client_id), encoded(secret.expose())));
    let text = Secret::new(format!("Basic {}", STANDARD.encode(pair.expose())));
    let mut value = http::HeaderValue::from_str(text.expose()).expect("base64 is visible ASCII");
    value.set_sensitive(true);
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_halves_of_basic_are_form_encoded() {
        let value = basic("a:b", &Secret::new("c d%"));
        assert_eq!(value.to_str().expect("ASCII"), format!("Basic {}", STANDARD.encode("a%3Ab:c%20d%25")));
        assert!(value.is_sensitive());
    }
}
