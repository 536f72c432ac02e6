//! The attacker sends the user to the address where third parties begin logins, and names a server of their own or a
//! page to go to afterwards. A client that follows logs its users in where the attacker wants, or leads them away from
//! a page they trust.

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::client::{Ability, Done, Door, Said, Visitor};
use crate::on_clients::native::session;
use crate::stage::Address;
use crate::stage::{Heard, Stage};
use crate::verdict::Level;

/// `rp-init-login-csrf`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-init-login-csrf",
        name: "Login that a third party begins",
        story: story!("init_login_csrf.rs"),
        capabilities: &[Capability::A1],
        citation: "OpenID Connect Core section 4, RFC 9700 section 4.11.1",
        steps: &[
            "Let somebody log in, so that the server is one the client is configured for.",
            "Begin a login at a server of the attacker's, at the address for third parties, and see whether anybody asks there.",
            "Begin one at the right server with a page of the attacker's to go to, finish it, and see where the browser is led.",
        ],
        secure: "The client begins logins at servers it knows only, and leads to its own pages.",
        insecure: "The client goes to whatever server it is told, or sends its user on to the attacker's page.",
        defence: "The issuer is one of those configured, and the page one of the client's own.",
        level: Level::Must,
        levels: &[],
    },
    only_looks: false,
    needs: &[Ability::Open],
    run: |stage| Box::pin(run(stage)),
};

/// A page of the attacker's.
const PAGE: &str = "https://attacker.example/phishing";

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let (idp, canary) = (stage.idp().await?, stage.canary().await?);
    let visitor = Visitor::new();
    stage.login(&visitor, &idp).await?;
    let honest = [("iss", idp.issuer()), ("login_hint", "alice")];
    let done = session::open(&stage.aside(), &visitor, &idp, (Door::InitiateLogin, &honest)).await?;
    if !matches!(done, Some(Done::Sent { .. })) {
        return Err(Inconclusive::new("the client does not begin logins for third parties"));
    }
    let unknown = [("iss", canary.issuer()), ("login_hint", "alice")];
    let done = session::open(stage, &visitor, &canary, (Door::InitiateLogin, &unknown)).await?;
    let sent_there = matches!(&done, Some(Done::Sent { url }) if url.starts_with(canary.issuer()));
    match sent_there || !canary.journal().is_empty() {
        true => stage.violated("the client begins a login at a server that a third party named"),
        false => stage.withstood("nobody asks at a server that a third party named"),
    };
    let led = [("iss", idp.issuer()), ("target_link_uri", PAGE)];
    let done = session::open(stage, &visitor, &idp, (Door::InitiateLogin, &led)).await?;
    let Some(Done::Sent { url }) = done else {
        stage.withstood("a login with a page of somebody else's to go to is not begun");
        return Ok(());
    };
    if url.starts_with(PAGE) {
        stage.violated("the client leads to a page that a third party named");
        return Ok(());
    }
    let address = stage.follow(&visitor, &idp, &Address::parse(&url)?).await?;
    let heard = stage.deliver(&visitor, &address, &[&idp]).await?;
    let page = visitor.page().unwrap_or_default();
    let led = page.headers.iter().any(|(name, value)| name == "location" && value.starts_with(PAGE));
    let sent_on = matches!(&heard, Heard::Said(Said::SentOn { url }) if url.starts_with(PAGE));
    match led || sent_on {
        true => stage.violated("the client leads to a page that a third party named"),
        false => stage.withstood("the client leads to no page that a third party named"),
    };
    Ok(())
}
