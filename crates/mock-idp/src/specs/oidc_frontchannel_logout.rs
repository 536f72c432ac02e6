//! OpenID Connect Front-Channel Logout 1.0: the browser loads a page of every client that has to log out, in a frame.

use oauth_types::{ErrorCode, Params};
use serde_json::{Map, Value};

use crate::redirect;
use crate::refusal::{Document, Refusal, Rule};
use crate::reply::TokenReply;
use crate::request::{Spent, TokenRequest};
use crate::spec::{Facts, Farewell, Spec};
use crate::world::Policy;

const URI: &str = "frontchannel_logout_uri";

#[derive(Debug)]
pub(crate) struct FrontChannelLogout;

impl Spec for FrontChannelLogout {
    fn document(&self) -> &'static Document {
        &DOCUMENT
    }

    fn rules(&self) -> &'static [&'static Rule] {
        RULES
    }

    fn optional(&self) -> bool {
        true
    }

    fn needs_sessions(&self) -> bool {
        true
    }

    fn metadata(&self, _facts: &Facts<'_>, document: &mut Map<String, Value>) {
        document.insert("frontchannel_logout_supported".to_owned(), true.into());
        document.insert("frontchannel_logout_session_supported".to_owned(), true.into());
    }

    /// "The domain, port, and scheme of this URL MUST be the same as that of a registered Redirection URI value" (§2).
    fn register(&self, metadata: &Map<String, Value>, _policy: &Policy) -> Result<(), Refusal> {
        if metadata.get("frontchannel_logout_session_required").is_some_and(|required| !required.is_boolean()) {
            return Err(METADATA.because("frontchannel_logout_session_required is true or false"));
        }
        let Some(uri) = metadata.get(URI) else { return Ok(()) };
        let own = uri.as_str().filter(|uri| !uri.contains('#')).and_then(redirect::origin);
        let own = own.ok_or_else(|| METADATA.because("frontchannel_logout_uri is no URL without a fragment"))?;
        let uris = metadata.get("redirect_uris").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let mut origins = uris.iter().filter_map(Value::as_str).filter_map(redirect::origin);
        match uris.is_empty() || origins.any(|origin| origin == own) {
            true => Ok(()),
            false => Err(METADATA.because("frontchannel_logout_uri has the origin of no redirect URI")),
        }
    }

    /// "sid: Session ID" (§3).
    fn bind(&self, _request: &TokenRequest<'_>, _spent: &Spent, reply: &mut TokenReply) {
        reply.name_session();
    }

    /// "The OP adds these query parameters when rendering the logout URI" (§2): `iss` and `sid`.
    fn ended(&self, farewell: &mut Farewell<'_>) {
        let issuer = farewell.arrival.place.issuer.as_str();
        let params: Params = [("iss", issuer), ("sid", farewell.sid)].into_iter().collect();
        let uris = farewell.clients.iter().filter_map(|(client, _)| client.text(URI));
        farewell.frames.extend(uris.map(|uri| params.append_to_query(uri)));
    }
}

static DOCUMENT: Document = Document {
    name: "OpenID Connect Front-Channel Logout 1.0",
    title: "OpenID Connect Front-Channel Logout 1.0",
    url: "https://openid.net/specs/openid-connect-frontchannel-1_0.html",
};

static RULES: &[&Rule] = &[&METADATA];

static METADATA: Rule = Rule {
    id: "oidc-frontchannel-metadata",
    document: &DOCUMENT,
    section: "2",
    error: ErrorCode::InvalidClientMetadata,
    says: "A client is told to log out at a page of an origin that one of its redirect URIs has",
};

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_page_for_logging_out_has_an_origin_of_the_client() {
        let judged = |metadata: Value| {
            let metadata = metadata.as_object().expect("an object").clone();
            FrontChannelLogout.register(&metadata, &Policy::default()).map_err(|refusal| refusal.rule.id)
        };
        let uris = json!(["https://a.example/cb", "https://b.example:444/cb"]);
        let at = |uri: &str| judged(json!({"redirect_uris": uris, "frontchannel_logout_uri": uri}));
        let refused = Err("oidc-frontchannel-metadata");
        assert_eq!((at("https://a.example/out?x"), at("https://b.example:444/")), (Ok(()), Ok(())));
        for uri in ["https://c.example/", "https://b.example/", "http://a.example/", "https://a.example/#x", "a", ""]
        {
            assert_eq!(at(uri), refused, "{uri}");
        }
        assert_eq!(judged(json!({"frontchannel_logout_session_required": "yes"})), refused);
        assert_eq!(judged(json!({})), Ok(()));
    }
}
