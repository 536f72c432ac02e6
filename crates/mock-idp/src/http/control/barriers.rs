//! Barriers: requests wait until a test lets them go on.

use std::time::Duration;

use oauth_types::fault::Barrier;
use schemars::JsonSchema;
use serde::Serialize;

use super::Group;
use super::call::{Answer, Ask, Call, Example, Handler, Outcome, Parameter, Told, Verb, of};
use super::problem::Problem;
use crate::http::barriers::Gated;

pub(super) const GROUP: Group = Group {
    name: "Barriers",
    says: "Requests wait at a barrier, before or after they are judged, until they are released: the honest way to see what \
           a client does meanwhile. Nothing is held for longer than ten minutes.",
    calls: &[PUT_UP, LIST, ONE, RELEASE_ONE, RELEASE, TAKE_OFF, CLEAR],
};

const PUT_UP: Call = Call {
    verb: Verb::Post,
    path: "/tenants/{tenant}/barriers",
    id: "putUpBarrier",
    says: "Holds requests from now on",
    body: Some(of::<Barrier>),
    answers: &[
        Answer::json(201, "The barrier.", of::<Standing>),
        Answer::problem(409, "There are 1000 barriers already."),
    ],
    example: Example::with(
        "/tenants/_root/barriers",
        r#"{"at":"token_response","when":{"grant_type":"refresh_token","times":1}}"#,
    ),
    handler: Handler::Now(put_up),
    ..Call::PLAIN
};

const LIST: Call = Call {
    path: "/tenants/{tenant}/barriers",
    id: "listBarriers",
    says: "The barriers that stand, and how many requests wait at each",
    answers: &[Answer::json(200, "The barriers.", of::<Vec<Standing>>)],
    example: Example::of("/tenants/_root/barriers"),
    handler: Handler::Now(list),
    ..Call::PLAIN
};

const ONE: Call = Call {
    path: "/tenants/{tenant}/barriers/{id}",
    id: "awaitBarrier",
    says: "A barrier, once requests wait at it",
    more: "With `wait` it is answered when `count` requests wait at once, when the barrier is released or taken off, or when \
           the time is over: `waiting` says how many there are.",
    query: &[
        Parameter { name: "wait", says: "How long to wait, in seconds of real time: 0 to 30.", shape: of::<u64> },
        Parameter { name: "count", says: "For how many requests; 1 unless it is said.", shape: of::<u64> },
    ],
    answers: &[Answer::json(200, "The barrier.", of::<Standing>)],
    example: Example::of("/tenants/_root/barriers/1?wait=0"),
    handler: Handler::Later(|ask| Box::pin(one(ask))),
    ..Call::PLAIN
};

const RELEASE_ONE: Call = Call {
    verb: Verb::Post,
    path: "/tenants/{tenant}/barriers/{id}/release-one",
    id: "releaseOne",
    says: "Lets the request go on that has waited longest",
    answers: &[Answer::json(200, "The barrier; `released_one` says whether one waited.", of::<Standing>)],
    example: Example::of("/tenants/_root/barriers/1/release-one"),
    handler: Handler::Now(release_one),
    ..Call::PLAIN
};

const RELEASE: Call = Call {
    verb: Verb::Post,
    path: "/tenants/{tenant}/barriers/{id}/release",
    id: "releaseBarrier",
    says: "Lets everything go on, and holds nothing further",
    answers: &[Answer::json(200, "The barrier.", of::<Standing>)],
    example: Example::of("/tenants/_root/barriers/1/release"),
    handler: Handler::Now(release),
    ..Call::PLAIN
};

const TAKE_OFF: Call = Call {
    verb: Verb::Delete,
    path: "/tenants/{tenant}/barriers/{id}",
    id: "takeOffBarrier",
    says: "Takes a barrier away and lets everything go on",
    more: "The answer says how many requests arrived: a test whose barrier held nothing has tested nothing.",
    answers: &[Answer::json(200, "The barrier, as it stood.", of::<Standing>)],
    example: Example::of("/tenants/_root/barriers/1"),
    handler: Handler::Now(take_off),
    ..Call::PLAIN
};

