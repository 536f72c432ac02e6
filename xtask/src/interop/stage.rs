//! The servers that clients talk to, each started when it is first needed.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::path::PathBuf;

use oauth_attacks::report::table::duration;
use serde_json::Value;

use super::catalogue::{Client, Flow, Place};
use super::person::Person;
use super::play::{Program, judge};
use super::programs::Folders;
use super::server::Server;
use super::table::Table;
use crate::flows::told;
use crate::stopwatch::Stopwatch;

/// Where flows are played.
pub(super) struct Stage<'a> {
    folders: &'a Folders,
    verbose: bool,
    running: HashMap<String, Running>,
}

/// A server, and what is known about it.
pub(super) struct Running {
    pub(super) server: Server,
    /// Reaches it.
    pub(super) http: reqwest::Client,
    metadata: Value,
}

impl<'a> Stage<'a> {
    pub(super) fn new(folders: &'a Folders, verbose: bool) -> Self {
        Self { folders, verbose, running: HashMap::new() }
    }

    /// Plays a flow with a client, and prints how that went. An error ends the run.
    pub(super) async fn row(&mut self, client: &Client, flow: &Flow, table: &mut Table) -> Result<(), String> {
        let expect = match client.expects(flow.id) {
            None => return Err(format!("the catalogue does not say whether {} plays {}", client.id, flow.id)),
            Some(Err(why)) => {
                table.leaves(client.id, flow.id, why);
                return Ok(());
            }
            Some(Ok(expect)) => expect,
        };
        let (folders, verbose) = (self.folders, self.verbose);
        let watch = Stopwatch::start();
        let place = client.place(flow);
        let running = match self.at(place).await {
            Ok(running) => running,
            Err(why) => {
                table.row((client.id, flow.id), &Err(why), &duration(watch.took()));
                return Ok(());
            }
        };
        let issuer = format!("{}/{}-{}", running.server.base, client.id, flow.id);
        let program =
            Program { command: folders.command(client.runtime, client.id), environment: environment(folders, place) };
        let said = match flow.needs.iter().find(|need| !offers(&running.metadata, need)) {
            Some(need) => Err(format!("the server does not offer {need}")),
            None => {
                let person = Person { server: &mut running.server, http: &running.http };
                program.play(flow.program, &issuer, person).await
            }
        };
        let mut journal = running.server.journal(&running.http, &issuer).await?;
        if verbose {
            journal.iter().for_each(|line| println!("    {}", line.0));
        }
        // What a client probes for is neither here nor there.
        journal.retain(|line| line.rule().is_none_or(|rule| !client.probes.contains(&rule)));
        let ended = judge(expect, flow, said, &journal);
        table.row((client.id, flow.id), &ended, &duration(watch.took()));
        Ok(())
    }

    /// The server of this kind.
    pub(super) async fn at(&mut self, place: Place) -> Result<&mut Running, String> {
        match self.running.entry(place.name()) {
            Entry::Occupied(running) => Ok(running.into_mut()),
            Entry::Vacant(empty) => Ok(empty.insert(Running::start(self.folders, place).await?)),
        }
    }
}

impl Running {
    async fn start(folders: &Folders, place: Place) -> Result<Self, String> {
        let configuration = folders.configuration(place)?;
        // Clients publish their metadata with this certificate.
        let site = folders.written.join("keys/site.pem");
        let mut arguments = vec!["--config".into(), configuration, "--trust".into(), site];
        if place.tls {
            let trusted = folders.written.join("keys/client.pem");
            arguments.extend(["--tls".into(), "--ca-out".into(), folders.authority(place)]);
            arguments.extend(["--tls-client-ca".into(), trusted]);
        }
        let mut server = Server::start(&folders.built("mock-idp"), &arguments).await?;
        let http = trusting(folders, place)?;
        let base = server.base.clone();
        let url = format!("{base}/.well-known/oauth-authorization-server");
        let answer = http.get(url).send().await.map_err(|error| told(&error))?;
        let metadata = answer.json().await.map_err(|error| told(&error))?;
        server.journal(&http, &base).await?;
        Ok(Self { server, http, metadata })
    }
}

/// A client that reaches this server.
fn trusting(folders: &Folders, place: Place) -> Result<reqwest::Client, String> {
    let mut client = reqwest::Client::builder().no_proxy();
    if place.tls {
        let pem =
            std::fs::read(folders.authority(place)).map_err(|error| format!("the server's authority: {error}"))?;
        let authority = reqwest::Certificate::from_pem(&pem).map_err(|error| told(&error))?;
        client = client.tls_certs_only([authority]);
    }
    client.build().map_err(|error| told(&error))
}

/// What clients need beside the issuer: their keys, and whom they trust, each language in its own way.
fn environment(folders: &Folders, place: Place) -> Vec<(&'static str, PathBuf)> {
    let mut variables = vec![("KEYS", folders.written.join("keys"))];
    if place.tls {
        let authority = folders.authority(place);
        variables
            .extend(["CA_FILE", "NODE_EXTRA_CA_CERTS", "REQUESTS_CA_BUNDLE"].map(|name| (name, authority.clone())));
    }
    variables
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

    use super::*;

    #[test]
    fn metadata_offers_members_and_values() {
        let metadata = json!({ "grant_types_supported": ["authorization_code"], "par": "/par", "jar": false });
        assert!(offers(&metadata, "par") && offers(&metadata, "grant_types_supported=authorization_code"));
        assert!(!offers(&metadata, "jar") && !offers(&metadata, "grant_types_supported=password"));
        assert!(!offers(&metadata, "device_authorization_endpoint"));
    }
}
