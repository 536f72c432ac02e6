//! A specification as this server sees it: OAuth's own extension points (RFC 6749 §8), each with a default that does
//! nothing.
//!
//! One document is one implementation of [`Spec`] in one file of `specs/`. The pipeline calls the hooks; the order
//! is that of the list in `specs/mod.rs`. A hook that may have to wait gives `None` if the matter is not its own, so
//! that nothing is allocated for those that have nothing to say.

use std::fmt::Debug;
use std::sync::Arc;

use http::Method;
use oauth_types::fault::Point;
use oauth_types::{Algorithm, Params, ResponseMode};
use serde_json::{Map, Value};

use crate::clients::{Client, Proven};
use crate::memory::Confirmation;
use crate::people::{People, User};
use crate::ports::Ports;
use crate::ports::store::BoxFuture;
use crate::refusal::{Document, Refusal, Rule};
use crate::reply::{AuthorizationResponse, Challenges, Delivery, Envelope, Reply, Stop, TokenReply};
use crate::request::{
    Admission, Arrival, Attempt, AuthorizationRequest, Draft, Found, Packed, Place, Presented, Proof, Resolved,
    Spent, TokenRequest, Unpacked,
};
use crate::world::{Amount, Policy, Switch};

mod spine;

pub(crate) use spine::{Denied, Judged, Spine};

/// An answer that may take a while; `None` says that the matter is not the spec's own.
pub(crate) type Perhaps<'a, T> = Option<BoxFuture<'a, Result<T, Stop>>>;

/// Parameters that authenticate a client (RFC 6749 §2.3.1, RFC 7521 §4.2). They are not part of what it asks for.
pub(crate) const CREDENTIALS: &[&str] = &["client_secret", "client_assertion", "client_assertion_type"];

