//! A page of the attacker's loads the address at which the client ends sessions, with another issuer or another session
//! in the query. A client that does not compare them logs its users out whenever they look at that page.

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::client::{Ability, Door, Visitor};
use crate::on_clients::native::session;
use crate::stage::Stage;
use crate::verdict::Level;

/// `rp-frontchannel-logout`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-frontchannel-logout",
        name: "Logout by a picture",
        story: story!("frontchannel_logout.rs"),
        capabilities: &[Capability::A1],
        citation: "OpenID Connect Front-Channel Logout 1.0 section 3",
        steps: &[
            "Let somebody log in, in a session that the ID token names.",
            "Open the front-channel logout address with another issuer, with another session, and with one of the two alone.",
            "Open it with the right ones, to see that it ends sessions at all.",
        ],
        secure: "The session ends only with the right issuer and the right session.",
        insecure: "Any request ends the session.",
        defence: "Issuer and session of the request are those of the session it ends.",
        level: Level::Must,
        levels: &[],
    },
    only_looks: false,
    needs: &[Ability::Open, Ability::WhoAmI],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let idp = session::idp(stage).await?;
    let visitor = Visitor::new();
    session::begun(stage, &visitor, &idp).await?;
    let (issuer, sid) = (idp.issuer().to_owned(), session::SID);
    let wrong: [(&[(&str, &str)], &str); 4] = [
        (&[("iss", "https://attacker.example"), ("sid", sid)], "another issuer"),
        (&[("iss", &issuer), ("sid", "another-session")], "another session"),
        (&[("iss", &issuer)], "an issuer and no session"),
        (&[("sid", sid)], "a session and no issuer"),
    ];
    for (params, what) in wrong {
        session::open(stage, &visitor, &idp, (Door::FrontChannelLogout, params)).await?;
        if session::is_there(stage, &visitor, &idp).await? {
            stage.withstood(format!("front-channel logout with {what} is ignored"));
        } else {
            stage.violated(format!("the client ended a session at a front-channel logout with {what}"));
            session::begun(stage, &visitor, &idp).await?;
        }
    }
    let right = [("iss", issuer.as_str()), ("sid", sid)];
    session::open(stage, &visitor, &idp, (Door::FrontChannelLogout, &right)).await?;
    match session::is_there(stage, &visitor, &idp).await? {
        true => Err(Inconclusive::new("the client does not end a session at a front-channel logout that is right")),
        false => Ok(()),
    }
}
