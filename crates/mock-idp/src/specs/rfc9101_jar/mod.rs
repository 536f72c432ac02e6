//! RFC 9101: JWT-Secured Authorization Requests (JAR).
//!
//! A client signs its authorization request, and may encrypt it to this server. It sends the object along, or says where
//! it is. What is in the object counts, and nothing beside it.

use oauth_types::{Algorithm, ContentEncryption, KeyManagement};
use serde_json::{Map, Value, json};

use crate::ports::outbound::{self, Reach};
use crate::refusal::{Document, Refusal, Rule};
use crate::reply::Stop;
use crate::request::{AuthorizationRequest, Draft, Origin, Packed, Unpacked};
use crate::spec::{Facts, Perhaps, Spec};
use crate::world::{Amount, Policy, Switch};

mod object;
mod reference;
mod rules;

/// What the references of RFC 9126 begin with.
const PUSHED: &str = "urn:ietf:params:oauth:request_uri:";

/// The client metadata and the server metadata of §10.5.
const REQUIRE: &str = "require_signed_request_object";

/// Client metadata (OpenID Connect Dynamic Client Registration §2).
const SIGNED_WITH: &str = "request_object_signing_alg";
const ENCRYPTED_WITH: &str = "request_object_encryption_alg";
const CONTENT: &str = "request_object_encryption_enc";
const REGISTERED: &str = "request_uris";

/// The most octets of a `request_uri` (§5.2), and the most of them that a client registers.
const LONGEST: usize = 512;
const MOST: usize = 32;

#[derive(Debug)]
pub(crate) struct RequestObjects;

/// How a request object is carried.
#[derive(Clone, Copy)]
enum Carried<'a> {
    /// By value (§5.1).
    Here(&'a str),
    /// By reference (§5.2).
    There(&'a str),
}

/// Whether a value of client metadata is one that this server knows.
type Knows<'a> = &'a dyn Fn(&str) -> bool;

impl Spec for RequestObjects {
    fn document(&self) -> &'static Document {
        &rules::DOCUMENT
    }

    fn rules(&self) -> &'static [&'static Rule] {
        rules::RULES
    }

    fn optional(&self) -> bool {
        true
    }

    fn switches(&self) -> &'static [&'static Switch] {
        SWITCHES
    }

    fn amounts(&self) -> &'static [&'static Amount] {
        AMOUNTS
    }

    fn decrypts(&self) -> bool {
        true
    }

    fn metadata(&self, facts: &Facts<'_>, document: &mut Map<String, Value>) {
        let mut set = |name: &str, value: Value| document.insert(name.to_owned(), value);
        set("request_parameter_supported", true.into());
        set("request_uri_parameter_supported", true.into());
        set("require_request_uri_registration", (!facts.policy.is_on(&UNREGISTERED)).into());
        set(REQUIRE, facts.policy.is_on(&REQUIRED).into());
        set("request_object_signing_alg_values_supported", json!(facts.policy.algorithms));
        let keys = facts.ports.keys.published_for_encryption();
        let managed: Vec<KeyManagement> =
            KeyManagement::ALL.iter().copied().filter(|own| manages(&keys, *own)).collect();
        if !managed.is_empty() {
            set("request_object_encryption_alg_values_supported", json!(managed));
            set("request_object_encryption_enc_values_supported", json!(ContentEncryption::ALL));
        }
    }

    fn register(&self, metadata: &Map<String, Value>, policy: &Policy) -> Result<(), Refusal> {
        let signs = |name: &str| Algorithm::from_wire(name).is_some_and(|own| policy.algorithms.contains(&own));
        let known: [(&str, Knows<'_>); 3] = [
            (SIGNED_WITH, &signs),
            (ENCRYPTED_WITH, &|name| KeyManagement::from_wire(name).is_some_and(|own| !own.is_symmetric())),
            (CONTENT, &|name| ContentEncryption::from_wire(name).is_some()),
        ];
        for (name, knows) in known {
            if metadata.get(name).is_some_and(|value| !value.as_str().is_some_and(knows)) {
                return Err(rules::METADATA.because(format!("{name} is none that this server knows")));
            }
        }
        if metadata.contains_key(CONTENT) && !metadata.contains_key(ENCRYPTED_WITH) {
            return Err(rules::METADATA.because(format!("{CONTENT} needs {ENCRYPTED_WITH}")));
        }
        if metadata.get(REQUIRE).is_some_and(|value| !value.is_boolean()) {
            return Err(rules::METADATA.because(format!("{REQUIRE} is true or false")));
        }
        let usable = |uri: &Value| {
            let target = uri.as_str().filter(|uri| uri.len() <= LONGEST).and_then(|uri| uri.split('#').next());
            target.is_some_and(|target| outbound::allowed(target, Reach::Outside).is_ok())
        };
        match metadata.get(REGISTERED).map(|value| value.as_array()) {
            None => Ok(()),
            Some(Some(uris)) if uris.len() <= MOST && uris.iter().all(usable) => Ok(()),
            Some(_) => Err(rules::METADATA.because(format!(
                "{REGISTERED} is an array of at most {MOST} URLs, https or http on loopback, of at most {LONGEST} octets"
            ))),
        }
    }

    fn unpack<'a>(&'a self, packed: &'a Packed<'a>) -> Perhaps<'a, Unpacked> {
        let carried = match (packed.params.get("request"), packed.params.get("request_uri")) {
            (None, None) => return None,
            (None, Some(uri)) if uri.starts_with(PUSHED) => return None,
            (Some(_), Some(_)) => {
                return Some(Box::pin(std::future::ready(Err(rules::BOTH
                    .because("A client sends an object, or says where it is")
                    .into()))));
            }
            (Some(object), None) => Carried::Here(object),
            (None, Some(uri)) => Carried::There(uri),
        };
        Some(Box::pin(open(packed, carried)))
    }

    /// "the authorization server MUST reject the request" that is not signed, if it says so of all, or the client of its
    /// own (§10.5).
    fn authorize(&self, request: &AuthorizationRequest<'_>, _draft: &mut Draft) -> Result<(), Refusal> {
        if request.origin.signed {
            return Ok(());
        }
        if request.policy.is_on(&REQUIRED) {
            return Err(rules::NOT_SIGNED.because("This server asks it of every client"));
        }
        match request.client().is(REQUIRE) {
            true => Err(rules::NOT_SIGNED.because("It is part of the client's registration")),
            false => Ok(()),
        }
    }
}

