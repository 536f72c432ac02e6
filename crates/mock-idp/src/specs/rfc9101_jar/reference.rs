//! Fetches a request object from where a request says it is (§5.2).
//!
//! Whoever sends a browser here chooses what this server asks for. So only what the client registered is asked for, no
//! redirect is followed, and the time and the size of the answer are bounded (§10.4).

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderValue, Response, StatusCode};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::{LONGEST, OPENID, REGISTERED, UNREGISTERED, rules};
use crate::clients::Client;
use crate::doctor::uris;
use crate::ports::outbound::{self, Reach};
use crate::refusal::Refusal;
use crate::request::Packed;

const MEDIA_TYPE: &str = "application/oauth-authz-req+jwt";

/// The text at `url`.
pub(super) async fn fetch(packed: &Packed<'_>, url: &str) -> Result<String, Refusal> {
    if url.len() > LONGEST {
        return Err(rules::TOO_LONG.because(format!("It has {} octets", url.len())));
    }
    let (target, hash) = url.split_once('#').map_or((url, None), |(target, hash)| (target, Some(hash)));
    let reach = if registered(packed.client, url, target) {
        packed.client.reach()
    } else if packed.policy.is_on(&UNREGISTERED) {
        packed.arrival.seen.relaxed(UNREGISTERED.name);
        Reach::Outside
    } else {
        let own = packed.client.member(REGISTERED).and_then(Value::as_array);
        let nearest = uris::nearest(own.into_iter().flatten().filter_map(Value::as_str), url);
        let nearest = nearest.map_or_else(String::new, |nearest| format!(". {nearest}"));
        let hint = format!("It is not among the {REGISTERED} of the client{nearest}");
        return Err(rules::URI_UNREGISTERED.because(hint));
    };
    let unreachable = |why: String| rules::UNREACHABLE.because(why);
    let mut request = outbound::get(target, reach).map_err(|error| unreachable(error.to_string()))?;
    request.headers_mut().insert(ACCEPT, HeaderValue::from_static(MEDIA_TYPE));
    let answer = packed.ports.outbound.send(request).await.map_err(|error| unreachable(error.to_string()))?;
    if answer.status() != StatusCode::OK {
        return Err(unreachable(format!("The answer has the status {}", answer.status())));
    }
    typed(packed, &answer)?;
    // OpenID Connect Core §6.2: the fragment is "the base64url-encoded SHA-256 hash of the referenced resource contents".
    if hash.is_some_and(|hash| hash != BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(answer.body()))) {
        return Err(
            rules::ALTERED.because("What is there now was put there later, or the hash is not base64url of SHA-256")
        );
    }
    let text = std::str::from_utf8(answer.body()).map_err(|_| unreachable("The answer is no text".to_owned()))?;
    Ok(text.trim_ascii_end().to_owned())
}

/// Whether the client registered `url`, or `target`, which is without the fragment, for any content.
fn registered(client: &Client, url: &str, target: &str) -> bool {
    let own = client.member(REGISTERED).and_then(Value::as_array);
    own.is_some_and(|own| own.iter().any(|own| own == url || own == target))
}

/// A document that was not meant to be a request object cannot be made one (§10.4.1).
fn typed<T>(packed: &Packed<'_>, answer: &Response<T>) -> Result<(), Refusal> {
    let media_type = answer.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let own = media_type.and_then(|text| text.split(';').next()).map(str::trim);
    if own.is_some_and(|own| own.eq_ignore_ascii_case(MEDIA_TYPE)) {
        return Ok(());
    }
    if !packed.policy.is_on(&OPENID) {
        return Err(rules::UNREACHABLE.because(format!("The content type of the answer is not {MEDIA_TYPE}")));
    }
    packed.arrival.seen.relaxed(OPENID.name);
    Ok(())
}
