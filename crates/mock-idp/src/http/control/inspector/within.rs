//! Requests that these pages make at the server they belong to, without a connection.

use std::sync::Arc;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HOST};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use oauth_types::Params;

use super::Wrong;
use crate::http::router::App;

/// What a form is (RFC 6749 appendix B).
const FORM: &str = "application/x-www-form-urlencoded";
/// What a proxy says of a request (RFC 7239 §4, and what came before it).
const HANDED_ON: &[&str] = &["forwarded", "x-forwarded-host", "x-forwarded-proto", "x-forwarded-prefix"];

/// A request to an endpoint of a tenant.
pub(super) struct Inner<'a> {
    pub(super) method: Method,
    /// The tenant's name; empty for the one at the root.
    pub(super) tenant: &'a str,
    /// The path below the issuer.
    pub(super) path: &'a str,
    pub(super) query: Params,
    /// The form; a body that is none stands in `body`.
    pub(super) form: Option<Params>,
    pub(super) body: Bytes,
    pub(super) headers: HeaderMap,
}

impl<'a> Inner<'a> {
    /// A request with nothing in it.
    pub(super) fn new(method: Method, tenant: &'a str, path: &'a str) -> Self {
        Self { method, tenant, path, query: Params::new(), form: None, body: Bytes::new(), headers: HeaderMap::new() }
    }

    /// A form that is posted, as it would be from `visitor`'s side.
    pub(super) fn post(tenant: &'a str, path: &'a str, form: Params, visitor: &Parts) -> Self {
        Self { form: Some(form), ..Self::new(Method::POST, tenant, path) }.at_the_host_of(visitor)
    }

    /// Calls the server as the visitor does, and says what a proxy said of that.
    pub(super) fn at_the_host_of(mut self, visitor: &Parts) -> Self {
        // RFC 9112 §3.2.2: a host in the first line counts, and not the one in the header.
        let named = visitor.uri.authority().and_then(|host| HeaderValue::from_str(host.as_str()).ok());
        if let Some(host) = named.or_else(|| visitor.headers.get(HOST).cloned()) {
            self.headers.insert(HOST, host);
        }
        for name in HANDED_ON {
            for value in visitor.headers.get_all(*name) {
                self.headers.append(*name, value.clone());
            }
        }
        self
    }

    /// Has it answered.
    ///
    /// # Errors
    /// If it cannot be written down, or a fault broke the connection.
    pub(super) async fn answered(self, app: &Arc<App>) -> Result<Response<Bytes>, Wrong> {
        let Self { method, tenant, path, query, form, body, mut headers } = self;
        let base = if tenant.is_empty() { String::new() } else { format!("/{tenant}") };
        let query = if query.is_empty() { String::new() } else { format!("?{}", query.encode()) };
        let body = match form {
            Some(form) => {
                headers.insert(CONTENT_TYPE, HeaderValue::from_static(FORM));
                Bytes::from(form.encode())
            }
            None => body,
        };
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{base}{path}{query}"))
            .body(())
            .map_err(|_| Wrong::of(StatusCode::BAD_REQUEST, "This request cannot be sent again"))?;
        *request.headers_mut() = headers;
        let (parts, ()) = request.into_parts();
        // These pages answer in the same way, so the future would hold itself.
        let departing = Box::pin(app.answer(parts, Ok(body))).await;
        departing.at_once().map_err(|cut| {
            Wrong::of(StatusCode::BAD_GATEWAY, format!("A fault broke the connection at {base}{path}: {cut}"))
        })
    }
}
