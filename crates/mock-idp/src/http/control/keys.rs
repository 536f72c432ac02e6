//! The keys of a tenant.

use std::collections::BTreeMap;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::Group;
use super::aside::aside;
use super::call::{Answer, Ask, Call, Example, Handler, Outcome, Told, Verb, of};
use super::problem::Problem;
use crate::ports::keys::{Keys, RotationError};

pub(super) const GROUP: Group = Group {
    name: "Keys",
    says: "What a tenant signs with. Keys are announced, taken into use and retired on command: published first, used next, \
           withdrawn last.",
    calls: &[LIST, ANNOUNCE, ROTATE, RETIRE],
};

const LIST: Call = Call {
    path: "/tenants/{tenant}/keys",
    id: "listKeys",
    says: "The keys that are published, and those that sign",
    answers: &[Answer::json(200, "The keys.", of::<KeysSaid>)],
    example: Example::of("/tenants/_root/keys"),
    handler: Handler::Now(list),
    ..Call::PLAIN
};

const ANNOUNCE: Call = Call {
    verb: Verb::Post,
    path: "/tenants/{tenant}/keys/announce",
    id: "announceKeys",
    says: "Publishes the next keys beside the present ones",
    more: "They do not sign yet. From the third time on keys are made for it, which takes a good part of a second.",
    answers: &[
        Answer::json(200, "The keys.", of::<KeysSaid>),
        Answer::problem(409, "Keys are announced already, or these never change."),
    ],
    example: Example::of("/tenants/_root/keys/announce"),
    handler: Handler::Later(|ask| Box::pin(announce(ask))),
    ..Call::PLAIN
};

const ROTATE: Call = Call {
    verb: Verb::Post,
    path: "/tenants/{tenant}/keys/rotate",
    id: "rotateKeys",
    says: "Signs with the announced keys from now on",
    more: "The former stay published, so that tokens that live verify.",
    answers: &[
        Answer::json(200, "The keys.", of::<KeysSaid>),
        Answer::problem(409, "No keys are announced, or these never change."),
    ],
    example: Example::of("/tenants/_root/keys/rotate"),
    handler: Handler::Now(|ask| change(ask, |keys| keys.rotate())),
    ..Call::PLAIN
};

const RETIRE: Call = Call {
    verb: Verb::Post,
    path: "/tenants/{tenant}/keys/retire",
    id: "retireKeys",
    says: "Publishes the former keys no longer",
    more: "Tokens that they signed no longer verify.",
    answers: &[
        Answer::json(200, "The keys.", of::<KeysSaid>),
        Answer::problem(409, "There are no former keys, or these never change."),
    ],
    example: Example::of("/tenants/_root/keys/retire"),
    handler: Handler::Now(|ask| change(ask, |keys| keys.retire())),
    ..Call::PLAIN
};

/// The keys of a tenant.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Keys")]
struct KeysSaid {
    /// The `kid` of the key that signs now, by algorithm.
    signing: BTreeMap<String, String>,
    /// The public keys (RFC 7517).
    published: Vec<Value>,
}

impl KeysSaid {
    fn of(keys: &dyn Keys) -> Self {
        let signing =
            keys.algorithms().iter().filter_map(|own| Some((own.to_string(), keys.kid(*own)?.into_owned())));
        Self { signing: signing.collect(), published: keys.published() }
    }
}

fn list(ask: &Ask<'_>) -> Outcome {
    Ok(Told::json(&KeysSaid::of(ask.tenant()?.keys().as_ref())))
}

fn change(ask: &Ask<'_>, change: fn(&dyn Keys) -> Result<(), RotationError>) -> Outcome {
    let keys = ask.tenant()?.keys();
    change(keys.as_ref())?;
    Ok(Told::json(&KeysSaid::of(keys.as_ref())))
}

async fn announce(ask: Ask<'_>) -> Outcome {
    let keys = ask.tenant()?.keys();
    let making: Arc<dyn Keys> = keys.clone();
    // Making keys takes long.
    aside(move || making.announce()).await??;
    Ok(Told::json(&KeysSaid::of(keys.as_ref())))
}

impl From<RotationError> for Problem {
    fn from(error: RotationError) -> Self {
        Self::conflict(error.to_string())
    }
}
