//! `cargo xtask interop`: published clients of other languages, as their users write them, against `mock-idp serve`.
//!
//! Every flow has a tenant of its own. How it ended is judged by what the client says *and* by the server's journal: a
//! refusal counts by the id of its rule, and a flow counts if the server saw the requests it is made of.

mod catalogue;
mod document;
mod mcp;
mod person;
mod play;
mod programs;
mod server;

use std::path::Path;

use oauth_attacks::report::table::duration;
use serde_json::Value;

use self::catalogue::{CLIENTS, Client, FLOWS, Flow, WAITING};
use self::person::Person;
use self::play::{Program, judge};
use self::programs::{Folders, Missing, Runtime, build_server};
use self::server::{Line, Server};
use crate::flows::told;
use crate::stopwatch::Stopwatch;

pub(crate) use self::document::document;

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
    /// Only these clients.
    #[arg(value_name = "CLIENT")]
    clients: Vec<String>,
}

/// What a run came to, when nothing in it failed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Done {
    /// The counts, for people.
    pub(crate) counts: String,
    /// What was not there, and how to get it.
    pub(crate) missing: Option<String>,
}

/// Prints rows and counts them.
#[derive(Debug, Default)]
struct Table {
    as_expected: u32,
    left_out: u32,
    waiting: u32,
    failed: Vec<String>,
    /// How to get it, and who needs it.
    missing: Vec<(String, Vec<&'static str>)>,
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

/// Everything: a step of `cargo xtask ci`.
pub(crate) fn run_all(root: &Path, install: bool) -> Result<Done, String> {
    run_with(root, &Options::default(), install)
}

fn run_with(root: &Path, options: &Options, install: bool) -> Result<Done, String> {
    known(options)?;
    build_server(root)?;
    let folders = Folders::of(root);
    let mut table = Table::default();
    let mut ready = |runtime: Runtime, name: &'static str| match folders.provide(runtime, install) {
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
        if ready(client.runtime, client.id)? {
            clients.push(client);
        }
    }
    let package = options.wants(mcp::ID) && options.only.is_empty() && ready(Runtime::Node, mcp::ID)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| told(&error))?.block_on(async {
        let mut stage = Stage::start(&folders, options.verbose).await?;
        for client in clients {
            for flow in
                FLOWS.iter().filter(|flow| options.only.is_empty() || options.only.iter().any(|id| id == flow.id))
            {
                stage.row(client, flow, &mut table).await?;
            }
        }
        if package {
            mcp::run(&folders, &stage, &mut table).await?;
        }
        Ok::<_, String>(())
    })?;
    table.finish()
}

/// The server, and who asks it.
struct Stage<'a> {
    folders: &'a Folders,
    server: Server,
    http: reqwest::Client,
    metadata: Value,
    verbose: bool,
}

impl<'a> Stage<'a> {
    async fn start(folders: &'a Folders, verbose: bool) -> Result<Self, String> {
        let http = reqwest::Client::builder().no_proxy().build().map_err(|error| told(&error))?;
        let configuration = ["--config".into(), folders.written.join("server.toml")];
        let mut server = Server::start(&folders.built("mock-idp"), &configuration).await?;
        let base = server.base.clone();
        let url = format!("{base}/.well-known/openid-configuration");
        let answer = http.get(url).send().await.map_err(|error| told(&error))?;
        let metadata = answer.json().await.map_err(|error| told(&error))?;
        server.journal(&http, &base).await?;
        Ok(Self { folders, server, http, metadata, verbose })
    }

    /// Plays a flow with a client, and prints how that went. An error ends the run.
    async fn row(&mut self, client: &Client, flow: &Flow, table: &mut Table) -> Result<(), String> {
        let expect = match client.expects(flow.id) {
            None => return Err(format!("the catalogue does not say whether {} plays {}", client.id, flow.id)),
            Some(Err(why)) => {
                table.leaves(client.id, flow.id, why);
                return Ok(());
            }
            Some(Ok(expect)) => expect,
        };
        let watch = Stopwatch::start();
        let issuer = format!("{}/{}-{}", self.server.base, client.id, flow.id);
        let program =
            Program { command: self.folders.command(client.runtime, client.id), environment: self.environment() };
        let person = Person { server: &mut self.server, http: &self.http };
        let said = match flow.needs.iter().find(|need| !offers(&self.metadata, need)) {
            Some(need) => Err(format!("the server does not offer {need}")),
            None => program.play(flow.id, &issuer, person).await,
        };
        let journal = self.server.journal(&self.http, &issuer).await?;
        if self.verbose {
            journal.iter().for_each(|line| println!("    {}", line.0));
        }
        // What a client probes for is neither here nor there.
        let telling: Vec<Line> = journal
            .into_iter()
            .filter(|line| line.rule().is_none_or(|rule| !client.probes.contains(&rule)))
            .collect();
        let ended = judge(expect, flow, said, &telling);
        table.row((client.id, flow.id), &ended, &duration(watch.took()));
        Ok(())
    }

