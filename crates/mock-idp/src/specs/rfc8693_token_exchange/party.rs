//! Who a token of an exchange is about, if the token is good (RFC 8693 §2.1).

use serde_json::Value;

use super::{TokenType, rules};
use crate::doctor::{self, Handle};
use crate::jose::{Jws, seconds};
use crate::memory::{Bound, Login, Notes, Scope};
use crate::ports::store::GrantId;
use crate::refusal::{Refusal, Rule};
use crate::reply::Stop;
use crate::request::{Resolved, TokenKind, TokenRequest};
use crate::spec::Spine;

/// The parameters in which a token comes, and what is wrong if it is not good.
pub(super) struct Role {
    /// The token.
    pub token: &'static str,
    /// Its type.
    pub kind: &'static str,
    /// Whether it has to have been issued to the client itself.
    own: bool,
    missing: &'static Rule,
    unsupported: &'static Rule,
    invalid: &'static Rule,
}

/// Whom the new token is about.
pub(super) static SUBJECT: Role = Role {
    token: "subject_token",
    kind: "subject_token_type",
    own: false,
    missing: &rules::SUBJECT_MISSING,
    unsupported: &rules::SUBJECT_TYPE,
    invalid: &rules::SUBJECT_INVALID,
};

/// Who acts.
pub(super) static ACTOR: Role = Role {
    token: "actor_token",
    kind: "actor_token_type",
    own: true,
    missing: &rules::ACTOR_TYPE,
    unsupported: &rules::ACTOR_TYPE,
    invalid: &rules::ACTOR_INVALID,
};

/// What a token says.
pub(super) struct Party {
    pub client_id: String,
    pub subject: String,
    /// Nothing for a token that has none, as an ID token.
    pub scope: Option<Scope>,
    pub login: Option<Login>,
    pub notes: Notes,
    pub grant: Option<GrantId>,
    pub expires: u64,
    pub act: Option<Value>,
    pub may_act: Option<Value>,
}

/// Reads the token of a role.
pub(super) async fn read(request: &TokenRequest<'_>, spine: &dyn Spine, role: &Role) -> Result<Party, Stop> {
    let missing = |name| doctor::missing(role.missing, request.params, name);
    let token = request.params.get(role.token).ok_or_else(|| missing(role.token))?;
    let kind = request.params.get(role.kind).ok_or_else(|| missing(role.kind))?;
    let kind = TokenType::named(kind).ok_or_else(|| role.unsupported.because(TokenType::meant(kind)))?;
    if kind != TokenType::Id
        && let Some(resolved) = spine.resolve(request.arrival.place, token).await?
    {
        return of_record(request, role, kind, resolved).map_err(Stop::from);
    }
    let claims = matches!(kind, TokenType::Id | TokenType::Jwt).then(|| id_token(request, spine, token)).flatten();
    let Some(party) = claims else {
        let known = "It is unknown here, altered or revoked, of another type, or an ID token of another client";
        let wanted = match kind {
            TokenType::Access => Handle::AccessToken,
            TokenType::Refresh => Handle::RefreshToken,
            TokenType::Id | TokenType::Jwt => return Err(role.invalid.because(known).into()),
        };
        let what = doctor::strange(request.ports, request.arrival.place, token, wanted).await?;
        return Err(role.invalid.because(format!("{what}. {known}")).into());
    };
    alive(request, role, party).map_err(Stop::from)
}

/// What an access token or a refresh token stands for.
fn of_record(request: &TokenRequest<'_>, role: &Role, kind: TokenType, resolved: Resolved) -> Result<Party, Refusal> {
    let client = request.client();
    match (kind, resolved.kind) {
        (TokenType::Access | TokenType::Jwt, TokenKind::Access) | (TokenType::Refresh, TokenKind::Refresh) => {}
        (_, TokenKind::Refresh) => return Err(role.invalid.because("It is a refresh token")),
        (_, TokenKind::Access) => return Err(role.invalid.because("It is an access token")),
    }
    if resolved.kept.spent.is_some() {
        return Err(role.invalid.because("It was used, and another has taken its place"));
    }
    let record = &resolved.kept.record;
    let own = record.authorization.client_id == client.client_id();
    if !own && (role.own || !resolved.concerns(client, &request.arrival.place.issuer)) {
        return Err(role.invalid.because("It was issued to another client, and is not meant for this one"));
    }
    let Bound(bound) = record.notes.find().unwrap_or_default();
    let held = bound.iter().all(|own| request.proofs.contains(own));
    if own && !held {
        return Err(role
            .invalid
            .because("It is bound to a key, which this request does not prove the possession of"));
    }
    let authorization = record.authorization.as_ref().clone();
    let own_rule = client.member("may_act").filter(|_| own).cloned();
    let party = Party {
        client_id: authorization.client_id,
        subject: authorization.subject,
        scope: Some(authorization.scope),
        login: authorization.login,
        notes: authorization.notes,
        grant: Some(record.grant),
        expires: record.expires,
        act: resolved.claims.get("act").cloned(),
        may_act: resolved.claims.get("may_act").cloned().or(own_rule),
    };
    alive(request, role, party)
}

fn alive(request: &TokenRequest<'_>, role: &Role, party: Party) -> Result<Party, Refusal> {
    match request.arrival.now.checked_sub(party.expires) {
        Some(since) => Err(role.invalid.because(format!("It expired {since} seconds ago"))),
        None => Ok(party),
    }
}

/// What an ID token says that this server issued to the client.
fn id_token(request: &TokenRequest<'_>, spine: &dyn Spine, token: &str) -> Option<Party> {
    let jws = Jws::parse(token).ok()?;
    let (signed, signature) = token.rsplit_once('.')?;
    if !request.ports.keys.verify(jws.algorithm()?, signed.as_bytes(), signature) || !jws.is_typ("JWT") {
        return None;
    }
    let client = request.client();
    let claims = jws.claims();
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    let time = |name: &str| claims.get(name).and_then(seconds);
    // Other tokens that this server signs for a client have no auth_time.
    let auth_time = time("auth_time")?;
    if text("iss")? != request.arrival.place.issuer || text("aud")? != client.client_id() {
        return None;
    }
    let subject = text("sub")?;
    let user = spine.people().all().find(|user| spine.subject(client, user) == subject)?;
    let methods = claims.get("amr").and_then(Value::as_array).into_iter().flatten();
    let login = Login {
        user: user.subject().to_owned(),
        auth_time,
        acr: text("acr").map(str::to_owned),
        amr: methods.filter_map(|method| method.as_str().map(str::to_owned)).collect(),
        session: text("sid").map(str::to_owned),
    };
    Some(Party {
        client_id: client.client_id().to_owned(),
        subject: subject.to_owned(),
        scope: None,
        login: Some(login),
        notes: Notes::default(),
        grant: None,
        expires: time("exp")?,
        act: claims.get("act").cloned(),
        may_act: claims.get("may_act").or(client.member("may_act")).cloned(),
    })
}
