//! What people agreed to, remembered for each user, client and thing that was asked for.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::clients::Client;
use crate::memory::{Life, Note};
use crate::ports::store::{Key, Kind, Record};
use crate::reply::Stop;
use crate::request::{AuthorizationRequest, Draft};
use crate::sessions::{CONSENT, NATIVE_CONSENT};
use crate::world::World;

const KIND: Kind = Kind::new("login/consent");

/// What was agreed to: scope tokens, and the hashes of what else was asked for.
#[derive(Debug, Serialize, Deserialize)]
struct Agreed(Vec<String>);

impl Note for Agreed {
    const NAME: &'static str = "login/consent";
    const LIFE: Life = Life::Code;
}

/// Whether `user` has agreed before to everything that is asked for now. `seen` says whether the person in front of the
/// browser has just been asked something else.
pub(super) async fn is_remembered(
    world: &World,
    request: &AuthorizationRequest<'_>,
    draft: &Draft,
    (user, seen): (&str, bool),
) -> Result<bool, Stop> {
    let (arrival, now) = (request.arrival, request.arrival.now);
    let kept = world.ports.store.get(key(request, user)).await?.filter(|kept| now < kept.record.expires);
    let Some(Agreed(agreed)) = kept.and_then(|kept| kept.record.own()) else { return Ok(false) };
    if !asked(request, draft).iter().all(|own| agreed.contains(own)) {
        return Ok(false);
    }
    // "authorization servers SHOULD NOT process authorization requests automatically without user consent or
    // interaction, except when the identity of the client can be assured" (RFC 8252 §8.6).
    if seen || is_assured(request.client(), request.client.redirect_uri()) {
        return Ok(true);
    }
    if world.policy.is_on(&NATIVE_CONSENT) {
        arrival.seen.relaxed(NATIVE_CONSENT.name);
        return Ok(true);
    }
    Ok(false)
}

/// Remembers that `user` agrees to what is asked for, beside what they agreed to before.
pub(super) async fn remember(
    world: &World,
    request: &AuthorizationRequest<'_>,
    draft: &Draft,
    user: &str,
) -> Result<(), Stop> {
    let (ports, now) = (&world.ports, request.arrival.now);
    let before = ports.store.get(key(request, user)).await?.filter(|kept| now < kept.record.expires);
    let mut agreed = asked(request, draft);
    if let Some(Agreed(before)) = before.and_then(|kept| kept.record.own()) {
        agreed.extend(before.into_iter().take(MOST));
        agreed.sort_unstable();
        agreed.dedup();
    }
    let expires = now.saturating_add(world.policy.value_of(&CONSENT));
    let record = Record::of(request.client().client_id(), &Agreed(agreed), now, expires);
    Ok(ports.store.put(key(request, user), record).await?)
}

/// The most that is remembered of one user and one client, beside what is asked for now.
const MOST: usize = 500;

/// What is asked for: the scope, and the parameters that ask for more than it.
fn asked(request: &AuthorizationRequest<'_>, draft: &Draft) -> Vec<String> {
    let more = ["claims", "authorization_details"].into_iter().filter_map(|name| {
        let value = request.params.get(name)?;
        Some(format!("{name} {}", BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(value))))
    });
    draft.scope.tokens().map(str::to_owned).chain(more).collect()
}

/// Whether nobody else can pretend to be the client: it authenticates, or its redirect URI is a place on the web.
fn is_assured(client: &Client, redirect_uri: &str) -> bool {
    let public = client.secret.is_none() && client.auth_method.as_deref().is_none_or(|method| method == "none");
    !public || redirect_uri.starts_with("https://")
}

fn key(request: &AuthorizationRequest<'_>, user: &str) -> Key {
    let client_id = request.client().client_id();
    Key::of(KIND, &request.arrival.place.tenant, &format!("{} {user} {client_id}", user.len()))
}
