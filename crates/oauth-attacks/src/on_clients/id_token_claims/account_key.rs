//! Somebody at the attacker's server has the same subject, or the same mail address, as somebody at an honest one. A
//! client that finds accounts by one of these alone lets the attacker in as whomever they like.

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::client::{Ability, Done, Errand, Said, Visitor};
use crate::idp::{Idp, Lie};
use crate::stage::{Heard, Stage};
use crate::verdict::Level;
use oauth_types::fault::{Edit, Fault, Point, When};
use serde_json::{Value, json};

/// `rp-account-key`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-account-key",
        name: "Account found by the wrong key",
        story: story!("account_key.rs"),
        capabilities: &[Capability::A1],
        citation: "OpenID Connect Core section 5.7",
        steps: &[
            "Let somebody with a mail address log in at an honest server.",
            "Let somebody with the same subject log in at the attacker's server.",
            "Let somebody else there have the same mail address: not verified, verified by a word, not said, and said to be verified.",
            "Let another user of the honest server have that address, not verified.",
            "See as whom the client logs them in.",
        ],
        secure: "The client knows each of them as another user.",
        insecure: "The client logs the attacker in to the account of somebody else.",
        defence: "Accounts are found by issuer and subject together, and by nothing else.",
        level: Level::Must,
        levels: &[],
    },
    only_looks: false,
    needs: &[],
    run: |stage| Box::pin(run(stage)),
};

/// The mail address that an honest server has verified.
const MAIL: &str = "alice@example.org";

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let (honest, attackers) = (stage.idp().await?, stage.idp_of_attacker().await?);
    let owner = claims(&honest, "alice", Some(json!(true)));
    match stage.login(&Visitor::new(), &honest).await? {
        Heard::Said(Said::Accepted { .. }) if owner.iter().any(Lie::was_told) => drop(owner),
        Heard::Said(Said::Accepted { .. }) => {
            return Err(Inconclusive::new("the client does not ask who has logged in"));
        }
        heard => {
            return Err(Inconclusive::new(format!("the client does not log in who has a mail address: {heard}")));
        }
    }
    log_in(stage, &attackers, "alice", "somebody of the same subject at another server").await?;
    let said = [
        (Some(json!(false)), "with a mail address that is not verified"),
        (Some(json!("true")), "with a mail address that is verified by a word"),
        (None, "with a mail address of which nothing is said"),
        (Some(json!(true)), "with a mail address that another server says it verified"),
    ];
    for (number, (verified, how)) in said.into_iter().enumerate() {
        let subject = format!("mallory-{number}");
        let _lies = claims(&attackers, &subject, verified);
        log_in(stage, &attackers, &subject, &format!("somebody at another server {how}")).await?;
    }
    let _lies = claims(&honest, "mallory", Some(json!(false)));
    log_in(stage, &honest, "mallory", "somebody at the same server with a mail address that is not verified").await
}

/// Makes a server say this about whoever logs in.
fn claims(idp: &Idp, subject: &str, verified: Option<Value>) -> [Lie; 2] {
    let mut edit = vec![Edit::set("sub", subject), Edit::set("email", MAIL)];
    edit.extend(verified.map(|verified| Edit::set("email_verified", verified)));
    [Point::IdToken, Point::Userinfo].map(|at| idp.lie(Fault { at, when: When::default(), edit: edit.clone() }))
}

/// Lets somebody log in, and looks whom the client takes them for.
async fn log_in(stage: &Stage, idp: &Idp, subject: &str, who: &str) -> Result<(), Inconclusive> {
    let visitor = Visitor::attacker();
    let own = Said::Accepted { issuer: idp.issuer().to_owned(), subject: subject.to_owned() };
    let mut said = match stage.login(&visitor, idp).await? {
        Heard::Said(said) => said,
        Heard::BrokeDown => {
            stage.violated(format!("the client broke down when it logged in {who}"));
            return Ok(());
        }
    };
    if stage.can(Ability::WhoAmI)
        && let Done::Is(who) = stage.must(&visitor, Errand::WhoAmI, &[idp]).await?
    {
        said = who;
    }
    match said {
        Said::Accepted { .. } if said != own => stage.violated(format!("the client takes {who} for somebody else")),
        _ => stage.withstood(format!("{who} is somebody of their own")),
    };
    Ok(())
}
