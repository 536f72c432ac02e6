//! What the server does for documents that have endpoints of their own.

use std::sync::Arc;

use oauth_types::Params;
use oauth_types::fault::Point;
use serde_json::{Map, Value};

use crate::clients::{Authenticated, Client, Clients, Identified};
use crate::memory::Scope;
use crate::people::{People, User};
use crate::ports::store::{BoxFuture, GrantId};
use crate::refusal::Refusal;
use crate::reply::{Reply, Stop};
use crate::request::{Arrival, Draft, Origin, Place, Resolved};

/// What the rest of the server does for a document's own endpoints.
pub(crate) trait Spine: Send + Sync {
    /// The parameters of a form in the body, none of them twice, and none in the query.
    fn form<'a>(&self, arrival: &Arrival<'a>) -> Result<&'a Params, Refusal>;

    /// Authenticates the client of a request (RFC 6749 §2.3).
    fn authenticate<'a>(
        &'a self,
        arrival: &'a Arrival<'a>,
        params: &'a Params,
    ) -> BoxFuture<'a, Result<Authenticated, Stop>>;

    /// The client of this identifier, configured or not.
    fn client<'a>(
        &'a self,
        arrival: &'a Arrival<'a>,
        client_id: &'a str,
    ) -> BoxFuture<'a, Result<Option<Arc<Client>>, Stop>>;

    /// Judges client metadata by every document in force.
    fn register(&self, metadata: &Map<String, Value>) -> Result<(), Refusal>;

    /// Unpacks and judges an authorization request that its client makes itself, without asking anybody to log in.
    fn judge<'a>(
        &'a self,
        arrival: &'a Arrival<'a>,
        client: &'a Authenticated,
        params: &'a Params,
    ) -> BoxFuture<'a, Result<Judged, Stop>>;

    /// Judges a request of an authenticated client that is authorized on another device.
    fn judge_elsewhere(
        &self,
        arrival: &Arrival<'_>,
        client: &Authenticated,
        params: &Params,
    ) -> Result<Draft, Refusal>;

    /// What a token of any kind stands for; it may be expired.
    fn resolve<'a>(&'a self, place: &'a Place, token: &'a str) -> BoxFuture<'a, Result<Option<Resolved>, Stop>>;

    /// What the access token of a request to a protected resource stands for; it is alive and may be used here.
    fn access<'a>(&'a self, arrival: &'a Arrival<'a>) -> BoxFuture<'a, Result<Resolved, Denied>>;

    /// The scope that is granted to `client`: what it asks for, if it may have it (RFC 6749 §3.3).
    fn scope(&self, client: &Client, params: &Params) -> Result<Scope, Refusal>;

    /// The clients that are configured.
    fn clients(&self) -> &Clients;

    /// Everybody who can log in.
    fn people(&self) -> &People;

    /// A JSON answer, in the form that the client asks for.
    fn represent(&self, arrival: &Arrival<'_>, at: Point, client: &Arc<Client>, members: Map<String, Value>)
    -> Reply;

    /// Kills every token of a family, for good.
    fn revoke(&self, grant: GrantId, now: u64) -> BoxFuture<'_, Result<(), Stop>>;

    /// Ends a session at this server, and what was granted for as long as it lasts, and tells its clients. The answer is
    /// what the browser has to load in frames; `None` if there is no such session any more.
    fn end_session<'a>(
        &'a self,
        arrival: &'a Arrival<'a>,
        sid: &'a str,
    ) -> BoxFuture<'a, Result<Option<Vec<String>>, Stop>>;

    /// The identifier by which `client` is told of `user`.
    fn subject(&self, client: &Client, user: &User) -> String;

    /// The metadata of this issuer.
    fn metadata(&self, place: &Place) -> Map<String, Value>;

    /// Whether a document in force has an endpoint at this path.
    fn serves(&self, path: &str) -> bool;
}

/// An authorization request that every document has judged.
#[derive(Debug)]
pub(crate) struct Judged {
    /// Its client and where it is answered.
    pub identified: Identified,
    /// Its parameters, unpacked.
    pub params: Params,
    /// How they came.
    pub origin: Origin,
    /// What is to be granted.
    pub draft: Draft,
}

/// Why a request got no access, and by which scheme its token came.
#[derive(Debug)]
pub(crate) struct Denied {
    /// Why.
    pub stop: Stop,
    /// The scheme.
    pub scheme: &'static str,
}

impl From<Denied> for Reply {
    fn from(denied: Denied) -> Self {
        match denied.stop {
            Stop::Refused(refusal) => Self::Challenge { refusal, scheme: denied.scheme, scope: None },
            Stop::Broken(what) => Self::Broken { what, to: None },
        }
    }
}
