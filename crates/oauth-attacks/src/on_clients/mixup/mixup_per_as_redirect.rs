//! The client has a redirect URI for each server, and the servers do not say who answers. The attacker's server sends
//! the browser on to an honest one, with the redirect URI that is known there. A client that does not look at which of
//! its redirect URIs the response came to takes it for the attacker's.

use mock_idp::MockIdp;
use oauth_types::fault::{Edit, Point};

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::client::Visitor;
use crate::observe;
use crate::stage::{Address, Stage};
use crate::verdict::Level;

/// `rp-mixup-per-as-redirect`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-mixup-per-as-redirect",
        name: "Mix-up with another server's redirect URI",
        story: story!("mixup_per_as_redirect.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 9700 section 4.4.2.2, OAuth 2.1 section 7.15.2",
        steps: &[
            "The user chooses the attacker's server.",
            "That server sends the browser on to an honest one with that one's redirect URI.",
            "The response comes to the redirect URI of the honest server, with the state of the login at the attacker's.",
        ],
        secure: "The client compares the redirect URI of the login with the one the response came to, and stops.",
        insecure: "The client goes by the state alone and sends the code to the attacker's token endpoint.",
        defence: "A response counts only at the redirect URI of the login it is for.",
        level: Level::Must,
        levels: &[],
    },
    only_looks: false,
    needs: &[],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let honest = stage.idp_of(MockIdp::builder().without("RFC 9207")).await?;
    let attacker = stage.idp_of_attacker().await?;
    let silence = Edit::remove("authorization_response_iss_parameter_supported");
    let _silence = attacker.lie_at(Point::Discovery, silence);
    let visitor = Visitor::new();
    let expected = stage.aside().must_begin(&Visitor::new(), &honest).await?;
    let wanted = observe::asked(&expected, &honest.journal());
    let chosen = stage.must_begin(&visitor, &attacker).await?;
    let asked = observe::asked(&chosen, &attacker.journal());
    let redirect_uri = wanted.get("redirect_uri").unwrap_or_default();
    // On the loopback interface the port tells logins apart, and servers do not look at it (RFC 8252 section 7.3).
    let known_as = |uri: &str| without_port(uri).unwrap_or_else(|| uri.to_owned());
    if asked.get("redirect_uri").map(known_as) == Some(known_as(redirect_uri)) {
        return Err(Inconclusive::new("the client does not have a redirect URI for each server"));
    }
    let sent_on = Address { base: expected.base, params: asked };
    let sent_on = sent_on.set("client_id", &honest.provider().client.client_id).set("redirect_uri", redirect_uri);
    stage.note_redirect(&attacker, &chosen, "sent on to the honest server");
    let address = stage.follow(&visitor, &honest, &sent_on).await?;
    let heard = stage.deliver(&visitor, &address, &[&honest, &attacker]).await?;
    stage.must_not_redeem(&attacker, address.get("code"), "the honest server at the attacker's");
    stage.must_reject(&heard, "a response at the redirect URI of another server");
    Ok(())
}

/// A redirect URI on the loopback interface without its port.
fn without_port(uri: &str) -> Option<String> {
    let mut url = url::Url::parse(uri).ok().filter(|url| url.scheme() == "http")?;
    if !matches!(url.host_str(), Some("127.0.0.1" | "[::1]" | "localhost")) {
        return None;
    }
    url.set_port(None).ok()?;
    Some(url.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_of_the_loopback_interface_tell_no_servers_apart() {
        let known_as = |uri| without_port(uri).expect("a loopback address");
        assert_eq!(known_as("http://127.0.0.1:8400/cb"), known_as("http://127.0.0.1:8401/cb"));
        assert_ne!(known_as("http://127.0.0.1:8400/cb/a"), known_as("http://127.0.0.1:8400/cb/b"));
        assert_eq!(known_as("http://localhost:8400"), known_as("http://localhost:8401/"));
        assert_ne!(known_as("http://localhost:8400"), known_as("http://127.0.0.1:8400"));
        assert_eq!(without_port("https://app.example:8400/cb"), None);
        assert_eq!(without_port("http://app.example:8400/cb"), None);
    }
}
