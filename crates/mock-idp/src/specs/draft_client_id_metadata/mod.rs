//! OAuth Client ID Metadata Document (draft-ietf-oauth-client-id-metadata-document): a client that nobody registered
//! is called by a URL, and what the server has to know of it is found there.

use std::sync::Arc;

use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderMap, StatusCode};
use oauth_types::ErrorCode;
use serde_json::{Map, Value};

use crate::clients::Client;
use crate::ports::outbound::{self, Reach};
use crate::refusal::{Document, Refusal, Rule};
use crate::reply::Stop;
use crate::spec::{Facts, Lookup, Perhaps, Spec};
use crate::world::Switch;

mod cache;
mod client_url;
mod document;

use cache::Cache;

/// Clients that were found by their URL, for as long as their documents say.
#[derive(Debug, Default)]
pub(crate) struct ClientIdMetadata {
    cache: Cache,
}

impl Spec for ClientIdMetadata {
    fn document(&self) -> &'static Document {
        &DOCUMENT
    }

    fn rules(&self) -> &'static [&'static Rule] {
        RULES
    }

    fn optional(&self) -> bool {
        true
    }

    fn switches(&self) -> &'static [&'static Switch] {
        SWITCHES
    }

    fn metadata(&self, _facts: &Facts<'_>, document: &mut Map<String, Value>) {
        document.insert("client_id_metadata_document_supported".to_owned(), true.into());
    }

    fn client<'a>(&'a self, lookup: &'a Lookup<'a>) -> Perhaps<'a, Option<Arc<Client>>> {
        let https = client_url::is_https(lookup.client_id)?;
        Some(Box::pin(async move {
            self.judge(lookup, https)?;
            let (url, now) = (lookup.client_id, lookup.arrival.now);
            if let Some(client) = self.cache.find(url, now) {
                return Ok(Some(client));
            }
            let (members, fresh) = fetch(lookup).await?;
            let client = Arc::new(document::client(url, members, lookup.spine)?);
            // "The authorization server also MUST NOT cache documents which are invalid or malformed" (§5.2).
            self.cache.keep(url, client.clone(), (now, fresh));
            Ok(Some(client))
        }))
    }
}

impl ClientIdMetadata {
    fn judge(&self, lookup: &Lookup<'_>, https: bool) -> Result<(), Refusal> {
        client_url::judge(lookup.client_id)?;
        match (https, lookup.policy.is_on(&HTTP) && client_url::is_loopback(lookup.client_id)) {
            (true, _) => Ok(()),
            (false, true) => {
                lookup.arrival.seen.relaxed(HTTP.name);
                Ok(())
            }
            (false, false) => Err(client_url::NOT_HTTPS.refuse()),
        }
    }
}

/// The document, and for how many seconds it stays fresh.
async fn fetch(lookup: &Lookup<'_>) -> Result<(Map<String, Value>, u64), Stop> {
    let failed = |error: outbound::OutboundError| NOT_FETCHED.because(format!("{error}"));
    let request = outbound::get(lookup.client_id, Reach::Outside).map_err(failed)?;
    let response = lookup.ports.outbound.send(request).await.map_err(failed)?;
    if response.status() != StatusCode::OK {
        return Err(NOT_FETCHED.because(format!("It was answered with {}", response.status().as_u16())).into());
    }
    if !is_json(response.headers()) {
        return Err(NOT_FETCHED.because("Its content type is not application/json").into());
    }
    match serde_json::from_slice(response.body()) {
        Ok(Value::Object(members)) => Ok((members, freshness(response.headers()))),
        _ => Err(NOT_FETCHED.because("It is not a JSON object").into()),
    }
}

/// Whether the content type is `application/json`, or something more specific.
fn is_json(headers: &HeaderMap) -> bool {
    let text = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    kind == "application/json" || (kind.starts_with("application/") && kind.ends_with("+json"))
}

/// For how many seconds an answer may be kept (RFC 9111 §5.2.2): not at all unless it says so.
fn freshness(headers: &HeaderMap) -> u64 {
    let lines = headers.get_all(CACHE_CONTROL).iter().filter_map(|value| value.to_str().ok());
    let directives = lines.flat_map(|line| line.split(',')).map(|one| one.trim().to_ascii_lowercase());
    let mut fresh = 0;
    for directive in directives {
        match directive.split_once('=') {
            None if directive == "no-store" || directive == "no-cache" => return 0,
            Some(("max-age", seconds)) => fresh = seconds.trim_matches('"').parse().unwrap_or_default(),
            _ => {}
        }
    }
    fresh
}

static SWITCHES: &[&Switch] = &[&HTTP];

static HTTP: Switch = Switch {
    name: "client-id-metadata-http",
    says: "A client may be called by a URL of http on 127.0.0.1, [::1] or localhost, beside https",
    relaxes: true,
};

static RULES: &[&Rule] = &[
    &NOT_FETCHED,
    &client_url::MALFORMED,
    &client_url::NOT_HTTPS,
    &document::METADATA,
    &document::NO_REDIRECTS,
    &document::OTHER_CLIENT,
    &document::SECRET,
];

static NOT_FETCHED: Rule = Rule {
    id: "cimd-not-fetched",
    document: &DOCUMENT,
    section: "5.1",
    error: ErrorCode::InvalidClient,
    says: "The URL that is the client_id has to be answered with 200 and a JSON object",
};

static DOCUMENT: Document = Document {
    name: "OAuth Client ID Metadata Document",
    title: "OAuth Client ID Metadata Document",
    url: "https://datatracker.ietf.org/doc/draft-ietf-oauth-client-id-metadata-document/",
};

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn an_answer_is_kept_for_as_long_as_it_says() {
        for (lines, seconds) in [
            (&["max-age=60"][..], 60),
            (&["public, Max-Age=60"], 60),
            (&["public", "max-age=\"60\""], 60),
            (&[], 0),
            (&["public"], 0),
            (&["max-age=-1"], 0),
            (&["max-age=soon"], 0),
            (&["max-age=60, no-store"], 0),
            (&["no-cache", "max-age=60"], 0),
        ] {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(CACHE_CONTROL, HeaderValue::from_static(line));
            }
            assert_eq!(freshness(&headers), seconds, "{lines:?}");
        }
    }

    #[test]
    fn a_document_is_json_by_its_content_type() {
        for (kind, is) in [
            ("application/json", true),
            ("Application/JSON; charset=utf-8", true),
            ("application/cimd+json", true),
            ("text/json", false),
            ("text/html", false),
            ("application/jsonp", false),
            ("image/x+json", false),
        ] {
            let headers = [(CONTENT_TYPE, HeaderValue::from_static(kind))].into_iter().collect();
            assert_eq!(is_json(&headers), is, "{kind}");
        }
        assert!(!is_json(&HeaderMap::new()));
    }
}
