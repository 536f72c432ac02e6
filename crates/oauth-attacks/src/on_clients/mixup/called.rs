//! Calls of resources, through the logins that a client begins for them.

use crate::attack::Inconclusive;
use crate::client::{Done, Errand, Visitor};
use crate::idp::Idp;
use crate::stage::{Address, Stage};

/// Has the client call a resource. Where it has the visitor log in for that first, they do.
pub(super) async fn once(stage: &Stage, visitor: &Visitor, call: &Errand, idp: &Idp) -> Result<(), Inconclusive> {
    let mut done = stage.must(visitor, call.clone(), &[idp]).await?;
    if let Done::Sent { url } = &done {
        let address = stage.follow_as_is(visitor, idp, &Address::parse(url)?).await?;
        stage.deliver(visitor, &address, &[idp]).await?;
        done = stage.must(visitor, call.clone(), &[idp]).await?;
    }
    match done {
        Done::Answered { status: 200 } => Ok(()),
        _ => Err(Inconclusive::new("the client does not get an answer of a resource")),
    }
}
