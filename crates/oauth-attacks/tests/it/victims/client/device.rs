//! Logging in as a device (RFC 8628).

use std::time::Duration;

use oauth_attacks::{Done, Page, Provider, Rejected, Said, Visitor};
use oauth_types::Params;
use reqwest::header::CONTENT_TYPE;
use serde_json::Value;

use super::{Defence, Victim};

/// What a poll came to.
enum Poll {
    Tokens(Value),
    /// Not yet: another one after this time.
    Later(Duration),
}

impl Victim {
    pub(super) async fn device(&self, visitor: &Visitor, provider: &Provider) -> Result<Done, Rejected> {
        let metadata = self.metadata(provider).await?;
        let endpoint = metadata.other.get("device_authorization_endpoint").and_then(Value::as_str);
        let endpoint = endpoint.ok_or_else(|| Rejected::new("no devices there"))?;
        let client_id = provider.client.client_id.as_str();
        let form = Params::new().with("client_id", client_id).with("scope", "openid");
        let (_, codes) = self.json(self.form(endpoint, &form)).await?;
        self.show_code(visitor, &codes)?;
        let device_code = codes["device_code"].as_str().ok_or_else(|| Rejected::new("no device code"))?;
        self.keep(device_code);
        let form = Params::new()
            .with("grant_type", "urn:ietf:params:oauth:grant-type:device_code")
            .with("device_code", device_code)
            .with("client_id", client_id);
        let mut interval = Duration::from_secs(codes["interval"].as_u64().unwrap_or(5));
        let token_endpoint = metadata.token_endpoint.as_deref().unwrap_or_default();
        let tokens = loop {
            match self.poll(self.form(token_endpoint, &form), interval).await? {
                Poll::Tokens(tokens) => break tokens,
                Poll::Later(next) => interval = next,
            }
            #[expect(clippy::disallowed_methods, reason = "the victim waits as a device does")]
            tokio::time::sleep(interval).await;
        };
        let access = tokens["access_token"].as_str().unwrap_or_default();
        self.keep(access);
        let endpoint = metadata.userinfo_endpoint.as_deref().unwrap_or_default();
        let (_, claims) = self.json(self.http.get(endpoint).bearer_auth(access)).await?;
        let subject = claims["sub"].as_str().ok_or_else(|| Rejected::new("no subject"))?.to_owned();
        Ok(Done::Is(Said::Accepted { issuer: provider.issuer.clone(), subject }))
    }

    fn form(&self, endpoint: &str, form: &Params) -> reqwest::RequestBuilder {
        self.http.post(endpoint).header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(form.encode())
    }

    /// RFC 8628 section 3.3.
    fn show_code(&self, visitor: &Visitor, codes: &Value) -> Result<(), Rejected> {
        let text = |name: &str| codes[name].as_str().unwrap_or_default();
        let (code, address) = (text("user_code"), text("verification_uri"));
        let plain =
            |text: &str, most: usize| text.len() <= most && text.bytes().all(|octet| octet.is_ascii_graphic());
        if self.on(Defence::TerminalKeptClean) && !(plain(code, 64) && plain(address, 512)) {
            return Err(Rejected::new("a code that cannot be shown"));
        }
        if self.on(Defence::OnlyWebAddresses) && !address.starts_with("http") {
            return Err(Rejected::new("an address that is none"));
        }
        if !self.on(Defence::OnlyWebAddresses) {
            visitor.note_opened(address);
        }
        let printed = format!("Go to {address} and enter {code}\n");
        visitor.show(Page { printed, ..Page::default() });
        Ok(())
    }

    /// RFC 8628 section 3.5.
    async fn poll(&self, request: reqwest::RequestBuilder, interval: Duration) -> Result<Poll, Rejected> {
        let Ok(response) = request.send().await else {
            let slower = if self.on(Defence::DeviceBacksOff) { interval * 2 } else { interval };
            return Ok(Poll::Later(slower));
        };
        let (status, body) = (response.status().as_u16(), response.bytes().await.unwrap_or_default());
        let answer: Value = serde_json::from_slice(&body).unwrap_or_default();
        match answer["error"].as_str() {
            _ if status == 200 => Ok(Poll::Tokens(answer)),
            Some("authorization_pending") => Ok(Poll::Later(interval)),
            Some("slow_down") if self.on(Defence::DeviceSlowsDown) => {
                Ok(Poll::Later(interval + Duration::from_secs(5)))
            }
            Some("slow_down") => Ok(Poll::Later(interval)),
            _ if !self.on(Defence::DeviceGivesUp) => Ok(Poll::Later(interval)),
            _ => Err(Rejected::new("the device is not let in")),
        }
    }
}