/// The parameters of a request object (§6).
async fn open(packed: &Packed<'_>, carried: Carried<'_>) -> Result<Unpacked, Stop> {
    let mut params = match carried {
        Carried::Here(text) => object::read(packed, text, true).await?,
        Carried::There(url) => object::read(packed, &reference::fetch(packed, url).await?, false).await?,
    };
    if packed.policy.is_on(&MERGED) {
        object::merge(packed, &mut params)?;
    }
    let unpacked = Unpacked { params, origin: Origin { signed: true, ..Origin::default() }, notes: None };
    unpacked.overrule(packed);
    Ok(unpacked)
}

/// Whether one of the keys that others encrypt to serves `algorithm`.
fn manages(keys: &[Value], algorithm: KeyManagement) -> bool {
    use KeyManagement::{EcdhEs, EcdhEsA128Kw, EcdhEsA256Kw, RsaOaep, RsaOaep256};
    let kty = match algorithm {
        RsaOaep | RsaOaep256 => "RSA",
        EcdhEs | EcdhEsA128Kw | EcdhEsA256Kw => "EC",
        _ => return false,
    };
    keys.iter().any(|key| key["kty"] == kty)
}

static SWITCHES: &[&Switch] = &[&DATED, &MERGED, &OPENID, &REQUIRED, &REUSABLE, &UNREGISTERED];

static AMOUNTS: &[&Amount] = &[&LIFE];

static REQUIRED: Switch = Switch {
    name: "require-signed-request-object",
    says: "Every authorization request has to come in a signed request object (RFC 9101 section 10.5)",
    relaxes: false,
};

static DATED: Switch = Switch {
    name: "request-object-nbf",
    says: "A request object has to say with nbf from when it is valid (FAPI 2.0 Message Signing section 5.3.1)",
    relaxes: false,
};

static OPENID: Switch = Switch {
    name: "request-object-openid",
    says: "A request object may be as OpenID Connect Core section 6.1 has it: typed JWT or not at all, and without iss, \
           aud, exp and client_id",
    relaxes: true,
};

static MERGED: Switch = Switch {
    name: "request-object-merged",
    says: "Parameters beside a request object count unless they are in it (OpenID Connect Core section 6.1; RFC 9101 \
           section 6.3 forbids it)",
    relaxes: true,
};

static REUSABLE: Switch = Switch {
    name: "request-object-reusable",
    says: "A request object may be used again until it expires, as by a browser that reloads",
    relaxes: true,
};

static UNREGISTERED: Switch = Switch {
    name: "request-uri-unregistered",
    says: "A request object is fetched from wherever the request says, and not only from where the client registered it",
    relaxes: true,
};

static LIFE: Amount = Amount {
    name: "request-object-seconds",
    says: "How long a request object may be valid (FAPI 2.0 Message Signing section 5.3.1 allows 60 minutes)",
    default: 3600,
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn client_metadata_is_judged() {
        let refused = |metadata: Value| {
            let members = metadata.as_object().expect("an object");
            RequestObjects.register(members, &Policy::default()).err().map(|refusal| refusal.rule.id)
        };
        for metadata in [
            json!({}),
            json!({SIGNED_WITH: "PS256", ENCRYPTED_WITH: "ECDH-ES", CONTENT: "A256GCM", REQUIRE: true}),
            json!({REGISTERED: ["https://client.example/r#hash", "http://127.0.0.1:1/r", "http://localhost/r"]}),
        ] {
            assert_eq!(refused(metadata.clone()), None, "{metadata}");
        }
        for metadata in [
            json!({SIGNED_WITH: "none"}),
            json!({SIGNED_WITH: "HS256"}),
            json!({SIGNED_WITH: 1}),
            json!({ENCRYPTED_WITH: "RSA1_5"}),
            json!({ENCRYPTED_WITH: "dir"}),
            json!({CONTENT: "A256GCM"}),
            json!({ENCRYPTED_WITH: "ECDH-ES", CONTENT: "A192GCM"}),
            json!({REQUIRE: "true"}),
            json!({REGISTERED: "https://client.example/r"}),
            json!({REGISTERED: ["http://client.example:0/r"]}),
            json!({REGISTERED: ["http://1.1.1.1/r"]}),
            json!({REGISTERED: ["https://10.0.0.1/r"]}),
            json!({REGISTERED: ["file:///etc/passwd"]}),
            json!({REGISTERED: [format!("https://client.example/{}", "r".repeat(LONGEST))]}),
            json!({REGISTERED: vec!["https://client.example/r"; MOST + 1]}),
        ] {
            assert_eq!(refused(metadata.clone()), Some("rfc9101-client-metadata"), "{metadata}");
        }
    }
}
