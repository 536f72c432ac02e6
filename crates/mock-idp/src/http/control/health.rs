//! The server itself: what can be called, whether it is there, and making everything new.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use http::StatusCode;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::call::{Answer, Ask, Call, Content, Example, Handler, Outcome, Told, Verb, of};
use super::problem::{self, Problem};
use super::{Group, PREFIX, calls, openapi};
use crate::ports::store::{Key, Kind};
use crate::{Amount, Profile, Switch, specs};

pub(super) const GROUP: Group = Group {
    name: "The server",
    says: "What can be called, whether the server is there, and a fresh start between two tests.",
    calls: &[INDEX, OPENAPI, HEALTH, READY, RESET, CHOICES, SCHEMAS, SCHEMA, PROBLEM],
};

const INDEX: Call = Call {
    path: "",
    id: "listCalls",
    says: "Every call, in lines of text",
    answers: &[Answer { status: 200, says: "The calls.", content: Content::Text(TEXT) }],
    example: Example::of(""),
    handler: Handler::Now(index),
    ..Call::PLAIN
};

const OPENAPI: Call = Call {
    path: "/openapi.json",
    id: "describeCalls",
    says: "Every call, as an OpenAPI 3.1 document",
    answers: &[Answer::json(200, "The document.", of::<Value>)],
    example: Example::of("/openapi.json"),
    handler: Handler::Now(|_| Ok(Told::json(openapi::document()))),
    ..Call::PLAIN
};

/// Where it is asked whether the server is alive.
pub(super) const PATH: &str = "/health";

const HEALTH: Call = Call {
    path: PATH,
    id: "health",
    says: "Whether the server is alive",
    answers: &[Answer::json(200, "It is.", of::<Health>)],
    example: Example::of("/health"),
    handler: Handler::Now(|_| Ok(Told::json(&Health { status: "ok" }))),
    ..Call::PLAIN
};

const READY: Call = Call {
    path: "/ready",
    id: "ready",
    says: "Whether the server can answer requests",
    more: "It asks the store, which may be a database.",
    answers: &[
        Answer::json(200, "It can.", of::<Ready>),
        Answer { status: 503, says: "The store does not answer.", content: Content::Json(of::<Health>) },
    ],
    example: Example::of("/ready"),
    handler: Handler::Later(|ask| Box::pin(ready(ask))),
    ..Call::PLAIN
};

const RESET: Call = Call {
    verb: Verb::Post,
    path: "/reset",
    id: "resetServer",
    says: "Makes the server new, between two tests",
    more: "Every tenant but the one at the root is taken away, and that one is made again what it was when the server \
           started: codes, tokens, sessions, faults, barriers, the journal and the clock.",
    answers: &[Answer::nothing("It is new.")],
    example: Example::of("/reset"),
    handler: Handler::Now(reset),
    ..Call::PLAIN
};

const CHOICES: Call = Call {
    path: "/choices",
    id: "listChoices",
    says: "What a scenario can choose by name",
    more: "Profiles, the switches of `on` and `off`, the numbers of `amount`, and the documents of `without`.",
    answers: &[Answer::json(200, "The names.", of::<Choices>)],
    example: Example::of("/choices"),
    handler: Handler::Now(|_| Ok(Told::json(&Choices::all()))),
    ..Call::PLAIN
};

const SCHEMAS: Call = Call {
    path: "/schemas",
    id: "listSchemas",
    says: "The names of the JSON schemas",
    answers: &[Answer::json(200, "The names.", of::<Vec<String>>)],
    example: Example::of("/schemas"),
    handler: Handler::Now(|_| Ok(Told::json(&openapi::schema_names()))),
    ..Call::PLAIN
};

const SCHEMA: Call = Call {
    path: "/schemas/{name}",
    id: "describeSchema",
    says: "The JSON schema of what calls are given and answer, such as a scenario or a fault",
    answers: &[Answer::json(200, "The schema (JSON Schema 2020-12).", of::<Value>)],
    example: Example::of("/schemas/scenario"),
    handler: Handler::Now(schema),
    ..Call::PLAIN
};

const PROBLEM: Call = Call {
    path: "/problems/{kind}",
    id: "describeProblem",
    says: "What a kind of problem is: where the `type` of a problem leads",
    answers: &[Answer { status: 200, says: "What it is.", content: Content::Text(TEXT) }],
    example: Example::of("/problems/unfit"),
    handler: Handler::Now(problem),
    ..Call::PLAIN
};

