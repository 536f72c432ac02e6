//! A request that is being answered. It gets into the journal however that ends: its client may go away meanwhile.

use std::borrow::Cow;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use http::Request;
use http::header::AUTHORIZATION;
use http::request::Parts;
use oauth_types::Params;
use oauth_types::fault::{Hold, Point};
use oauth_types::journal::Ending;

use super::departure::{Departing, Departure};
use super::encode::Encoded;
use super::extract::Read;
use super::lever::Lever;
use super::router::App;
use super::tap::Whom;
use super::tenants::Tenant;
use crate::request::Seen;
use crate::spec::Endpoint;

/// A request on its way into the journal.
pub(super) struct Visit {
    pub(super) path: Cow<'static, str>,
    pub(super) point: Option<Point>,
    pub(super) parts: Parts,
    pub(super) read: Read,
    pub(super) now: u64,
    pub(super) seen: Seen,
}

/// A request that is being answered. Dropping it writes the journal.
pub(super) struct Attended<'a> {
    app: &'a App,
    tenant: &'a Tenant,
    visit: Visit,
    encoded: Option<Encoded>,
    ending: Ending,
    written: bool,
}

impl<'a> Attended<'a> {
    pub(super) fn new(app: &'a App, tenant: &'a Tenant, visit: Visit) -> Self {
        // Until it is answered, it is one that its client may give up.
        Self { app, tenant, visit, encoded: None, ending: Ending::GaveUp, written: false }
    }

    pub(super) fn visit(&self) -> &Visit {
        &self.visit
    }

    /// Waits at the barriers that hold requests before they are judged.
    pub(super) async fn arrive(&self, endpoint: &Endpoint) {
        if !self.tenant.barriers.any() {
            return;
        }
        let Visit { parts, read, .. } = &self.visit;
        let client_id = named(parts, read);
        let whom =
            Whom { client_id: client_id.as_deref(), grant_type: grant_type(endpoint.path, read.form.as_ref()) };
        self.tenant.barriers.pass(Hold::Before, endpoint.at, whom, parts.extensions.get()).await;
    }

    /// Waits at the barriers that hold answers, and as long as a fault keeps this one back. Then it leaves.
    pub(super) async fn leave(mut self, encoded: Encoded, departure: Departure) -> Departing {
        let at = encoded.at;
        self.encoded = Some(encoded);
        let Visit { parts, read, seen, path, .. } = &self.visit;
        let whom = Whom { client_id: seen.client_id(), grant_type: grant_type(path, read.form.as_ref()) };
        let lever = parts.extensions.get::<Lever>();
        if let Some(at) = at {
            self.tenant.barriers.pass(Hold::After, at, whom, lever).await;
        }
        if let Some(lever) = lever
            && !departure.delay.is_zero()
        {
            lever.wait(departure.delay).await;
        }
        self.ending = departure.ending();
        let response = self.write().map(|encoded| encoded.response).unwrap_or_default();
        Departing { response, departure }
    }

    /// Writes the journal, and gives back what was encoded.
    fn write(&mut self) -> Option<Encoded> {
        self.written = true;
        let (parts, ()) = Request::new(()).into_parts();
        let nothing =
            Visit { path: "".into(), point: None, parts, read: Read::default(), now: 0, seen: Seen::default() };
        let visit = std::mem::replace(&mut self.visit, nothing);
        self.app.note(self.tenant, visit, (self.encoded.as_ref(), self.ending));
        self.encoded.take()
    }
}

impl Drop for Attended<'_> {
    fn drop(&mut self) {
        if !self.written {
            self.write();
        }
    }
}

/// The grant type that a token request asks for.
pub(super) fn grant_type<'a>(path: &str, form: Option<&'a Params>) -> Option<&'a str> {
    (path == "/token").then(|| form?.get("grant_type")).flatten()
}

/// The client that a request says it is from, right or wrong.
fn named<'a>(parts: &Parts, read: &'a Read) -> Option<Cow<'a, str>> {
    let said = read.form.as_ref().and_then(|form| form.get("client_id")).or_else(|| read.query.get("client_id"));
    said.map(Cow::Borrowed).or_else(|| {
        let basic = parts.headers.get(AUTHORIZATION)?.to_str().ok()?.strip_prefix("Basic ")?;
        let pair = String::from_utf8(BASE64_STANDARD.decode(basic).ok()?).ok()?;
        let (client_id, _) = pair.split_once(':')?;
        let params = Params::parse(&format!("client_id={client_id}")).ok()?;
        params.get("client_id").map(|client_id| client_id.to_owned().into())
    })
}
