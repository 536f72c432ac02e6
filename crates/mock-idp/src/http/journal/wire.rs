//! An entry as it is told to others: redacted, unless the secrets are wanted.

use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderName};
use oauth_types::Params;
use oauth_types::journal::{Decoded, Entry, Notice, Pair, Refused, Request, Response};

use super::reading::Reading;
use super::secrets::Screen;
use crate::jose::Jws;

/// The entry that was taken apart.
pub(super) fn entry(reading: &Reading<'_>, screen: Screen<'_>) -> Entry {
    let own = reading.entry;
    let refused = |refused: &crate::refusal::Refused| Refused {
        rule: refused.rule.to_owned(),
        document: refused.document.to_owned(),
        section: refused.section.to_owned(),
        says: refused.says.to_owned(),
        error: refused.error.as_str().to_owned(),
        hint: refused.hint.as_deref().map(str::to_owned),
    };
    let notice = |notice: &super::Notice| Notice {
        url: screen.value("", &notice.url),
        status: notice.outcome.as_ref().ok().copied(),
        failure: notice.outcome.as_ref().err().cloned(),
    };
    Entry {
        number: own.number,
        at: own.at,
        point: own.point,
        request: request(reading, screen),
        response: response(reading, screen),
        client_id: own.client_id.clone(),
        auth_method: own.auth_method.map(str::to_owned),
        grant_type: own.params.get("grant_type").map(|kind| screen.value("grant_type", kind)),
        user: own.user.clone(),
        flow: reading.flow.clone(),
        used: reading.used.clone(),
        issued: reading.issued.clone(),
        tokens: tokens(reading, screen),
        refusal: own.refusal.as_ref().map(refused),
        relaxations: own.relaxations.iter().map(|name| (*name).to_owned()).collect(),
        ignored: own.ignored.clone(),
        faults: own.faults,
        altered: own.altered.clone(),
        notices: own.notices.iter().map(notice).collect(),
        failure: own.failure.clone(),
        ending: own.ending,
    }
}

fn request(reading: &Reading<'_>, screen: Screen<'_>) -> Request {
    let own = reading.entry;
    let (mut query, form): (Vec<_>, Vec<_>) = (pairs(&own.params, screen), Vec::new());
    let form = if own.in_query < query.len() { query.split_off(own.in_query) } else { form };
    Request {
        method: own.method.as_str().to_owned(),
        path: own.path.clone().into_owned(),
        headers: headers(&own.headers, screen),
        query,
        form,
        body: screen.body(&own.body),
    }
}

fn response(reading: &Reading<'_>, screen: Screen<'_>) -> Response {
    let own = reading.entry;
    Response {
        status: own.status,
        headers: headers(&own.answer.headers, screen),
        params: pairs(&reading.answered, screen),
        body: screen.body(&own.answer.body),
        octets: own.answer.octets as u64,
    }
}

fn pairs(params: &Params, screen: Screen<'_>) -> Vec<Pair> {
    params.iter().map(|(name, value)| Pair { name: screen.name(name), value: screen.value(name, value) }).collect()
}

fn headers(headers: &HeaderMap, screen: Screen<'_>) -> Vec<Pair> {
    let pair = |(name, value): (&HeaderName, &http::HeaderValue)| Pair {
        name: name.as_str().to_owned(),
        value: screen.header(name, value.as_bytes()),
    };
    headers.iter().map(pair).collect()
}

/// The signed tokens on either way. What is secret in them is hidden as anywhere else.
fn tokens(reading: &Reading<'_>, screen: Screen<'_>) -> Vec<Decoded> {
    let own = reading.entry;
    let credentials = own.header(AUTHORIZATION.as_str()).and_then(|text| text.split_once(' '));
    let sent = own.params.iter().chain(credentials.map(|(_, token)| ("authorization", token)));
    let sent = sent.chain(own.header("dpop").map(|proof| ("dpop", proof)));
    let given = reading.answered.iter();
    let members = reading.members.iter().filter_map(|(name, value)| Some((name.as_str(), value.as_str()?)));
    let decoded = |(name, text): (&str, &str)| {
        let token = Jws::parse(text).ok()?;
        let (header, claims) = (screen.members(token.header()), screen.members(token.claims()));
        Some(Decoded { name: screen.name(name), header, claims })
    };
    sent.chain(given).chain(members).filter_map(decoded).collect()
}
