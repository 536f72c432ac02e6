//! Responses that travel in a signed token (JARM).

use oauth_attacks::Rejected;
use oauth_types::Params;

use super::id_token::now;
use super::{Defence, Victim};

impl Victim {
    /// The parameters of a response, out of its token if it is to have one (JARM section 2.4).
    pub(super) async fn open_response(&self, cookie: &str, params: Params) -> Result<Params, Rejected> {
        if !self.registration.always.iter().any(|(name, value)| name == "response_mode" && value == "jwt") {
            return Ok(params);
        }
        let token = match params.get("response") {
            Some(token) => token,
            None if self.on(Defence::SignedResponseRequired) => {
                return Err(Rejected::new("a response that is not signed"));
            }
            None => return Ok(params),
        };
        self.keep(token);
        let segments = self.segments(token)?;
        let (header, claims) = (self.part(segments.header)?, self.part(segments.payload)?);
        let state = claims["state"].as_str();
        let login = self.find(cookie, state).inspect_err(|_| self.burn(state))?;
        let verified = self.on(Defence::ResponseSignatureVerified);
        if verified && !self.is_signed(&login, &header, &segments).await? {
            return Err(Rejected::new("bad signature of the response"));
        }
        let of_login = claims["iss"] == login.provider.issuer.as_str()
            && claims["aud"] == login.provider.client.client_id.as_str();
        let in_time = claims["exp"].as_f64().is_some_and(|end| end > now());
        if !(of_login && in_time) && self.on(Defence::ResponseClaimsCompared) {
            return Err(Rejected::new("a response of another login"));
        }
        let members = claims.as_object().into_iter().flatten();
        Ok(members.filter_map(|(name, value)| Some((name.as_str(), value.as_str()?))).collect())
    }
}
