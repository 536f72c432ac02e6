//! Where the browser is sent: with the request, or with the name of one that was pushed (RFC 9126).

use oauth_attacks::Rejected;
use oauth_types::Params;

use super::{Defence, Login, Victim};

impl Victim {
    /// The address that the browser is sent to.
    pub(super) async fn address(&self, login: &Login) -> Result<String, Rejected> {
        let endpoint = login.metadata.authorization_endpoint.as_deref().unwrap_or_default();
        if self.on(Defence::AuthorizationEndpointChecked) && !is_web_address(endpoint) {
            return Err(Rejected::new("an authorization endpoint that is no web address"));
        }
        let params = self.request(login);
        if !login.provider.client.pushes {
            return Ok(params.append_to_query(endpoint));
        }
        match self.push(login, &params).await {
            Ok(name) => {
                let mut sent = Params::new();
                if self.on(Defence::PushedAlone) {
                    sent.push("client_id", &login.provider.client.client_id);
                } else {
                    sent = params;
                }
                Ok(sent.with("request_uri", name).append_to_query(endpoint))
            }
            Err(_) if !self.on(Defence::PushedAlways) => Ok(params.append_to_query(endpoint)),
            Err(rejected) => Err(rejected),
        }
    }

    async fn push(&self, login: &Login, params: &Params) -> Result<String, Rejected> {
        let endpoint = login.metadata.other.get("pushed_authorization_request_endpoint");
        let endpoint = endpoint.and_then(|endpoint| endpoint.as_str());
        let endpoint = endpoint.ok_or_else(|| Rejected::new("requests cannot be pushed"))?;
        let (status, answer) = self.post(login, endpoint, params).await?;
        match answer["request_uri"].as_str() {
            Some(name) if status == 201 => Ok(name.to_owned()),
            _ => Err(Rejected::new(format!("the request was not pushed: {status}"))),
        }
    }
}

/// Whether a browser can be sent there, whatever opens the address.
fn is_web_address(address: &str) -> bool {
    let harmless = |octet: u8| octet.is_ascii_alphanumeric() || b"-._~:/?#[]@%=".contains(&octet);
    let web = ["https://", "http://"].iter().any(|scheme| address.starts_with(scheme));
    web && address.bytes().all(harmless)
}
