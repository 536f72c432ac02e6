//! Beginning a login.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use oauth_attacks::{Provider, Rejected, Visitor};
use oauth_types::{Params, ProviderMetadata};
use serde_json::json;

use super::{COOKIE, Defence, Login, Purpose, Victim, s256, seconds_since_1970};

impl Victim {
    pub(super) async fn begin_login(&self, visitor: &Visitor, provider: &Provider) -> Result<String, Rejected> {
        self.begin_with(visitor, provider, Purpose::Login).await
    }

    pub(super) async fn begin_with(
        &self,
        visitor: &Visitor,
        provider: &Provider,
        purpose: Purpose,
    ) -> Result<String, Rejected> {
        self.begin_returning(visitor, provider, purpose, None).await
    }

    /// Begins a login that ends at a page of this application.
    pub(super) async fn begin_returning(
        &self,
        visitor: &Visitor,
        provider: &Provider,
        purpose: Purpose,
        return_to: Option<&str>,
    ) -> Result<String, Rejected> {
        let metadata = self.metadata(provider).await?;
        self.know(provider);
        let (provider, listener) = self.listener(provider).await?;
        let cookie = visitor.cookie(COOKIE).unwrap_or_else(|| self.fresh());
        visitor.set_cookie(COOKIE, &cookie);
        let failed = self.sessions().entry(cookie.clone()).or_default().failed.take();
        let mut login = failed.unwrap_or_else(|| self.login(&provider, metadata, purpose));
        self.note_return(&mut login, return_to);
        let url = self.address(&login).await?;
        if let Some(listener) = listener {
            self.wait_at(listener, &login.state);
        }
        if !self.on(Defence::BrowserIsExternal) {
            let _ = self.http.get(&url).send().await;
        }
        {
            let mut sessions = self.sessions();
            let session = sessions.entry(cookie).or_default();
            session.open.push(login.clone());
            session.latest = Some(login.clone());
            session.provider = Some(provider.clone());
        }
        *self.latest() = Some(login);
        Ok(url)
    }

    fn login(&self, provider: &Provider, metadata: ProviderMetadata, purpose: Purpose) -> Login {
        let state = self.state();
        let verifier = if !self.on(Defence::VerifierRandom) {
            format!("{:043}", self.fresh().len() as u64 + self.serial.load(std::sync::atomic::Ordering::Relaxed))
        } else if !self.on(Defence::VerifierFresh) {
            "the-verifier-that-was-in-the-example-program".to_owned()
        } else if !self.on(Defence::VerifierApartFromState) {
            state.clone()
        } else if !self.on(Defence::VerifierWellFormed) {
            format!("{}+", self.fresh())
        } else {
            self.fresh()
        };
        let promised = metadata.code_challenge_methods_supported.is_some() || self.on(Defence::ChallengeUnpromised);
        let verifier = (self.on(Defence::ChallengeSent) && promised).then_some(verifier);
        let nonce = if self.on(Defence::NonceRandom) { self.fresh() } else { self.count() };
        let redirect_uri = self.redirect_uri(provider);
        Login {
            provider: provider.clone(),
            metadata,
            state,
            nonce,
            verifier,
            begun: seconds_since_1970(),
            return_to: None,
            redirect_uri,
            purpose,
        }
    }

    fn state(&self) -> String {
        if !self.on(Defence::StateRandom) {
            return self.count();
        }
        if !self.on(Defence::StateOpaque) {
            return URL_SAFE_NO_PAD.encode(json!({ "return_to": "/account", "csrf": self.fresh() }).to_string());
        }
        self.fresh()
    }

    /// The parameters of an authorization request.
    pub(super) fn request(&self, login: &Login) -> Params {
        let mut params = Params::new()
            .with("response_type", if self.on(Defence::CodeAsked) { "code" } else { "token" })
            .with("client_id", &login.provider.client.client_id)
            .with("redirect_uri", &login.redirect_uri)
            .with("scope", login.purpose.scope());
        if self.on(Defence::StateSent) {
            params.push("state", &login.state);
        }
        if self.on(Defence::StateSent) && self.on(Defence::NonceSent) {
            params.push("nonce", &login.nonce);
        }
        for (name, value) in &login.provider.client.always {
            params.set(name, value);
        }
        if let Some(resource) = login.purpose.resource().filter(|_| self.on(Defence::ResourceNamed)) {
            params.push("resource", resource);
        }
        if let Some(verifier) = &login.verifier {
            let plain = self.offers_plain(login) && !self.on(Defence::S256Chosen);
            params.push("code_challenge", if plain { verifier.clone() } else { self.challenge(verifier) });
            if self.on(Defence::MethodNamed) {
                params.push("code_challenge_method", if plain { "plain" } else { "S256" });
            }
            if !self.on(Defence::VerifierKept) {
                params.push("code_verifier", verifier);
            }
        }
        params
    }

    fn offers_plain(&self, login: &Login) -> bool {
        let methods = login.metadata.code_challenge_methods_supported.as_ref();
        methods.is_some_and(|methods| methods.iter().any(|method| method == "plain"))
    }

    fn challenge(&self, verifier: &str) -> String {
        if !self.on(Defence::VerifierHashedAsSent) {
            return s256(URL_SAFE_NO_PAD.decode(verifier).unwrap_or_default());
        }
        let padding = if self.on(Defence::ChallengeUnpadded) { "" } else { "=" };
        s256(verifier) + padding
    }

    /// The authorization request of a client that gives up PKCE.
    pub(super) fn downgraded(&self, login: &Login) -> String {
        let params = self.request(&Login { verifier: None, ..login.clone() });
        params.append_to_query(login.metadata.authorization_endpoint.as_deref().unwrap_or_default())
    }
}
