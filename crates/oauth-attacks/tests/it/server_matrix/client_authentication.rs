//! What the attacks of the family `client_authentication` need to be off.

use std::sync::Arc;

use mock_idp::MockIdp;
use oauth_attacks::Level;

use super::{Row, must};
use crate::victims::forgiving::{
    Aided, Parts, SECRET, as_confidential, assertion, credentials, knowing_keyed, of_assertions, something_new,
    with_keyed,
};
use crate::victims::front::{Answered, Answering, Bend, Bug, Call, Changed};

pub(super) const ROWS: &[Row] = &[
    must("as-clientauth-missing", &NOBODY_ASKED, "a code without", &["rfc6749-secret-missing"]),
    must("as-clientauth-missing", &REVOKED_UNASKED, "a revocation without", &["rfc6749-secret-missing"]),
    must("as-clientauth-wrong-secret", &BEGINNING_COMPARED, "one character more", &["rfc6749-secret-wrong"]),
    must("as-clientauth-double", &ONE_IS_ENOUGH, "in the header and", &["rfc6749-two-authentication-methods"]),
    must("as-clientauth-id-mismatch", &BODY_NAMES, "of another client", &["rfc6749-client-ids-differ"]),
    must(
        "as-clientauth-method-downgrade",
        &ANY_METHOD,
        "that does not use them",
        &["rfc7591-other-authentication-method"],
    ),
    must("as-clientauth-query", &QUERY_READ, "in the query", &["rfc6749-token-parameters-in-query"]),
    must("as-assertion-alg", &NONE_TAKEN, "an unsigned assertion", &["rfc7523-client-assertion-algorithm"]),
    must("as-assertion-alg", &PUBLIC_KEY_IS_SECRET, "keyed with", &["rfc7523-client-assertion-key"]),
    must("as-assertion-alg", &ZEROS_TAKEN, "of zeros", &["rfc7523-client-assertion-signature"]),
    must("as-assertion-aud", &ANY_AUDIENCE, "for another server", &["rfc7523-client-assertion-audience"]),
    Row::bug(
        "as-assertion-aud",
        &AUDIENCE_IN_LIST,
        Level::Should,
        "and another",
        &["rfc7523-client-assertion-audience"],
    ),
    must("as-assertion-replay", &USED_AGAIN, "used before", &["rfc7523-client-assertion-replayed"]),
    must("as-assertion-claims", &NEVER_EXPIRES, "that does not expire", &["rfc7523-client-assertion-expiry"]),
    must("as-assertion-claims", &ANY_ISSUER, "another client issued", &["rfc7523-client-assertion-issuer"]),
    Row::bug("as-assertion-claims", &ANY_TYPE, Level::Should, "with a subject", &["rfc7523-client-assertion-typ"]),
    must("as-assertion-key-injection", &OWN_KEY, "a key in its header", &["rfc7523-client-assertion-key"]),
    must("as-assertion-key-injection", &VISITS, "visited an address", &["rfc7523-client-assertion-key"]),
    must("as-assertion-crit", &UNCRITICAL, "critical", &["rfc7523-client-assertion-malformed"]),
    must(
        "as-mtls-header-spoof",
        &HEADER_BELIEVED,
        "in the header x-ssl-client-cert",
        &["rfc8705-certificate-missing"],
    ),
    Row::bug("as-clientauth-enumeration", &UNCOUNTED, Level::Should, "still counts", COUNTED),
    Row::bug("as-clientauth-enumeration", &TELLS_WHO, Level::Should, "in another way", COUNTED),
];

const COUNTED: &[&str] = &["rfc6749-secret-tried-too-often"];

static NOBODY_ASKED: Bug = Bug {
    lacks: "asking a confidential client for its credentials",
    bend: Some(|| Arc::new(Changed { path: "/token", change: vouch })),
    ..Bug::NONE
};

static REVOKED_UNASKED: Bug = Bug {
    lacks: "asking for credentials at the revocation endpoint",
    bend: Some(|| Arc::new(Changed { path: "/revoke", change: vouch })),
    ..Bug::NONE
};

