//! Linking an account at another provider to the session that is there already.

use oauth_attacks::{Done, Provider, Rejected, Visitor};

use super::{COOKIE, Purpose, Victim};

impl Victim {
    /// Begins to link the visitor's account at a provider.
    pub(super) async fn link(&self, visitor: &Visitor, provider: &Provider) -> Result<Done, Rejected> {
        let cookie = visitor.cookie(COOKIE).unwrap_or_default();
        let signed_in = self.sessions().get(&cookie).is_some_and(|session| session.signed_in.is_some());
        if !signed_in {
            return Err(Rejected::new("nobody is logged in"));
        }
        let url = self.begin_with(visitor, provider, Purpose::Link).await?;
        Ok(Done::Sent { url })
    }
}
