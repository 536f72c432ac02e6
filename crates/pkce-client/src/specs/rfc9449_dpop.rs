//! RFC 9449, Demonstrating Proof of Possession (DPoP): tokens that are worth nothing without a key of the client's.

pub(crate) mod proof;
pub(crate) mod replay;

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use oauth_types::Secret;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};
use url::Url;

use crate::builder::ClientBuilder;
use crate::client::Client;
use crate::dice::{self, Dice};
use crate::discover::Server;
use crate::error::{ConfigError, Error};
use crate::json;
use crate::login::AuthorizationRequest;
use crate::session::Session;
use crate::signing_key::SigningKey;
use crate::specs::rfc6750_bearer::Challenge;
use crate::specs::{Again, Spec};
use crate::token::TokenType;
use crate::transport::Endpoint;

/// The member of the metadata that lists what proofs are signed with (§5.1).
const MEMBER: &str = "dpop_signing_alg_values_supported";

/// The error that asks for another proof (§8).
const USE_NONCE: &str = "use_dpop_nonce";

/// The longest nonce that is kept, in octets.
const MAX_NONCE: usize = 512;

/// Of how many servers nonces are kept.
const MAX_NONCES: usize = 64;

pub(crate) const PROOF: HeaderName = HeaderName::from_static("dpop");
pub(crate) const NONCE: HeaderName = HeaderName::from_static("dpop-nonce");

/// Requests are proven.
pub(crate) struct Dpop {
    /// `None` until one is drawn.
    key: Option<SigningKey>,
    nonces: Mutex<Nonces>,
}

impl ClientBuilder {
    /// Binds the tokens of this client to `key` (RFC 9449): whoever steals one cannot use it. Requests for tokens and to
    /// resources come with a proof that is made for them alone, codes are bound to the key, too (`dpop_jkt`), and a
    /// `Bearer` token in place of a bound one is refused.
    ///
    /// Keep the key for as long as sessions are kept: a refresh token of a public client is worth nothing without it.
    /// The client is not made if the server does not take proofs, or none with the algorithm of `key`.
    pub fn dpop(self, key: SigningKey) -> Self {
        self.with_spec(Dpop { key: Some(key), nonces: Mutex::default() })
    }

    /// The same as [`ClientBuilder::dpop`] with a new key for ES256, drawn from the [`Dice`] when the client is made. It
    /// ends with the client, and so do sessions whose refresh tokens are bound to it.
    pub fn dpop_with_new_key(self) -> Self {
        self.with_spec(Dpop { key: None, nonces: Mutex::default() })
    }
}

impl Session {
    /// Learns the DPoP nonce (RFC 9449 §8 and §9) from the answer to a request that was given its token by
    /// [`Session::authorize`] and sent in another way than by [`Session::send`]. `url` is where the request went.
    ///
    /// Says whether the resource asks for the same request with another proof: call [`Session::authorize`] for it again,
    /// and send it once more, not more often. Always `false` if this client does not use DPoP.
    pub fn heed<B>(&self, url: &http::Uri, answer: &http::Response<B>) -> bool {
        let Some(dpop) = self.client.spec::<Dpop>() else { return false };
        let is_new = dpop.learn(Endpoint::Resource, url, answer.headers());
        is_new && is_asked_by_resource(answer.status(), answer.headers())
    }
}

impl Spec for Dpop {
    /// §5.1. What is signed with an algorithm that the server does not take would be refused with each request.
    fn accept(&self, server: &Server) -> Result<(), Error> {
        let algorithm = self.key.as_ref().map_or(SigningKey::DRAWN, SigningKey::algorithm);
        match server.offers(MEMBER, algorithm.as_str()) {
            true => Ok(()),
            false => Err(ConfigError::SigningAlgorithm { algorithm, member: MEMBER }.into()),
        }
    }

    fn prepare(&mut self, dice: &dyn Dice) -> Result<(), Error> {
        if self.key.is_none() {
            self.key = Some(SigningKey::generate(dice)?);
        }
        Ok(())
    }

    /// §10: the code is bound to the key.
    fn ask(&self, _client: &Client, request: &mut AuthorizationRequest) -> Result<(), Error> {
        request.params.set("dpop_jkt", self.key()?.thumbprint());
        Ok(())
    }

