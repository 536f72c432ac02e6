//! The metadata of a resource suddenly name another authorization server. A client that goes there with what it was
//! given by the first one shows its secret, or its name, to whoever has changed the metadata.

use mock_idp::{Entry, MockIdp};
use oauth_types::fault::{Edit, Point};

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::client::{Ability, Done, Errand, Visitor};
use crate::judge::Finding;
use crate::profile::Profile;
use crate::stage::{Address, Stage};
use crate::verdict::{Level, Verdict};

/// `rp-cross-as-credentials`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-cross-as-credentials",
        name: "The credentials of one server at another",
        story: story!("cross_as_credentials.rs"),
        capabilities: &[Capability::A1],
        citation: "Model Context Protocol Authorization section Authorization Server Discovery, RFC 9728 section 7.6",
        steps: &[
            "The client is configured for one server and begins a login for a resource there.",
            "The metadata of the resource name another server.",
            "The client is asked to begin again.",
        ],
        secure: "The client refuses, stays with the server it knows, or registers with the other one anew.",
        insecure: "The client uses at the second server what the first one knows it by.",
        defence: "Registrations, secrets and tokens are kept by the issuer they belong to.",
        level: Level::Should,
        levels: &[(Profile::Mcp, Level::Must)],
    },
    only_looks: false,
    needs: &[Ability::BeginFor],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let first = stage.idp().await?;
    let visitor = Visitor::new();
    stage.login(&visitor, &first).await?;
    let errand = Errand::BeginFor { resource: format!("{}/resource", first.issuer()) };
    stage.must(&visitor, errand.clone(), &[&first]).await?;
    let second = stage.idp_of_attacker_like(MockIdp::builder().pkce_optional()).await?;
    let servers = Edit::set("authorization_servers", vec![second.issuer()]);
    let lie = first.lie_at(Point::ResourceMetadata, servers);
    let done = stage.ask(&visitor, errand, &[&first, &second]).await?;
    if !lie.was_told() {
        return Err(Inconclusive::new("the client does not read the metadata of the resource again"));
    }
    if let Some(Ok(Done::Sent { url })) = &done
        && url.starts_with(second.issuer())
    {
        let address = stage.follow(&visitor, &second, &Address::parse(url)?).await?;
        stage.deliver(&visitor, &address, &[&first, &second]).await?;
    }
    let own = &first.provider().client;
    let sent = second.journal();
    if sent.iter().any(shows_secret) {
        let because = "the client shows its secret to a server that it was not registered with";
        stage.found(Finding::new(Verdict::Vulnerable, because).at(Level::Must));
    } else if sent.iter().any(|entry| entry.params.get("client_id") == Some(&own.client_id)) {
        stage.violated("the client uses the client identifier of one server at another");
    } else {
        stage.withstood("the client takes nothing of one server to another");
    }
    Ok(())
}

fn shows_secret(entry: &Entry) -> bool {
    entry.headers.get("authorization").is_some()
        || ["client_secret", "refresh_token"].iter().any(|name| entry.params.get(name).is_some())
}
