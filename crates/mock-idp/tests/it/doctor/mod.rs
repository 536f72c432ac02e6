//! The doctor: one row for each known mistake of a client. The mistaken request is refused by its rule, what the server
//! says names the mistake, on the wire and in the journal, and the same request without the mistake passes.

mod at_authorize;
mod at_resource;
mod at_token;
mod client_authentication;
mod objects;
mod pkce;
mod proofs;
mod words_and_paths;

use mock_idp::{Client, MockIdp};
use oauth_types::Params;

use crate::browser::{Answer, REDIRECT_URI};
use crate::refusals::assert_refused;

/// The registered redirect URI of the client `web`.
const APP: &str = "https://app.example/cb?from=idp&v=1";

/// A server with the built-in clients, and some that are registered more narrowly.
fn server() -> MockIdp {
    MockIdp::builder()
        .client(Client::public("public").any_loopback_redirect().any_grant_type())
        .client(Client::confidential("confidential", "secret").any_loopback_redirect().any_grant_type())
        .client(Client::confidential("odd", "p+q%20r&s").redirect_uri(REDIRECT_URI))
        .client(Client::public("web").redirect_uri(APP).scope(["openid", "email"]))
        .client(Client::public("wild").redirect_uri("https://*.app.example/cb"))
        .client(Client::public("none"))
        .in_process()
        .expect("a server")
}

/// Checks that the last request broke `rule`, and that the journal and the answer name the mistake by `words`.
fn assert_told(idp: &MockIdp, answer: &Answer, rule: &str, words: &str) {
    assert!(!words.is_empty(), "a row names its mistake");
    assert_refused(idp, answer, rule, words);
    let entry = idp.journal().pop().expect("an entry");
    let hint = entry.refusal.and_then(|refused| refused.hint).expect("a hint");
    assert!(hint.len() <= 1000, "{rule}: {} octets", hint.len());
    let told = match answer.location.as_deref() {
        Some(location) => {
            let params = Params::parse(location.split_once(['?', '#']).expect("parameters").1).expect("parameters");
            params.get("error_description").expect("a description").to_owned()
        }
        None if answer.body.starts_with('{') => {
            answer.json()["error_description"].as_str().expect("a description").to_owned()
        }
        None => answer.body.replace("&#39;", "'").replace("&amp;", "&").replace("&quot;", "\"").replace("&gt;", ">"),
    };
    assert!(told.contains(words), "{rule}: the answer does not say {words:?}: {told}");
}

/// Checks that none of `secrets` is told, on the wire or in what the journal says.
fn assert_silent(idp: &MockIdp, answer: &Answer, secrets: &[&str]) {
    crate::refusals::assert_quiet(idp, answer, secrets);
}
