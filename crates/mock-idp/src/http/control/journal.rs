//! The journal of a tenant: every request, response and decision, and what they say of the client.

use oauth_types::fault::Point;
use oauth_types::journal::{Entry, Expect, Flow, Query, Unmet};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::Group;
use super::aside::aside;
use super::call::{Answer, Ask, Call, Content, Example, Handler, Outcome, Parameter, Told, Verb, of};
use super::problem::{CONFLICT, Problem};
use crate::http::journal::snapshot::Journal;

pub(super) const GROUP: Group = Group {
    name: "The journal",
    says: "Every request to a tenant, what was answered, and why. In the place of secrets stand their fingerprints.",
    calls: &[READ, EXPECT, FLOWS, FLOW, CLEAR],
};

const READ: Call = Call {
    path: "/tenants/{tenant}/journal",
    id: "readJournal",
    says: "The entries of a journal that are like this",
    more: "The journal keeps the last 4096 requests of a tenant. `limit` leaves the first ones, and `since` goes on from there.",
    query: &[
        asks("client_id", "Only requests of this client.", of::<String>),
        asks("point", "Only requests at this endpoint, by the name that faults have for it.", of::<Point>),
        asks("path", "Only requests to this path below the issuer: `/token`.", of::<String>),
        asks("method", "Only requests by this method.", of::<String>),
        asks("grant_type", "Only token requests of this grant type.", of::<String>),
        asks("status", "Only requests that were answered with this status.", of::<u16>),
        asks("refused", "Only requests that were refused, or were not.", of::<bool>),
        asks("rule", "Only requests that broke the rule of this id.", of::<String>),
        asks("relaxed", "Only requests that passed by a relaxation, or by none.", of::<bool>),
        asks("param", "Only requests with this parameter.", of::<String>),
        asks("flow", "Only requests of this flow.", of::<String>),
        asks("since", "Only entries after the one of this number.", of::<u64>),
        asks("limit", "At most so many.", of::<u64>),
        asks("format", "`json`, `jsonl` (an entry in each line) or `har` (HTTP archive 1.2).", of::<Format>),
        asks("reveal", "With the secrets: codes, tokens and the like. In the format `json` alone.", of::<bool>),
    ],
    answers: &[
        Answer::json(200, "The entries, or an archive of them.", entries),
        Answer { status: 200, says: "The entries, a line for each, or an archive.", content: Content::Text(LINES) },
    ],
    example: Example::of("/tenants/_root/journal?path=/token&refused=true"),
    handler: Handler::Later(|ask| Box::pin(read(ask))),
    ..Call::PLAIN
};

const EXPECT: Call = Call {
    verb: Verb::Post,
    path: "/tenants/{tenant}/journal/expect",
    id: "expectInJournal",
    says: "Whether a journal is as expected: which requests, how often, in which order",
    more: "`of` has one question, or several that are met one after the other. Unless it is said, at least once.",
    body: Some(of::<Expect>),
    answers: &[
        Answer::json(200, "It is.", of::<Met>),
        Answer::problem(409, "It is not: `detail` says how it is instead, and has the lines of the journal."),
    ],
    example: Example::with(
        "/tenants/_root/journal/expect",
        r#"{"of":[{"path":"/token","refused":true}],"at_least":0,"at_most":0}"#,
    ),
    handler: Handler::Later(|ask| Box::pin(expect(ask))),
    ..Call::PLAIN
};

const FLOWS: Call = Call {
    path: "/tenants/{tenant}/journal/flows",
    id: "listFlows",
    says: "What each flow says of the client that drove it",
    more: "Which code or token was given out for which, and whether the client did what it has to do: state, nonce, PKCE, \
           one redemption of a code, and the like.",
    answers: &[Answer::json(200, "The flows.", of::<Vec<Flow>>)],
    example: Example::of("/tenants/_root/journal/flows"),
    handler: Handler::Later(|ask| Box::pin(flows(ask))),
    ..Call::PLAIN
};

const FLOW: Call = Call {
    path: "/tenants/{tenant}/journal/flows/{id}",
    id: "readFlow",
    says: "What one flow says of the client that drove it",
    answers: &[Answer::json(200, "The flow.", of::<Flow>)],
    example: Example::after(
        "curl -sS -o /dev/null \"$IDP/authorize?client_id=public&response_type=code&redirect_uri=http://127.0.0.1:9/cb&\
         code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256\"\n\
         FLOW=$(curl -sS \"$IDP/_control/tenants/_root/journal/flows\" | sed -n 's/^    \"id\": \"\\(.*\\)\",/\\1/p' | tail -n 1)",
        "/tenants/_root/journal/flows/$FLOW",
    ),
    handler: Handler::Later(|ask| Box::pin(flow(ask))),
    ..Call::PLAIN
};

