//! Finishing a login.

use oauth_attacks::{Rejected, Said, Visitor};
use oauth_types::Params;
use serde_json::{Value, json};

use super::response::Response;
use super::{COOKIE, Defence, Login, Victim, pages};

impl Victim {
    pub(super) async fn finish_login(&self, visitor: &Visitor, address: &str) -> Result<Said, Rejected> {
        let address = self.heard(address).await?;
        let response = self.read_response(&address)?;
        let cookie = visitor.cookie(COOKIE).unwrap_or_default();
        let params = self.open_response(&cookie, response.params).await?;
        let response = Response { params, ..response };
        let params = &response.params;
        let login = self.login_of(&cookie, &response).inspect_err(|_| self.burn(params.get("state")))?;
        let login = self.as_it_is_now(login, params.raw("iss")).await?;
        self.check_redirect(&login, &address)?;
        if params.get("error").is_some() && !self.on(Defence::ErrorsAreChecked) {
            return self.failed(&cookie, login, params);
        }
        self.check_issuer(&login, params.raw("iss"))?;
        if self.on(Defence::LoginsAreUsedUp) {
            self.close(&login);
        }
        let has_code = params.get("code").is_some();
        if params.get("error").is_some() && (!has_code || self.on(Defence::ErrorsComeFirst)) {
            return self.failed(&cookie, login, params);
        }
        if let Some(token) = params.get("access_token").filter(|_| !self.on(Defence::FrontChannelTokensIgnored)) {
            let (subject, _) = self.userinfo(&login, &json!({ "access_token": token }), "").await?;
            return Ok(Said::Accepted { issuer: login.provider.issuer, subject });
        }
        let absent = if self.on(Defence::CodeRequired) { None } else { Some("undefined") };
        let code = params.get("code").or(absent).ok_or_else(|| Rejected::new("no code"))?;
        let (verifier, nonce) = self.expected(&cookie, &login);
        self.check_front_channel(&login, params, &nonce).await?;
        self.keep(code);
        verifier.iter().for_each(|verifier| self.keep(verifier));
        let tokens = self.redeem(&cookie, &login, code, verifier.as_deref()).await?;
        self.keep_tokens(&tokens);
        let claims = match &tokens["id_token"] {
            Value::Null if !self.on(Defence::IdTokenRequired) => Value::Null,
            _ => self.id_token(&login, &tokens, &nonce).await?,
        };
        if let Some(id_token) = tokens["id_token"].as_str() {
            self.check_access_token(&tokens, id_token)?;
        }
        let (subject, further) = match login.purpose.resource() {
            Some(_) => (self.subject(&claims), Value::Null),
            None => self.userinfo(&login, &tokens, &self.subject(&claims)).await?,
        };
        self.hold(&cookie, &login, &tokens);
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
            Some(issuer)
                if issuer != login.provider.issuer
                    && self.on(Defence::IssuerCompared)
                    && self.tells_issuers_apart(login, issuer) =>
            {
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
    pub(super) fn burn(&self, state: Option<&str>) {
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

    fn failed(&self, cookie: &str, login: Login, params: &Params) -> Result<Said, Rejected> {
        self.note_error(cookie, pages::of_params(params));
        if !self.on(Defence::NoDowngradeAfterError) {
            return Ok(Said::SentOn { url: self.downgraded(&login) });
        }
        if !self.on(Defence::FreshAfterError) {
            self.sessions().entry(cookie.to_owned()).or_default().failed = Some(login);
        }
        Err(Rejected::new("error of the server"))
    }

    fn expected(&self, cookie: &str, login: &Login) -> (Option<String>, String) {
        let latest = self.latest().clone().filter(|_| !self.on(Defence::LoginsKeptApart));
        let begun = self.sessions().get(cookie).and_then(|session| session.latest.clone());
        let latest = latest.or(begun.filter(|_| !self.on(Defence::TabsKeptApart)));
        let login = latest.as_ref().unwrap_or(login);
        (login.verifier.clone().filter(|_| self.on(Defence::VerifierSent)), login.nonce.clone())
    }

    /// RFC 6749 section 4.1.3.
    async fn redeem(
        &self,
        cookie: &str,
        login: &Login,
        code: &str,
        verifier: Option<&str>,
    ) -> Result<Value, Rejected> {
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
        if status != 200 {
            self.note_error(cookie, pages::of_members(&answer));
        }
        if status == 200 { Ok(answer) } else { Err(Rejected::new(format!("token endpoint: {status}"))) }
    }
}