    fn prove(
        &self,
        client: &Client,
        endpoint: Endpoint,
        head: &mut Parts,
        token: Option<&Secret>,
    ) -> Result<(), Error> {
        let Some(place) = Place::of(endpoint, &head.uri) else { return Ok(()) };
        if place.is_resource && token.is_none() {
            return Ok(());
        }
        let key = self.key()?;
        let mut claims = Map::new();
        let mut claim = |name: &str, value: Value| drop(claims.insert(name.to_owned(), value));
        claim("jti", dice::token(&*client.inner.dice)?.expose().into());
        claim("htm", head.method.as_str().into());
        claim("htu", target(&place.url).into());
        claim("iat", json!(client.inner.clock.now()));
        if let Some(token) = token {
            claim("ath", URL_SAFE_NO_PAD.encode(Sha256::digest(token.expose())).into());
        }
        if let Some(nonce) = self.nonces().of(&place.server()) {
            claim("nonce", nonce.into());
        }
        let header = Map::from_iter([("jwk".to_owned(), Value::Object(key.bare_jwk()))]);
        let proof = key.sign("dpop+jwt", header, &claims);
        let mut value = HeaderValue::from_str(proof.expose()).expect("base64url and dots are visible ASCII");
        value.set_sensitive(true);
        // A repeated request has one proof, not both (§4.3).
        head.headers.insert(PROOF, value);
        Ok(())
    }

    /// §8 and §9: once more with the nonce that this answer brings, if it asks for that.
    fn heard(
        &self,
        _client: &Client,
        endpoint: Endpoint,
        url: &http::Uri,
        answer: &http::Response<Vec<u8>>,
    ) -> Again {
        let is_new = self.learn(endpoint, url, answer.headers());
        let is_asked = match is_resource(endpoint) {
            true => is_asked_by_resource(answer.status(), answer.headers()),
            false => is_asked_by_server(answer),
        };
        if is_new && is_asked { Again::Once } else { Again::No }
    }

    fn token_type(&self) -> Option<TokenType> {
        Some(TokenType::Dpop)
    }
}

impl Dpop {
    fn key(&self) -> Result<&SigningKey, Error> {
        self.key.as_ref().ok_or(Error::Unsupported("there is no key for proofs"))
    }

    fn nonces(&self) -> MutexGuard<'_, Nonces> {
        self.nonces.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps the nonce of an answer, whatever else the answer says (§8.2). Whether there is one.
    fn learn(&self, endpoint: Endpoint, url: &http::Uri, headers: &HeaderMap) -> bool {
        match (Place::of(endpoint, url), nonce(headers)) {
            (Some(place), Some(nonce)) => {
                self.nonces().keep(place.server(), nonce);
                true
            }
            _ => false,
        }
    }
}

/// Where a request with a proof goes.
struct Place {
    url: Url,
    is_resource: bool,
}

impl Place {
    /// §5 and §10.1: proofs are for the requests that tokens come of, and for those that show one (§7). Elsewhere they
    /// say nothing.
    fn of(endpoint: Endpoint, uri: &http::Uri) -> Option<Self> {
        let is_resource = is_resource(endpoint);
        if !is_resource && !matches!(endpoint, Endpoint::Token | Endpoint::PushedAuthorization) {
            return None;
        }
        Some(Self { url: Url::parse(&uri.to_string()).ok()?, is_resource })
    }

    /// Whose nonces are taken there. Those of an authorization server are nothing to a resource, even at the same origin
    /// (§9).
    fn server(&self) -> (String, bool) {
        (self.url.origin().ascii_serialization(), self.is_resource)
    }
}

fn is_resource(endpoint: Endpoint) -> bool {
    matches!(endpoint, Endpoint::Userinfo | Endpoint::Resource)
}

/// §4.2: "The HTTP target URI [...] of the request to which the JWT is attached, without query and fragment parts".
fn target(url: &Url) -> String {
    let mut url = url.clone();
    url.set_query(None);
    url.set_fragment(None);
    url.into()
}

/// The one nonce of an answer (§8.1), if it is one that is kept.
fn nonce(headers: &HeaderMap) -> Option<String> {
    let mut all = headers.get_all(NONCE).iter();
    let (Some(value), None) = (all.next(), all.next()) else { return None };
    let text = value.to_str().ok().filter(|text| (1..=MAX_NONCE).contains(&text.len()))?;
    // nonce-val = 1*NQCHAR
    let is_nqchar = |octet: u8| matches!(octet, 0x21 | 0x23..=0x5b | 0x5d..=0x7e);
    text.bytes().all(is_nqchar).then(|| text.to_owned())
}

