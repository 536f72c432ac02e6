//! The token request, and what is believed of its answer (RFC 6749 section 5).

use oauth_attacks::{ClientAuth, Rejected};
use oauth_types::Params;
use reqwest::header::CONTENT_TYPE;
use serde_json::Value;

use super::{Defence, Login, Victim};

/// How often it is tried where nothing keeps it from trying.
const TIMES: usize = 5;

/// The answer of the token endpoint.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) members: Value,
    is_json: bool,
    /// Whether it came with a nonce for the next proof.
    has_nonce: bool,
}

impl Victim {
    pub(super) async fn token_request(&self, login: &Login, form: &Params) -> Result<(u16, Value), Rejected> {
        let mut answer = self.ask_for_tokens(login, form).await;
        for times in 1..TIMES {
            let again = match &answer {
                Ok(Answer { status: 400, members, has_nonce, .. }) if members["error"] == "use_dpop_nonce" => {
                    *has_nonce && times == 1 || !self.on(Defence::NonceDemandedOnce)
                }
                Ok(Answer { status: 429, .. }) => !self.on(Defence::ToldToWait),
                Ok(Answer { status: 500.., .. }) | Err(_) => !self.on(Defence::FailuresEndLogins),
                Ok(_) => false,
            };
            if !again {
                break;
            }
            answer = self.ask_for_tokens(login, form).await;
        }
        let mut answer = answer?;
        if let (401, ClientAuth::Basic(secret)) = (answer.status, &login.provider.client.auth)
            && !self.on(Defence::WeakerAuthenticationRefused)
        {
            let mut login = login.clone();
            login.provider.client.auth = ClientAuth::Post(secret.clone());
            answer = self.ask_for_tokens(&login, form).await?;
        }
        self.judge(login, answer)
    }

    async fn ask_for_tokens(&self, login: &Login, form: &Params) -> Result<Answer, Rejected> {
        let endpoint = login.metadata.token_endpoint.as_deref().unwrap_or_default();
        let response = self.posted(login, endpoint, form).await?;
        let status = response.status().as_u16();
        let has_nonce = self.take_nonce(&login.provider.issuer, &response);
        let kind = response.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let is_json = kind.split(';').next() == Some("application/json");
        let body = self.body(response).await?;
        Ok(Answer { status, members: self.members(is_json, &body), is_json, has_nonce })
    }

    /// A form as it is sent.
    pub(super) fn written(&self, form: &Params) -> String {
        if self.on(Defence::CodeEncoded) {
            return form.encode();
        }
        form.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
    }

    fn members(&self, is_json: bool, body: &[u8]) -> Value {
        let members = self.parse(body);
        if is_json || self.on(Defence::MediaTypeSeen) || members.is_object() {
            return members;
        }
        let form = Params::parse(&String::from_utf8_lossy(body)).unwrap_or_default();
        form.iter().map(|(name, value)| (name.to_owned(), Value::from(value))).collect()
    }

    /// RFC 6749 sections 5.1 and 5.2.
    fn judge(&self, login: &Login, answer: Answer) -> Result<(u16, Value), Rejected> {
        let Answer { status, members, is_json, .. } = answer;
        let has_token = !members["access_token"].is_null();
        let status = if has_token && !self.on(Defence::StatusSeen) { 200 } else { status };
        if status != 200 {
            return Ok((status, members));
        }
        if !is_json && self.on(Defence::MediaTypeSeen) {
            return Err(Rejected::new("an answer that is not JSON"));
        }
        if !members["error"].is_null() && self.on(Defence::ErrorsSeenAt200) {
            return Err(Rejected::new("an error with the status of a success"));
        }
        let proves = login.provider.client.proves.is_some();
        let known = |kind: &str| kind.eq_ignore_ascii_case("bearer") || proves && kind.eq_ignore_ascii_case("dpop");
        if !members["token_type"].as_str().is_some_and(known) && self.on(Defence::TokenTypeChecked) {
            return Err(Rejected::new("a token of an unknown type"));
        }
        let is_text = members["access_token"].as_str().is_some_and(is_token);
        if !is_text && self.on(Defence::TokensAreText) {
            return Err(Rejected::new("no usable access token"));
        }
        Ok((status, members))
    }
}

/// The access token of a response, as text.
pub(super) fn access_token(members: &Value) -> String {
    match &members["access_token"] {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|octet| octet.is_ascii_graphic())
}
