//! UserInfo that is not what it should be.

use oauth_types::fault::{Edit, Fault, Point, When};

use crate::attack::Inconclusive;
use crate::client::{Ability, Said, Visitor};
use crate::judge::Finding;
use crate::stage::{Heard, Stage};
use crate::verdict::{Level, Verdict};

/// A name that nobody has.
pub(super) const CANARY: &str = "Canary O'Claims";

/// Who logs in, and is known from the ID token.
const SUBJECT: &str = "alice";

/// Records whether claims that are edited like this are thrown away, with or without the login.
pub(super) async fn must_not_count(stage: &Stage, edit: Vec<Edit>, what: &str) -> Result<(), Inconclusive> {
    let (visitor, heard) = login_with(stage, edit).await?;
    let shown = visitor.page().is_some_and(|page| page.says(CANARY));
    match &heard {
        Heard::Said(Said::Accepted { subject, .. }) if subject != SUBJECT => {
            stage.violated(format!("with {what}, the client logs in {subject:?}"))
        }
        Heard::Said(Said::Accepted { .. }) if shown => stage.violated(format!("the client shows {what}")),
        // Whoever throws the claims away may go by the ID token alone.
        Heard::Said(Said::Accepted { .. }) if stage.can(Ability::Pages) => {
            stage.withstood(format!("the client goes by the ID token, and not by {what}"))
        }
        Heard::Said(Said::Accepted { .. }) => {
            let because = format!("the client does not say what it made of {what}");
            stage.found(Finding::new(Verdict::Inconclusive, because))
        }
        _ => stage.must_reject(&heard, what),
    };
    Ok(())
}

/// Records whether such claims break nothing.
pub(super) async fn must_do_no_harm(stage: &Stage, edit: Edit, what: &str) -> Result<(), Inconclusive> {
    match login_with(stage, vec![edit]).await?.1 {
        Heard::BrokeDown => stage.violated(format!("the client broke down at {what}")),
        _ => stage.withstood(format!("{what} does no harm")),
    };
    Ok(())
}

/// Records whether the client stops reading at some point.
pub(super) async fn must_be_bounded(stage: &Stage) -> Result<(), Inconclusive> {
    let what = "UserInfo of eight mebibytes";
    let (_, heard) = login_with(stage, vec![Edit::Pad { octets: 8 << 20 }]).await?;
    if matches!(heard, Heard::Said(Said::Accepted { .. })) {
        let because = format!("the client reads {what}");
        stage.found(Finding::new(Verdict::Vulnerable, because).at(Level::Should));
    } else {
        stage.must_reject(&heard, what);
    }
    Ok(())
}

async fn login_with(stage: &Stage, edit: Vec<Edit>) -> Result<(Visitor, Heard), Inconclusive> {
    let (idp, visitor) = (stage.idp().await?, Visitor::new());
    let lie = idp.lie(Fault { at: Point::Userinfo, when: When::default(), edit });
    let heard = stage.login(&visitor, &idp).await?;
    match lie.was_told() {
        true => Ok((visitor, heard)),
        false => Err(Inconclusive::new("the client does not ask for UserInfo")),
    }
}
