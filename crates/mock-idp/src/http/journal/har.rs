//! The journal as an HTTP archive (HAR 1.2), which the developer tools of browsers open.
//!
//! What is not of HTTP has names with an underscore, as HAR asks of custom fields: `_number`, `_client`, `_flow`, `_rule`.

use http::StatusCode;
use oauth_types::journal::{Entry, Pair};
use serde_json::{Value, json};

/// The archive of entries of `issuer`.
pub(super) fn archive(issuer: &str, entries: &[Entry]) -> Value {
    let entries: Vec<Value> = entries.iter().map(|entry| one(issuer, entry)).collect();
    json!({ "log": {
        "version": "1.2",
        "creator": { "name": "mock-idp", "version": env!("CARGO_PKG_VERSION") },
        "entries": entries,
    }})
}

fn one(issuer: &str, entry: &Entry) -> Value {
    let mut archived = json!({
        "startedDateTime": date(entry.at),
        // The clock is the tenant's, and a test moves it: how long an answer took is not known.
        "time": 0,
        "request": request(issuer, entry),
        "response": response(entry),
        "cache": {},
        "timings": { "send": 0, "wait": 0, "receive": 0 },
        "_number": entry.number,
    });
    let rule = entry.refusal.as_ref().map(|refused| refused.rule.as_str());
    let own = [("_client", entry.client_id.as_deref()), ("_flow", entry.flow.as_deref()), ("_rule", rule)];
    for (name, value) in own {
        if let Some(value) = value {
            archived[name] = value.into();
        }
    }
    archived
}

fn request(issuer: &str, entry: &Entry) -> Value {
    let sent = &entry.request;
    let query = sent.query.iter().map(|pair| (pair.name.as_str(), pair.value.as_str()));
    let query: oauth_types::Params = query.collect();
    let path = format!("{issuer}{}", sent.path);
    let mut request = json!({
        "method": sent.method,
        "url": if query.is_empty() { path } else { format!("{path}?{}", query.encode()) },
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": sent.headers,
        "queryString": sent.query,
        "headersSize": -1,
        "bodySize": -1,
    });
    let kind = || header(&sent.headers, "content-type").unwrap_or_default();
    if !sent.form.is_empty() {
        let form: oauth_types::Params =
            sent.form.iter().map(|pair| (pair.name.as_str(), pair.value.as_str())).collect();
        request["postData"] = json!({ "mimeType": kind(), "params": sent.form, "text": form.encode() });
    } else if !sent.body.is_empty() {
        request["postData"] = json!({ "mimeType": kind(), "params": [], "text": sent.body });
    }
    request
}

fn response(entry: &Entry) -> Value {
    let answer = &entry.response;
    let reason = StatusCode::from_u16(answer.status).ok().and_then(|status| status.canonical_reason());
    json!({
        "status": answer.status,
        "statusText": reason.unwrap_or_default(),
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": answer.headers,
        "content": {
            "size": answer.octets,
            "mimeType": header(&answer.headers, "content-type").unwrap_or("application/octet-stream"),
            "text": answer.body,
        },
        "redirectURL": header(&answer.headers, "location").unwrap_or_default(),
        "headersSize": -1,
        "bodySize": answer.octets,
    })
}

fn header<'a>(headers: &'a [Pair], name: &str) -> Option<&'a str> {
    headers.iter().find(|pair| pair.name == name).map(|pair| pair.value.as_str())
}

/// A time in seconds since 1970-01-01T00:00:00Z as ISO 8601 writes it. Years are reckoned from March, so that the day
/// that some of them have more comes last.
fn date(at: u64) -> String {
    let (days, second) = (at / 86_400 + 719_468, at % 86_400);
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = era * 400 + year + u64::from(month <= 2);
    let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

#[cfg(test)]
mod tests {
    use super::date;

    #[test]
    fn dates_are_written_as_iso_8601_does() {
        for (at, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (951_868_799, "2000-02-29T23:59:59Z"),
            (1_709_251_199, "2024-02-29T23:59:59Z"),
            (1_735_689_599, "2024-12-31T23:59:59Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
        ] {
            assert_eq!(date(at), text);
        }
    }
}