const CLEAR: Call = Call {
    verb: Verb::Delete,
    path: "/tenants/{tenant}/barriers",
    id: "clearBarriers",
    says: "Takes every barrier away and lets everything go on",
    answers: &[Answer::nothing("Nothing is held.")],
    example: Example::of("/tenants/_root/barriers"),
    handler: Handler::Now(clear),
    ..Call::PLAIN
};

/// The longest that a call waits.
const MOST_SECONDS: u64 = 30;

/// A barrier that stands.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "StandingBarrier")]
struct Standing {
    /// Its number, never used again by the same tenant.
    id: u64,
    /// The barrier.
    barrier: Barrier,
    /// How many requests it has held.
    arrived: u64,
    /// How many wait now.
    waiting: usize,
    /// Whether it was released, and holds nothing further.
    released: bool,
    /// Whether this call has let one go on.
    #[serde(skip_serializing_if = "Option::is_none")]
    released_one: Option<bool>,
}

impl From<Gated> for Standing {
    fn from(gated: Gated) -> Self {
        let Gated { id, barrier, arrived, waiting, released, .. } = gated;
        Self { id, barrier, arrived, waiting, released, released_one: None }
    }
}

fn put_up(ask: &Ask<'_>) -> Outcome {
    let tenant = ask.tenant()?;
    let barrier: Barrier = ask.read()?;
    barrier.check().map_err(|unfit| Problem::unfit(unfit.to_string()))?;
    let id = tenant.barriers().add(barrier).map_err(|unfit| Problem::conflict(unfit.to_string()))?;
    Ok(Told::json(&standing(ask, id)?).with(http::StatusCode::CREATED))
}

fn list(ask: &Ask<'_>) -> Outcome {
    Ok(Told::json(&ask.tenant()?.barriers().list().into_iter().map(Standing::from).collect::<Vec<_>>()))
}

async fn one(ask: Ask<'_>) -> Outcome {
    let seconds = ask.number("wait")?.unwrap_or(0);
    if seconds > MOST_SECONDS {
        return Err(Problem::query(format!("wait has to be 0 to {MOST_SECONDS}")));
    }
    let count = usize::try_from(ask.number("count")?.unwrap_or(1)).unwrap_or(usize::MAX);
    let (tenant, id) = (ask.tenant()?, ask.id());
    let before = standing(&ask, id)?;
    let arrived = tenant.barriers().arrived(id, count);
    match tokio::time::timeout(Duration::from_secs(seconds), arrived).await {
        // It was taken off meanwhile: everything goes on.
        Ok(None) => Ok(Told::json(&Standing { waiting: 0, released: true, ..before })),
        Ok(Some(gated)) => Ok(Told::json(&Standing::from(gated))),
        Err(_) => Ok(Told::json(&standing(&ask, id).unwrap_or(Standing { waiting: 0, released: true, ..before }))),
    }
}

fn release_one(ask: &Ask<'_>) -> Outcome {
    let id = ask.id();
    standing(ask, id)?;
    let released_one = Some(ask.tenant()?.barriers().release_one(id));
    Ok(Told::json(&Standing { released_one, ..standing(ask, id)? }))
}

fn release(ask: &Ask<'_>) -> Outcome {
    ask.tenant()?.barriers().release(ask.id());
    Ok(Told::json(&standing(ask, ask.id())?))
}

fn take_off(ask: &Ask<'_>) -> Outcome {
    let taken = ask.tenant()?.barriers().take_off(ask.id());
    Ok(Told::json(&Standing::from(taken.ok_or_else(|| Problem::nothing("barrier"))?)))
}

fn clear(ask: &Ask<'_>) -> Outcome {
    ask.tenant()?.barriers().clear();
    Ok(Told::nothing())
}

fn standing(ask: &Ask<'_>, id: u64) -> Result<Standing, Problem> {
    let found = ask.tenant()?.barriers().list().into_iter().find(|own| own.id == id);
    found.map(Standing::from).ok_or_else(|| Problem::nothing("barrier"))
}