/// Takes whoever says it is the confidential client for it.
fn vouch(call: &mut Call) {
    if call.get("client_id").as_deref() == Some("web") && call.get("client_secret").is_none() {
        call.params().set("client_secret", SECRET);
    }
}

static BEGINNING_COMPARED: Bug = Bug {
    lacks: "comparison of the whole secret",
    bend: Some(|| {
        Arc::new(Changed {
            path: "/token",
            change: |call| {
                if credentials(call).is_some_and(|(id, secret)| id == "web" && secret.starts_with(SECRET)) {
                    as_confidential(call);
                }
            },
        })
    }),
    ..Bug::NONE
};

static ONE_IS_ENOUGH: Bug = Bug {
    lacks: "refusal of a second authentication",
    bend: Some(|| {
        Arc::new(Changed {
            path: "/token",
            change: |call| {
                if credentials(call).is_some() {
                    call.params().remove("client_secret");
                }
            },
        })
    }),
    ..Bug::NONE
};

static BODY_NAMES: Bug = Bug {
    lacks: "comparison of the client in the header with the one in the body",
    bend: Some(|| {
        Arc::new(Changed {
            path: "/token",
            change: |call| {
                if credentials(call).is_some() && call.get("client_id").as_deref() == Some("web") {
                    as_confidential(call);
                }
            },
        })
    }),
    ..Bug::NONE
};

const KEYED: Bug = Bug { built: with_keyed, known: knowing_keyed, ..Bug::NONE };

static ANY_METHOD: Bug = Bug {
    lacks: "the registered method of authentication",
    bend: Some(|| {
        Arc::new(Aided {
            path: "/token",
            change: |call, server| {
                if call.get("client_id").as_deref() == Some("careless") && call.get("client_assertion").is_none() {
                    let (kind, assertion) = (oauth_attacks::redemption::ASSERTION_TYPE, assertion(server));
                    call.params().set("client_assertion_type", kind);
                    call.params().set("client_assertion", assertion);
                }
            },
        })
    }),
    ..KEYED
};

static QUERY_READ: Bug = Bug {
    lacks: "reading of credentials from the body alone",
    bend: Some(|| {
        Arc::new(Changed {
            path: "/token",
            change: |call| {
                let query = std::mem::take(&mut call.query);
                for (name, value) in query.iter() {
                    call.params().set(name, value);
                }
            },
        })
    }),
    ..Bug::NONE
};

static NONE_TAKEN: Bug = Bug {
    lacks: "a list of algorithms without none",
    bend: Some(|| of_assertions(|jwt| jwt.is_alg("none"))),
    ..KEYED
};

static PUBLIC_KEY_IS_SECRET: Bug = Bug {
    lacks: "a list of algorithms that fit the key",
    bend: Some(|| of_assertions(|jwt| jwt.is_alg("HS256"))),
    ..KEYED
};

static ZEROS_TAKEN: Bug = Bug {
    lacks: "refusal of a signature of zeros",
    bend: Some(|| of_assertions(|jwt| jwt.is_alg("ES256") && jwt.signature == [0; 64])),
    ..KEYED
};

static ANY_AUDIENCE: Bug = Bug {
    lacks: "comparison of the audience of an assertion",
    bend: Some(|| {
        of_assertions(|jwt| {
            let (other, issuer) = (jwt.claim("aud") != jwt.issuer.as_str(), jwt.issuer.clone());
            jwt.set("aud", issuer);
            other && jwt.is_signed()
        })
    }),
    ..KEYED
};

static AUDIENCE_IN_LIST: Bug =
    Bug { lacks: "an audience that is alone", weakened: |builder| builder.on("audience-token-endpoint"), ..KEYED };

static USED_AGAIN: Bug = Bug {
    lacks: "memory of the assertions that were used",
    bend: Some(|| {
        of_assertions(|jwt| {
            jwt.set("jti", something_new());
            jwt.is_signed()
        })
    }),
    ..KEYED
};