/// One document.
pub(crate) trait Spec: Debug + Send + Sync + 'static {
    /// Which one.
    fn document(&self) -> &'static Document;

    /// By which name profiles and `Builder::without` know it: that of the document, unless several specs share one.
    fn name(&self) -> &'static str {
        self.document().name
    }

    /// The rules of it that are enforced.
    fn rules(&self) -> &'static [&'static Rule] {
        &[]
    }

    /// Whether a server can do without it.
    fn optional(&self) -> bool {
        false
    }

    /// The choices between two ways that it leaves to the server.
    fn switches(&self) -> &'static [&'static Switch] {
        &[]
    }

    /// The numbers that it leaves to the server.
    fn amounts(&self) -> &'static [&'static Amount] {
        &[]
    }

    /// The endpoints below the issuer that it defines, beside those of the spine.
    fn endpoints(&self) -> &'static [Endpoint] {
        &[]
    }

    /// Answers a request at one of its endpoints that the spine does not answer itself.
    fn serve<'a>(&'a self, _call: &'a Call<'a>) -> Option<BoxFuture<'a, Reply>> {
        None
    }

    /// Adds what it supports to the metadata (RFC 8414 §2).
    fn metadata(&self, _facts: &Facts<'_>, _document: &mut Map<String, Value>) {}

    /// Whether it reads tokens that others encrypt to this server, so that keys for that have to be published.
    fn decrypts(&self) -> bool {
        false
    }

    /// Judges the client metadata it defines (RFC 7591 §2), whoever brings it.
    fn register(&self, _metadata: &Map<String, Value>, _policy: &Policy) -> Result<(), Refusal> {
        Ok(())
    }

    /// The parameters it defines that may occur more than once in a request.
    fn repeatable(&self) -> &'static [&'static str] {
        &[]
    }

    /// Finds a client that is not configured.
    fn client<'a>(&'a self, _lookup: &'a Lookup<'a>) -> Perhaps<'a, Option<Arc<Client>>> {
        None
    }

    /// Replaces the parameters of an authorization request by those it refers to or carries.
    fn unpack<'a>(&'a self, _packed: &'a Packed<'a>) -> Perhaps<'a, Unpacked> {
        None
    }

    /// Judges the parameters it knows in an authorization request, and remembers what it will need (RFC 6749 §8.2).
    fn authorize(&self, _request: &AuthorizationRequest<'_>, _draft: &mut Draft) -> Result<(), Refusal> {
        Ok(())
    }

    /// Judges the parameters it knows in a request that is authorized on another device, and remembers what it will
    /// need (RFC 8628 §3.1, OpenID Connect CIBA §7.1).
    fn authorize_elsewhere(
        &self,
        _attempt: &Attempt<'_>,
        _client: &Client,
        _draft: &mut Draft,
    ) -> Result<(), Refusal> {
        Ok(())
    }

    /// Adds parameters to an authorization response, successful or not (RFC 6749 §8.2).
    fn respond(&self, _place: &Place, _response: &mut AuthorizationResponse) {}

    /// The response types it defines (RFC 6749 §8.4), each with its words in alphabetical order.
    fn response_types(&self) -> &'static [&'static str] {
        &[]
    }

    /// The response modes it defines.
    fn response_modes(&self) -> &'static [ResponseMode] {
        &[]
    }

    /// Puts an authorization response of one of its modes into a token, which then travels by another mode.
    fn envelope(&self, _facts: &Facts<'_>, _response: &AuthorizationResponse, _now: u64) -> Option<Envelope> {
        None
    }

    /// Puts an authorization response of one of its modes on its way.
    fn deliver(&self, _response: &AuthorizationResponse) -> Option<Delivery> {
        None
    }

    /// The methods of client authentication that it defines (RFC 7591 §4.2).
    fn auth_methods(&self, _policy: &Policy) -> &'static [&'static str] {
        &[]
    }

    /// Names the methods of client authentication that a request uses (RFC 6749 §2.3). Two of them are an error.
    fn presented(&self, _attempt: &Attempt<'_>, _methods: &mut Vec<&'static str>) {}

    /// The client that credentials of `method` are about, if the method is one of its own.
    fn claimed(&self, _method: &str, _attempt: &Attempt<'_>) -> Option<Result<String, Refusal>> {
        None
    }

    /// The method of a request that names `client` and has no credentials that can be seen before it is known, such as
    /// a certificate (RFC 8705 §2).
    fn recognized(&self, _attempt: &Attempt<'_>, _client: &Client) -> Option<&'static str> {
        None
    }

    /// Checks credentials of `method` for `client`, if the method is one of its own.
    fn authenticate<'a>(
        &'a self,
        _method: &'a str,
        _attempt: &'a Attempt<'a>,
        _client: &'a Client,
    ) -> Perhaps<'a, Proven> {
        None
    }

    /// Finds out what a request proves the possession of. A proof that is wrong is refused, whether or not it is asked
    /// for.
    fn prove<'a>(&'a self, _proof: &'a Proof<'a>) -> Perhaps<'a, Option<Confirmation>> {
        None
    }

    /// The grant type it defines (RFC 6749 §8.3).
    fn grant_type(&self) -> Option<&'static str> {
        None
    }

    /// Finds what a token request of its grant type is about. It does not spend it.
    fn grant<'a>(&'a self, _request: &'a TokenRequest<'a>, _spine: &'a dyn Spine) -> Perhaps<'a, Found> {
        None
    }

    /// Hears that a document refused a token request which names what was found: it was not spent.
    fn refused<'a>(
        &'a self,
        _request: &'a TokenRequest<'a>,
        _found: &'a Found,
        _spine: &'a dyn Spine,
    ) -> Perhaps<'a, ()> {
        None
    }

    /// Judges a token request against what was remembered. The last chance to refuse.
    fn redeem(&self, _request: &TokenRequest<'_>, _found: &Found) -> Result<(), Refusal> {
        Ok(())
    }

    /// Adds to the answer of a token request (RFC 6749 §8.1). It cannot refuse: the grant is spent.
    fn bind(&self, _request: &TokenRequest<'_>, _spent: &Spent, _reply: &mut TokenReply) {}

    /// Finds an access token in a request to a protected resource, if it is presented in a way it defines.
    fn access<'a>(&self, _arrival: &Arrival<'a>, _policy: &Policy) -> Result<Option<Presented<'a>>, Refusal> {
        Ok(None)
    }

    /// Finds out what a token stands for, if it is of a kind it defines.
    fn resolve<'a>(&'a self, _ports: &'a Ports, _place: &'a Place, _token: &'a str) -> Perhaps<'a, Option<Resolved>> {
        None
    }

    /// Judges the use of an access token at a protected resource.
    fn admit(&self, _admission: &Admission<'_>) -> Result<(), Refusal> {
        Ok(())
    }

    /// Adds the authentication schemes it defines, and what it defines for others, to a challenge (RFC 9110 §11.6.1).
    fn challenge(&self, _refused: &Challenged<'_>, _challenges: &mut Challenges) {}

    /// Gives an answer in a form it defines, if the client asks for that form (RFC 9110 §12.1).
    fn represent(&self, _answer: &Answer<'_>) -> Option<Reply> {
        None
    }

    /// Whether anything comes of the session that a login belongs to. Without it, automatic logins leave none behind.
    fn needs_sessions(&self) -> bool {
        false
    }

    /// Tells the clients that came to know of a session that it has ended.
    fn ended(&self, _farewell: &mut Farewell<'_>) {}

    /// The identifier by which `client` is told of `user`, if it is not the one that everybody is told
    /// (OpenID Connect Core §8).
    fn subject(&self, _client: &Client, _user: &User) -> Option<String> {
        None
    }
}

/// An endpoint below the issuer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Endpoint {
    /// Its path, such as `/par`.
    pub path: &'static str,
    /// The methods it takes.
    pub methods: &'static [Method],
    /// Where faults act on it.
    pub at: Point,
    /// Whether a browser comes here by itself. Scripts of other origins may not read what is meant for a person.
    pub page: bool,
}

