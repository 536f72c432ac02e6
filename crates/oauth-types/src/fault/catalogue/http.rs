//! HTTP answers of the wrong status, type and lifetime. They act at the token endpoint unless they are moved.

use super::{ELSEWHERE, Edit, Fault, Layer, Named, Point, error};
use crate::fault::{RateLimit, When};

fn redirect(code: u16) -> Edit {
    Edit::Redirect { code, location: format!("{ELSEWHERE}/") }
}

fn body(content_type: &str, text: &str) -> Edit {
    Edit::Body { content_type: content_type.to_owned(), text: text.to_owned() }
}

fn too_many(headers: RateLimit) -> Edit {
    Edit::TooManyRequests { headers, seconds: 30 }
}

faults! { HTTP of Http:
    INTERNAL_SERVER_ERROR = "internal-server-error", TokenResponse, "RFC 9110 §15.6.1",
        "The status is 500, with a page of HTML",
        [Edit::Status { code: 500 }, body("text/html", "<h1>Internal Server Error</h1>")];
    BAD_GATEWAY = "bad-gateway", TokenResponse, "RFC 9110 §15.6.3",
        "The status is 502, with a page of HTML", [Edit::Status { code: 502 }, body("text/html", "<h1>Bad Gateway</h1>")];
    SERVICE_UNAVAILABLE = "service-unavailable", TokenResponse, "RFC 9110 §15.6.4",
        "The status is 503, and Retry-After says five seconds",
        [error("temporarily_unavailable", 503), Edit::http_header("Retry-After", "5")];
    GATEWAY_TIMEOUT = "gateway-timeout", TokenResponse, "RFC 9110 §15.6.5",
        "The status is 504, without a body", [Edit::Status { code: 504 }, body("text/plain", "")];
    NOT_FOUND = "not-found", TokenResponse, "RFC 9110 §15.5.5",
        "The status is 404, with a page of HTML", [Edit::Status { code: 404 }, body("text/html", "<h1>Not Found</h1>")];
    REDIRECT_301 = "redirect-301", TokenResponse, "RFC 9110 §15.4.2",
        "The request is redirected to somebody else by 301", [redirect(301)];
    REDIRECT_302 = "redirect-302", TokenResponse, "RFC 9110 §15.4.3",
        "The request is redirected to somebody else by 302", [redirect(302)];
    REDIRECT_303 = "redirect-303", TokenResponse, "RFC 9110 §15.4.4",
        "The request is redirected to somebody else by 303", [redirect(303)];
    REDIRECT_307 = "redirect-307", TokenResponse, "RFC 9700 §4.12",
        "The request is redirected to somebody else by 307, to be sent again with its body", [redirect(307)];
    REDIRECT_308 = "redirect-308", TokenResponse, "RFC 9110 §15.4.9",
        "The request is redirected to somebody else by 308, to be sent again with its body", [redirect(308)];
    TOO_MANY_REQUESTS_RETRY_AFTER = "too-many-requests-retry-after", TokenResponse, "RFC 6585 §4",
        "The status is 429, with Retry-After in seconds", [too_many(RateLimit::RetryAfter)];
    TOO_MANY_REQUESTS_RETRY_AFTER_DATE = "too-many-requests-retry-after-date", TokenResponse, "RFC 9110 §10.2.3",
        "The status is 429, with Retry-After as a date", [too_many(RateLimit::RetryAfterDate)];
    TOO_MANY_REQUESTS_RATELIMIT = "too-many-requests-ratelimit", TokenResponse, "draft-ietf-httpapi-ratelimit-headers §3",
        "The status is 429, with RateLimit and RateLimit-Policy", [too_many(RateLimit::RateLimit)];
    TOO_MANY_REQUESTS_X_RATELIMIT = "too-many-requests-x-ratelimit", TokenResponse, "RFC 6585 §4",
        "The status is 429, with X-RateLimit-Reset as a time", [too_many(RateLimit::XRateLimit)];
    TOO_MANY_REQUESTS_X_RATE_LIMIT = "too-many-requests-x-rate-limit", TokenResponse, "RFC 6585 §4",
        "The status is 429, with X-Rate-Limit-Reset in seconds", [too_many(RateLimit::XRateLimitDashed)];
    WRONG_CONTENT_TYPE = "wrong-content-type", TokenResponse, "RFC 6749 §5.1",
        "JSON is sent as text/html", [Edit::http_header("Content-Type", "text/html")];
    MISSING_CONTENT_TYPE = "missing-content-type", TokenResponse, "RFC 6749 §5.1",
        "JSON is sent without a media type", [Edit::RemoveHttpHeader { name: "Content-Type".to_owned() }];
    FORM_ENCODED = "form-encoded", TokenResponse, "RFC 6749 §5.1",
        "The answer is form-encoded instead of JSON",
        [body("application/x-www-form-urlencoded", "access_token=form-encoded&token_type=bearer")];
    CACHED_TOKEN_RESPONSE = "cached-token-response", TokenResponse, "RFC 6749 §5.1",
        "Tokens may be cached by everybody",
        [Edit::http_header("Cache-Control", "public, max-age=3600"), Edit::RemoveHttpHeader { name: "Pragma".to_owned() }];
    BODY_NOT_JSON = "body-not-json", TokenResponse, "RFC 8259 §2",
        "What is said to be JSON is HTML", [body("application/json", "<!doctype html><title>Sign in</title>")];
    BODY_HALF_JSON = "body-half-json", TokenResponse, "RFC 8259 §2",
        "The JSON is cut off", [body("application/json", "{\"access_token\":\"half")];
    BODY_EMPTY = "body-empty", TokenResponse, "RFC 8259 §2",
        "What is said to be JSON is empty", [body("application/json", "")];
    BODY_ARRAY = "body-array", TokenResponse, "RFC 6749 §5.1",
        "The JSON is an array", [body("application/json", "[]")];
    BODY_OVERSIZE = "body-oversize", TokenResponse, "RFC 9110 §8.6",
        "The JSON is filled up to eight mebibytes", [Edit::Pad { octets: 8 << 20 }];
}
