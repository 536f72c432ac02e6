//! Which browser it is: a secret that binds what is asked on a page to the browser it is asked in (RFC 6749 §10.12).
//!
//! It logs nobody in. A form carries a token that is made of it and of what the form is for; a page of somebody else's
//! can make the browser send a form, but cannot know the token.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use oauth_types::{ErrorCode, Params, Secret};
use sha2::{Digest, Sha256};

use super::cookie::Cookie;
use crate::documents;
use crate::ports::Ports;
use crate::refusal::{Refusal, Rule};
use crate::request::Arrival;

const COOKIE: Cookie = Cookie { name: "mock-idp-browser", scripts: false };

/// The parameter of a form that carries its token.
pub(crate) const TOKEN: &str = "csrf";

/// A browser, by its secret.
#[derive(Debug, Clone)]
pub(crate) struct Browser(Secret);

impl Browser {
    /// The browser that a request comes from, if it was given a secret before.
    pub(crate) fn known(arrival: &Arrival<'_>) -> Option<Self> {
        let legal = |octet: u8| octet.is_ascii_alphanumeric() || b"-_".contains(&octet);
        let mut values = COOKIE.values(arrival).into_iter();
        let value = values.find(|value| value.len() == 43 && value.bytes().all(legal))?;
        Some(Self(value.into()))
    }

    /// The browser that a request comes from; it gets a secret if it has none.
    pub(crate) fn of(arrival: &Arrival<'_>, ports: &Ports) -> Self {
        Self::known(arrival).unwrap_or_else(|| {
            let secret = ports.dice.handle();
            COOKIE.set(arrival, Some(&secret));
            Self(secret.into())
        })
    }

    /// What a record says of the browser that it is bound to.
    pub(crate) fn mark(&self) -> String {
        self.hash("browser")
    }

    /// Whether a record with this mark is bound to it.
    pub(crate) fn is_marked(&self, mark: &str) -> bool {
        Secret::new(self.mark()).matches(mark)
    }

    /// The token of a form; `purpose` says what the form is for.
    pub(crate) fn token(&self, purpose: &str) -> String {
        self.hash(&format!("form {purpose}"))
    }

    /// Checks that a form was made for this browser and this purpose, and not sent by somebody else's page.
    pub(crate) fn check(&self, arrival: &Arrival<'_>, form: &Params, purpose: &str) -> Result<(), Refusal> {
        let from = arrival.headers.get("sec-fetch-site").and_then(|value| value.to_str().ok());
        if from == Some("cross-site") {
            return Err(FORGED.because("The browser says that a page of another site sent it (Sec-Fetch-Site)"));
        }
        match form.get(TOKEN) {
            None => Err(FORGED.because("It has no csrf")),
            Some(token) if Secret::new(self.token(purpose)).matches(token) => Ok(()),
            Some(_) => Err(FORGED.because("Its csrf belongs to another browser or to another form")),
        }
    }

    fn hash(&self, what: &str) -> String {
        let mut hash = Sha256::new();
        hash.update(self.0.expose());
        hash.update([0]);
        hash.update(what);
        BASE64_URL_SAFE_NO_PAD.encode(hash.finalize())
    }
}

pub(crate) static RULES: &[&Rule] = &[&FORGED];

static FORGED: Rule = Rule {
    id: "rfc6749-form-forged",
    document: &documents::RFC6749,
    section: "10.12",
    error: ErrorCode::InvalidRequest,
    says: "A form has to come from the page that this server showed in this browser",
};
