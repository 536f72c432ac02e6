//! Servers that overlook what is wrong with a JWT: the JWT is put in order and signed anew, with a key that the sound
//! server behind knows.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use mock_idp::clock::Clock as _;
use mock_idp::{Builder, Client, MockIdp};
use oauth_attacks::{Jwt, Key, Registration, Role, Target};
use oauth_types::Algorithm;
use serde_json::{Map, Value};

use super::front::{Answering, Bend, Call};

/// Where the answers for the clients below go.
pub(crate) const REDIRECT_URI: &str = "http://127.0.0.1:9/callback";
/// A client whose key the front has as well.
const KEYED: &str = "careless";

/// A fixed and worthless key.
pub(crate) fn fixed_key() -> Key {
    let pem = include_str!("../../../../../fixtures/keys/unpublished-es256.pem");
    Key::from_pem(Algorithm::Es256, "fixed", pem).expect("a key")
}

/// A client with private_key_jwt whose key the front has as well.
pub(crate) fn with_keyed(builder: Builder) -> Builder {
    let client = Client::with_keys(KEYED, fixed_key().jwks()).redirect_uri(REDIRECT_URI);
    builder.client(client.scope(["openid", "profile"]))
}

/// The same client in the cast.
pub(crate) fn knowing_keyed(target: Target) -> Target {
    target.playing(Role::Keyed, Registration::keyed(KEYED, fixed_key(), REDIRECT_URI))
}

/// A JWT, taken apart without looking at its signature.
#[derive(Debug, Clone)]
pub(crate) struct Parts {
    pub(crate) header: Map<String, Value>,
    pub(crate) claims: Map<String, Value>,
    pub(crate) signature: Vec<u8>,
    /// What time it is for the server.
    pub(crate) now: u64,
    /// What the server is called.
    pub(crate) issuer: String,
}

impl Parts {
    /// Takes it apart, if it is one.
    pub(crate) fn of(text: &str, server: &MockIdp) -> Option<Self> {
        let mut parts = text.split('.').map(|part| URL_SAFE_NO_PAD.decode(part).ok());
        let (header, claims, signature) = (parts.next()??, parts.next()??, parts.next()??);
        let object = |octets: &[u8]| serde_json::from_slice(octets).ok();
        let (header, claims) = (object(&header)?, object(&claims)?);
        Some(Self { header, claims, signature, now: server.clock().now(), issuer: server.issuer().to_owned() })
    }

    /// A claim.
    pub(crate) fn claim(&self, name: &str) -> &Value {
        self.claims.get(name).unwrap_or(&Value::Null)
    }

    /// Sets a claim.
    pub(crate) fn set(&mut self, name: &str, value: impl Into<Value>) {
        self.claims.insert(name.to_owned(), value.into());
    }

    /// Sets a member of the header.
    pub(crate) fn set_header(&mut self, name: &str, value: impl Into<Value>) {
        self.header.insert(name.to_owned(), value.into());
    }

    /// Whether it says this algorithm.
    pub(crate) fn is_alg(&self, name: &str) -> bool {
        self.header.get("alg").is_some_and(|alg| alg == name)
    }

    /// Whether the fixed key has signed it.
    pub(crate) fn is_signed(&self) -> bool {
        self.header.get("kid").is_none_or(|kid| kid == "fixed") && self.is_alg("ES256") && self.signature != [0; 64]
    }

    /// Signs it as an assertion of the client.
    fn into_assertion(mut self) -> String {
        for member in ["alg", "kid", "crit"] {
            self.header.remove(member);
        }
        let header = self.header.into_iter().fold(Jwt::default(), |jwt, (name, value)| jwt.header(&name, value));
        header.claims(self.claims).signed_by(&fixed_key()).expect("a signature")
    }

    /// Signs it as a DPoP proof.
    pub(crate) fn into_proof(self) -> String {
        let jwt = Jwt::of_type("dpop+jwt").header("jwk", fixed_key().bare_jwk()).nameless();
        jwt.claims(self.claims).signed_by(&fixed_key()).expect("a signature")
    }
}

/// What a server overlooks: puts a JWT in order, and says whether it did.
pub(crate) type Overlooks = fn(&mut Parts) -> bool;

/// A server that overlooks something in client assertions.
pub(crate) fn of_assertions(overlooks: Overlooks) -> Arc<dyn Bend> {
    Arc::new(Assertions(overlooks))
}

