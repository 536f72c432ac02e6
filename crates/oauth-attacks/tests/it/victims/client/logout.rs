//! The sessions of those who have logged in, and how they end.

use oauth_attacks::client::Door;
use oauth_attacks::{Done, Provider, Rejected, Said, Visitor};
use oauth_types::Params;
use serde_json::Value;

use super::{COOKIE, Defence, Login, Purpose, Victim};

/// The event of a logout token (OpenID Connect Back-Channel Logout 1.0 section 2.4).
const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// Somebody who is logged in.
#[derive(Clone)]
pub(super) struct LoggedIn {
    login: Login,
    said: Said,
    subject: String,
    sid: Option<String>,
    id_token: String,
    /// The state of a logout that was begun.
    leaving: Option<String>,
}

impl Victim {
    /// Remembers who has logged in in this browser.
    pub(super) fn enter(&self, cookie: &str, login: &Login, said: &Said, (claims, id_token): (&Value, &Value)) {
        if matches!(login.purpose, Purpose::Link) {
            return;
        }
        let entered = LoggedIn {
            login: login.clone(),
            said: said.clone(),
            subject: self.subject(claims),
            sid: claims["sid"].as_str().map(str::to_owned),
            id_token: id_token.as_str().unwrap_or_default().to_owned(),
            leaving: None,
        };
        self.logged_in().insert(cookie.to_owned(), entered);
    }

    pub(super) fn who_is(&self, visitor: &Visitor) -> Done {
        let cookie = visitor.cookie(COOKIE).unwrap_or_default();
        let said = self.logged_in().get(&cookie).map(|known| known.said.clone());
        let said = said.filter(|_| !self.has_lost_its_tokens(visitor));
        Done::Is(said.unwrap_or_else(|| Said::Rejected(Rejected::new("nobody is logged in"))))
    }

    /// OpenID Connect RP-Initiated Logout 1.0 section 2.
    pub(super) fn log_out(&self, visitor: &Visitor) -> Result<Done, Rejected> {
        let (cookie, state) = (visitor.cookie(COOKIE).unwrap_or_default(), self.fresh());
        let mut sessions = self.logged_in();
        let known = sessions.get_mut(&cookie).ok_or_else(|| Rejected::new("nobody is logged in"))?;
        let metadata = &known.login.metadata;
        let endpoint = metadata.other.get("end_session_endpoint").and_then(Value::as_str);
        let endpoint = endpoint.ok_or_else(|| Rejected::new("nobody can log out there"))?;
        let params = Params::new().with("id_token_hint", &known.id_token).with("state", &state);
        known.leaving = Some(state);
        Ok(Done::Sent { url: params.append_to_query(endpoint) })
    }

    /// An address that others can lead a browser to.
    pub(super) async fn open(
        &self,
        visitor: &Visitor,
        door: Door,
        params: &[(String, String)],
    ) -> Result<Done, Rejected> {
        let given = |name: &str| params.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str());
        let cookie = visitor.cookie(COOKIE).unwrap_or_default();
        match door {
            Door::FrontChannelLogout => {
                let mut sessions = self.logged_in();
                let right = sessions.get(&cookie).is_some_and(|known| {
                    given("iss") == Some(&known.login.provider.issuer) && given("sid") == known.sid.as_deref()
                });
                if right || !self.on(Defence::FrontChannelCompared) {
                    sessions.remove(&cookie);
                }
                Ok(Done::Answered { status: 200 })
            }
            Door::LoggedOut => {
                let mut sessions = self.logged_in();
                let awaited = sessions.get(&cookie).and_then(|known| known.leaving.clone());
                let right = awaited.is_some() && given("state") == awaited.as_deref();
                if right || !self.on(Defence::LogoutStateCompared) {
                    sessions.remove(&cookie);
                }
                Ok(Done::Answered { status: 200 })
            }
            Door::InitiateLogin => self.initiated(visitor, given("iss"), given("target_link_uri")).await,
            Door::Login => Err(Rejected::new("there is no such address")),
        }
    }

    /// OpenID Connect Core section 4.
    async fn initiated(
        &self,
        visitor: &Visitor,
        issuer: Option<&str>,
        target: Option<&str>,
    ) -> Result<Done, Rejected> {
        let issuer = issuer.ok_or_else(|| Rejected::new("no issuer"))?;
        let known = self.known().into_iter().find(|own| own.issuer == issuer);
        let provider = match known {
            Some(provider) => provider,
            None if self.on(Defence::IssuersConfigured) => return Err(Rejected::new("unknown issuer")),
            None => Provider {
                issuer: issuer.to_owned(),
                client: oauth_attacks::ClientUnderTest::registration(self),
                ca_pem: None,
            },
        };
        let own_page = target.is_none_or(|target| target.starts_with('/') && !target.starts_with("//"));
        let target = target.filter(|_| own_page || !self.on(Defence::TargetsAreOwnPages));
        let url = self.begin_returning(visitor, &provider, Purpose::Login, target).await?;
        Ok(Done::Sent { url })
    }

    /// OpenID Connect Back-Channel Logout 1.0 section 2.6.
    pub(super) async fn notified(&self, token: &str) -> Result<Done, Rejected> {
        let refused = Ok(Done::Answered { status: 400 });
        let claims = match self.claimed(token) {
            Some(claims) => claims,
            None => return refused,
        };
        let of_issuer = |known: &&LoggedIn| {
            claims["iss"] == known.login.provider.issuer.as_str() || !self.on(Defence::LogoutTokenVerified)
        };
        let login = self.logged_in().values().find(of_issuer).map(|known| known.login.clone());
        let Some(login) = login else { return refused };
        if self.on(Defence::LogoutTokenVerified) && self.verify_logout(&login, token, &claims).await.is_err() {
            return refused;
        }
        if self.on(Defence::LogoutTokenTellsOfIt)
            && claims["events"].get(EVENT).is_none_or(|event| !event.is_object())
        {
            return refused;
        }
        if self.on(Defence::LogoutTokenHasNoNonce) && claims.get("nonce").is_some() {
            return refused;
        }
        let fresh =
            self.used_up.lock().expect("nobody panics with the names in hand").insert(claims["jti"].to_string());
        if self.on(Defence::LogoutTokenOnce) && !fresh {
            return refused;
        }
        let (subject, sid) = (claims["sub"].as_str(), claims["sid"].as_str());
        if subject.is_none() && sid.is_none() {
            return refused;
        }
        self.logged_in().retain(|_, known| {
            known.login.provider.issuer != login.provider.issuer
                || subject.is_some_and(|subject| subject != known.subject)
                || sid.is_some() && sid != known.sid.as_deref()
        });
        Ok(Done::Answered { status: 200 })
    }

    /// What a token claims, not yet verified.
    fn claimed(&self, token: &str) -> Option<Value> {
        self.part(self.segments(token).ok()?.payload).ok()
    }

    async fn verify_logout(&self, login: &Login, token: &str, claims: &Value) -> Result<(), Rejected> {
        let no = || Rejected::new("no logout token");
        let segments = self.segments(token)?;
        let header = self.part(segments.header)?;
        let typ = header.get("typ").and_then(Value::as_str);
        let own = login.provider.client.client_id.as_str();
        let expires = claims["exp"].as_f64().ok_or_else(no)?;
        let right = typ == Some("logout+jwt") && claims["aud"] == own && expires + 60.0 > super::id_token::now();
        if right && self.is_signed(login, &header, &segments).await? { Ok(()) } else { Err(no()) }
    }
}
