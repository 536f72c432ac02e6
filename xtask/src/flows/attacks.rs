//! Every attack of the catalogue: on the mock server, and on pkce-client.

use mock_idp::{MockIdp, Profile};
use mock_idp_cli::show::{Show, watched};
use oauth_attacks::mock::Cast;
use oauth_attacks::{Baseline, Options, PkceClientWeb, catalogue, run_on_client, run_on_server};

use super::wire::told;

/// What a server of the strict profile is not about, and why.
const OF_THE_SERVER: &str = include_str!("../../../fixtures/attacks/mock-idp-strict.json");
/// What the client does not do, so that it cannot be attacked there.
const OF_THE_CLIENT: &str = include_str!("../../../fixtures/attacks/pkce-client.json");

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
        let known = Baseline::read(OF_THE_SERVER).map_err(|error| told(&error))?;
        let options = Options::new().only(on_servers).permit_harm().baseline(known);
        watched(show, "Attacks on mock-idp", (ids(), options), async |options| {
            run_on_server(&target, &options).await
        })
        .await;
    }
    let on_clients: Vec<&str> = catalogue::client_attacks().map(|a| a.idea.id).filter(|id| wanted(id)).collect();
    if !on_clients.is_empty() {
        let client = PkceClientWeb::default();
        let known = Baseline::read(OF_THE_CLIENT).map_err(|error| told(&error))?;
        let options = Options::new().only(on_clients).baseline(known);
        watched(show, "Attacks on pkce-client", (ids(), options), async |options| {
            run_on_client(client, &options).await
        })
        .await;
    }
    Ok(())
}
