//! A client that signs its requests with a key that everybody here has, and a server that overlooks what is wrong with
//! its request objects.

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use mock_idp::clock::Clock as _;
use mock_idp::{Builder, Client, MockIdp};
use oauth_attacks::{Jwt, Key, Registration, Role, Target};
use serde_json::Value;

use super::front::{Answering, Bend, Call};

static KEY: LazyLock<Key> = LazyLock::new(|| Key::fresh().expect("a key"));

const SIGNER: &str = "signer";
const REDIRECT_URI: &str = "http://127.0.0.1:9/callback";

/// The server knows the client.
pub(crate) fn with_signer(builder: Builder) -> Builder {
    let client = Client::with_keys(SIGNER, KEY.jwks()).redirect_uri(REDIRECT_URI).scope(["openid", "profile"]);
    builder.client(client.metadata("require_signed_request_object", true))
}

/// The client is the one of the target that signs.
pub(crate) fn knowing_signer(target: Target) -> Target {
    let client = Registration::keyed(SIGNER, KEY.clone(), REDIRECT_URI);
    target.playing(Role::Signing, client.signing(KEY.clone()))
}

/// A request object as it was sent.
pub(crate) struct Sent {
    pub(crate) header: Value,
    pub(crate) claims: Value,
    pub(crate) signature: Vec<u8>,
    /// What time it is for the server.
    pub(crate) now: u64,
    /// The issuer.
    pub(crate) issuer: String,
}

impl Sent {
    /// The object in parts, if it has three.
    pub(crate) fn parse(object: &str, server: &MockIdp) -> Option<Self> {
        let parts: Vec<_> =
            object.split('.').map(|part| URL_SAFE_NO_PAD.decode(part)).collect::<Result<_, _>>().ok()?;
        let [header, claims, signature] = parts.as_slice() else { return None };
        let json = |octets: &[u8]| serde_json::from_slice(octets).ok();
        let (header, claims, signature) = (json(header)?, json(claims)?, signature.clone());
        Some(Self { header, claims, signature, now: server.clock().now(), issuer: server.issuer().to_owned() })
    }
}

/// A server that takes an object if this says so, which may put it right first. The front signs it anew.
pub(crate) struct Forgiving(pub(crate) fn(&mut Sent) -> bool);

impl Bend for Forgiving {
    fn serve<'a>(&'a self, server: &'a MockIdp, mut call: Call) -> Answering<'a> {
        let sent = call.get("request").and_then(|object| Sent::parse(&object, server));
        if let Some(mut sent) = sent
            && (self.0)(&mut sent)
            && let Value::Object(claims) = sent.claims
        {
            let object = Jwt::of_type("oauth-authz-req+jwt").claims(claims).signed_by(&KEY);
            call.params().set("request", object.expect("a signature"));
        }
        Box::pin(call.ask(server))
    }
}
