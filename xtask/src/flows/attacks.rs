//! Every attack of the catalogue: on the mock server, and on pkce-client.

use std::pin::pin;

use mock_idp::{MockIdp, Profile};
use oauth_attacks::mock::Cast;
use oauth_attacks::report::Row;
use oauth_attacks::{Options, PkceClientWeb, Report, catalogue, run_on_client, run_on_server};

use super::Show;
use super::wire::told;

/// The ids of the catalogue.
pub(super) fn ids() -> impl Iterator<Item = &'static str> {
    catalogue::ideas().map(|idea| idea.id)
}

/// Runs the attacks that are wanted, and shows and keeps what they came to.
pub(super) async fn run(show: &mut Show, wanted: &dyn Fn(&str) -> bool) -> Result<(), String> {
    let on_servers: Vec<&str> = catalogue::server_attacks().map(|a| a.idea.id).filter(|id| wanted(id)).collect();
    if !on_servers.is_empty() {
        let cast = Cast::new(Profile::Strict).map_err(|error| told(&error))?;
        let idp = cast.enter(MockIdp::builder()).start().await.map_err(|error| told(&error))?;
        let target = cast.target(&idp).await.map_err(|error| told(&error))?;
        let options = Options::new().only(on_servers);
        watched(show, "Attacks on mock-idp", options, async |options| run_on_server(&target, &options).await).await;
    }
    let on_clients: Vec<&str> = catalogue::client_attacks().map(|a| a.idea.id).filter(|id| wanted(id)).collect();
    if !on_clients.is_empty() {
        let client = PkceClientWeb::default();
        let options = Options::new().only(on_clients);
        watched(show, "Attacks on pkce-client", options, async |options| run_on_client(client, &options).await).await;
    }
    Ok(())
}

/// Runs attacks, prints each outcome as soon as it is there, and keeps them all in the order of the catalogue.
pub(crate) async fn watched(
    show: &mut Show,
    section: &str,
    options: Options,
    run: impl AsyncFnOnce(Options) -> Report,
) {
    show.section(section);
    let (send, mut outcomes) = tokio::sync::mpsc::unbounded_channel();
    // If nobody listens any more, nobody misses it.
    let options = options.watch(move |outcome| drop(send.send(outcome.clone())));
    let mut running = pin!(run(options));
    let ended = loop {
        tokio::select! {
            biased;
            Some(outcome) = outcomes.recv() => show.row(&Row::attack(outcome)),
            ended = &mut running => break ended,
        }
    };
    while let Ok(outcome) = outcomes.try_recv() {
        show.row(&Row::attack(outcome));
    }
    show.report.push_run(section, &ended);
}