    /// What clients need beside the issuer.
    fn environment(&self) -> Vec<(&'static str, String)> {
        vec![("KEYS", self.folders.written.join("keys").display().to_string())]
    }
}

impl Options {
    fn wants(&self, id: &str) -> bool {
        self.clients.is_empty() || self.clients.iter().any(|client| client == id)
    }
}

impl Table {
    fn row(&mut self, (client, flow): (&str, &str), ended: &Result<String, String>, took: &str) {
        let (word, why) = match (WAITING.contains(&flow), ended) {
            (false, Ok(shown)) => ("ok", shown.clone()),
            (false, Err(why)) => ("FAILED", why.clone()),
            (true, Ok(_)) => ("FAILED", "it works, and has to leave the list of what waits".to_owned()),
            (true, Err(why)) => ("waits", why.clone()),
        };
        println!("{word:<7} {took:>8}  {client:<14} {flow:<18} {why}");
        match word {
            "ok" => self.as_expected += 1,
            "waits" => self.waiting += 1,
            _ => self.failed.push(format!("{client} {flow}: {why}")),
        }
    }

    fn leaves(&mut self, client: &str, flow: &str, why: &str) {
        println!("{:<16}  {client:<14} {flow:<18} {why}", "left out");
        self.left_out += 1;
    }

    fn finish(self) -> Result<Done, String> {
        if !self.failed.is_empty() {
            return Err(format!("\n{}\n{} are not as they should be", self.failed.join("\n"), self.failed.len()));
        }
        let waiting =
            if self.waiting > 0 { format!(", {} wait for the server", self.waiting) } else { String::new() };
        let counts = format!("\n{} ended as they should, {} are left out{waiting}", self.as_expected, self.left_out);
        let told = |(how, names): &(String, Vec<&str>)| format!("{} need {how}", names.join(", "));
        let missing =
            (!self.missing.is_empty()).then(|| self.missing.iter().map(told).collect::<Vec<_>>().join("; "));
        Ok(Done { counts, missing })
    }
}

/// Fails if a client or a flow that was asked for does not exist.
fn known(options: &Options) -> Result<(), String> {
    let client = |id: &String| id == mcp::ID || CLIENTS.iter().any(|client| client.id == id);
    let flow = |id: &String| FLOWS.iter().any(|flow| flow.id == id);
    let unknown = options.clients.iter().find(|id| !client(id)).or(options.only.iter().find(|id| !flow(id)));
    match unknown {
        Some(id) => Err(format!("there is no client and no flow called {id}: see docs/INTEROP.md")),
        None => Ok(()),
    }
}

/// Whether metadata holds `member`, or `member` with `value` in it.
fn offers(metadata: &Value, need: &str) -> bool {
    match need.split_once('=') {
        None => metadata.get(need).is_some_and(|found| *found != Value::Bool(false)),
        Some((member, value)) => match metadata.get(member) {
            Some(Value::Array(values)) => values.iter().any(|found| found == value),
            found => found.is_some_and(|found| found == value),
        },
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::catalogue::Expect;
    use super::*;

    #[test]
    fn metadata_offers_members_and_values() {
        let metadata = json!({ "grant_types_supported": ["authorization_code"], "par": "/par", "jar": false });
        assert!(offers(&metadata, "par") && offers(&metadata, "grant_types_supported=authorization_code"));
        assert!(!offers(&metadata, "jar") && !offers(&metadata, "grant_types_supported=password"));
        assert!(!offers(&metadata, "device_authorization_endpoint"));
    }

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
