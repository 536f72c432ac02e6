//! Judges what a client says of itself (RFC 7591 §2, §2.1, §5).

use oauth_types::ErrorCode;
use oauth_types::params::display_name;
use serde_json::{Map, Value, json};

use crate::clients::Client;
use crate::doctor::uris;
use crate::documents;
use crate::jose::Jws;
use crate::ports::outbound::{self, Reach};
use crate::redirect;
use crate::refusal::{Refusal, Rule};

/// Members that people read, and that may come in several languages (§2.2).
const FOR_PEOPLE: &[&str] = &["client_name", "client_uri", "logo_uri", "tos_uri", "policy_uri"];

/// Members that are text.
const TEXTS: &[&str] = &["client_name", "software_id", "software_version"];

/// Members that are the addresses of pages.
const PAGES: &[&str] = &["client_uri", "logo_uri", "tos_uri", "policy_uri"];

/// The metadata as they are registered: with the defaults of §2 for what was left out.
pub(crate) fn completed(mut metadata: Map<String, Value>) -> Map<String, Value> {
    metadata.entry("token_endpoint_auth_method").or_insert_with(|| "client_secret_basic".into());
    metadata.entry("grant_types").or_insert_with(|| json!(["authorization_code"]));
    let redirected = texts(&metadata, "grant_types").any(is_redirected);
    // A client that nobody is sent away from has no use for a response type.
    let types = if redirected { json!(["code"]) } else { json!([]) };
    metadata.entry("response_types").or_insert(types);
    metadata
}

/// Judges the members that RFC 7591 defines, of a client that nobody knows.
pub(crate) fn members(metadata: &Map<String, Value>) -> Result<(), Refusal> {
    typed(metadata, Reach::Outside)?;
    redirect_uris(metadata)?;
    consistent(metadata)
}

/// Judges whether each member that RFC 7591 defines is what it has to be, by itself.
pub(crate) fn typed(metadata: &Map<String, Value>, reach: Reach) -> Result<(), Refusal> {
    if let Some((name, _)) = metadata.iter().find(|(_, value)| value.is_null()) {
        return Err(MALFORMED.because(format!("{} is null: leave out what has no value", display_name(name))));
    }
    software_statement(metadata)?;
    // The types of what every client has.
    Client::from_metadata(String::new(), None, metadata.clone())
        .map_err(|error| MALFORMED.because(error.to_string()))?;
    for (name, value) in metadata {
        member(name, value, reach)?;
    }
    for name in ["contacts", "response_types"] {
        let texts = |list: &Vec<Value>| list.iter().all(Value::is_string);
        if metadata.get(name).is_some_and(|value| !value.as_array().is_some_and(texts)) {
            return Err(MALFORMED.because(format!("{name} has to be an array of texts")));
        }
    }
    Ok(())
}

/// Judges what a client asks for against what `server` has, by its metadata (RFC 8414 §2).
pub(crate) fn supported(metadata: &Map<String, Value>, server: &Map<String, Value>) -> Result<(), Refusal> {
    let known = |list: &str| texts(server, list).collect::<Vec<_>>();
    let unsupported = |what: &str, known: &[&str]| {
        let hint = format!("There is a {what} that this server does not support; supported: {}", known.join(", "));
        Err(UNSUPPORTED.because(hint))
    };
    let methods = known("token_endpoint_auth_methods_supported");
    let method = metadata.get("token_endpoint_auth_method").and_then(Value::as_str).unwrap_or_default();
    if !methods.contains(&method) {
        return unsupported("token_endpoint_auth_method", &methods);
    }
    let grants = known("grant_types_supported");
    if texts(metadata, "grant_types").any(|own| !grants.contains(&own)) {
        return unsupported("grant type", &grants);
    }
    let types = known("response_types_supported");
    let same = |own: &str| types.iter().any(|known| words(known) == words(own));
    match texts(metadata, "response_types").all(same) {
        true => Ok(()),
        false => unsupported("response type", &types),
    }
}

