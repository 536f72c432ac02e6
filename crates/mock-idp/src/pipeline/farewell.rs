//! Ends sessions, if they are remembered, and has every document tell the clients that came to know of them.

use std::sync::Arc;

use crate::clients::Client;
use crate::reply::Stop;
use crate::request::Arrival;
use crate::sessions::Session;
use crate::spec::Farewell;
use crate::world::World;

/// Whether anything comes of the sessions that people have in their browsers.
pub(crate) fn remembers_sessions(world: &World) -> bool {
    world.specs.iter().any(|spec| spec.needs_sessions())
}

/// Ends a session, and everything that was granted for as long as it lasts. The answer is what the browser has to load
/// in frames; `None` if there is no such session any more.
pub(super) async fn end_session(
    world: &World,
    arrival: &Arrival<'_>,
    sid: &str,
) -> Result<Option<Vec<String>>, Stop> {
    let forget = arrival.now.saturating_add(world.longest_lifetime());
    let visits = Session::end(&world.ports, arrival.place, sid, (arrival.now, forget)).await?;
    let Some(visits) = visits else { return Ok(None) };
    let mut clients: Vec<(Arc<Client>, String)> = Vec::new();
    // The latest login is what a client knows.
    for visit in visits.iter().rev() {
        if clients.iter().any(|(client, _)| client.client_id() == visit.client_id) {
            continue;
        }
        // A client that cannot be found does not keep anybody from logging out.
        if let Ok(Some(client)) = super::client(world, arrival, &visit.client_id).await {
            clients.push((client, visit.subject.clone()));
        }
    }
    let (ports, policy) = (&world.ports, &world.policy);
    let mut farewell = Farewell { arrival, ports, policy, sid, clients: &clients, frames: Vec::new() };
    for spec in &world.specs {
        spec.ended(&mut farewell);
    }
    Ok(Some(farewell.frames))
}
