//! The token endpoint refuses a client that has authenticated as it should. A client that tries another way then puts
//! its secret where logs keep it, or sends it to another address. Whoever can answer for the server can make it do
//! that.

use mock_idp::{Entry, MockIdp};
use oauth_types::fault::{Edit, Point};

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::client::Visitor;
use crate::dice::fresh;
use crate::stage::Stage;
use crate::target::Registration;
use crate::verdict::Level;

/// `rp-token-401-basic`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-token-401-basic",
        name: "Client that is refused",
        story: story!("token_401_basic.rs"),
        capabilities: &[Capability::A1, Capability::A2],
        citation: "RFC 6749 sections 2.3.1 and 5.2",
        steps: &[
            "A login is begun by a client with a secret, and answered honestly.",
            "The token endpoint answers with the status 401 and `invalid_client`.",
            "Every request of the client from then on is looked at.",
        ],
        secure: "The login has failed.",
        insecure: "The secret is sent in another way, or to another address.",
        defence: "A client has one way to authenticate, and no other to fall back to.",
        level: Level::Should,
        levels: &[],
    },
    only_looks: false,
    needs: &[],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let (own, secret) = (stage.registration(), fresh());
    stage.agent().keep_secret(&secret);
    let client = Registration::confidential(own.client_id.clone(), secret.as_str(), own.redirect_uri());
    let idp = stage.idp_knowing(MockIdp::builder(), client).await?;
    let refused = Edit::Error { error: "invalid_client".to_owned(), description: None, status: Some(401) };
    let _lie = idp.lie_at(Point::TokenResponse, refused);
    let visitor = Visitor::new();
    let request = stage.must_begin(&visitor, &idp).await?;
    let address = stage.follow(&visitor, &idp, &request).await?;
    let before = idp.journal().len();
    let heard = stage.deliver(&visitor, &address, &[&idp]).await?;
    let sent = idp.journal().split_off(before);
    let Some(first) = sent.iter().find(|entry| entry.path == "/token" && way(entry, &secret).is_some()) else {
        return Err(Inconclusive::new("the client does not authenticate with its secret"));
    };
    let usual = way(first, &secret);
    let differs = |entry: &&Entry| {
        let carried = way(entry, &secret);
        carried.is_some() && (carried != usual || entry.path != "/token")
    };
    match sent.iter().find(differs) {
        Some(entry) => {
            let way = way(entry, &secret).unwrap_or_default();
            stage.violated(format!("a client that is refused sends its secret {way} to {}", entry.path));
        }
        None => {
            stage.must_reject(&heard, "a client that is refused");
        }
    }
    Ok(())
}

/// How a request carries the secret.
fn way(entry: &Entry, secret: &str) -> Option<&'static str> {
    let at = entry.params.iter().position(|(_, value)| value.contains(secret));
    match at {
        Some(at) if at < entry.in_query => Some("in the query"),
        Some(_) => Some("in the body"),
        None => entry.headers.contains_key("authorization").then_some("in a header"),
    }
}