const CLEAR: Call = Call {
    verb: Verb::Delete,
    path: "/tenants/{tenant}/journal",
    id: "clearJournal",
    says: "Forgets a journal",
    more: "Numbers go on from there.",
    answers: &[Answer::nothing("It is empty.")],
    example: Example::of("/tenants/_root/journal"),
    handler: Handler::Now(clear),
    ..Call::PLAIN
};

const LINES: &str = "application/jsonl";

/// How entries are written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Format {
    /// A list.
    Json,
    /// An entry in each line.
    Jsonl,
    /// HTTP archive 1.2.
    Har,
}

/// An expectation that is met.
#[derive(Debug, Serialize, JsonSchema)]
struct Met {
    /// Always true: what is not met is a problem.
    met: bool,
}

/// The schema of entries, or of an archive of them.
fn entries(generator: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "anyOf": [
            generator.subschema_for::<Vec<Entry>>(),
            { "type": "object", "description": "An HTTP archive (HAR 1.2).", "required": ["log"] },
        ],
    })
}

const fn asks(name: &'static str, says: &'static str, shape: super::call::Shape) -> Parameter {
    Parameter { name, says, shape }
}

async fn read(ask: Ask<'_>) -> Outcome {
    let tenant = ask.tenant()?;
    let (query, reveal) = (question(&ask)?, ask.is("reveal")?);
    let limit = ask.number("limit")?.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
    let format = ask.query.raw("format").map(|format| serde_json::from_value(format.into()));
    let format = format.transpose().map_err(|_| Problem::query("format has to be json, jsonl or har"))?;
    let format = format.unwrap_or(Format::Json);
    if reveal && format != Format::Json {
        return Err(Problem::query("reveal is for the format json alone"));
    }
    aside(move || written(tenant.journal(), (&query, limit), reveal, format)).await
}

/// The entries that are asked for, in this format.
fn written(journal: Journal, (query, limit): (&Query, usize), reveal: bool, format: Format) -> Told {
    let entries = if reveal { journal.revealed() } else { journal.redacted() };
    let entries: Vec<Entry> = entries.into_iter().filter(|entry| query.matches(entry)).take(limit).collect();
    match format {
        Format::Json => Told::json(&entries),
        Format::Jsonl => Told::text(LINES, only(journal, &entries).jsonl()),
        Format::Har => Told::json(&only(journal, &entries).har()),
    }
}

/// The journal, with these entries alone.
fn only(mut journal: Journal, entries: &[Entry]) -> Journal {
    journal.retain(|own| entries.iter().any(|entry| entry.number == own.number));
    journal
}

/// Which entries are asked for.
fn question(ask: &Ask<'_>) -> Result<Query, Problem> {
    let mut members = Map::new();
    for (name, value) in ask.query.iter() {
        let value = match name {
            "limit" | "format" | "reveal" => continue,
            "refused" | "relaxed" => ask.is(name)?.into(),
            "status" | "since" => ask.number(name)?.into(),
            _ => Value::from(value),
        };
        members.insert(name.to_owned(), value);
    }
    serde_json::from_value(members.into()).map_err(|_| Problem::query("status or point is none"))
}

async fn expect(ask: Ask<'_>) -> Outcome {
    let tenant = ask.tenant()?;
    let expected: Expect = ask.read()?;
    let judged = move || {
        let journal = tenant.journal();
        journal.check(&expected).map_err(|unmet| unmet_by(&unmet, &journal))
    };
    aside(judged).await??;
    Ok(Told::json(&Met { met: true }))
}

/// What is otherwise than it was expected, and the last lines of the journal.
fn unmet_by(unmet: &Unmet, journal: &Journal) -> Problem {
    let text = journal.to_string();
    let lines: Vec<&str> = text.lines().collect();
    let last = lines.len().saturating_sub(MOST_LINES);
    Problem::new(&CONFLICT, format!("{unmet}\n{}", lines[last..].join("\n")))
}

/// How many lines of the journal are told.
const MOST_LINES: usize = 40;

async fn flows(ask: Ask<'_>) -> Outcome {
    let tenant = ask.tenant()?;
    aside(move || Told::json(&tenant.journal().flows())).await
}

async fn flow(ask: Ask<'_>) -> Outcome {
    let (tenant, id) = (ask.tenant()?, ask.part("id").to_owned());
    let found = aside(move || tenant.journal().flows().into_iter().find(|flow| flow.id == id)).await?;
    Ok(Told::json(&found.ok_or_else(|| Problem::nothing("flow"))?))
}

fn clear(ask: &Ask<'_>) -> Outcome {
    ask.tenant()?.clear_journal();
    Ok(Told::nothing())
}