const TEXT: &str = "text/plain; charset=utf-8";

/// How the server is.
#[derive(Debug, Serialize, JsonSchema)]
struct Health {
    /// `ok`, or `unavailable`.
    status: &'static str,
}

/// A server that can answer.
#[derive(Debug, Serialize, JsonSchema)]
struct Ready {
    /// `ok`.
    status: &'static str,
    /// The issuer of the tenant at the root.
    issuer: String,
    /// The version of the server.
    version: &'static str,
}

/// What can be chosen by name.
#[derive(Debug, Serialize, JsonSchema)]
struct Choices {
    /// For `profile`.
    profiles: Vec<Chosen>,
    /// For `on` and `off`.
    switches: Vec<SwitchSaid>,
    /// For `amount`.
    amounts: Vec<AmountSaid>,
    /// For `without`; not every profile speaks all of them.
    documents: Vec<&'static str>,
}

/// Something with a name.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Choice")]
struct Chosen {
    /// The name.
    name: &'static str,
    /// What it is.
    says: &'static str,
}

/// A choice between two ways; off is the default.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Switch")]
struct SwitchSaid {
    /// The name.
    name: &'static str,
    /// What it does when it is on.
    says: &'static str,
    /// Whether it relaxes what a document asks for.
    relaxes: bool,
}

/// A number.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Amount")]
struct AmountSaid {
    /// The name.
    name: &'static str,
    /// What it is.
    says: &'static str,
    /// What it is unless something else is said.
    default: u64,
}

impl Choices {
    fn all() -> Self {
        let every = specs::every();
        let mut switches: Vec<&Switch> = every.iter().flat_map(|spec| spec.switches()).copied().collect();
        switches.sort_by_key(|it| it.name);
        let mut amounts: Vec<&Amount> = every.iter().flat_map(|spec| spec.amounts()).copied().collect();
        amounts.sort_by_key(|it| it.name);
        let documents: BTreeSet<&str> = every.iter().filter(|spec| spec.optional()).map(|spec| spec.name()).collect();
        Self {
            profiles: Profile::ALL.iter().map(|it| Chosen { name: it.name(), says: it.says() }).collect(),
            switches: switches
                .into_iter()
                .map(|it| SwitchSaid { name: it.name, says: it.says, relaxes: it.relaxes })
                .collect(),
            amounts: amounts
                .into_iter()
                .map(|it| AmountSaid { name: it.name, says: it.says, default: it.default })
                .collect(),
            documents: documents.into_iter().collect(),
        }
    }
}

fn index(_: &Ask<'_>) -> Outcome {
    let mut text = String::from("The control API of mock-idp. GET /_control/openapi.json describes it whole.\n\n");
    for call in calls() {
        // Writing into a string cannot fail.
        let _ = writeln!(text, "{:<7}{PREFIX}{:<48} {}", call.verb.as_str(), call.path, call.says);
    }
    Ok(Told::text(TEXT, text))
}

async fn ready(ask: Ask<'_>) -> Outcome {
    let root = ask.app.tenants.root();
    let store = root.live().world.ports.store.clone();
    match store.get(Key::of(Kind::new("control/ready"), "", "")).await {
        Ok(_) => {
            let issuer = root.address.issuer.clone();
            Ok(Told::json(&Ready { status: "ok", issuer, version: env!("CARGO_PKG_VERSION") }))
        }
        Err(_) => Ok(Told::json(&Health { status: "unavailable" }).with(StatusCode::SERVICE_UNAVAILABLE)),
    }
}

fn reset(ask: &Ask<'_>) -> Outcome {
    ask.app.tenants.reset_all()?;
    Ok(Told::nothing())
}

fn schema(ask: &Ask<'_>) -> Outcome {
    match openapi::schema(ask.part("name")) {
        Some(schema) => Ok(Told::json(&schema)),
        None => Err(Problem::nothing("schema; GET /_control/schemas lists them")),
    }
}

fn problem(ask: &Ask<'_>) -> Outcome {
    let kind = problem::KINDS.iter().find(|kind| kind.name == ask.part("kind"));
    let kind = kind.ok_or_else(|| Problem::nothing("problem"))?;
    Ok(Told::text(TEXT, format!("{} ({})\n\n{}\n", kind.title, kind.status, kind.says)))
}
