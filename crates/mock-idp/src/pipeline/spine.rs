//! What the server does for a document's own endpoints: the phases, for whoever may not name them.

use std::sync::Arc;

use http::header::AUTHORIZATION;
use http::{HeaderValue, StatusCode};
use oauth_types::fault::Point;
use oauth_types::{ErrorCode, Params};
use serde_json::{Map, Value};

use crate::clients::{self, Authenticated, Client, Clients};
use crate::doctor::{self, Handle};
use crate::documents;
use crate::memory::Scope;
use crate::people::{People, User};
use crate::ports::store::{BoxFuture, GrantId};
use crate::refusal::{Refusal, Rule};
use crate::reply::{Reply, Stop};
use crate::request::{Admission, Arrival, Draft, Place, Presented, Resolved};
use crate::spec::{Answer, Denied, Judged, Spine};
use crate::world::World;

impl Spine for World {
    fn form<'a>(&self, arrival: &Arrival<'a>) -> Result<&'a Params, Refusal> {
        super::form(self, arrival)
    }

    fn authenticate<'a>(
        &'a self,
        arrival: &'a Arrival<'a>,
        params: &'a Params,
    ) -> BoxFuture<'a, Result<Authenticated, Stop>> {
        Box::pin(async move {
            let attempt = super::attempt(self, arrival, params);
            super::authenticate(self, &attempt).await
        })
    }

    fn client<'a>(
        &'a self,
        arrival: &'a Arrival<'a>,
        client_id: &'a str,
    ) -> BoxFuture<'a, Result<Option<Arc<Client>>, Stop>> {
        Box::pin(super::client(self, arrival, client_id))
    }

    fn register(&self, metadata: &Map<String, Value>) -> Result<(), Refusal> {
        super::register(self, metadata)
    }

    fn judge<'a>(
        &'a self,
        arrival: &'a Arrival<'a>,
        client: &'a Authenticated,
        params: &'a Params,
    ) -> BoxFuture<'a, Result<Judged, Stop>> {
        Box::pin(async move {
            // First the proof: a client that has to send another one sends the same request object again.
            let proofs = super::prove(self, arrival, None).await?;
            let unpacked = super::unpacked(self, arrival, client.client(), params).await?;
            let identified = clients::identify(client.client().clone(), unpacked.params.get("redirect_uri"))?;
            let asked = super::Asked { unpacked: &unpacked, client: &identified, proofs: &proofs };
            let draft = super::judge(self, &asked.request(self, arrival), &unpacked)?;
            Ok(Judged { identified, params: unpacked.params, origin: unpacked.origin, draft })
        })
    }

    fn judge_elsewhere(
        &self,
        arrival: &Arrival<'_>,
        client: &Authenticated,
        params: &Params,
    ) -> Result<Draft, Refusal> {
        let attempt = super::attempt(self, arrival, params);
        super::judge::elsewhere(self, &attempt, client.client())
    }

    fn resolve<'a>(&'a self, place: &'a Place, token: &'a str) -> BoxFuture<'a, Result<Option<Resolved>, Stop>> {
        Box::pin(super::resolve(self, place, token))
    }

    fn access<'a>(&'a self, arrival: &'a Arrival<'a>) -> BoxFuture<'a, Result<Resolved, Denied>> {
        Box::pin(access(self, arrival))
    }

    fn scope(&self, client: &Client, params: &Params) -> Result<Scope, Refusal> {
        super::scope(client, params)
    }

    fn clients(&self) -> &Clients {
        &self.clients
    }

    fn people(&self) -> &People {
        &self.people
    }

    fn represent(
        &self,
        arrival: &Arrival<'_>,
        at: Point,
        client: &Arc<Client>,
        members: Map<String, Value>,
    ) -> Reply {
        let (ports, policy) = (&self.ports, &self.policy);
        let answer = Answer { arrival, at, client, members: &members, ports, policy };
        let own = self.specs.iter().find_map(|spec| spec.represent(&answer));
        own.unwrap_or(Reply::Document { at, status: StatusCode::OK, members })
    }

    fn revoke(&self, grant: GrantId, now: u64) -> BoxFuture<'_, Result<(), Stop>> {
        Box::pin(super::revoke(self, grant, now))
    }

    fn end_session<'a>(
        &'a self,
        arrival: &'a Arrival<'a>,
        sid: &'a str,
    ) -> BoxFuture<'a, Result<Option<Vec<String>>, Stop>> {
        Box::pin(super::farewell::end_session(self, arrival, sid))
    }

    fn subject(&self, client: &Client, user: &User) -> String {
        super::subject(self, client, user)
    }

    fn metadata(&self, place: &Place) -> Map<String, Value> {
        super::metadata(self, place)
    }

    fn serves(&self, path: &str) -> bool {
        super::endpoints(self).any(|endpoint| endpoint.path == path)
    }
}

