//! A refresh brings an ID token about another user, from another issuer, for another client, of another login. The
//! session is then no longer that of the user who has logged in, and a client that does not compare it goes on with
//! the tokens of somebody else.

use oauth_types::fault::{Edit, Fault, Point};

use super::session;

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::client::{Ability, Errand};
use crate::judge::Finding;
use crate::stage::Stage;
use crate::verdict::{Level, Verdict};

/// `rp-refresh-idt-changed`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-refresh-idt-changed",
        name: "ID token of a refresh that is another",
        story: story!("refresh_idt_changed.rs"),
        capabilities: &[Capability::A1],
        citation: "OpenID Connect Core section 12.2",
        steps: &[
            "A login is begun, answered honestly, and finished.",
            "The client refreshes its tokens, and the ID token has another issuer.",
            "The same with another subject, audience, authorized party, nonce and time of login, and with an ID token that is older than the first.",
            "The client is asked to call a resource.",
        ],
        secure: "The refresh fails, and its access token is not used.",
        insecure: "The client goes on with the new tokens.",
        defence: "The ID token of a refresh is compared with that of the login.",
        level: Level::Must,
        levels: &[],
    },
    only_looks: false,
    needs: &[Ability::Refresh],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let idp = stage.idp().await?;
    let attempts = [
        ("another issuer", Edit::set("iss", "https://attacker.example"), Level::Must),
        ("another subject", Edit::set("sub", "mallory"), Level::Must),
        ("another audience", Edit::set("aud", "another-client"), Level::Must),
        ("another authorized party", Edit::set("azp", "another-client"), Level::Must),
        ("another nonce", Edit::set("nonce", "of-another-login"), Level::Must),
        ("another time of login", Edit::Shift { name: "auth_time".to_owned(), by: -86_400 }, Level::Must),
        ("an earlier time of issue", Edit::Shift { name: "iat".to_owned(), by: -600 }, Level::Should),
    ];
    for (what, edit, level) in attempts {
        let visitor = session::begun(stage, &idp).await?;
        let lie = idp.lie(Fault::always(Point::IdToken, edit).for_grant("refresh_token"));
        let done = stage.ask(&visitor, Errand::Refresh, &[&idp]).await?;
        if !lie.was_told() {
            return Err(Inconclusive::new("the client does not get an ID token when it refreshes"));
        }
        let token = session::latest_access_token(&idp);
        stage.agent().keep_secret(&token);
        if stage.can(Ability::Call) {
            stage.ask(&visitor, Errand::Call { url: format!("{}/userinfo", idp.issuer()) }, &[&idp]).await?;
        }
        let because = match done {
            None => Some(format!("the client broke down at a refresh with {what}")),
            Some(Ok(_)) => Some(format!("the client accepted a refresh with {what}")),
            Some(Err(_)) if idp.was_told(&token) => {
                Some(format!("the client uses the token of a refresh with {what}"))
            }
            Some(Err(_)) => None,
        };
        match because {
            Some(because) => stage.found(Finding::new(Verdict::Vulnerable, because).at(level)),
            None => stage.withstood(format!("a refresh with {what} fails")),
        };
    }
    Ok(())
}