/// The words of a response type; their order says nothing (RFC 6749 §3.1.1).
pub(crate) fn words(response_type: &str) -> Vec<&str> {
    let mut words: Vec<&str> = response_type.split(' ').collect();
    words.sort_unstable();
    words
}

/// The texts in an array, if there is one.
pub(crate) fn texts<'a>(metadata: &'a Map<String, Value>, name: &str) -> impl Iterator<Item = &'a str> + use<'a> {
    metadata.get(name).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}

fn is_redirected(grant_type: &str) -> bool {
    matches!(grant_type, "authorization_code" | "implicit")
}

/// Judges one member by its name, with the tag of its language cut off: `client_name#ja-Jpan-JP` (§2.2).
fn member(name: &str, value: &Value, reach: Reach) -> Result<(), Refusal> {
    let (base, tag) = name.split_once('#').map_or((name, None), |(base, tag)| (base, Some(tag)));
    let bad = |what: &str| Err(MALFORMED.because(format!("{base} {what}")));
    let is_tag = |tag: &str| !tag.is_empty() && tag.split('-').all(is_subtag);
    if FOR_PEOPLE.contains(&base) && !tag.is_none_or(is_tag) {
        return bad("ends with # and no language tag (BCP 47)");
    }
    let text = value.as_str().filter(|text| !text.is_empty());
    if TEXTS.contains(&base) && text.is_none() {
        return bad("has to be a text");
    }
    if PAGES.contains(&base) && !text.is_some_and(is_page) {
        return bad("has to be an http or https URL");
    }
    match (base, text.map(|url| outbound::allowed(url, reach))) {
        ("jwks_uri", None) => bad("has to be a URL"),
        ("jwks_uri", Some(Err(error))) => bad(&format!("cannot be fetched: {error}")),
        _ => Ok(()),
    }
}

fn is_subtag(text: &str) -> bool {
    (1..=8).contains(&text.len()) && text.bytes().all(|octet| octet.is_ascii_alphanumeric())
}

fn is_page(url: &str) -> bool {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    redirect::well_formed(url) && rest.is_some_and(|rest| !rest.is_empty() && !rest.starts_with(['/', '?', '#']))
}

/// Judges where the browser may be sent (§2, §5).
fn redirect_uris(metadata: &Map<String, Value>) -> Result<(), Refusal> {
    for (at, uri) in texts(metadata, "redirect_uris").enumerate() {
        let bad = |rule: &'static Rule, what: &str| Err(rule.because(format!("redirect_uris[{at}] {what}")));
        if !redirect::well_formed(uri) {
            let why = uris::malformed(uri).map_or_else(String::new, |what| format!(". {what}"));
            return bad(&REDIRECT_MALFORMED, &format!("is no absolute URI{why}"));
        }
        if uri.contains('#') {
            return bad(&REDIRECT_MALFORMED, "has a fragment");
        }
        if !redirect::navigable(uri) {
            return bad(&REDIRECT_INSECURE, "would be run by the browser, or lead nowhere");
        }
        if uri.contains('*') {
            return bad(&REDIRECT_INSECURE, "has a wildcard; addresses are compared character for character");
        }
        let plain = uri.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("http:"));
        if plain && !redirect::is_loopback(uri) {
            return bad(&REDIRECT_INSECURE, "is http, and not on 127.0.0.1, [::1] or localhost");
        }
    }
    let redirected = !metadata.contains_key("grant_types") || texts(metadata, "grant_types").any(is_redirected);
    match redirected && texts(metadata, "redirect_uris").next().is_none() {
        true if metadata.contains_key("redirect_uri") => {
            Err(REDIRECT_MISSING
                .because("There is redirect_uri: the name is redirect_uris, and its value is an array"))
        }
        true => Err(REDIRECT_MISSING.because("Its grant types are authorization_code or implicit")),
        false => Ok(()),
    }
}

