//! What is sent where secrets are looked for afterwards: recognisable ones, right and wrong.

use oauth_types::Params;

use crate::wire::CALLBACK;

pub(crate) const SECRET: &str = "canary-secret-swordfish";
pub(crate) const WRONG: &str = "canary-wrong-swordfish";
pub(crate) const VERIFIER: &str = "canary-verifier-0123456789-0123456789-0123456789";
pub(crate) const OTHER: &str = "canary-other-verifier-9876543210-9876543210-9876";

/// Every secret so far: those that were made up, and those that the server issued.
pub(crate) struct Canaries(pub(crate) Vec<String>);

impl Canaries {
    /// The words that every secret that is made up has in it.
    pub(crate) fn new() -> Self {
        Self(vec!["canary".to_owned(), "swordfish".to_owned()])
    }

    /// No secret is in `text`, nor in what it decodes to.
    pub(crate) fn are_not_in(&self, text: &str, what: &str) {
        let decoded =
            Params::parse(text).map(|params| params.iter().map(|(n, v)| format!("{n}={v}\n")).collect::<String>());
        for canary in &self.0 {
            assert!(!text.contains(canary.as_str()), "{canary} is in {what}: {text}");
            assert!(
                !decoded.as_ref().is_ok_and(|text| text.contains(canary.as_str())),
                "{canary} is in {what}: {text}"
            );
        }
    }
}

/// An authorization request with the challenge of this verifier.
pub(crate) fn authorization(client: &str, verifier: &str) -> Params {
    let verifier = pkce_core::Verifier::parse(verifier).expect("a verifier");
    Params::new()
        .with("response_type", "code")
        .with("client_id", client)
        .with("redirect_uri", CALLBACK)
        .with("scope", "openid email")
        .with("code_challenge", verifier.challenge().as_str())
        .with("code_challenge_method", "S256")
}

/// The token request for a code.
pub(crate) fn redemption(client: &str, code: &str) -> Params {
    Params::new()
        .with("grant_type", "authorization_code")
        .with("client_id", client)
        .with("code", code)
        .with("redirect_uri", CALLBACK)
        .with("code_verifier", VERIFIER)
}

pub(crate) fn changed(params: &Params, name: &str, value: &str) -> Params {
    let mut params = params.clone();
    params.set(name, value);
    params
}

pub(crate) fn without(params: &Params, name: &str) -> Params {
    let mut params = params.clone();
    assert!(params.remove(name));
    params
}
