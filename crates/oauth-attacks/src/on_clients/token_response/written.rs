//! Token responses that the attack writes itself.

use oauth_types::fault::{Edit, Fault, Point};
use oauth_types::mint::Mint;
use serde_json::{Map, Value, json};

use crate::attack::Inconclusive;
use crate::client::{Said, Visitor};
use crate::idp::Idp;
use crate::observe;
use crate::stage::{Address, Heard, Stage};
use crate::verdict::Verdict;

/// A token response. As it is made, everything about it is right.
pub(super) struct Answer {
    /// The status.
    pub(super) status: u16,
    /// The media type.
    pub(super) kind: &'static str,
    /// What it says.
    pub(super) members: Map<String, Value>,
    /// The body, if it is not just the members.
    pub(super) text: Option<String>,
    /// How it leaves the server, if otherwise than usual.
    pub(super) departure: Option<Edit>,
}

/// What came of a login that ended with such a response.
pub(super) struct Tried {
    /// Who wanted to log in.
    pub(super) visitor: Visitor,
    /// What the client said.
    pub(super) heard: Heard,
    /// Whether a request carried the access token.
    pub(super) used: bool,
}

impl Answer {
    /// The body.
    pub(super) fn text(&self) -> String {
        self.text.clone().unwrap_or_else(|| Value::Object(self.members.clone()).to_string())
    }

    /// Tokens for the one who sent `request`. They are good ones: what is refused is refused for what is written.
    async fn to(idp: &Idp, request: &Address, before: usize) -> Result<Self, Inconclusive> {
        let asked = observe::asked(request, &idp.journal().split_off(before));
        let client_id = Some(request.get("client_id").to_owned());
        let scope = asked.get("scope").unwrap_or_default();
        let access = Mint { client_id: client_id.clone(), ..Mint::access_token("alice").scope(scope) };
        let mut id_token = Mint { client_id, ..Mint::id_token("alice") };
        if let Some(nonce) = asked.get("nonce") {
            id_token.claims.insert("nonce".to_owned(), nonce.into());
        }
        let members = json!({
            "access_token": idp.mint(&access).await?,
            "token_type": "Bearer",
            "expires_in": 3600,
            "scope": scope,
            "id_token": idp.mint(&id_token).await?,
        });
        let members = members.as_object().cloned().unwrap_or_default();
        Ok(Self { status: 200, kind: "application/json", members, text: None, departure: None })
    }
}

/// Lets a visitor log in and end with this response.
pub(super) async fn tried(
    stage: &Stage,
    idp: &Idp,
    write: impl FnOnce(Answer) -> Answer,
) -> Result<Tried, Inconclusive> {
    let visitor = Visitor::new();
    let before = idp.journal().len();
    let request = stage.must_begin(&visitor, idp).await?;
    let honest = Answer::to(idp, &request, before).await?;
    let token = honest.members["access_token"].as_str().unwrap_or_default().to_owned();
    for secret in ["access_token", "id_token"] {
        honest.members[secret].as_str().into_iter().for_each(|secret| stage.agent().keep_secret(secret));
    }
    let answer = write(honest);
    let body = Edit::Body { content_type: answer.kind.to_owned(), text: answer.text() };
    let fault = Fault::always(Point::TokenResponse, body).and(Edit::Status { code: answer.status });
    let lie = idp.lie(answer.departure.into_iter().fold(fault, Fault::and));
    let address = stage.follow(&visitor, idp, &request).await?;
    let heard = stage.deliver(&visitor, &address, &[idp]).await?;
    if !lie.was_told() {
        return Err(Inconclusive::new("the client does not send a token request"));
    }
    Ok(Tried { visitor, heard, used: idp.was_told(&token) })
}

/// Makes sure that the client takes a token response that is right, when it is written like the wrong ones.
pub(super) async fn control(stage: &Stage, idp: &Idp) -> Result<Tried, Inconclusive> {
    let tried = tried(&stage.aside(), idp, |answer| answer).await?;
    match &tried.heard {
        Heard::Said(Said::Accepted { .. }) => Ok(tried),
        heard => Err(Inconclusive::new(format!("the client does not take a token response that is right: {heard}"))),
    }
}

/// Makes sure that the client uses the access tokens that it gets, too. Of one that only keeps them nothing is seen of
/// what it would use.
pub(super) async fn uses_tokens(stage: &Stage, idp: &Idp) -> Result<(), Inconclusive> {
    match control(stage, idp).await?.used {
        true => Ok(()),
        false => Err(Inconclusive::new("the client does not use its access token")),
    }
}

/// Records whether the client refuses a login that ends with this response, and leaves its access token alone.
pub(super) async fn must_be_rejected(
    stage: &Stage,
    idp: &Idp,
    what: &str,
    write: impl FnOnce(Answer) -> Answer,
) -> Result<Verdict, Inconclusive> {
    let tried = tried(stage, idp, write).await?;
    if tried.used {
        stage.violated(format!("the client uses the access token of {what}"));
    }
    Ok(stage.must_reject(&tried.heard, what))
}
