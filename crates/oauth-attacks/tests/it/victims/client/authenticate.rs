//! Posting forms as the client that it is (RFC 6749 section 2.3, RFC 7523 section 2.2).

use oauth_attacks::{ClientAuth, Jwt, Key, Rejected};
use oauth_types::Params;
use reqwest::Response;
use reqwest::header::CONTENT_TYPE;
use serde_json::{Value, json};

use super::id_token::now;
use super::{Defence, Login, Victim};

impl Victim {
    /// Posts a form to an endpoint of the server.
    pub(super) async fn post(&self, login: &Login, endpoint: &str, form: &Params) -> Result<(u16, Value), Rejected> {
        self.read(self.posted(login, endpoint, form).await?).await
    }

    pub(super) async fn posted(&self, login: &Login, endpoint: &str, form: &Params) -> Result<Response, Rejected> {
        let mut form = form.clone();
        let mut basic = None;
        let client = &login.provider.client;
        match &client.auth {
            ClientAuth::None if !self.on(Defence::NoSecretInPublic) => {
                form.push("client_secret", "the-secret-that-is-in-every-copy");
            }
            ClientAuth::None | ClientAuth::MutualTls(_) => {}
            ClientAuth::Basic(secret) => {
                if !offers(login, "client_secret_basic") && self.on(Defence::SecretOnlyWhereOffered) {
                    return Err(Rejected::new("no method with a secret is offered"));
                }
                basic = Some(secret.expose());
                self.keep(secret.expose());
                if !self.on(Defence::AuthenticatesOnce) {
                    form.push("client_secret", secret.expose());
                }
            }
            ClientAuth::Post(secret) => form.push("client_secret", secret.expose()),
            ClientAuth::PrivateKeyJwt(_) if !offers(login, "private_key_jwt") && !self.on(Defence::AssertionKept) => {
            }
            ClientAuth::PrivateKeyJwt(key) => {
                form.push("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
                let assertion = self.assertion(login, key)?;
                self.keep(&assertion);
                form.push("client_assertion", assertion);
            }
        }
        let in_query = !self.on(Defence::CodeInBody);
        let url = if in_query { form.append_to_query(endpoint) } else { endpoint.to_owned() };
        let mut request = self.http.post(url).header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        if let Some(secret) = basic {
            request = request.basic_auth(&client.client_id, Some(secret));
        }
        if client.proves.is_some() {
            request = request.header("DPoP", self.proof(&login.provider, "POST", endpoint, None)?);
        }
        let request = request.body(if in_query { String::new() } else { self.written(&form) });
        request.send().await.map_err(|_| Rejected::new("no answer"))
    }

    fn assertion(&self, login: &Login, key: &Key) -> Result<String, Rejected> {
        let id = login.provider.client.client_id.as_str();
        let audience = match self.on(Defence::AssertionForIssuer) {
            true => &login.provider.issuer,
            false => login.metadata.token_endpoint.as_ref().unwrap_or(&login.provider.issuer),
        };
        let life = if self.on(Defence::AssertionsShortLived) { 60 } else { 3600 };
        let number = if self.on(Defence::AssertionsUsedOnce) { self.fresh() } else { "1".to_owned() };
        let at = now() as u64;
        let assertion = Jwt::of_type("JWT").claim("iss", id).claim("sub", id).claim("aud", json!(audience));
        let assertion = assertion.claim("jti", number).claim("iat", at).claim("exp", at + life);
        assertion.signed_by(key).map_err(|_| Rejected::new("unusable key"))
    }
}

fn offers(login: &Login, method: &str) -> bool {
    let offered = login.metadata.token_endpoint_auth_methods_supported.as_ref();
    offered.is_none_or(|offered| offered.iter().any(|own| own == method))
}
