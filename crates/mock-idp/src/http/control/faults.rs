//! Faults: what a tenant gets wrong on purpose.

use oauth_types::fault::{self, Fault, Named};
use schemars::JsonSchema;
use serde::Serialize;

use super::Group;
use super::call::{Answer, Ask, Call, Example, Handler, Outcome, Told, Verb, of, some_of};
use super::problem::Problem;
use crate::http::tap::{MOST, Standing};

pub(super) const GROUP: Group = Group {
    name: "Faults",
    says: "What a tenant gets wrong on purpose, until it is taken off: where, on which of the answers, and what.",
    calls: &[CATALOGUE, MOUNT, LIST, ONE, TAKE_OFF, CLEAR],
};

const CATALOGUE: Call = Call {
    path: "/catalogue",
    id: "listNamedFaults",
    says: "The faults that have names",
    more: "A name is enough to mount one: `{\"named\":\"invalid-iss\"}`, with `at` and `when` as far as they differ.",
    answers: &[Answer::json(200, "The faults, by layer.", of::<Vec<NamedFault>>)],
    example: Example::of("/catalogue"),
    handler: Handler::Now(catalogue),
    ..Call::PLAIN
};

const MOUNT: Call = Call {
    verb: Verb::Post,
    path: "/tenants/{tenant}/faults",
    id: "mountFault",
    says: "Makes a tenant misbehave",
    more: "Given one fault or a list of them; each gets an id.",
    body: Some(some_of::<Fault>),
    answers: &[
        Answer::json(201, "The faults that were mounted now.", of::<Vec<Mounted>>),
        Answer::problem(409, "There are 1000 faults already."),
    ],
    example: Example::with(
        "/tenants/_root/faults",
        r#"{"at":"token_response","when":{"times":1},"edit":[{"do":"error","error":"invalid_grant"}]}"#,
    ),
    handler: Handler::Now(mount),
    ..Call::PLAIN
};

const LIST: Call = Call {
    path: "/tenants/{tenant}/faults",
    id: "listFaults",
    says: "The faults that are mounted, and how often each has acted",
    answers: &[Answer::json(200, "The faults.", of::<Vec<Mounted>>)],
    example: Example::of("/tenants/_root/faults"),
    handler: Handler::Now(list),
    ..Call::PLAIN
};

const ONE: Call = Call {
    path: "/tenants/{tenant}/faults/{id}",
    id: "readFault",
    says: "A fault, and how often it has acted",
    answers: &[Answer::json(200, "The fault.", of::<Mounted>)],
    example: Example::of("/tenants/_root/faults/1"),
    handler: Handler::Now(one),
    ..Call::PLAIN
};

const TAKE_OFF: Call = Call {
    verb: Verb::Delete,
    path: "/tenants/{tenant}/faults/{id}",
    id: "takeOffFault",
    says: "Takes a fault off",
    more: "The answer says how often it has acted: a test whose fault never did has tested nothing.",
    answers: &[Answer::json(200, "The fault, as it stood.", of::<Mounted>)],
    example: Example::of("/tenants/_root/faults/1"),
    handler: Handler::Now(take_off),
    ..Call::PLAIN
};

const CLEAR: Call = Call {
    verb: Verb::Delete,
    path: "/tenants/{tenant}/faults",
    id: "clearFaults",
    says: "Takes every fault off",
    answers: &[Answer::nothing("The tenant behaves.")],
    example: Example::of("/tenants/_root/faults"),
    handler: Handler::Now(clear),
    ..Call::PLAIN
};

/// A fault that has a name.
#[derive(Debug, Serialize, JsonSchema)]
struct NamedFault {
    /// Its name.
    name: &'static str,
    /// What is wrong.
    says: &'static str,
    /// The section that says how it should be.
    section: &'static str,
    /// The fault in full.
    fault: Fault,
}

/// A fault that is mounted.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "MountedFault")]
struct Mounted {
    /// Its number, never used again by the same tenant.
    id: u64,
    /// The fault.
    fault: Fault,
    /// How often something left that it was meant for.
    matched: u32,
    /// How often it acted.
    fired: u32,
}

impl From<Standing> for Mounted {
    fn from(standing: Standing) -> Self {
        let Standing { id, fault, matched, fired, .. } = standing;
        Self { id, fault, matched, fired }
    }
}

fn catalogue(_: &Ask<'_>) -> Outcome {
    let said = |named: &Named| NamedFault {
        name: named.name,
        says: named.says,
        section: named.section,
        fault: named.fault(),
    };
    Ok(Told::json(&fault::catalogue::all().map(said).collect::<Vec<_>>()))
}

fn mount(ask: &Ask<'_>) -> Outcome {
    let tenant = ask.tenant()?;
    let faults: Vec<Fault> = ask.read_some()?;
    for (at, fault) in faults.iter().enumerate() {
        fault.check().map_err(|unfit| Problem::unfit(format!("fault {}: {unfit}", at + 1)))?;
    }
    if tenant.faults().list().len() + faults.len() > MOST {
        return Err(Problem::conflict(format!("At most {MOST} faults can be mounted at one tenant")));
    }
    let mut ids = Vec::new();
    for fault in faults {
        ids.push(tenant.faults().add(fault).map_err(|unfit| Problem::conflict(unfit.to_string()))?);
    }
    let mut mounted = tenant.faults().list();
    mounted.retain(|own| ids.contains(&own.id));
    let mounted: Vec<Mounted> = mounted.into_iter().map(Mounted::from).collect();
    Ok(Told::json(&mounted).with(http::StatusCode::CREATED))
}

fn list(ask: &Ask<'_>) -> Outcome {
    Ok(Told::json(&ask.tenant()?.faults().list().into_iter().map(Mounted::from).collect::<Vec<_>>()))
}

fn one(ask: &Ask<'_>) -> Outcome {
    let found = ask.tenant()?.faults().list().into_iter().find(|own| own.id == ask.id());
    Ok(Told::json(&Mounted::from(found.ok_or_else(|| Problem::nothing("fault"))?)))
}

fn take_off(ask: &Ask<'_>) -> Outcome {
    let taken = ask.tenant()?.faults().take_off(ask.id());
    Ok(Told::json(&Mounted::from(taken.ok_or_else(|| Problem::nothing("fault"))?)))
}

fn clear(ask: &Ask<'_>) -> Outcome {
    ask.tenant()?.faults().clear();
    Ok(Told::nothing())
}
