//! Honest logins, looked at: what the client under test sends to a server that does nothing wrong.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use mock_idp::{Entry, MockIdp};
use oauth_types::Params;
use oauth_types::fault::Point;
use serde_json::{Map, Value};

use crate::attack::Inconclusive;
use crate::client::{Said, Visitor};
use crate::idp::Idp;
use crate::stage::{Address, Heard, Stage};

/// One login and what the client sent for it.
#[derive(Debug)]
pub(crate) struct Login {
    /// The address that the browser was sent to.
    pub(crate) request: Address,
    /// The authorization request: the parameters of that address, or of what the client pushed or signed instead.
    pub(crate) asked: Params,
    /// The token request, if there was one.
    pub(crate) token: Option<Entry>,
    /// Everything the client sent to the server, the token request included.
    pub(crate) sent: Vec<Entry>,
    /// What the client said in the end, or why it did not come to that.
    ended: Result<Heard, Inconclusive>,
}

impl Login {
    /// The challenge of the authorization request.
    pub(crate) fn challenge(&self) -> Result<&str, Inconclusive> {
        let challenge = self.asked.get("code_challenge");
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

    /// What the client said in the end.
    pub(crate) fn heard(&self) -> Result<&Heard, Inconclusive> {
        self.ended.as_ref().map_err(Clone::clone)
    }

    /// A parameter of the authorization request, or nothing.
    pub(crate) fn asked(&self, name: &str) -> &str {
        self.asked.get(name).unwrap_or_default()
    }

    /// Whether the login succeeded. What was not seen in a login that failed may still be there.
    pub(crate) fn succeeded(&self) -> Result<(), Inconclusive> {
        match self.heard()? {
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
    carry_on(stage, idp, visitor, (request, before)).await
}

/// Lets a visitor go on with a login that was begun by an errand. `before` is how long the journal was before that.
pub(crate) async fn carry_on(
    stage: &Stage,
    idp: &Idp,
    visitor: &Visitor,
    (request, before): (Address, usize),
) -> Result<Login, Inconclusive> {
    let ended = finish(stage, idp, visitor, &request).await;
    let sent: Vec<_> = idp.journal().into_iter().skip(before).filter(|entry| entry.path != "/authorize").collect();
    let token = sent.iter().find(|entry| entry.path == "/token").cloned();
    let asked = asked(&request, &sent);
    Ok(Login { request, asked, token, sent, ended })
}

/// What follows on an authorization request.
async fn finish(stage: &Stage, idp: &Idp, visitor: &Visitor, request: &Address) -> Result<Heard, Inconclusive> {
    let address = stage.follow_as_is(visitor, idp, request).await?;
    stage.deliver(visitor, &address, &[idp]).await
}

/// The parameters that an authorization request comes to (RFC 9126 section 4, RFC 9101 section 6.3).
pub(crate) fn asked(request: &Address, sent: &[Entry]) -> Params {
    let pushed = sent.iter().find(|entry| entry.point == Some(Point::PushedAuthorization));
    let pushed = pushed.filter(|_| !request.get("request_uri").is_empty());
    let params = pushed.map_or(&request.params, |entry| &entry.params);
    let claims = params.get("request").and_then(claims);
    let Some(claims) = claims else { return params.clone() };
    claims.iter().filter_map(|(name, value)| Some((name.as_str(), value.as_str()?))).collect()
}

/// Makes sure that a login is one with an ID token (OpenID Connect Core section 3.1.2.1). A client that has not asked for
/// one does not look at the one it is given.
pub(crate) fn asks_for_id_token(request: &Address, idp: &Idp) -> Result<(), Inconclusive> {
    let asked = asked(request, &idp.journal());
    let scope = asked.get("scope").unwrap_or_default();
    match scope.split(' ').any(|word| word == "openid") {
        true => Ok(()),
        false => Err(Inconclusive::new("the client does not ask for an ID token")),
    }
}

/// The claims of a JWT, whatever its signature.
pub(crate) fn claims(jwt: &str) -> Option<Map<String, Value>> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(jwt.split('.').nth(1)?).ok()?).ok()
}

/// The header of a JWT, whatever its signature.
pub(crate) fn header(jwt: &str) -> Option<Map<String, Value>> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(jwt.split('.').next()?).ok()?).ok()
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
