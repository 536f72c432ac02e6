//! The beginning of a login.

use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, StatusCode, Uri};
use oauth_types::Params;
use url::Url;

use super::{Bff, BffFailure, page, return_to};
use crate::login::Started;
use crate::pending::FlowKey;

const DESTINATION: &str = "sec-fetch-dest";

/// The query's parameter that says where to go after the login.
pub(super) const RETURN_TO: &str = "return_to";

/// Sends the browser to the server.
pub(super) async fn begin(State(bff): State<Bff>, uri: Uri, headers: HeaderMap) -> Response {
    match bff.begin(&uri, &headers).await {
        Ok(response) => response,
        Err(failure) => {
            bff.tell(&failure);
            page::refused(match failure {
                BffFailure::Embedded | BffFailure::ReturnTo => StatusCode::BAD_REQUEST,
                BffFailure::Begin(_) => StatusCode::BAD_GATEWAY,
                _ => StatusCode::INTERNAL_SERVER_ERROR,
            })
        }
    }
}

/// What the place where a login goes to is sealed for: this login.
pub(super) fn purpose(flow: &FlowKey) -> String {
    format!("pkce-client: where this login goes to: {flow}")
}

impl Bff {
    async fn begin(&self, uri: &Uri, headers: &HeaderMap) -> Result<Response, BffFailure> {
        // Only the address of a window can become the server's: pages in frames are other people's.
        if headers.get(DESTINATION).is_some_and(|destination| destination != "document") {
            return Err(BffFailure::Embedded);
        }
        let goal = self.goal(uri.query().unwrap_or_default())?;
        let login = (self.0.ask)(self.0.client.login());
        let posted = login.form_post;
        if posted && !self.is_secure() {
            return Err(BffFailure::FormPost);
        }
        let Started { url, pending } = login.begin().await.map_err(BffFailure::Begin)?;
        let (flow, lifetime) = (pending.lookup_key(), pending.expires_at().saturating_sub(self.now()));
        let goal = self.seal(&purpose(&flow), goal.as_str()).map_err(BffFailure::Begin)?;
        let value = format!("{}.{goal}", pending.into_sealed(&self.0.key));
        let mut response = page::see_other(&url);
        let kept = self.cookies(headers).keep_login(&mut response, &flow, value, (lifetime, posted));
        kept.map(|()| response).ok_or(BffFailure::CookieTooLong)
    }

    /// Where the browser goes afterwards.
    fn goal(&self, query: &str) -> Result<Url, BffFailure> {
        let params = Params::parse(query).map_err(|_| BffFailure::ReturnTo)?;
        let mut paths = params.all(RETURN_TO);
        let path = match (paths.next(), paths.next()) {
            (None, _) => &self.0.paths.landing,
            (Some(path), None) => path,
            (Some(_), Some(_)) => return Err(BffFailure::ReturnTo),
        };
        let goal = return_to::within(&self.0.origin, path).ok_or(BffFailure::ReturnTo)?;
        // It would not end.
        if [&self.0.paths.login, &self.0.paths.callback].iter().any(|route| *route == goal.path()) {
            return Err(BffFailure::ReturnTo);
        }
        Ok(goal)
    }
}