/// §8: "an HTTP 400 response with [...] the error code use_dpop_nonce".
fn is_asked_by_server(answer: &http::Response<Vec<u8>>) -> bool {
    let members = || json::object(answer.body()).ok();
    answer.status() == StatusCode::BAD_REQUEST
        && members().is_some_and(|members| members.get("error").is_some_and(|error| error == USE_NONCE))
}

/// §9: 401, and a challenge of the scheme DPoP with that error.
fn is_asked_by_resource(status: StatusCode, headers: &HeaderMap) -> bool {
    let asks = |challenge: &Challenge| {
        challenge.scheme().eq_ignore_ascii_case(TokenType::Dpop.as_str())
            && challenge.parameter("error") == Some(USE_NONCE)
    };
    status == StatusCode::UNAUTHORIZED && Challenge::of(headers).iter().any(asks)
}

/// The newest nonce of each server, those that were given last at the end.
#[derive(Default)]
struct Nonces(VecDeque<((String, bool), String)>);

impl Nonces {
    fn of(&self, server: &(String, bool)) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == server).map(|(_, nonce)| nonce.as_str())
    }

    fn keep(&mut self, server: (String, bool), nonce: String) {
        self.0.retain(|(known, _)| *known != server);
        if self.0.len() == MAX_NONCES {
            self.0.pop_front();
        }
        self.0.push_back((server, nonce));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(values: &[&str]) -> HeaderMap {
        values.iter().map(|value| (NONCE, HeaderValue::from_str(value).expect("a header"))).collect()
    }

    #[test]
    fn a_nonce_is_one_word_of_bounded_length() {
        assert_eq!(nonce(&headers(&["eyJ7S_zG.eyJH0-Z.HX4w-7v"])).as_deref(), Some("eyJ7S_zG.eyJH0-Z.HX4w-7v"));
        assert!(nonce(&headers(&[&"a".repeat(MAX_NONCE)])).is_some());
        for values in [&[][..], &[""], &["a b"], &["a\"b"], &["a\\b"], &["a", "b"], &[&"a".repeat(MAX_NONCE + 1)]] {
            assert_eq!(nonce(&headers(values)), None, "{values:?}");
        }
    }

    #[test]
    fn nonces_are_kept_of_so_many_servers_and_no_more() {
        let mut nonces = Nonces::default();
        let server = |number: usize| (format!("https://{number}.example"), true);
        for number in 0..MAX_NONCES {
            nonces.keep(server(number), "first".to_owned());
        }
        nonces.keep(server(0), "newer".to_owned());
        assert_eq!(
            (nonces.0.len(), nonces.of(&server(0)), nonces.of(&server(1))),
            (64, Some("newer"), Some("first"))
        );
        nonces.keep(server(64), "first".to_owned());
        assert_eq!((nonces.0.len(), nonces.of(&server(0)), nonces.of(&server(1))), (64, Some("newer"), None));
    }

    #[test]
    fn a_proof_is_for_a_uri_without_query_and_fragment() {
        let of = |uri: &str| {
            let place = Place::of(Endpoint::Resource, &uri.parse().expect("a URI")).expect("a place");
            (target(&place.url), place.server().0)
        };
        for (uri, htu, origin) in [
            ("https://api.example/a?b=c", "https://api.example/a", "https://api.example"),
            ("https://API.example:443", "https://api.example/", "https://api.example"),
            ("https://api.example:8443/a/", "https://api.example:8443/a/", "https://api.example:8443"),
            ("http://127.0.0.1:80/%61", "http://127.0.0.1/%61", "http://127.0.0.1"),
        ] {
            assert_eq!(of(uri), (htu.to_owned(), origin.to_owned()));
        }
    }

    #[test]
    fn proofs_are_where_tokens_come_from_and_where_they_are_shown() {
        let uri = "https://as.example/".parse().expect("a URI");
        let proven = |endpoint| Place::of(endpoint, &uri).map(|place| place.is_resource);
        for endpoint in [Endpoint::Token, Endpoint::PushedAuthorization] {
            assert_eq!(proven(endpoint), Some(false), "{endpoint}");
        }
        for endpoint in [Endpoint::Userinfo, Endpoint::Resource] {
            assert_eq!(proven(endpoint), Some(true), "{endpoint}");
        }
        for endpoint in [Endpoint::Jwks, Endpoint::Revocation, Endpoint::Introspection, Endpoint::Registration] {
            assert_eq!(proven(endpoint), None, "{endpoint}");
        }
    }
}
