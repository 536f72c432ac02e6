//! The metadata name a token endpoint or a key set over plain http on another computer. Whoever is on the way reads
//! the code and the verifier, or puts other keys in.

use mock_idp::MockIdp;
use mock_idp::tls::Tls;
use oauth_types::Params;
use oauth_types::fault::{Edit, Point};

use crate::agent::Request;
use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::client::{Said, Visitor};
use crate::idp::Idp;
use crate::stage::{Address, Heard, Stage};
use crate::trace::Party;
use crate::verdict::Level;

/// `rp-discovery-http-endpoint`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-discovery-http-endpoint",
        name: "Endpoints that anybody can listen to",
        story: story!("discovery_http_endpoint.rs"),
        capabilities: &[Capability::A2],
        citation: "RFC 8414 section 2, RFC 9700 section 2.6",
        steps: &[
            "The token endpoint of the metadata is plain http on an address that is not a loopback address, in another attempt the key set is.",
            "The client logs somebody in.",
        ],
        secure: "The client does not use such metadata, or does not ask there.",
        insecure: "A request goes there over plain http.",
        defence: "Endpoints are https, or http on a loopback address.",
        level: Level::Must,
        levels: &[],
    },
    only_looks: false,
    needs: &[],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    for (member, path) in [("token_endpoint", "/token"), ("jwks_uri", "/jwks")] {
        let listener = stage.listener_of_attacker().await?;
        let place = format!("http://{ANY_ADDRESS}:{}{path}", port(&listener));
        must_answer(stage, &listener).await?;
        // A client that reads no key set at all has withstood nothing when it does not read this one.
        let asks = member != "jwks_uri" || reads_key_set(stage, &encrypted_idp(stage).await?).await?;
        let idp = encrypted_idp(stage).await?;
        let before = listener.journal().len();
        let lie = idp.lie_at(Point::Discovery, Edit::set(member, place));
        let heard = try_to_log_in(stage, &idp).await?;
        if !lie.was_told() {
            return Err(Inconclusive::new("the client does not read metadata"));
        }
        if listener.journal().len() > before {
            stage.violated(format!("a request goes to a {member} over plain http"));
        } else if heard == Some(Heard::BrokeDown) {
            stage.violated(format!("the client broke down at a {member} over plain http"));
        } else if asks {
            stage.withstood(format!("nothing is sent to a {member} over plain http"));
        }
    }
    Ok(())
}

/// A server with https, if the client can be told whom to trust: a client that is told to allow http, since the issuer
/// has nothing better, says nothing about clients that are not.
pub(super) async fn encrypted_idp(stage: &Stage) -> Result<Idp, Inconclusive> {
    let idp = stage.idp_of(MockIdp::builder().tls(Tls::generated())).await?;
    if let Some(Heard::Said(Said::Accepted { .. })) = try_to_log_in(&stage.aside(), &idp).await? {
        return Ok(idp);
    }
    drop(idp);
    stage.idp().await
}

/// Whether the client reads the key set of an honest server.
pub(super) async fn reads_key_set(stage: &Stage, idp: &Idp) -> Result<bool, Inconclusive> {
    if idp.requests("/jwks").is_empty() {
        try_to_log_in(&stage.aside(), idp).await?;
    }
    Ok(!idp.requests("/jwks").is_empty())
}

/// It is not a loopback address, and yet leads to this computer.
pub(super) const ANY_ADDRESS: &str = "0.0.0.0";

/// A client that does not ask there proves nothing if nobody would have answered.
pub(super) async fn must_answer(stage: &Stage, listener: &Idp) -> Result<(), Inconclusive> {
    let url = format!("http://{ANY_ADDRESS}:{}/jwks", port(listener));
    let request = Request::get(Party::Attacker, listener.party(), &url, Params::new());
    let answer = stage.agent().aside().send(request).await;
    answer.map(|_| ()).map_err(|_| Inconclusive::new(format!("this computer does not answer at {ANY_ADDRESS}")))
}

/// The port that a server listens on.
pub(super) fn port(idp: &Idp) -> &str {
    idp.issuer().rsplit(':').next().unwrap_or_default()
}

/// Lets a new visitor log in, as far as it goes. What the client says in the end, if it gets that far.
pub(super) async fn try_to_log_in(stage: &Stage, idp: &Idp) -> Result<Option<Heard>, Inconclusive> {
    let visitor = Visitor::new();
    let url = match stage.ask_to_begin(&visitor, idp).await? {
        None => return Ok(Some(Heard::BrokeDown)),
        Some(Err(_)) => return Ok(None),
        Some(Ok(url)) => url,
    };
    let Ok(request) = Address::parse(&url) else { return Ok(None) };
    match stage.follow_as_is(&visitor, idp, &request).await {
        Ok(address) => Ok(Some(stage.deliver(&visitor, &address, &[idp]).await?)),
        Err(_) => Ok(None),
    }
}
