//! The tokens of a session: keeping them, refreshing them, and calling resources with them.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use oauth_attacks::client::Done;
use oauth_attacks::{Rejected, Visitor};
use oauth_types::Params;
use serde_json::Value;

use super::response::{claims_of, left_half};
use super::token_response::access_token;
use super::{Defence, Login, Victim, seconds_since_1970};

/// What somebody who is logged in has.
pub(super) struct Held {
    login: Login,
    /// The claims of the first ID token.
    claims: Value,
    tokens: Mutex<Tokens>,
    /// Who refreshes has the turn.
    turn: tokio::sync::Mutex<()>,
    refreshes: AtomicU64,
}

#[derive(Default)]
struct Tokens {
    access: Option<String>,
    refresh: Option<String>,
    scope: Vec<String>,
}

impl Held {
    fn tokens(&self) -> MutexGuard<'_, Tokens> {
        self.tokens.lock().expect("nobody panics with the tokens in hand")
    }
}

impl Victim {
    /// Keeps the tokens of a login that succeeded.
    pub(super) fn hold(&self, cookie: &str, login: &Login, members: &Value) {
        let granted = members["scope"].as_str().filter(|_| self.on(Defence::GrantedScopeKept));
        let tokens = Tokens {
            access: Some(access_token(members)),
            refresh: members["refresh_token"].as_str().map(str::to_owned),
            scope: granted.unwrap_or(login.purpose.scope()).split(' ').map(str::to_owned).collect(),
        };
        let held = Held {
            login: login.clone(),
            claims: claims_of(members["id_token"].as_str().unwrap_or_default()),
            tokens: Mutex::new(tokens),
            turn: tokio::sync::Mutex::default(),
            refreshes: AtomicU64::new(0),
        };
        let mut sessions = self.sessions();
        let session = sessions.entry(cookie.to_owned()).or_default();
        session.leads_to = login.return_to.clone();
        session.held = Some(Arc::new(held));
    }

    /// OpenID Connect Core section 3.1.3.8.
    pub(super) fn check_access_token(&self, members: &Value, id_token: &str) -> Result<(), Rejected> {
        let access = access_token(members);
        let hash = &claims_of(id_token)["at_hash"];
        if !hash.is_null() && *hash != left_half(&access) && self.on(Defence::AccessTokenHashCompared) {
            return Err(Rejected::new("ID token of another access token"));
        }
        let claims = claims_of(&access);
        let expired = claims["exp"].as_u64().is_some_and(|expires| expires <= seconds_since_1970());
        if expired && !self.on(Defence::AccessTokenOpaque) {
            return Err(Rejected::new("an access token that has expired"));
        }
        Ok(())
    }

    /// Whether the session of this visitor had tokens, and has none any more.
    pub(super) fn has_lost_its_tokens(&self, visitor: &Visitor) -> bool {
        self.held(visitor).is_ok_and(|held| held.tokens().access.is_none())
    }

    pub(super) fn scope(&self, visitor: &Visitor) -> Result<Done, Rejected> {
        Ok(Done::Scope(self.held(visitor)?.tokens().scope.clone()))
    }

    /// RFC 6749 section 6.
    pub(super) async fn refresh(&self, visitor: &Visitor) -> Result<Done, Rejected> {
        let held = self.held(visitor)?;
        let before = held.refreshes.load(Ordering::Relaxed);
        let _turn = match self.on(Defence::RefreshedOnce) {
            true => Some(held.turn.lock().await),
            false => None,
        };
        if held.refreshes.load(Ordering::Relaxed) != before && self.on(Defence::RefreshedOnce) {
            return Ok(Done::Done);
        }
        let token = held.tokens().refresh.clone().ok_or_else(|| Rejected::new("no refresh token"))?;
        let form = Params::new()
            .with("grant_type", "refresh_token")
            .with("refresh_token", token)
            .with("client_id", &held.login.provider.client.client_id);
        let (status, members) = self.token_request(&held.login, &form).await?;
        self.keep_tokens(&members);
        if status != 200 {
            if self.on(Defence::RefusedRefreshTokenDropped) {
                held.tokens().refresh = None;
            }
            return Err(Rejected::new(format!("token endpoint: {status}")));
        }
        let checked = self.check_refreshed(&held, &members).await;
        self.renew(visitor, checked.is_ok().then(|| access_token(&members)));
        checked?;
        self.replace(&held, &members);
        held.refreshes.fetch_add(1, Ordering::Relaxed);
        Ok(Done::Done)
    }

    fn held(&self, visitor: &Visitor) -> Result<Arc<Held>, Rejected> {
        self.of(visitor, |session| session.held.clone()).ok_or_else(|| Rejected::new("nobody is logged in"))
    }

    /// OpenID Connect Core section 12.2. A session with an ID token of somebody else ends.
    async fn check_refreshed(&self, held: &Held, members: &Value) -> Result<(), Rejected> {
        let Some(token) = members["id_token"].as_str().filter(|_| self.on(Defence::RefreshedClaimsCompared)) else {
            return Ok(());
        };
        let (claims, first) = (claims_of(token), &held.claims);
        let same = ["iss", "sub", "aud"].iter().all(|name| claims[name] == first[name]);
        let other = |name: &&str| !claims[name].is_null() && claims[name] != first[name];
        let older = claims["iat"].as_u64() < first["iat"].as_u64();
        let changed = !same || ["nonce", "auth_time", "azp"].iter().any(other) || older;
        let signed = self.is_signed_by_server(&held.login, token).await?;
        if changed || !signed || self.check_access_token(members, token).is_err() {
            *held.tokens() = Tokens::default();
            return Err(Rejected::new("a refreshed ID token of another login"));
        }
        Ok(())
    }

    fn replace(&self, held: &Held, members: &Value) {
        let mut tokens = held.tokens();
        tokens.access = Some(access_token(members));
        match members["refresh_token"].as_str() {
            Some(new) if !new.is_empty() && self.on(Defence::NewRefreshTokenKept) => {
                tokens.refresh = Some(new.to_owned())
            }
            new if new.is_none_or(str::is_empty) && !self.on(Defence::OldRefreshTokenKept) => {
                tokens.refresh = Some(String::new());
            }
            _ => {}
        }
        if let Some(scope) = members["scope"].as_str().filter(|_| self.on(Defence::RefreshedScopeKept)) {
            tokens.scope = scope.split(' ').map(str::to_owned).collect();
        }
    }

    /// Keeps in mind what must not be told.
    pub(super) fn keep_tokens(&self, members: &Value) {
        for token in ["access_token", "refresh_token", "id_token"] {
            members[token].as_str().filter(|token| token.len() > 20).into_iter().for_each(|token| self.keep(token));
        }
    }
}