struct Assertions(Overlooks);

impl Bend for Assertions {
    fn serve<'a>(&'a self, server: &'a MockIdp, mut call: Call) -> Answering<'a> {
        let parts = call.get("client_assertion").and_then(|text| Parts::of(&text, server));
        if let Some(mut parts) = parts
            && (self.0)(&mut parts)
        {
            call.params().set("client_assertion", parts.into_assertion());
        }
        Box::pin(call.ask(server))
    }
}

/// A server that changes requests with the help of what it knows itself.
pub(crate) struct Aided {
    pub(crate) path: &'static str,
    pub(crate) change: fn(&mut Call, &MockIdp),
}

impl Bend for Aided {
    fn serve<'a>(&'a self, server: &'a MockIdp, mut call: Call) -> Answering<'a> {
        if call.path == self.path {
            (self.change)(&mut call, server);
        }
        Box::pin(call.ask(server))
    }
}

/// An honest assertion of the client with the fixed key.
pub(crate) fn assertion(server: &MockIdp) -> String {
    let now = server.clock().now();
    let names = Jwt::of_type("JWT").claim("iss", KEYED).claim("sub", KEYED).claim("aud", server.issuer());
    let times = names.claim("iat", now).claim("exp", now + 60).claim("jti", something_new());
    times.signed_by(&fixed_key()).expect("a signature")
}

/// A text that was not there before.
pub(crate) fn something_new() -> String {
    Key::fresh().expect("a key").kid().to_owned()
}

/// The credentials in a Basic header, if there is one.
pub(crate) fn credentials(call: &Call) -> Option<(String, String)> {
    let header = call.headers.get("authorization")?.to_str().ok()?.strip_prefix("Basic ")?;
    let text = base64::engine::general_purpose::STANDARD.decode(header).ok()?;
    let text = String::from_utf8(text).ok()?;
    let (id, secret) = text.split_once(':')?;
    let decoded = |part: &str| oauth_types::Params::parse(&format!("x={part}")).ok()?.get("x").map(str::to_owned);
    Some((decoded(id)?, decoded(secret).unwrap_or_default()))
}

/// Puts the confidential client of the cast into the header.
pub(crate) fn as_confidential(call: &mut Call) {
    let header = oauth_attacks::redemption::basic("web", &SECRET.into());
    call.headers.insert("authorization", header.parse().expect("a header"));
}

/// The secret of the confidential client of the cast.
pub(crate) const SECRET: &str = "worthless-secret-of-web";

/// The client that must use DPoP, with the fixed key.
pub(crate) fn knowing_proving(target: Target) -> Target {
    let client = Registration::public("proving", REDIRECT_URI).proving(fixed_key());
    target.playing(Role::SenderConstrained, client)
}

/// A server that overlooks something in the proofs that come to one path.
pub(crate) struct Proofs {
    pub(crate) path: &'static str,
    pub(crate) overlooks: Overlooks,
}

impl Bend for Proofs {
    fn serve<'a>(&'a self, server: &'a MockIdp, mut call: Call) -> Answering<'a> {
        let proof = call.headers.get("dpop").filter(|_| call.path == self.path).and_then(|value| value.to_str().ok());
        if let Some(mut parts) = proof.and_then(|text| Parts::of(text, server))
            && (self.overlooks)(&mut parts)
        {
            call.headers.insert("dpop", parts.into_proof().parse().expect("a header"));
        }
        Box::pin(call.ask(server))
    }
}

/// A proof of the fixed key for a request, with the hash of its access token if there is one.
pub(crate) fn proof(call: &Call, server: &MockIdp, access: Option<&str>) -> String {
    let jwt = Jwt::of_type("dpop+jwt").header("jwk", fixed_key().bare_jwk()).nameless();
    let jwt = jwt.claim("htm", call.method.as_str()).claim("htu", format!("{}{}", server.issuer(), call.path));
    let jwt = jwt.claim("iat", server.clock().now()).claim("jti", something_new());
    let jwt = match access {
        Some(access) => jwt.claim("ath", URL_SAFE_NO_PAD.encode(<sha2::Sha256 as sha2::Digest>::digest(access))),
        None => jwt,
    };
    jwt.signed_by(&fixed_key()).expect("a signature")
}
