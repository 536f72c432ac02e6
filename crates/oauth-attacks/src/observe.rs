//! Honest logins, looked at: what the client under test sends to a server that does nothing wrong.

use mock_idp::{Entry, MockIdp};

use crate::attack::Inconclusive;
use crate::client::{Said, Visitor};
use crate::idp::Idp;
use crate::stage::{Address, Heard, Stage};

/// One login and what the client sent for it.
#[derive(Debug)]
pub(crate) struct Login {
    /// The authorization request.
    pub(crate) request: Address,
    /// The token request, if there was one.
    pub(crate) token: Option<Entry>,
    /// Everything the client sent to the server, the token request included.
    pub(crate) sent: Vec<Entry>,
    /// What the client said in the end.
    pub(crate) heard: Heard,
}

impl Login {
    /// The challenge of the authorization request.
    pub(crate) fn challenge(&self) -> Result<&str, Inconclusive> {
        let challenge = self.request.params.get("code_challenge");
        challenge.ok_or_else(|| Inconclusive::new("the client sends no challenge"))
    }

    /// The token request.
    pub(crate) fn token(&self) -> Result<&Entry, Inconclusive> {
        self.token.as_ref().ok_or_else(|| Inconclusive::new("the client sent no token request"))
    }

    /// The verifier of the token request.
    pub(crate) fn verifier(&self) -> Result<&str, Inconclusive> {
        let verifier = self.token()?.params.get("code_verifier");
        verifier.ok_or_else(|| Inconclusive::new("the client sends no verifier"))
    }

    /// Whether the login succeeded. What was not seen in a login that failed may still be there.
    fn succeeded(&self) -> Result<(), Inconclusive> {
        match &self.heard {
            Heard::Said(Said::Accepted { .. }) => Ok(()),
            other => Err(Inconclusive::new(format!("an honest login failed: {other}"))),
        }
    }
}

/// A server that insists on nothing, so that a careless client gets as far as it can.
pub(crate) async fn lenient(stage: &Stage) -> Result<Idp, Inconclusive> {
    stage.idp_of(MockIdp::builder().pkce_optional().plain()).await
}

/// Lets new visitors log in at `idp`, one after the other. The first login tells the story; the others are more of it.
pub(crate) async fn logins(stage: &Stage, idp: &Idp, number: usize) -> Result<Vec<Login>, Inconclusive> {
    let aside = stage.aside();
    let mut logins = vec![login(stage, idp, &Visitor::new()).await?];
    while logins.len() < number {
        logins.push(login(&aside, idp, &Visitor::new()).await?);
    }
    Ok(logins)
}

/// Lets a visitor log in at `idp`.
pub(crate) async fn login(stage: &Stage, idp: &Idp, visitor: &Visitor) -> Result<Login, Inconclusive> {
    let before = idp.journal().len();
    let request = stage.must_begin(visitor, idp).await?;
    let address = stage.follow(visitor, idp, &request).await?;
    let heard = stage.deliver(visitor, &address, &[idp]).await?;
    let sent: Vec<_> = idp.journal().into_iter().skip(before).filter(|entry| entry.path != "/authorize").collect();
    let token = sent.iter().find(|entry| entry.path == "/token").cloned();
    Ok(Login { request, token, sent, heard })
}

/// Looks at each login for a violation. `right` is what was seen if there is none.
pub(crate) fn look(
    stage: &Stage,
    logins: &[Login],
    right: &str,
    violation: impl Fn(&Login) -> Result<Option<String>, Inconclusive>,
) -> Result<(), Inconclusive> {
    for login in logins {
        if let Some(because) = violation(login)? {
            stage.violated(because);
            return Ok(());
        }
    }
    for login in logins {
        login.succeeded()?;
    }
    stage.withstood(right);
    Ok(())
}
