//! §8: what a client is told of who somebody is.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use oauth_types::ErrorCode;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::clients::Client;
use crate::documents;
use crate::people::User;
use crate::redirect::RedirectRule;
use crate::refusal::{Refusal, Rule};

/// The kinds of identifiers.
pub(super) const TYPES: &[&str] = &["public", "pairwise"];

/// It is as public as the keys are: the same user has the same identifiers wherever this server runs.
const SALT: &str = "mock-idp";

/// The identifier of `user` for the clients of one sector, if `client` wants such (§8.1).
pub(super) fn pairwise(client: &Client, user: &User) -> Option<String> {
    if client.text("subject_type") != Some("pairwise") {
        return None;
    }
    let mut hash = Sha256::new();
    for part in [sector(client).as_str(), user.subject(), SALT] {
        hash.update(part);
        hash.update([0]);
    }
    Some(BASE64_URL_SAFE_NO_PAD.encode(hash.finalize()))
}

/// The host of `sector_identifier_uri`, or of the redirect URIs. A client without one of its own is a sector by itself.
fn sector(client: &Client) -> String {
    if let Some(host) = client.text("sector_identifier_uri").and_then(host) {
        return host;
    }
    let registered = client.redirects.iter().filter_map(|rule| match rule {
        RedirectRule::Registered(uri) => host(uri),
        _ => None,
    });
    let mut hosts: Vec<String> = registered.collect();
    hosts.dedup();
    match hosts.as_slice() {
        [only] => only.clone(),
        _ => format!("client {}", client.client_id()),
    }
}

/// Judges what a client's registration says of it: "If there are multiple hostnames in the registered `redirect_uris`,
/// the Client MUST register a `sector_identifier_uri`" (§8.1).
pub(super) fn judge(metadata: &Map<String, Value>) -> Result<(), Refusal> {
    let sector = metadata.get("sector_identifier_uri").map(|uri| uri.as_str().unwrap_or_default());
    if sector.is_some_and(|uri| !uri.starts_with("https://") || host(uri).is_none()) {
        return Err(SECTOR.because("sector_identifier_uri has to be an https URL"));
    }
    let pairwise = metadata.get("subject_type").and_then(Value::as_str) == Some("pairwise");
    let uris = metadata.get("redirect_uris").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let mut hosts: Vec<String> = uris.iter().filter_map(Value::as_str).filter_map(host).collect();
    hosts.sort_unstable();
    hosts.dedup();
    match pairwise && sector.is_none() && hosts.len() > 1 {
        true => Err(SECTOR.because(format!("The redirect URIs have several hosts: {}", hosts.join(", ")))),
        false => Ok(()),
    }
}

/// The host of a URL, in small letters.
fn host(uri: &str) -> Option<String> {
    let rest = uri.split_once("://")?.1;
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let host = match host.strip_prefix('[').and_then(|host| host.split_once(']')) {
        Some((inside, _)) => inside,
        None => host.split(':').next()?,
    };
    (!host.is_empty()).then(|| host.to_ascii_lowercase())
}

pub(super) static SECTOR: Rule = Rule {
    id: "oidc-pairwise-sector-unclear",
    document: &documents::OIDC_CORE,
    section: "8.1",
    error: ErrorCode::InvalidClientMetadata,
    says: "Pairwise identifiers need one host: that of sector_identifier_uri, or of all redirect URIs",
};

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn clients_of_one_sector_are_told_the_same() {
        let user = User::new("alice");
        let told = |client: Client| pairwise(&client.metadata("subject_type", "pairwise"), &user);
        let at = |uri: &str| Client::public("a").redirect_uri(uri);
        let one = told(at("https://a.example/cb"));
        assert!(one.as_ref().is_some_and(|sub| sub != "alice" && sub.len() == 43));
        assert_eq!(told(at("https://A.example:444/other").redirect_uri("https://a.example/2")), one);
        assert_eq!(told(at("https://b.example/cb").metadata("sector_identifier_uri", "https://a.example/uris")), one);
        assert_ne!(told(at("https://b.example/cb")), one);
        assert_ne!(
            told(Client::public("a").any_loopback_redirect()),
            told(Client::public("b").any_loopback_redirect())
        );
        assert_eq!(pairwise(&at("https://a.example/cb"), &user), None);
    }

    #[test]
    fn several_hosts_need_a_sector() {
        let judged =
            |metadata: Value| judge(metadata.as_object().expect("an object")).map_err(|refusal| refusal.rule.id);
        let several = json!(["https://a.example/cb", "https://b.example/cb"]);
        let unclear = Err("oidc-pairwise-sector-unclear");
        assert_eq!(judged(json!({"subject_type": "pairwise", "redirect_uris": several})), unclear);
        assert_eq!(judged(json!({"subject_type": "public", "redirect_uris": several})), Ok(()));
        let sector = |uri: &str| {
            judged(json!({"subject_type": "pairwise", "redirect_uris": several, "sector_identifier_uri": uri}))
        };
        assert_eq!(sector("https://c.example/uris"), Ok(()));
        assert_eq!((sector("http://c.example/uris"), sector("https:///")), (unclear, unclear));
        let one =
            json!({"subject_type": "pairwise", "redirect_uris": ["https://a.example/1", "https://a.example:1/2"]});
        assert_eq!(judged(one), Ok(()));
    }

    #[test]
    fn a_host_is_found() {
        for (uri, found) in [
            ("https://a.example/cb", Some("a.example")),
            ("https://u@A.example:1?x", Some("a.example")),
            ("http://[::1]:8080/cb", Some("::1")),
            ("com.example:/cb", None),
            ("https:///cb", None),
        ] {
            assert_eq!(host(uri).as_deref(), found, "{uri}");
        }
    }
}
