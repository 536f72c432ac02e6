//! Tells others what a request led to: logout tokens, pings. Each is sent, and answered or not, before the request is.

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, Request};
use oauth_types::Params;

use super::encode::Encoder;
use crate::reply::{Cargo, Outgoing};

/// What the server sent to somebody else, and what came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Notice {
    /// Where it was sent.
    pub url: String,
    /// The status of the answer, or why there is none.
    pub outcome: Result<u16, String>,
}

impl Encoder<'_> {
    /// Sends one notice. The second number says how many faults changed it.
    pub(crate) async fn notify(&self, outgoing: Outgoing) -> (Notice, u32) {
        let Outgoing { url, reach, carries } = outgoing;
        let mut faults = 0;
        let (kind, body, bearer) = match carries {
            Cargo::Token(token) => match self.one(token, &mut faults) {
                Ok(signed) => {
                    let form: Params = [("logout_token", signed.as_str())].into_iter().collect();
                    ("application/x-www-form-urlencoded", form.encode(), None)
                }
                Err(broken) => return (Notice { url, outcome: Err(broken.to_string()) }, faults),
            },
            Cargo::Json(value, bearer) => ("application/json", value.to_string(), Some(bearer)),
        };
        let mut request = Request::post(&url).header(CONTENT_TYPE, kind).extension(reach);
        if let Some(bearer) = bearer
            && let Ok(mut value) = HeaderValue::try_from(format!("Bearer {}", bearer.expose()))
        {
            value.set_sensitive(true);
            request = request.header(AUTHORIZATION, value);
        }
        let outcome = match request.body(Bytes::from(body)) {
            Ok(request) => self.world.ports.outbound.send(request).await.map_err(|error| error.to_string()),
            Err(_) => Err("this is no absolute URL".to_owned()),
        };
        (Notice { url, outcome: outcome.map(|answer| answer.status().as_u16()) }, faults)
    }
}
