//! Connections and HTTP.

use super::raw::End;
use super::visit::{Visit, Way::Token};
use super::{Case, case, impatient};

pub(super) const CASES: &[Case] = &[
    case("connection-reset", Token, |visit| visit.answer.end == End::Reset && visit.answer.status == 0),
    case("body-truncated", Token, |visit| (visit.answer.end, visit.answer.body.len()) == (End::Early, 20)),
    impatient("answer-stalled", Token, |visit| (visit.answer.end, visit.answer.status) == (End::Open, 0)),
    impatient("body-stalled", Token, |visit| (visit.answer.end, visit.answer.body.len()) == (End::Open, 20)),
    impatient("answer-delayed", Token, |visit| (visit.answer.end, visit.answer.status) == (End::Open, 0)),
    impatient("slow-drip", Token, |visit| {
        visit.answer.end == End::Open && (1..=16).contains(&visit.answer.body.len())
    }),
    case("body-endless", Token, |visit| visit.answer.end == End::Endless && visit.answer.status == 200),
    case("header-bomb", Token, |visit| visit.answer.headers.len() > 1000 && visit.answer.end == End::Whole),
    case("internal-server-error", Token, |visit| page(visit, 500)),
    case("bad-gateway", Token, |visit| page(visit, 502)),
    case("service-unavailable", Token, |visit| {
        status(visit, 503)
            && header(visit, "retry-after") == "5"
            && visit.json()["error"] == "temporarily_unavailable"
    }),
    case("gateway-timeout", Token, |visit| status(visit, 504) && visit.answer.body.is_empty()),
    case("not-found", Token, |visit| page(visit, 404)),
    case("redirect-301", Token, |visit| redirected(visit, 301)),
    case("redirect-302", Token, |visit| redirected(visit, 302)),
    case("redirect-303", Token, |visit| redirected(visit, 303)),
    case("redirect-307", Token, |visit| redirected(visit, 307)),
    case("redirect-308", Token, |visit| redirected(visit, 308)),
    case("too-many-requests-retry-after", Token, |visit| status(visit, 429) && header(visit, "retry-after") == "30"),
    case("too-many-requests-retry-after-date", Token, |visit| {
        status(visit, 429) && header(visit, "retry-after").ends_with(" GMT")
    }),
    case("too-many-requests-ratelimit", Token, |visit| {
        status(visit, 429)
            && header(visit, "ratelimit").contains("t=30")
            && !header(visit, "ratelimit-policy").is_empty()
    }),
    case("too-many-requests-x-ratelimit", Token, |visit| {
        let reset = header(visit, "x-ratelimit-reset").parse::<u64>();
        status(visit, 429)
            && header(visit, "x-ratelimit-remaining") == "0"
            && reset.is_ok_and(|at| at > 1_000_000_000)
    }),
    case("too-many-requests-x-rate-limit", Token, |visit| {
        status(visit, 429) && header(visit, "x-rate-limit-reset") == "30"
    }),
    case("wrong-content-type", Token, |visit| {
        header(visit, "content-type") == "text/html" && visit.json().get("access_token").is_some()
    }),
    case("missing-content-type", Token, |visit| visit.answer.header("content-type").is_none() && status(visit, 200)),
    case("form-encoded", Token, |visit| {
        header(visit, "content-type") == "application/x-www-form-urlencoded"
            && visit.answer.body.contains("access_token=")
    }),
    case("cached-token-response", Token, |visit| {
        header(visit, "cache-control").contains("public") && visit.answer.header("pragma").is_none()
    }),
    case("body-not-json", Token, |visit| json(visit) && visit.answer.body.starts_with("<!doctype")),
    case("body-half-json", Token, |visit| json(visit) && visit.answer.body == "{\"access_token\":\"half"),
    case("body-empty", Token, |visit| json(visit) && visit.answer.body.is_empty()),
    case("body-array", Token, |visit| json(visit) && visit.json().is_array()),
    case("body-oversize", Token, |visit| visit.answer.body.len() == 8 << 20 && visit.json().is_object()),
];

fn status(visit: &Visit, status: u16) -> bool {
    visit.answer.status == status
}

fn header<'a>(visit: &'a Visit, name: &str) -> &'a str {
    visit.answer.header(name).unwrap_or_default()
}

fn json(visit: &Visit) -> bool {
    header(visit, "content-type") == "application/json" && status(visit, 200)
}

fn page(visit: &Visit, code: u16) -> bool {
    status(visit, code) && visit.answer.body.starts_with("<h1>") && header(visit, "content-type") == "text/html"
}

fn redirected(visit: &Visit, code: u16) -> bool {
    status(visit, code) && header(visit, "location") == "https://attacker.example/" && visit.answer.body.is_empty()
}