/// What metadata is made of.
pub(crate) struct Facts<'a> {
    /// The issuer.
    pub place: &'a Place,
    /// The ports.
    pub ports: &'a Ports,
    /// What the server decides.
    pub policy: &'a Policy,
    /// The methods of client authentication of all documents in force.
    pub auth_methods: &'a [&'static str],
}

impl Facts<'_> {
    /// The algorithms that this server signs with.
    pub(crate) fn issued(&self) -> impl Iterator<Item = Algorithm> {
        self.ports.keys.algorithms().iter().copied().filter(|own| self.policy.algorithms.contains(own))
    }
}

/// A client that is looked for.
pub(crate) struct Lookup<'a> {
    /// The request that names it.
    pub arrival: &'a Arrival<'a>,
    /// Its identifier.
    pub client_id: &'a str,
    /// The ports.
    pub ports: &'a Ports,
    /// What the server decides.
    pub policy: &'a Policy,
    /// What judges the metadata that is found.
    pub spine: &'a dyn Spine,
}

/// A request at an endpoint of a document's own.
pub(crate) struct Call<'a> {
    /// The request as it arrived.
    pub arrival: &'a Arrival<'a>,
    /// The ports.
    pub ports: &'a Ports,
    /// What the server decides.
    pub policy: &'a Policy,
    /// The people.
    pub people: &'a People,
    /// What the rest of the server does for it.
    pub spine: &'a dyn Spine,
}

/// A request to a protected resource that got no access.
pub(crate) struct Challenged<'a> {
    /// The issuer that the resource belongs to.
    pub place: &'a Place,
    /// The path of the resource.
    pub path: &'static str,
    /// The query that the resource was asked with.
    pub query: &'a Params,
    /// Why.
    pub refusal: &'a Refusal,
    /// The scheme that the token came with.
    pub scheme: &'static str,
    /// What the server decides.
    pub policy: &'a Policy,
}

/// An answer to a client that may take several forms.
pub(crate) struct Answer<'a> {
    /// The request that is answered.
    pub arrival: &'a Arrival<'a>,
    /// Which answer it is.
    pub at: Point,
    /// Who is answered.
    pub client: &'a Arc<Client>,
    /// What it says.
    pub members: &'a Map<String, Value>,
    /// The ports.
    pub ports: &'a Ports,
    /// What the server decides.
    pub policy: &'a Policy,
}

/// A session that has ended.
pub(crate) struct Farewell<'a> {
    /// The request that ended it.
    pub arrival: &'a Arrival<'a>,
    /// The ports.
    pub ports: &'a Ports,
    /// What the server decides.
    pub policy: &'a Policy,
    /// Its identifier, the `sid` of tokens.
    pub sid: &'a str,
    /// The clients that were told of it, each with whom it was told had logged in.
    pub clients: &'a [(Arc<Client>, String)],
    /// What the browser is to load in frames.
    pub frames: Vec<String>,
}
