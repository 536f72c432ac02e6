//! `cargo xtask interop`: published clients of other languages, as their users write them, against `mock-idp serve`.
//!
//! Published servers stand under every attack, too; see [`servers`].
//!
//! Every flow has a tenant of its own. How it ended is judged by what the client says *and* by the server's journal: a
//! refusal counts by the id of its rule, and a flow counts if the server saw the requests it is made of.

mod attacks;
mod catalogue;
mod clients_document;
mod document;
mod examples;
mod mcp;
mod mcp_client;
mod person;
mod play;
mod programs;
mod schemathesis;
mod sdk;
mod server;
pub(crate) mod servers;
mod stage;
mod table;

use std::path::Path;

use self::attacks::{ATTACKED, Extent};
use self::catalogue::{CLIENTS, FLOWS};
use self::examples::EXAMPLES;
use self::programs::{Runtime, build_server};
use self::servers::SERVERS;
use self::stage::Stage;
use self::table::Table;
use crate::flows::told;
use crate::machine::Missing;

pub(crate) use self::clients_document::clients_document;
pub(crate) use self::document::document;
pub(crate) use self::programs::{Folders, copy, node_in};
pub(crate) use self::table::Done;

/// What to run.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct Options {
    /// Install what is missing into target/clients, as with CI=true; otherwise it is skipped by name.
    #[arg(long)]
    install: bool,
    /// Only these flows, by id, separated by commas.
    #[arg(long, value_delimiter = ',', value_name = "FLOW")]
    only: Vec<String>,
    /// Write every request that the server saw.
    #[arg(long, short)]
    verbose: bool,
    /// Write down what the attacks come to instead of comparing it; words about what has changed are still to be found.
    #[arg(long)]
    record: bool,
    /// Of the attacks on clients, play only those that a client was seen not to stop.
    #[arg(long, conflicts_with = "record")]
    claims: bool,
    /// Leave the attacks on clients out.
    #[arg(skip)]
    peaceful: bool,
    /// Only these clients and servers; `servers` are all servers; with `attacks`, only the attacks on these clients, or
    /// on all.
    #[arg(value_name = "CLIENT")]
    clients: Vec<String>,
}

/// Runs what was asked for. An error says what is not as it should be.
pub(crate) fn run(root: &Path, options: &Options) -> Result<String, String> {
    let install = options.install || std::env::var("CI").is_ok_and(|ci| ci == "true");
    let done = run_with(root, options, install)?;
    Ok(match done.missing {
        Some(missing) => format!("{}\nskipped: {missing}", done.counts),
        None => done.counts,
    })
}

/// Everything but the attacks on clients: a step of `cargo xtask ci`.
pub(crate) fn run_all(root: &Path, install: bool) -> Result<Done, String> {
    run_with(root, &Options { peaceful: true, ..Options::default() }, install)
}

/// The attacks that published clients were seen not to stop: a step of its own.
pub(crate) fn run_claims(root: &Path, install: bool) -> Result<Done, String> {
    run_with(root, &Options { claims: true, clients: vec![attacks::ID.to_owned()], ..Options::default() }, install)
}

