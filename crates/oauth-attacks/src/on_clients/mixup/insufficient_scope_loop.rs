//! A resource refuses every call and asks for more scope each time. A client that follows sends its users from login
//! to login, until they have allowed more than they wanted to, or keeps itself and the server busy for ever.

use oauth_types::fault::{Edit, Fault, Point};

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::client::{Ability, Done, Errand, Visitor};
use crate::on_clients::mixup::called;
use crate::stage::{Address, Stage};
use crate::verdict::Level;
use serde_json::json;

/// `rp-insufficient-scope-loop`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-insufficient-scope-loop",
        name: "A resource that never has enough",
        story: story!("insufficient_scope_loop.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 6750 section 3.1, Model Context Protocol Authorization section Scope Challenge Handling",
        steps: &[
            "The client calls a resource with its token.",
            "The resource answers every call with insufficient_scope, and names more scope each time.",
            "Whenever the client begins a login for it, that login succeeds.",
        ],
        secure: "The client gives up after three attempts at most.",
        insecure: "The client asks for more scope again and again.",
        defence: "Asking for more scope ends after a few attempts.",
        level: Level::Should,
        levels: &[],
    },
    only_looks: false,
    needs: &[Ability::Call],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let idp = stage.idp().await?;
    let visitor = Visitor::new();
    // A client that asks for everything that the resource knows has nothing left to ask for.
    let _modest = idp.lie_at(Point::ResourceMetadata, Edit::set("scopes_supported", json!([SCOPES[0]])));
    stage.login(&visitor, &idp).await?;
    let call = Errand::Call { url: format!("{}/resource", idp.issuer()) };
    called::once(stage, &visitor, &call, &idp).await?;
    let (mut asked, before) = (0, idp.requests("/resource").len());
    for words in 1..=SCOPES.len() {
        let challenge = format!(r#"Bearer error="insufficient_scope", scope="{}""#, SCOPES[..words].join(" "));
        let refuse = Fault::always(Point::Resource, Edit::Status { code: 403 });
        let _lie = idp.lie(refuse.and(Edit::http_header("WWW-Authenticate", challenge)));
        let done = stage.ask(&visitor, call.clone(), &[&idp]).await?;
        if done.is_none() {
            stage.violated("the client broke down when a resource wanted more scope");
        }
        let Some(Ok(Done::Sent { url })) = done else { continue };
        asked += 1;
        let address = stage.follow_as_is(&visitor, &idp, &Address::parse(&url)?).await?;
        stage.deliver(&visitor, &address, &[&idp]).await?;
    }
    // Once for each time that it was asked to, and once after each login.
    let called = idp.requests("/resource").len().saturating_sub(before + SCOPES.len());
    if asked > MOST {
        stage.violated(format!("the client asks for more scope {asked} times in a row"));
    } else if called > asked + MOST {
        stage.violated(format!("the client calls a resource {called} times too often that wants more scope"));
    } else {
        stage.withstood(format!("the client asks for more scope {asked} times and gives up"));
    }
    Ok(())
}

/// How often more scope may be asked for.
const MOST: usize = 3;

/// What the resource wants, one word more each time.
const SCOPES: [&str; 6] = ["openid", "profile", "email", "address", "phone", "offline_access"];
