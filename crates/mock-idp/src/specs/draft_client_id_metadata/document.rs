//! What a Client ID Metadata Document says (§4), and the client that comes of it.

use oauth_types::{Algorithm, ErrorCode};
use serde_json::{Map, Value};

use super::DOCUMENT;
use crate::clients::Client;
use crate::doctor::uris;
use crate::redirect;
use crate::refusal::{Refusal, Rule};
use crate::spec::Spine;

/// The client that the document at `url` describes.
pub(super) fn client(url: &str, members: Map<String, Value>, spine: &dyn Spine) -> Result<Client, Refusal> {
    match members.get("client_id").and_then(Value::as_str) {
        Some(own) if own == url => {}
        Some(own) => return Err(OTHER_CLIENT.because(uris::difference(url, own))),
        None => return Err(OTHER_CLIENT.because("It has no client_id")),
    }
    if let Some(what) = shared_secret(&members) {
        return Err(SECRET.because(what));
    }
    let redirects = redirect_uris(&members)?;
    spine.register(&members).map_err(|refusal| METADATA.because(refusal.description()))?;
    made(url, members, redirects)
}

/// §4.1: nothing that is published is a secret.
fn shared_secret(members: &Map<String, Value>) -> Option<String> {
    if let Some(name) = ["client_secret", "client_secret_expires_at"].into_iter().find(|n| members.contains_key(*n)) {
        return Some(format!("It has {name}"));
    }
    let method = members.get("token_endpoint_auth_method").and_then(Value::as_str).unwrap_or("none");
    if method.starts_with("client_secret_") {
        return Some("Its token_endpoint_auth_method needs a secret; use none or private_key_jwt".to_owned());
    }
    let keys = members.get("jwks").and_then(|set| set.get("keys")).and_then(Value::as_array);
    let private = |key: &Value| key.get("d").is_some() || key.get("k").is_some();
    keys.is_some_and(|keys| keys.iter().any(private)).then(|| "Its jwks holds a key that is not public".to_owned())
}

/// §4.2: the redirect URIs, of which there has to be one.
fn redirect_uris(members: &Map<String, Value>) -> Result<Vec<String>, Refusal> {
    let uris = texts(members, "redirect_uris")?.unwrap_or_default();
    match uris.is_empty() {
        true => Err(NO_REDIRECTS.refuse()),
        false => Ok(uris),
    }
}

fn made(url: &str, members: Map<String, Value>, redirects: Vec<String>) -> Result<Client, Refusal> {
    let mut client = Client::public(url);
    for uri in redirects {
        client = client.redirect_uri(uri);
    }
    if client.redirects.iter().any(|rule| redirect::unusable(rule).is_some()) {
        return Err(METADATA.because("One of its redirect_uris cannot be one"));
    }
    // "If unspecified or omitted, the default is" a method with a secret (RFC 7591 §2), which there cannot be.
    client = client.token_endpoint_auth_method(text(&members, "token_endpoint_auth_method")?.unwrap_or("none"));
    if let Some(scope) = text(&members, "scope")? {
        client = client.scope(scope.split(' '));
    }
    if let Some(types) = texts(&members, "grant_types")? {
        client = client.grant_types(types);
    }
    if let Some(name) = text(&members, "id_token_signed_response_alg")? {
        let algorithm = Algorithm::from_wire(name);
        let unknown = || METADATA.because("Its id_token_signed_response_alg is not one of this server");
        client = client.id_token_signed_response_alg(algorithm.ok_or_else(unknown)?);
    }
    for (name, value) in members {
        client = client.metadata(name, value);
    }
    client.stranger = true;
    Ok(client)
}

fn text<'a>(members: &'a Map<String, Value>, name: &str) -> Result<Option<&'a str>, Refusal> {
    let malformed = || METADATA.because(format!("Its {name} is not text"));
    members.get(name).map(|value| value.as_str().ok_or_else(malformed)).transpose()
}

fn texts(members: &Map<String, Value>, name: &str) -> Result<Option<Vec<String>>, Refusal> {
    let malformed = || METADATA.because(format!("Its {name} is not a list of text"));
    let Some(value) = members.get(name) else { return Ok(None) };
    let values = value.as_array().ok_or_else(malformed)?.iter();
    values.map(|value| value.as_str().map(str::to_owned).ok_or_else(malformed)).collect::<Result<_, _>>().map(Some)
}

pub(super) static OTHER_CLIENT: Rule = Rule {
    id: "cimd-client-id-differs",
    document: &DOCUMENT,
    section: "4",
    error: ErrorCode::InvalidClient,
    says: "The document has to name the URL it was fetched from as client_id, character for character",
};

pub(super) static SECRET: Rule = Rule {
    id: "cimd-shared-secret",
    document: &DOCUMENT,
    section: "4.1",
    error: ErrorCode::InvalidClient,
    says: "The document must hold no secret, and name no method of authentication that needs a shared one",
};

pub(super) static NO_REDIRECTS: Rule = Rule {
    id: "cimd-redirect-uris-missing",
    document: &DOCUMENT,
    section: "4.2",
    error: ErrorCode::InvalidClient,
    says: "The document has to register redirect_uris",
};

pub(super) static METADATA: Rule = Rule {
    id: "cimd-metadata-refused",
    document: &DOCUMENT,
    section: "4",
    error: ErrorCode::InvalidClient,
    says: "The members of the document are those of client registration, and follow its rules",
};
