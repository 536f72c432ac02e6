//! What faults do to an answer once it is written down: to its members, its head, and the way it leaves.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION, WWW_AUTHENTICATE, X_FRAME_OPTIONS};
use http::{HeaderName, HeaderValue, Response, StatusCode};
use oauth_types::Params;
use oauth_types::fault::{Edit, Point, RateLimit};
use serde_json::{Map, Value, json};

use super::super::date;
use super::super::departure::{Bomb, Departure, Drip, End};
use super::{Slot, edit_member, edit_params, says_error};

/// How many requests a client may make, where a header says it.
const QUOTA: u32 = 100;

const JSON: &str = "application/json";

/// Edits an answer, and says how it leaves. `now` is the time by the tenant's clock.
pub(crate) fn edit(slots: &[Arc<Slot>], at: Point, response: &mut Response<Bytes>, now: u64) -> Departure {
    let mut departure = Departure::default();
    if slots.is_empty() {
        return departure;
    }
    let moved = move_on(slots, at, response);
    // The parameters of an authorization response have been edited before it was written down.
    let has_members = !moved && at != Point::AuthorizationResponse && at != Point::Page;
    let edits = || slots.iter().flat_map(|slot| slot.edits());
    for edit in edits() {
        match edit {
            Edit::Set { .. }
            | Edit::Shift { .. }
            | Edit::Suffix { .. }
            | Edit::Append { .. }
            | Edit::Remove { .. }
                if has_members =>
            {
                say_otherwise(edit, response)
            }
            Edit::Error { status, .. } if at == Point::AuthorizationResponse => {
                status.iter().for_each(|code| set_status(response, *code));
            }
            Edit::Error { error, description, status } => {
                refuse(response, at, (error, description.as_deref()), status.unwrap_or(400));
            }
            Edit::Status { code } => set_status(response, *code),
            Edit::HttpHeader { name, value } => set_header(response, name, value),
            Edit::RemoveHttpHeader { name } => {
                response.headers_mut().remove(name.as_str());
            }
            Edit::Body { content_type, text } => say(response, content_type, text.clone()),
            Edit::Redirect { code, location } => {
                clear(response);
                set_status(response, *code);
                set_header(response, LOCATION.as_str(), location);
            }
            Edit::TooManyRequests { headers, seconds } => put_off(response, *headers, *seconds, now),
            edit => depart(edit, &mut departure),
        }
    }
    // At the end, since what is read is written without a second member.
    for edit in edits().filter(|_| has_members) {
        if let Edit::Repeat { name, value } = edit {
            repeat(response, name, value);
        }
    }
    departure
}

/// How an answer leaves, as far as an edit says so.
fn depart(edit: &Edit, departure: &mut Departure) {
    match *edit {
        Edit::Pad { octets } => departure.pad = octets,
        Edit::Delay { milliseconds } => departure.delay += Duration::from_millis(milliseconds),
        Edit::Reset => departure.end = End::Reset,
        Edit::Truncate { after } => departure.end = End::Truncate { after },
        Edit::Stall { after } => departure.end = End::Stall { after },
        Edit::Endless => departure.end = End::Endless,
        Edit::Drip { octets, milliseconds } => {
            departure.drip = Some(Drip { octets, pause: Duration::from_millis(milliseconds) });
        }
        Edit::HeaderBomb { headers, octets } => departure.bomb = Some(Bomb { headers, octets }),
        _ => {}
    }
}

/// Edits the parameters of the place that a logout goes on to. The answer is whether it does.
fn move_on(slots: &[Arc<Slot>], at: Point, response: &mut Response<Bytes>) -> bool {
    let location = response.headers().get(LOCATION).and_then(|location| location.to_str().ok());
    let (Point::Logout, Some(location), false) = (at, location, says_error(slots)) else { return false };
    let (place, query) = location.split_once('?').unwrap_or((location, ""));
    let Ok(mut params) = Params::parse(query) else { return false };
    edit_params(slots, &mut params);
    let query = if params.is_empty() { String::new() } else { format!("?{}", params.encode()) };
    let location = format!("{place}{query}");
    set_header(response, LOCATION.as_str(), &location);
    true
}

