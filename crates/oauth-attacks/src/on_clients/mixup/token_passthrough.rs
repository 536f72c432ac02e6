//! A resource answers with a redirect, or with a challenge that names the metadata of another resource. A client that
//! takes its token along gives it to whoever was named.

use mock_idp::Entry;
use oauth_types::fault::{Edit, Fault, Point};

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::client::{Ability, Errand, Visitor};
use crate::on_clients::mixup::called;
use crate::stage::Stage;
use crate::verdict::Level;

/// `rp-token-passthrough`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-token-passthrough",
        name: "A resource that points elsewhere",
        story: story!("token_passthrough.rs"),
        capabilities: &[Capability::A1, Capability::A5],
        citation: "RFC 9700 section 4.9.1, RFC 9110 section 15.4.8",
        steps: &[
            "The client calls a resource with its token.",
            "The resource redirects the next call elsewhere, by 302 and by 307.",
            "The resource refuses the last call and names the metadata of somebody else.",
        ],
        secure: "Nobody but the resource gets the token.",
        insecure: "The token is sent to where the resource points.",
        defence: "A token is sent to the resource it was asked for, and nowhere else.",
        level: Level::Must,
        levels: &[],
    },
    only_looks: false,
    needs: &[Ability::Call],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let (idp, elsewhere) = (stage.idp().await?, stage.idp_of_attacker().await?);
    let visitor = Visitor::new();
    stage.login(&visitor, &idp).await?;
    let call = Errand::Call { url: format!("{}/resource", idp.issuer()) };
    called::once(stage, &visitor, &call, &idp).await?;
    let location = format!("{}/resource", elsewhere.issuer());
    let metadata = format!("{}/.well-known/oauth-protected-resource/resource", elsewhere.issuer());
    let challenge = format!(r#"Bearer error="invalid_token", resource_metadata="{metadata}""#);
    let refuse = Fault::always(Point::Resource, Edit::Status { code: 401 });
    let redirect = |code| Fault::always(Point::Resource, Edit::Redirect { code, location: location.clone() });
    let lies = [
        ("a redirect, status 302,", redirect(302)),
        ("a redirect, status 307,", redirect(307)),
        ("a challenge", refuse.and(Edit::http_header("WWW-Authenticate", challenge))),
    ];
    for (what, fault) in lies {
        let lie = idp.lie(fault);
        let before = elsewhere.journal().len();
        let done = stage.ask(&visitor, call.clone(), &[&idp, &elsewhere]).await?;
        if !lie.was_told() {
            return Err(Inconclusive::new("the client does not call the resource again"));
        }
        let got = elsewhere.journal().into_iter().skip(before).any(|entry| carries_token(&entry));
        match done {
            None => stage.violated(format!("the client broke down at {what} of a resource")),
            _ if got => stage.violated(format!("the token follows {what} of a resource")),
            _ => stage.withstood(format!("the token does not follow {what} of a resource")),
        };
    }
    Ok(())
}

fn carries_token(entry: &Entry) -> bool {
    entry.headers.get("authorization").is_some() || entry.params.get("access_token").is_some()
}
