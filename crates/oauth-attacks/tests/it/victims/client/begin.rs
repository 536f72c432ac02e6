//! Beginning a login.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use oauth_attacks::{Provider, Rejected, Visitor};
use oauth_types::{Params, ProviderMetadata};

use super::{COOKIE, Defence, Login, Victim, s256};

impl Victim {
    pub(super) async fn begin_login(&self, visitor: &Visitor, provider: &Provider) -> Result<String, Rejected> {
        let metadata = self.metadata(&provider.issuer).await?;
        self.configured().insert(provider.issuer.clone(), provider.clone());
        let (provider, listener) = self.listener(provider).await?;
        let cookie = visitor.cookie(COOKIE).unwrap_or_else(|| self.fresh());
        visitor.set_cookie(COOKIE, &cookie);
        let failed = self.sessions().entry(cookie.clone()).or_default().failed.take();
        let login = failed.unwrap_or_else(|| self.login(&provider, metadata));
        let url = self.authorization_request(&login);
        if let Some(listener) = listener {
            self.wait_at(listener, &login.state);
        }
        if !self.on(Defence::BrowserIsExternal) {
            let _ = self.http.get(&url).send().await;
        }
        self.sessions().entry(cookie).or_default().open.push(login.clone());
        *self.latest() = Some(login);
        Ok(url)
    }

    /// RFC 8414 section 3.
    pub(super) async fn metadata(&self, issuer: &str) -> Result<ProviderMetadata, Rejected> {
        let address = format!("{issuer}/.well-known/openid-configuration");
        let (_, document) = self.json(self.http.get(address)).await?;
        let metadata: ProviderMetadata =
            serde_json::from_value(document).map_err(|_| Rejected::new("no metadata"))?;
        if self.is_metadata_of(&metadata.issuer, issuer) {
            Ok(metadata)
        } else {
            Err(Rejected::new("metadata of another issuer"))
        }
    }

    fn login(&self, provider: &Provider, metadata: ProviderMetadata) -> Login {
        let state = self.fresh();
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
        let verifier = self.on(Defence::ChallengeSent).then_some(verifier);
        Login { provider: provider.clone(), metadata, state, nonce: self.fresh(), verifier }
    }

    fn authorization_request(&self, login: &Login) -> String {
        let mut params = Params::new()
            .with("response_type", "code")
            .with("client_id", &login.provider.client.client_id)
            .with("redirect_uri", &login.provider.client.redirect_uris[0])
            .with("scope", "openid")
            .with("state", &login.state)
            .with("nonce", &login.nonce);
        for (name, value) in &login.provider.client.always {
            params.push(name, value);
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
        params.append_to_query(login.metadata.authorization_endpoint.as_deref().unwrap_or_default())
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
        self.authorization_request(&Login { verifier: None, ..login.clone() })
    }
}
