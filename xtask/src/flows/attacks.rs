//! Every attack of the catalogue: on the mock server, and on pkce-client.

use std::pin::pin;

use mock_idp::{Client, MockIdp};
use oauth_attacks::report::Row;
use oauth_attacks::{Options, PkceClientWeb, Registration, Report, Target, catalogue, run_on_client, run_on_server};

use super::Show;
use super::stage::REDIRECT_URI;
use super::wire::told;

/// A second redirect URI of every client.
const OTHER_REDIRECT_URI: &str = "http://127.0.0.1:8400/other";
/// The secret of the confidential client.
const SECRET: &str = "worthless";

/// The ids of the catalogue.
pub(super) fn ids() -> impl Iterator<Item = &'static str> {
    catalogue::ideas().map(|idea| idea.id)
}

/// Runs the attacks that are wanted, and shows and keeps what they came to.
pub(super) async fn run(show: &mut Show, wanted: &dyn Fn(&str) -> bool) -> Result<(), String> {
    let on_servers: Vec<&str> = catalogue::SERVER_ATTACKS.iter().map(|a| a.idea.id).filter(|id| wanted(id)).collect();
    if !on_servers.is_empty() {
        let idp = server().await?;
        let target = target(&idp).await?;
        let options = Options::new().only(on_servers);
        watched(show, "Attacks on mock-idp", options, async |options| run_on_server(&target, &options).await).await;
    }
    let on_clients: Vec<&str> = catalogue::CLIENT_ATTACKS.iter().map(|a| a.idea.id).filter(|id| wanted(id)).collect();
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

/// A strict server with registered redirect URIs: those of the built-in clients may be anything on the loopback
/// interface, and there would be nothing to attack.
async fn server() -> Result<MockIdp, String> {
    let at_home = |client: Client| client.redirect_uri(REDIRECT_URI).redirect_uri(OTHER_REDIRECT_URI);
    let builder = MockIdp::builder()
        .client(at_home(Client::public("app")))
        .client(at_home(Client::confidential("web", SECRET)))
        .client(at_home(Client::public("other")));
    builder.start().await.map_err(|error| told(&error))
}

async fn target(idp: &MockIdp) -> Result<Target, String> {
    let target = Target::discover(idp.issuer()).await.map_err(|error| told(&error))?;
    Ok(target
        .public("app", REDIRECT_URI)
        .confidential("web", SECRET, REDIRECT_URI)
        .second_redirect_uri(OTHER_REDIRECT_URI)
        .second_client(Registration::public("other", REDIRECT_URI))
        .second_user("bob"))
}