fn run_with(root: &Path, options: &Options, install: bool) -> Result<Done, String> {
    known(options)?;
    build_server(root)?;
    let folders = Folders::of(root);
    let mut table = Table::default();
    let mut ready = |provided: Result<(), Missing>, name: &'static str| match provided {
        Ok(()) => Ok(true),
        Err(Missing::Absent(how)) => {
            match table.missing.iter_mut().find(|(known, _)| *known == how) {
                Some((_, names)) => names.push(name),
                None => table.missing.push((how, vec![name])),
            }
            Ok(false)
        }
        Err(Missing::Broken(why)) => Err(format!("{name}: {why}")),
    };
    let mut clients = Vec::new();
    for client in CLIENTS.iter().filter(|client| options.wants(client.id)) {
        if ready(folders.provide(client.runtime, install), client.id)? {
            clients.push(client);
        }
    }
    let alone = |id: &str| options.wants(id) && options.only.is_empty();
    let package = alone(mcp::ID) && ready(folders.provide(Runtime::Node, install), mcp::ID)?;
    let mut attacked = Vec::new();
    for client in ATTACKED.iter().filter(|client| options.attacks(client.id)) {
        if ready(folders.provide(client.runtime, install), client.id)? {
            attacked.push(client);
        }
    }
    let mut examples = Vec::new();
    for example in EXAMPLES.iter().filter(|_| alone(examples::ID)) {
        if ready(folders.provide(example.1, install), example.0)? {
            examples.push(example);
        }
    }
    let calls = alone(schemathesis::ID) && ready(folders.provide_schemathesis(install), schemathesis::ID)?;
    let mut servers = Vec::new();
    for server in SERVERS
        .iter()
        .filter(|server| (options.wants(server.id) || options.wants(servers::ALL)) && options.only.is_empty())
    {
        if ready(folders.provide_server(server.package, server.id, install), server.id)? {
            servers.push(server);
        }
    }
    let mut places = Vec::new();
    for place in sdk::PLACES.iter().filter(|_| alone(sdk::ID)) {
        if ready(folders.provide_server(place.server.package, place.server.id, install), place.row)? {
            places.push(place);
        }
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.map_err(|error| told(&error))?.block_on(async {
        let mut stage = Stage::new(&folders, options.verbose);
        for client in clients {
            for flow in
                FLOWS.iter().filter(|flow| options.only.is_empty() || options.only.iter().any(|id| id == flow.id))
            {
                stage.row(client, flow, &mut table).await?;
            }
        }
        if package {
            mcp::run(&folders, &mut stage, &mut table).await?;
            mcp_client::run(root, &folders, &mut table).await?;
        }
        attacks::run(&folders, attacked, options.extent(), &mut table).await;
        for example in examples {
            examples::run(root, &folders, example, &mut table).await;
        }
        if calls {
            schemathesis::run(&folders, &mut stage, &mut table).await;
        }
        for place in places {
            sdk::run(&folders, place, &mut table).await;
        }
        for server in servers {
            servers::run(&folders, server, &mut table).await;
        }
        Ok::<_, String>(())
    })?;
    table.finish()
}

impl Options {
    fn extent(&self) -> Extent {
        match (self.record, self.claims) {
            (true, _) => Extent::Record,
            (false, true) => Extent::Claims,
            (false, false) => Extent::Everything,
        }
    }

    fn wants(&self, id: &str) -> bool {
        self.clients.is_empty() || (self.names(id) && !self.names(attacks::ID))
    }

    /// Whether this client is attacked.
    fn attacks(&self, id: &str) -> bool {
        let all = self.clients.iter().all(|client| client == attacks::ID);
        !self.peaceful && self.only.is_empty() && (all || (self.names(attacks::ID) && self.names(id)))
    }

    fn names(&self, id: &str) -> bool {
        self.clients.iter().any(|client| client == id)
    }
}

/// Fails if a client or a flow that was asked for does not exist.
fn known(options: &Options) -> Result<(), String> {
    let server = |id: &String| id == servers::ALL || SERVERS.iter().any(|server| server.id == id);
    let client = |id: &String| {
        let packages = [mcp::ID, schemathesis::ID, sdk::ID, attacks::ID, examples::ID];
        let attacked = options.names(attacks::ID) && ATTACKED.iter().any(|client| client.id == id);
        packages.contains(&id.as_str()) || attacked || server(id) || CLIENTS.iter().any(|client| client.id == id)
    };
    let flow = |id: &String| FLOWS.iter().any(|flow| flow.id == id);
    let unknown = options.clients.iter().find(|id| !client(id)).or(options.only.iter().find(|id| !flow(id)));
    match unknown {
        Some(id) => Err(format!(
            "there is no client, no server and no flow called {id}: see docs/INTEROP.md, docs/SERVERS.md"
        )),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::catalogue::Expect;
    use super::*;

    #[test]
    fn every_client_says_of_every_flow_how_it_ends_or_why_not() {
        for client in CLIENTS {
            let played = client.plays.iter().map(|(id, _)| *id);
            let left = client.leaves.iter().flat_map(|(_, flows)| flows.iter().copied());
            let mut said: Vec<&str> = played.chain(left).collect();
            let mut flows: Vec<&str> = FLOWS.iter().map(|flow| flow.id).collect();
            said.sort_unstable();
            flows.sort_unstable();
            assert_eq!(said, flows, "{}", client.id);
        }
    }

    #[test]
    fn every_rule_of_the_catalogue_exists() {
        let rules: Vec<&str> = mock_idp::rules().iter().map(|rule| rule.id).collect();
        for client in CLIENTS {
            for (flow, expect) in client.plays {
                let named = match expect {
                    Expect::Works(rules) => *rules,
                    Expect::Refused(rule) => std::slice::from_ref(rule),
                };
                assert!(named.iter().all(|rule| rules.contains(rule)), "{} {flow}", client.id);
            }
        }
    }

    #[test]
    fn an_unknown_client_is_named() {
        let options = Options { clients: vec!["surely-not".to_owned()], ..Options::default() };
        assert!(run_with(&crate::root(), &options, false).expect_err("unknown").contains("surely-not"));
    }
}