static NEVER_EXPIRES: Bug = Bug {
    lacks: "a demand for an end of an assertion",
    bend: Some(|| {
        of_assertions(|jwt| {
            let endless = jwt.claim("exp").is_null();
            jwt.set("exp", jwt.now + 60);
            endless && jwt.is_signed()
        })
    }),
    ..KEYED
};

static ANY_ISSUER: Bug = Bug {
    lacks: "comparison of the issuer of an assertion with its subject",
    bend: Some(|| {
        of_assertions(|jwt| {
            let subject = jwt.claim("sub").clone();
            let other = jwt.claim("iss") != &subject;
            jwt.set("iss", subject);
            other && jwt.is_signed()
        })
    }),
    ..KEYED
};

static ANY_TYPE: Bug = Bug {
    lacks: "a look at the type of an assertion",
    bend: Some(|| {
        of_assertions(|jwt| {
            let other = jwt.header.get("typ").is_some_and(|typ| typ == "oauth-authz-req+jwt");
            jwt.set_header("typ", "JWT");
            other && jwt.is_signed()
        })
    }),
    ..KEYED
};

static OWN_KEY: Bug = Bug {
    lacks: "verification with the registered keys alone",
    bend: Some(|| of_assertions(|jwt| jwt.header.remove("jwk").is_some())),
    ..KEYED
};

static VISITS: Bug =
    Bug { lacks: "indifference to addresses in assertions", bend: Some(|| Arc::new(Curious)), ..KEYED };

/// A server that opens what an assertion says is the address of its keys.
struct Curious;

impl Bend for Curious {
    fn serve<'a>(&'a self, server: &'a MockIdp, call: Call) -> Answering<'a> {
        Box::pin(async move {
            let parts = call.get("client_assertion").and_then(|text| Parts::of(&text, server));
            if let Some(address) = parts.and_then(|parts| Some(parts.header.get("jku")?.as_str()?.to_owned())) {
                reqwest::get(address).await.expect("an answer of the attacker's server");
            }
            call.ask(server).await
        })
    }
}

static UNCRITICAL: Bug = Bug {
    lacks: "a look at the critical members of a header",
    bend: Some(|| {
        of_assertions(|jwt| {
            jwt.header.remove("b64");
            jwt.header.remove("crit").is_some()
        })
    }),
    ..KEYED
};

static UNCOUNTED: Bug =
    Bug { lacks: "counting of wrong secrets", weakened: |builder| builder.amount("secret-attempts", 0), ..Bug::NONE };

static TELLS_WHO: Bug = Bug {
    lacks: "the same answer for unknown clients and wrong secrets",
    bend: Some(|| {
        Arc::new(Answered {
            path: "/token",
            change: |call, reply| {
                if credentials(call).is_some_and(|(id, _)| id != "web") {
                    let unknown = serde_json::json!({ "error": "unauthorized_client" });
                    *reply = crate::victims::front::Reply::json(http::StatusCode::BAD_REQUEST, &unknown);
                }
            },
        })
    }),
    ..Bug::NONE
};

static HEADER_BELIEVED: Bug = Bug {
    lacks: "headers about certificates that come from its own proxy alone",
    on_its_own: true,
    tls: true,
    bend: Some(|| {
        Arc::new(Changed {
            path: "/token",
            change: |call| {
                let header = call.headers.get("x-ssl-client-cert").and_then(|value| value.to_str().ok());
                let pem = header.and_then(|text| oauth_types::Params::parse(&format!("pem={text}")).ok());
                call.certificate = pem.and_then(|pem| der(pem.get("pem")?));
            },
        })
    }),
    ..Bug::NONE
};

/// What is in a certificate in PEM.
fn der(pem: &str) -> Option<Vec<u8>> {
    let lines = pem.lines().filter(|line| !line.starts_with('-'));
    base64::Engine::decode(&base64::engine::general_purpose::STANDARD, lines.collect::<String>()).ok()
}
