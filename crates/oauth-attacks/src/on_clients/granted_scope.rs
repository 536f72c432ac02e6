//! What a client takes its tokens to be good for.

use crate::attack::Inconclusive;
use crate::client::{Done, Errand, Visitor};
use crate::idp::Idp;
use crate::stage::Stage;

/// Scopes that differ from what the client asks for.
pub(super) struct Asked {
    /// One value less.
    pub(super) fewer: String,
    /// One value more.
    pub(super) more: String,
}

/// What the client asks for, changed.
pub(super) async fn asked(stage: &Stage, idp: &Idp) -> Result<Asked, Inconclusive> {
    let asked = stage.must_begin(&Visitor::new(), idp).await?.get("scope").to_owned();
    let Some((fewer, _)) = asked.rsplit_once(' ') else {
        return Err(Inconclusive::new("the client does not ask for two scope values"));
    };
    Ok(Asked { fewer: fewer.to_owned(), more: format!("{asked} admin") })
}

/// Records whether the client counts on nothing but `granted`.
pub(super) async fn must_count(
    stage: &Stage,
    visitor: &Visitor,
    idp: &Idp,
    granted: &str,
    what: &str,
) -> Result<(), Inconclusive> {
    let Done::Scope(scope) = stage.must(visitor, Errand::Scope, &[idp]).await? else {
        return Err(Inconclusive::new("the client does not say what its tokens are good for"));
    };
    match scope.iter().find(|value| !granted.split(' ').any(|one| one == *value)) {
        Some(value) => stage.violated(format!("with {what}, the client counts on {value}, which was not granted")),
        None => stage.withstood(format!("with {what}, the client counts on what was granted")),
    };
    Ok(())
}
