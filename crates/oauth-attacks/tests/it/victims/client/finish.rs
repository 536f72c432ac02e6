//! Finishing a login.

use oauth_attacks::{Rejected, Said, Visitor};
use oauth_types::Params;
use serde_json::Value;

use super::{COOKIE, Defence, Login, Victim};

impl Victim {
    pub(super) async fn finish_login(&self, visitor: &Visitor, address: &str) -> Result<Said, Rejected> {
        let address = self.heard(address).await?;
        let query = address.split_once('?').map_or("", |(_, query)| query);
        let params = Params::parse(query).map_err(|_| Rejected::new("unreadable response"))?;
        if params.duplicate(&[]).is_some() {
            return Err(Rejected::new("repeated parameter"));
        }
        let cookie = visitor.cookie(COOKIE).unwrap_or_default();
        let params = self.open_response(&cookie, params).await?;
        let login = self.find(&cookie, params.get("state")).inspect_err(|_| self.burn(params.get("state")))?;
        let login = self.as_it_is_now(login, params.raw("iss")).await?;
        self.check_redirect(&login, &address)?;
        self.check_issuer(&login, params.raw("iss"))?;
        if self.on(Defence::LoginsAreUsedUp) {
            self.close(&login);
        }
        if params.get("error").is_some() {
            return self.failed(&cookie, login);
        }
        let code = params.get("code").ok_or_else(|| Rejected::new("no code"))?;
        let (verifier, nonce) = self.expected(&login);
        self.keep(code);
        verifier.iter().for_each(|verifier| self.keep(verifier));
        let tokens = self.redeem(&login, code, verifier.as_deref()).await?;
        for token in ["access_token", "refresh_token", "id_token"] {
            tokens[token].as_str().into_iter().for_each(|token| self.keep(token));
        }
        let claims = self.id_token(&login, &tokens, &nonce).await?;
        let subject = self.subject(&claims);
        let further = match login.purpose.resource() {
            None => self.userinfo(&login, &tokens, &subject).await?,
            Some(_) => Value::Null,
        };
        self.sign_in(&cookie, &login, &tokens);
        let said = self.account(&login, subject, [&claims, &further]);
        self.enter(&cookie, &login, &said, (&claims, &tokens["id_token"]));
        Ok(said)
    }

    /// The login of this browser that the response claims to belong to.
    pub(super) fn find(&self, cookie: &str, state: Option<&str>) -> Result<Login, Rejected> {
        let sessions = self.sessions();
        let own = sessions.get(cookie).map_or(&[][..], |session| &session.open);
        if !self.on(Defence::StateRequired) && state.is_none() || !self.on(Defence::StateCompared) && state.is_some()
        {
            return own.last().cloned().ok_or_else(|| Rejected::new("no login is open"));
        }
        let state = state.ok_or_else(|| Rejected::new("no state"))?;
        let found = own.iter().find(|login| login.state == state);
        let anywhere = || sessions.values().flat_map(|session| &session.open).find(|login| login.state == state);
        let found = if self.on(Defence::LoginsBelongToBrowsers) { found } else { found.or_else(anywhere) };
        found.cloned().ok_or_else(|| Rejected::new("unknown state"))
    }

    /// RFC 9207 section 2.4.
    fn check_issuer(&self, login: &Login, issuer: Option<&str>) -> Result<(), Rejected> {
        match issuer {
            Some(issuer) if issuer != login.provider.issuer && self.on(Defence::IssuerCompared) => {
                Err(Rejected::new("response of another issuer"))
            }
            None if login.metadata.authorization_response_iss_parameter_supported
                && self.on(Defence::IssuerRequired) =>
            {
                Err(Rejected::new("response without an issuer"))
            }
            _ => Ok(()),
        }
    }

    /// A response that turned up in another browser may have been stolen, so nobody gets to use it.
    fn burn(&self, state: Option<&str>) {
        if self.on(Defence::ResponsesElsewhereEndLogins) {
            for session in self.sessions().values_mut() {
                session.open.retain(|open| Some(open.state.as_str()) != state);
            }
        }
    }

    fn close(&self, login: &Login) {
        for session in self.sessions().values_mut() {
            session.open.retain(|open| open.state != login.state);
        }
    }

    fn failed(&self, cookie: &str, login: Login) -> Result<Said, Rejected> {
        if !self.on(Defence::NoDowngradeAfterError) {
            return Ok(Said::SentOn { url: self.downgraded(&login) });
        }
        if !self.on(Defence::FreshAfterError) {
            self.sessions().entry(cookie.to_owned()).or_default().failed = Some(login);
        }
        Err(Rejected::new("error of the server"))
    }

    fn expected(&self, login: &Login) -> (Option<String>, String) {
        let latest = self.latest().clone().filter(|_| !self.on(Defence::LoginsKeptApart));
        let login = latest.as_ref().unwrap_or(login);
        (login.verifier.clone().filter(|_| self.on(Defence::VerifierSent)), login.nonce.clone())
    }

    /// RFC 6749 section 4.1.3.
    async fn redeem(&self, login: &Login, code: &str, verifier: Option<&str>) -> Result<Value, Rejected> {
        let mut form = Params::new()
            .with("grant_type", "authorization_code")
            .with("code", code)
            .with("redirect_uri", self.redirect_uri_again(login))
            .with("client_id", &login.provider.client.client_id);
        if !self.on(Defence::EachParameterOnce) {
            form.push("client_id", &login.provider.client.client_id);
        }
        if let Some(resource) = login.purpose.resource().filter(|_| self.on(Defence::ResourceNamedAgain)) {
            form.push("resource", resource);
        }
        if let Some(verifier) = verifier {
            form.push("code_verifier", verifier);
        }
        let (mut status, mut answer) = self.token_request(login, &form).await?;
        if status == 400 && !self.on(Defence::CodeSentOnce) {
            form.remove("code_verifier");
            (status, answer) = self.token_request(login, &form).await?;
        }
        if status == 200 { Ok(answer) } else { Err(Rejected::new(format!("token endpoint: {status}"))) }
    }

    async fn token_request(&self, login: &Login, form: &Params) -> Result<(u16, Value), Rejected> {
        let endpoint = login.metadata.token_endpoint.as_deref().unwrap_or_default();
        self.post(login, endpoint, form).await
    }

    /// OpenID Connect Core section 5.3.2.
    async fn userinfo(&self, login: &Login, tokens: &Value, subject: &str) -> Result<Value, Rejected> {
        let endpoint = login.metadata.userinfo_endpoint.as_deref().unwrap_or_default();
        let access = tokens["access_token"].as_str().unwrap_or_default();
        let bound = self.is_bound(login, tokens)?;
        let (_, claims) = self.json(self.with_token((&login.provider, endpoint), access, bound)?).await?;
        if self.subject(&claims) == subject { Ok(claims) } else { Err(Rejected::new("claims of somebody else")) }
    }
}
