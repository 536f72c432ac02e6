//! What browsers are shown: always the same, whatever happened.

use axum::body::Body;
use axum::response::Response;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, HeaderValue, StatusCode};
use url::Url;

const FAILED: &str = "<!doctype html><meta charset=\"utf-8\"><title>Login</title><p>That did not work. Please go back to \
                      the application and try again.</p>\n";

/// Goes elsewhere, always with GET.
pub(super) fn see_other(url: &Url) -> Response {
    let mut response = empty(StatusCode::SEE_OTHER);
    match HeaderValue::from_str(url.as_str()) {
        Ok(value) => {
            response.headers_mut().insert(LOCATION, value);
            response
        }
        Err(_) => refused(StatusCode::INTERNAL_SERVER_ERROR),
    }
}

/// The page that says that it did not work, and not why.
pub(super) fn refused(status: StatusCode) -> Response {
    let mut response = empty(status);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    *response.body_mut() = Body::from(FAILED);
    response
}

/// Nothing but a status.
pub(super) fn empty(status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    still(response.headers_mut());
    response
}

/// Nothing is stored, nothing is loaded, nothing is framed, and the address with its code goes nowhere.
fn still(headers: &mut HeaderMap) {
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    let policy = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");
    headers.insert(CONTENT_SECURITY_POLICY, policy);
}