/// The scheme of a request that shows none.
const BEARER: &str = "Bearer";

async fn access(world: &World, arrival: &Arrival<'_>) -> Result<Resolved, Denied> {
    let denied = |stop: Stop| Denied { stop, scheme: BEARER };
    let presented = super::access(world, arrival).map_err(|refusal| denied(refusal.into()))?;
    let presented = presented.ok_or_else(|| denied(tokenless(arrival).into()))?;
    let scheme = presented.scheme;
    admitted(world, arrival, presented).await.map_err(|stop| Denied { stop, scheme })
}

async fn admitted(world: &World, arrival: &Arrival<'_>, presented: Presented<'_>) -> Result<Resolved, Stop> {
    let resolved = super::resolve(world, arrival.place, presented.token).await?;
    let Some(resolved) = resolved else {
        let what = doctor::strange(&world.ports, arrival.place, presented.token, Handle::AccessToken).await?;
        return Err(TOKEN_INVALID.because(what).into());
    };
    if resolved.kind != crate::request::TokenKind::Access {
        return Err(TOKEN_INVALID.because("It is a refresh token").into());
    }
    let record = &resolved.kept.record;
    if resolved.expires() <= arrival.now {
        let since = arrival.now - resolved.expires();
        return Err(TOKEN_INVALID.because(format!("It expired {since} seconds ago")).into());
    }
    if resolved.begins() > arrival.now {
        let until = resolved.begins() - arrival.now;
        return Err(TOKEN_INVALID.because(format!("It is good in {until} seconds, as its nbf says")).into());
    }
    arrival.seen.client(&record.authorization.client_id);
    let proofs = super::prove(world, arrival, Some(presented.token)).await?;
    let admission = Admission { arrival, presented, resolved: &resolved, proofs: &proofs };
    super::admit(world, &admission)?;
    Ok(resolved)
}

/// The refusal of a request without a token, which may have one where nobody looks.
fn tokenless(arrival: &Arrival<'_>) -> Refusal {
    let header = arrival.headers.get(AUTHORIZATION).map(HeaderValue::as_bytes);
    let others = ["x-access-token", "x-auth-token", "access-token", "token"];
    let other = others.into_iter().find(|name| arrival.headers.contains_key(*name));
    TOKEN_MISSING.because(match (header, other) {
        (Some(text), _) if text.split(|octet| *octet == b' ').count() == 1 => {
            "The Authorization header is one word: write Bearer and a space before the token".to_owned()
        }
        (Some(text), _) if text.to_ascii_lowercase().starts_with(b"basic ") => {
            "Basic authenticates clients: a resource wants Bearer and an access token".to_owned()
        }
        (Some(text), _) if text.to_ascii_lowercase().starts_with(b"bearer") => {
            "Between Bearer and the token is one space, and nothing else".to_owned()
        }
        (Some(_), _) => "The scheme of the Authorization header is none of this server: write Bearer".to_owned(),
        (None, Some(name)) => format!("There is a header {name}: the token belongs into Authorization, after Bearer"),
        (None, None) if arrival.query.iter().any(|(name, _)| name == "token") => {
            "There is token in the query: the token belongs into the Authorization header, after Bearer".to_owned()
        }
        (None, None) => "There is no Authorization header".to_owned(),
    })
}

pub(super) static RULES: &[&Rule] = &[&TOKEN_INVALID, &TOKEN_MISSING];

static TOKEN_MISSING: Rule = Rule {
    id: "rfc6750-token-missing",
    document: &documents::RFC6750,
    section: "3",
    error: ErrorCode::InvalidToken,
    says: "A protected resource needs an access token",
};

static TOKEN_INVALID: Rule = Rule {
    id: "rfc6750-token-invalid",
    document: &documents::RFC6750,
    section: "3.1",
    error: ErrorCode::InvalidToken,
    says: "The access token has to be one that this server issued, alive and unaltered",
};
