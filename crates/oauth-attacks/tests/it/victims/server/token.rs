//! The token endpoint, revocation and UserInfo.

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use oauth_types::Params;
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::store::{Challenge, Code, Refresh, Store};
use super::{Defence, SECRET, Shared, json_answer, refusal};

type Server = State<Arc<Shared>>;

/// How often others are let in between at most, where a defence is off that keeps them out.
const GAP: u32 = 10_000;

/// A client that has said who it is, and whether it has proved it.
struct Client {
    id: String,
    proved: bool,
}

pub(crate) async fn token(
    State(shared): Server,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: String,
) -> Response {
    let Ok(mut params) = Params::parse(&body) else { return refusal("invalid_request") };
    if params.duplicate(&[]).is_some() {
        return refusal("invalid_request");
    }
    if !shared.on(Defence::BodyOnly) {
        let query = Params::parse(&query.unwrap_or_default()).unwrap_or_default();
        if let Some(verifier) = query.get("code_verifier") {
            params.set("code_verifier", verifier);
        }
    }
    let Some(client) = client(&params, &headers) else {
        return json_answer(StatusCode::UNAUTHORIZED, json!({ "error": "invalid_client" }));
    };
    let redeemed = match params.get("grant_type") {
        Some("authorization_code") => redeem(&shared, &params, &client).await,
        Some("refresh_token") => refresh(&shared, &params, &client),
        _ => Err("unsupported_grant_type"),
    };
    redeemed.unwrap_or_else(refusal)
}

/// RFC 7009.
pub(crate) async fn revoke(State(shared): Server, body: String) -> Response {
    let params = Params::parse(&body).unwrap_or_default();
    let mut store = shared.store();
    let token = params.get("token").unwrap_or_default();
    let family = store.refresh.get(token).map(|refresh| refresh.family);
    if let Some(family) = family.or_else(|| store.access.get(token).copied()) {
        store.revoke(family);
    }
    StatusCode::OK.into_response()
}

pub(crate) async fn userinfo(State(shared): Server, headers: HeaderMap) -> Response {
    let token = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    if token.is_some_and(|token| shared.store().is_live(token)) {
        return json_answer(StatusCode::OK, json!({ "sub": "alice" }));
    }
    (StatusCode::UNAUTHORIZED, [(header::WWW_AUTHENTICATE, r#"Bearer error="invalid_token""#)]).into_response()
}

/// RFC 6749 section 2.3.1.
fn client(params: &Params, headers: &HeaderMap) -> Option<Client> {
    let Some(basic) = headers.get(header::AUTHORIZATION) else {
        let id = params.get("client_id").filter(|id| ["app", "other"].contains(id))?;
        return Some(Client { id: id.to_owned(), proved: false });
    };
    let pair = STANDARD.decode(basic.to_str().ok()?.strip_prefix("Basic ")?).ok()?;
    let proved = pair == format!("web:{SECRET}").into_bytes();
    proved.then(|| Client { id: "web".to_owned(), proved })
}

async fn redeem(shared: &Shared, params: &Params, client: &Client) -> Result<Response, &'static str> {
    let value = params.get("code").ok_or("invalid_request")?;
    if !shared.on(Defence::ChecksBeforeRevocation) {
        let mut store = shared.store();
        if let Some(family) = store.codes.get(value).filter(|code| code.spent).map(|code| code.family) {
            store.revoke(family);
        }
    }
    if !shared.on(Defence::OwnVerdictOnly) && shared.store().codes.get(value).is_some_and(|code| code.verified) {
        return spend(shared, &mut shared.store(), value);
    }
    {
        let mut store = shared.store();
        check(shared, &mut store, (value, params), client)?;
        let interleaved = [Defence::SpendingIsAtomic, Defence::OwnVerdictOnly];
        if interleaved.into_iter().all(|defence| shared.on(defence)) {
            return spend(shared, &mut store, value);
        }
        let code = store.codes.get_mut(value).ok_or("invalid_grant")?;
        code.verified = true;
        if !shared.on(Defence::SpendingIsAtomic) && code.spent {
            return Err("invalid_grant");
        }
    }
    for _ in 0..GAP {
        tokio::task::yield_now().await;
        if shared.store().codes.get(value).is_some_and(|code| code.spent) {
            break;
        }
    }
    let mut store = shared.store();
    if shared.on(Defence::SpendingIsAtomic) {
        return spend(shared, &mut store, value);
    }
    let code = store.codes.get_mut(value).ok_or("invalid_grant")?;
    code.spent = true;
    let code = code.clone();
    Ok(tokens(&mut store, &code))
}

/// Everything a code is checked for before it is spent.
fn check(
    shared: &Shared,
    store: &mut Store,
    (value, params): (&str, &Params),
    client: &Client,
) -> Result<(), &'static str> {
    let code = store.codes.get(value).ok_or("invalid_grant")?.clone();
    if code.client_id != client.id && shared.on(Defence::CodesBelongToClients) {
        return Err("invalid_grant");
    }
    if params.get("redirect_uri") != Some(&code.redirect_uri) && shared.on(Defence::RedirectUriCompared) {
        return Err("invalid_grant");
    }
    if !shared.on(Defence::FailureKeepsChallenge)
        && let Some(code) = store.codes.get_mut(value)
    {
        code.challenge = None;
    }
    let right = |verifier: &&str| code.challenge.as_ref().is_some_and(|challenge| matches(challenge, verifier));
    store.secrets.extend(params.get("code_verifier").filter(right).map(str::to_owned));
    verify(shared, store, &code, (params, client))
}

/// RFC 7636 section 4.6.
fn verify(
    shared: &Shared,
    store: &Store,
    code: &Code,
    (params, client): (&Params, &Client),
) -> Result<(), &'static str> {
    if params.raw("code_verifier") == Some("") && !shared.on(Defence::EmptyVerifierIsNone) {
        return Ok(());
    }
    let (challenge, verifier) = match (&code.challenge, params.get("code_verifier")) {
        (None, None) => return Ok(()),
        (None, Some(_)) if shared.on(Defence::UnsolicitedVerifierRefused) => return Err("invalid_request"),
        (None, Some(_)) => return Ok(()),
        (Some(_), None) => {
            let needed = shared.on(Defence::VerifierRequired);
            let excused = client.proved && !shared.on(Defence::SecretIsNoSubstitute);
            return if needed && !excused { Err("invalid_grant") } else { Ok(()) };
        }
        (Some(challenge), Some(verifier)) => (challenge, verifier),
    };
    let verifier = if shared.on(Defence::VerifierUnaltered) { verifier } else { verifier.trim() };
    let unreserved = |octet: u8| octet.is_ascii_alphanumeric() || b"-._~".contains(&octet);
    let fits = (43..=128).contains(&verifier.len()) || !shared.on(Defence::VerifierLength);
    if !fits || !verifier.bytes().all(unreserved) {
        return Err("invalid_request");
    }
    let mut right = matches(challenge, verifier) || !shared.on(Defence::VerifierCompared);
    if !shared.on(Defence::BoundMethodOnly) {
        right |= matches!(challenge, Challenge::S256(text) | Challenge::Plain(text) if text == verifier);
    }
    if !shared.on(Defence::TokenRequestHasNoSay) {
        right |= params.get("code_challenge") == Some(&s256(verifier));
    }
    if !shared.on(Defence::ChallengeOfThisCode) {
        let mut codes = store.codes.values().filter(|other| other.client_id == client.id);
        right |= codes.any(|other| other.challenge.as_ref().is_some_and(|challenge| matches(challenge, verifier)));
    }
    if right { Ok(()) } else { Err("invalid_grant") }
}

