//! The clients of a tenant.

use oauth_types::scenario::ClientSetup;
use serde_json::{Map, Value};

use super::Group;
use super::call::{Answer, Ask, Call, Example, Handler, Outcome, Told, Verb, of, some_of};
use super::people::{MOST, redacted};
use super::problem::Problem;
use crate::{Client, Tenant};

pub(super) const GROUP: Group = Group {
    name: "Clients",
    says: "The clients that a tenant was told of. Those that registered themselves are not among them.",
    calls: &[LIST, ADD, REMOVE],
};

const LIST: Call = Call {
    path: "/tenants/{tenant}/clients",
    id: "listClients",
    says: "The clients of a tenant",
    answers: &[Answer::json(200, "The clients, without their secrets.", of::<Vec<ClientSetup>>)],
    example: Example::of("/tenants/_root/clients"),
    handler: Handler::Now(list),
    ..Call::PLAIN
};

const ADD: Call = Call {
    verb: Verb::Post,
    path: "/tenants/{tenant}/clients",
    id: "addClient",
    says: "Adds a client, in the place of the one of this `client_id`",
    more: "The others stay, also the built-in ones.",
    body: Some(some_of::<ClientSetup>),
    answers: &[
        Answer::json(200, "The clients.", of::<Vec<ClientSetup>>),
        Answer::problem(409, "There are 10,000 clients already."),
    ],
    example: Example::with(
        "/tenants/_root/clients",
        r#"{"client_id":"web","client_secret":"s3cret","redirect_uris":["https://app.example/callback"]}"#,
    ),
    handler: Handler::Now(add),
    ..Call::PLAIN
};

const REMOVE: Call = Call {
    verb: Verb::Delete,
    path: "/tenants/{tenant}/clients/{client_id}",
    id: "removeClient",
    says: "Takes a client away",
    answers: &[Answer::nothing("The client is gone."), Answer::problem(409, "One has to be left.")],
    example: Example::of("/tenants/_root/clients/web"),
    handler: Handler::Now(remove),
    ..Call::PLAIN
};

/// The members of a key that are not public (RFC 7518 §6).
const PRIVATE: &[&str] = &["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

fn without_secrets(mut client: ClientSetup) -> ClientSetup {
    client.client_secret = client.client_secret.map(|_| redacted());
    client.metadata = screened(&client.metadata);
    client
}

/// The same, without private keys.
fn screened(members: &Map<String, Value>) -> Map<String, Value> {
    let is_key = members.contains_key("kty");
    let shown = |(name, value): (&String, &Value)| match is_key && PRIVATE.contains(&name.as_str()) {
        true => (name.clone(), redacted().expose().into()),
        false => (name.clone(), screened_value(value)),
    };
    members.iter().map(shown).collect()
}

fn screened_value(value: &Value) -> Value {
    match value {
        Value::Object(members) => screened(members).into(),
        Value::Array(items) => items.iter().map(screened_value).collect(),
        other => other.clone(),
    }
}

fn clients(tenant: &Tenant) -> Told {
    let live = tenant.core().live();
    let clients: Vec<ClientSetup> = live.world.clients.all().map(|client| without_secrets(client.setup())).collect();
    Told::json(&clients)
}

fn list(ask: &Ask<'_>) -> Outcome {
    Ok(clients(&ask.tenant()?))
}

fn add(ask: &Ask<'_>) -> Outcome {
    let tenant = ask.tenant()?;
    let added: Vec<ClientSetup> = ask.read_some()?;
    tenant.core().describe(|mut description| {
        description.clients = description.clients();
        for client in added {
            description.clients.retain(|own| own.client_id != client.client_id);
            description.clients.push(Client::from(client).into());
        }
        match description.clients.len() > MOST {
            true => Err(Problem::conflict(format!("At most {MOST} clients can be at one tenant"))),
            false => Ok(description),
        }
    })?;
    Ok(clients(&tenant))
}

fn remove(ask: &Ask<'_>) -> Outcome {
    let tenant = ask.tenant()?;
    tenant.core().describe(|mut description| {
        description.clients = description.clients();
        let before = description.clients.len();
        description.clients.retain(|own| own.client_id != ask.part("client_id"));
        match (before == description.clients.len(), description.clients.is_empty()) {
            (true, _) => Err(Problem::nothing("client")),
            (false, true) => Err(Problem::conflict("One has to be left: without clients the built-in ones are back")),
            (false, false) => Ok(description),
        }
    })?;
    Ok(Told::nothing())
}
