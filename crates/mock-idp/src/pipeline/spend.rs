//! Spends what a token request is about, and revokes what came of it.

use crate::doctor;
use crate::ports::store::{GrantId, Key, Kind, Record, Taken};
use crate::reply::Stop;
use crate::request::{Found, Held, Spent, TokenRequest};
use crate::world::{Amount, World};

/// Spends what was found: of any number of requests at once, one gets it. A replay kills the family.
/// Only here is a [`Spent`] made.
pub(crate) async fn spend(world: &World, request: &TokenRequest<'_>, found: Found) -> Result<Spent, Stop> {
    let now = request.arrival.now;
    let (key, grace, replay) = match found.held {
        Held::Stays | Held::Made => return Ok(Spent::new(found.record)),
        Held::MadeOnce { key, until, replay } => {
            return match world.ports.store.once(key, now, until).await? {
                true => Ok(Spent::new(found.record)),
                false => {
                    Err(replay.because("Whatever is used once is made anew for each request, with a new jti").into())
                }
            };
        }
        Held::Once { key, grace, replay, .. } => (key, grace, replay),
    };
    match world.ports.store.take(key, now).await? {
        Taken::Fresh(record) => Ok(Spent::new(record)),
        // In the second of its use it is a replay already, unless there is a time of grace.
        Taken::Replayed { spent, grant } => {
            let in_time = |grace: &&Amount| now < spent.saturating_add(request.policy.value_of(grace));
            if let Some(grace) = grace.filter(in_time)
                && is_alive(world, &found.record, now).await?
            {
                request.arrival.seen.relaxed(grace.name);
                return Ok(Spent::new(found.record));
            }
            revoke(world, grant, now).await?;
            let ago = doctor::ago(now, spent);
            let hint = format!("It was first used {ago}. Every token that came from it has been revoked");
            Err(replay.because(hint).into())
        }
        Taken::Absent => Err(replay.because("Its family has been revoked").into()),
    }
}

/// Whether the family of a record that was spent is alive: what is put into a dead one is not found again.
async fn is_alive(world: &World, record: &Record, now: u64) -> Result<bool, Stop> {
    let key = Key::of(Kind::new("pipeline/family"), "", &world.ports.dice.handle());
    world.ports.store.put(key, Record { forget: now, ..record.clone() }).await?;
    Ok(world.ports.store.get(key).await?.is_some())
}

/// Kills every token of a family, for good.
pub(crate) async fn revoke(world: &World, grant: GrantId, now: u64) -> Result<(), Stop> {
    let forget = now.saturating_add(world.longest_lifetime());
    Ok(world.ports.store.drop_grant(grant, now, forget).await?)
}
