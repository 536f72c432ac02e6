//! OpenID Connect Dynamic Client Registration 1.0: what it adds to RFC 7591.
//!
//! What a client registers of ID tokens and UserInfo is judged where they are made.

use oauth_types::ErrorCode;
use serde_json::{Map, Value};

use crate::redirect;
use crate::refusal::{Document, Refusal, Rule};
use crate::registration::judge::{texts, words};
use crate::spec::Spec;
use crate::world::Policy;

#[derive(Debug)]
pub(crate) struct OpenIdRegistration;

impl Spec for OpenIdRegistration {
    fn document(&self) -> &'static Document {
        &DOCUMENT
    }

    fn rules(&self) -> &'static [&'static Rule] {
        RULES
    }

    fn optional(&self) -> bool {
        true
    }

    fn register(&self, metadata: &Map<String, Value>, _policy: &Policy) -> Result<(), Refusal> {
        match metadata.get("application_type").map(|kind| kind.as_str().unwrap_or_default()) {
            None | Some("web") => web(metadata)?,
            Some("native") => native(metadata)?,
            Some(_) => return Err(METADATA.because("application_type is web or native")),
        }
        let initiated = metadata.get("initiate_login_uri").map(|uri| uri.as_str().unwrap_or_default());
        if initiated.is_some_and(|uri| !uri.starts_with("https://") || !redirect::well_formed(uri)) {
            return Err(METADATA.because("initiate_login_uri has to be an https URL"));
        }
        match metadata.contains_key("sector_identifier_uri") {
            true => Err(SECTOR.because("This server does not ask for it: use one host, and leave it out")),
            false => Ok(()),
        }
    }
}

/// "Web Clients using the OAuth Implicit Grant Type MUST only register URLs using the https scheme as redirect_uris;
/// they MUST NOT use localhost as the hostname" (§2).
fn web(metadata: &Map<String, Value>) -> Result<(), Refusal> {
    let implicit = |own: &str| words(own).iter().any(|word| matches!(*word, "token" | "id_token"));
    if !texts(metadata, "response_types").any(implicit) {
        return Ok(());
    }
    let remote = |uri: &str| {
        let rest = uri.strip_prefix("https://");
        rest.is_some_and(|rest| rest.split(['/', ':', '?']).next() != Some("localhost"))
    };
    match texts(metadata, "redirect_uris").position(|uri| !remote(uri)) {
        Some(at) => Err(REDIRECT.because(format!(
            "redirect_uris[{at}] of a web client with the implicit grant is not https, or on localhost"
        ))),
        None => Ok(()),
    }
}

/// "Native Clients MUST only register redirect_uris using custom URI schemes or loopback URLs using the http scheme"
/// (§2).
fn native(metadata: &Map<String, Value>) -> Result<(), Refusal> {
    let own = |uri: &str| redirect::is_loopback(uri) || !(uri.starts_with("https:") || uri.starts_with("http:"));
    match texts(metadata, "redirect_uris").position(|uri| !own(uri)) {
        Some(at) => Err(REDIRECT.because(format!(
            "redirect_uris[{at}] of a native client has neither a scheme of its own nor http on loopback"
        ))),
        None => Ok(()),
    }
}

static DOCUMENT: Document = Document {
    name: "OpenID Connect Dynamic Client Registration 1.0",
    title: "OpenID Connect Dynamic Client Registration 1.0",
    url: "https://openid.net/specs/openid-connect-registration-1_0.html",
};

static RULES: &[&Rule] = &[&METADATA, &REDIRECT, &SECTOR];

static METADATA: Rule = Rule {
    id: "oidc-registration-metadata",
    document: &DOCUMENT,
    section: "2",
    error: ErrorCode::InvalidClientMetadata,
    says: "Each member of client metadata has one of the values that are defined for it",
};

static REDIRECT: Rule = Rule {
    id: "oidc-registration-redirect-uri",
    document: &DOCUMENT,
    section: "2",
    error: ErrorCode::InvalidRedirectUri,
    says: "The redirect URIs of a client are fit for its application_type",
};

static SECTOR: Rule = Rule {
    id: "oidc-registration-sector-unverified",
    document: &DOCUMENT,
    section: "5",
    error: ErrorCode::InvalidClientMetadata,
    says: "A sector is one that lists the redirect URIs of the client, or strangers would share identifiers",
};