fn matches(challenge: &Challenge, verifier: &str) -> bool {
    match challenge {
        Challenge::S256(challenge) => *challenge == s256(verifier),
        Challenge::Plain(challenge) => challenge == verifier,
    }
}

fn s256(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(verifier))
}

/// RFC 6749 section 4.1.2: a code is used once, and a second use revokes what came of the first.
fn spend(shared: &Shared, store: &mut Store, value: &str) -> Result<Response, &'static str> {
    let code = store.codes.get_mut(value).ok_or("invalid_grant")?;
    let spent = std::mem::replace(&mut code.spent, true);
    let code = code.clone();
    if spent && shared.on(Defence::CodesAreSpent) {
        if shared.on(Defence::ReplayRevokes) {
            store.revoke(code.family);
        }
        return Err("invalid_grant");
    }
    Ok(tokens(store, &code))
}

fn tokens(store: &mut Store, code: &Code) -> Response {
    let (access, refresh) = (store.fresh("access"), store.fresh("refresh"));
    store.access.insert(access.clone(), code.family);
    let (client_id, family) = (code.client_id.clone(), code.family);
    store.refresh.insert(refresh.clone(), Refresh { client_id, family, rotated: false });
    let body =
        json!({ "access_token": access, "refresh_token": refresh, "token_type": "Bearer", "expires_in": 3600 });
    json_answer(StatusCode::OK, body)
}

/// RFC 6749 section 6 and RFC 9700 section 4.14.2.
fn refresh(shared: &Shared, params: &Params, client: &Client) -> Result<Response, &'static str> {
    let value = params.get("refresh_token").ok_or("invalid_request")?;
    let mut store = shared.store();
    let old = store.refresh.get_mut(value).filter(|old| old.client_id == client.id).ok_or("invalid_grant")?;
    let rotated = std::mem::replace(&mut old.rotated, true);
    let (family, client_id) = (old.family, old.client_id.clone());
    if rotated && shared.on(Defence::RotatedTokensRefused) {
        if shared.on(Defence::ReuseRevokes) {
            store.revoke(family);
        }
        return Err("invalid_grant");
    }
    if store.revoked.contains(&family) {
        return Err("invalid_grant");
    }
    let code = Code { client_id, redirect_uri: String::new(), challenge: None, family, spent: true, verified: false };
    Ok(tokens(&mut store, &code))
}