/// The table of §2.1: `code` goes with `authorization_code`, `token` and `id_token` go with `implicit`.
fn consistent(metadata: &Map<String, Value>) -> Result<(), Refusal> {
    if !metadata.contains_key("grant_types") || !metadata.contains_key("response_types") {
        return Ok(());
    }
    let grants = |name: &str| texts(metadata, "grant_types").any(|own| own == name);
    let asks = |word: &str| texts(metadata, "response_types").any(|own| words(own).contains(&word));
    let code = asks("code");
    let implicit = asks("token") || asks("id_token");
    for (is, with, grant, types) in [
        (code, grants("authorization_code"), "authorization_code", "code"),
        (implicit, grants("implicit"), "implicit", "token or id_token"),
    ] {
        match (is, with) {
            (true, false) => {
                return Err(
                    INCONSISTENT.because(format!("response_types has {types}, and grant_types lacks {grant}"))
                );
            }
            (false, true) => {
                return Err(
                    INCONSISTENT.because(format!("grant_types has {grant}, and no response type has {types}"))
                );
            }
            _ => {}
        }
    }
    Ok(())
}

/// "If the authorization server determines that the software statement is [...] not approved" (§3.2.2): no issuer of
/// them is trusted here.
fn software_statement(metadata: &Map<String, Value>) -> Result<(), Refusal> {
    match metadata.get("software_statement").map(|value| value.as_str().is_some_and(|text| Jws::parse(text).is_ok()))
    {
        None => Ok(()),
        Some(false) => Err(STATEMENT_INVALID.refuse()),
        Some(true) => Err(STATEMENT_UNAPPROVED.because("This server trusts nobody's: leave software_statement out")),
    }
}

const fn rule(id: &'static str, section: &'static str, error: ErrorCode, says: &'static str) -> Rule {
    Rule { id, document: &documents::RFC7591, section, error, says }
}

pub(crate) static NOT_JSON: Rule = rule(
    "rfc7591-not-json",
    "3.1",
    ErrorCode::InvalidClientMetadata,
    "A registration is one JSON object, and no member of it occurs twice",
);

pub(crate) static MALFORMED: Rule = rule(
    "rfc7591-metadata-malformed",
    "2",
    ErrorCode::InvalidClientMetadata,
    "Each member of client metadata is of the type that is defined for it",
);

pub(crate) static UNSUPPORTED: Rule = rule(
    "rfc7591-metadata-unsupported",
    "2",
    ErrorCode::InvalidClientMetadata,
    "A client registers what the server supports, as its metadata says",
);

pub(crate) static INCONSISTENT: Rule = rule(
    "rfc7591-types-inconsistent",
    "2.1",
    ErrorCode::InvalidClientMetadata,
    "The grant types and the response types of a client go together",
);

pub(crate) static REDIRECT_MISSING: Rule = rule(
    "rfc7591-redirect-uris-missing",
    "2",
    ErrorCode::InvalidRedirectUri,
    "A client that uses flows with redirection registers its redirect URIs",
);

pub(crate) static REDIRECT_MALFORMED: Rule = rule(
    "rfc7591-redirect-uri-malformed",
    "2",
    ErrorCode::InvalidRedirectUri,
    "A redirect URI is an absolute URI without a fragment",
);

pub(crate) static REDIRECT_INSECURE: Rule = rule(
    "rfc7591-redirect-uri-insecure",
    "5",
    ErrorCode::InvalidRedirectUri,
    "A redirect URI is https, or http on the person's own machine, or of a scheme that an application has for itself",
);

pub(crate) static STATEMENT_INVALID: Rule = rule(
    "rfc7591-software-statement-invalid",
    "2.3",
    ErrorCode::InvalidSoftwareStatement,
    "A software statement is a signed JWT",
);

pub(crate) static STATEMENT_UNAPPROVED: Rule = rule(
    "rfc7591-software-statement-unapproved",
    "3.2.2",
    ErrorCode::UnapprovedSoftwareStatement,
    "A software statement is of somebody whom the server trusts",
);