/// Edits a member of a JSON object, which an empty answer is once something is put into it.
fn say_otherwise(edit: &Edit, response: &mut Response<Bytes>) {
    let begins = response.body().is_empty() && matches!(edit, Edit::Set { .. });
    let members = if begins { Some(Map::new()) } else { members(response) };
    if let Some(mut members) = members {
        edit_member(edit, &mut members);
        say(response, JSON, Value::Object(members).to_string());
    }
}

/// The members of an answer that is a JSON object.
fn members(response: &Response<Bytes>) -> Option<Map<String, Value>> {
    let kind = response.headers().get(CONTENT_TYPE)?.to_str().ok()?;
    let json = kind.starts_with(JSON);
    json.then(|| serde_json::from_slice(response.body()).ok()).flatten()
}

/// Writes a second member into the text of an object.
fn repeat(response: &mut Response<Bytes>, name: &str, value: &str) {
    let Some(members) = members(response) else { return };
    let Some(open) = response.body().strip_suffix(b"}") else { return };
    let comma = if members.is_empty() { "" } else { "," };
    let second = format!("{comma}{}:{}}}", Value::from(name), Value::from(value));
    *response.body_mut() = [open, second.as_bytes()].concat().into();
}

/// Puts an OAuth error in the place of an answer.
fn refuse(response: &mut Response<Bytes>, at: Point, (error, description): (&str, Option<&str>), code: u16) {
    clear(response);
    set_status(response, code);
    let mut members = Map::new();
    members.insert("error".to_owned(), error.into());
    if let Some(description) = description {
        members.insert("error_description".to_owned(), description.into());
    }
    say(response, JSON, Value::Object(members).to_string());
    // RFC 6750 §3: a protected resource says so in a challenge as well.
    if matches!(at, Point::Userinfo | Point::Resource) {
        let described = description.map(|text| format!(", error_description=\"{text}\"")).unwrap_or_default();
        set_header(response, WWW_AUTHENTICATE.as_str(), &format!("Bearer error=\"{error}\"{described}"));
    }
}

/// Puts off an answer (RFC 6585 §4).
fn put_off(response: &mut Response<Bytes>, family: RateLimit, seconds: u64, now: u64) {
    clear(response);
    set_status(response, StatusCode::TOO_MANY_REQUESTS.as_u16());
    let members = json!({ "error": "temporarily_unavailable", "error_description": "Too many requests" });
    say(response, JSON, members.to_string());
    for (name, value) in again(family, seconds, now) {
        set_header(response, name, &value);
    }
}

/// The headers that say when to come again.
fn again(family: RateLimit, seconds: u64, now: u64) -> Vec<(&'static str, String)> {
    let at = now.saturating_add(seconds);
    let three = |[limit, remaining, reset]: [&'static str; 3], when: u64| {
        vec![(limit, QUOTA.to_string()), (remaining, "0".to_owned()), (reset, when.to_string())]
    };
    match family {
        RateLimit::RetryAfterDate => vec![("retry-after", date::text(at))],
        RateLimit::RateLimit => vec![
            ("ratelimit-policy", format!("\"default\";q={QUOTA};w={}", seconds.max(1))),
            ("ratelimit", format!("\"default\";r=0;t={seconds}")),
        ],
        RateLimit::XRateLimit => three(["x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"], at),
        RateLimit::XRateLimitDashed => {
            three(["x-rate-limit-limit", "x-rate-limit-remaining", "x-rate-limit-reset"], seconds)
        }
        _ => vec![("retry-after", seconds.to_string())],
    }
}

/// Takes away what an answer said, and what said how to read it.
fn clear(response: &mut Response<Bytes>) {
    for name in [LOCATION, CONTENT_TYPE, CONTENT_SECURITY_POLICY, X_FRAME_OPTIONS, WWW_AUTHENTICATE] {
        response.headers_mut().remove(name);
    }
    *response.body_mut() = Bytes::new();
}

fn say(response: &mut Response<Bytes>, content_type: &str, text: String) {
    set_header(response, CONTENT_TYPE.as_str(), content_type);
    *response.body_mut() = Bytes::from(text);
}

fn set_status(response: &mut Response<Bytes>, code: u16) {
    // A status below 200 would be an interim response, which a server cannot end an exchange with.
    if let Some(status) = StatusCode::from_u16(code).ok().filter(|status| !status.is_informational()) {
        *response.status_mut() = status;
    }
}

fn set_header(response: &mut Response<Bytes>, name: &str, value: &str) {
    if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
        response.headers_mut().insert(name, value);
    }
}
