//! What the attacks of the family `possession` need to be off.

use std::sync::{Arc, Mutex};

use mock_idp::MockIdp;
use oauth_attacks::{Level, Registration, Role};

use super::{Row, must};
use crate::victims::forgiving::{
    Aided, Parts, Proofs, REDIRECT_URI, fixed_key, knowing_proving, proof, something_new,
};
use crate::victims::front::{Answering, Bend, Bug, Call, Changed};

pub(super) const ROWS: &[Row] = &[
    must("as-dpop-proof-negatives", &UNSIGNED, "an unsigned proof", &["rfc9449-proof-algorithm"]),
    must("as-dpop-proof-negatives", &ANY_SIGNATURE, "by another key", &["rfc9449-proof-signature"]),
    must("as-dpop-proof-negatives", &ANYWHERE, "another address", &["rfc9449-proof-htu"]),
    must("as-dpop-proof-negatives", &ANY_TIME, "an access token with a proof of an hour ago", &["rfc9449-proof-iat"]),
    Row::bug("as-dpop-jti-replay", &FORGETS, Level::Should, "was used before", &["rfc9449-proof-replayed"]),
    Row::bug(
        "as-dpop-jti-replay",
        &FORGETS_AT_RESOURCE,
        Level::Should,
        "an access token with",
        &["rfc9449-proof-replayed"],
    ),
    must("as-dpop-nonce", &ANY_NONCE, "made up nonce", &["rfc9449-nonce-wrong"]),
    must("as-dpop-code-binding", &UNBOUND_CODE, "with another key", &["rfc9449-code-other-key"]),
    must("as-dpop-code-binding", &UNSEEN_PROOF, "pushed with a proof", &["rfc9449-jkt-differs"]),
    must("as-dpop-bearer-downgrade", &AS_BEARER, "as a bearer token", &["rfc9449-token-as-bearer"]),
    must("as-dpop-required-bypass", &BEARER_ISSUED, "without a proof", &["rfc9449-proof-missing"]),
    must(
        "as-mtls-token-binding",
        &ANY_CERTIFICATE,
        "without a certificate",
        &["rfc8705-access-token-without-certificate"],
    ),
];

const PROVING: Bug = Bug { known: knowing_proving, ..Bug::NONE };

static UNSIGNED: Bug = Bug {
    lacks: "refusal of proofs that are not signed",
    bend: Some(|| Arc::new(Proofs { path: "/token", overlooks: |proof| proof.is_alg("none") })),
    ..PROVING
};

static ANY_SIGNATURE: Bug = Bug {
    lacks: "verification of the signature of proofs",
    bend: Some(|| {
        Arc::new(Proofs {
            path: "/token",
            overlooks: |proof| {
                let own = proof.header.get("jwk") == Some(&fixed_key().bare_jwk());
                let typed = proof.header.get("typ").is_some_and(|typ| typ == "dpop+jwt");
                own && typed && proof.is_alg("ES256") && proof.claims.len() == 4 && is_current(proof)
            },
        })
    }),
    ..PROVING
};

/// Whether a proof is one for this moment and the token endpoint.
fn is_current(proof: &Parts) -> bool {
    let posts = proof.claim("htm") == "POST";
    posts && proof.claim("iat") == proof.now && proof.claim("htu") == format!("{}/token", proof.issuer).as_str()
}

static ANYWHERE: Bug = Bug {
    lacks: "comparison of the address of a proof",
    bend: Some(|| {
        Arc::new(Proofs {
            path: "/token",
            overlooks: |proof| {
                let elsewhere = proof.claim("htu") == "https://other.example/token";
                proof.set("htu", format!("{}/token", proof.issuer));
                elsewhere
            },
        })
    }),
    ..PROVING
};

static ANY_TIME: Bug = Bug {
    lacks: "a look at the age of a proof at the resource",
    bend: Some(|| {
        Arc::new(Proofs {
            path: "/userinfo",
            overlooks: |proof| {
                let old = proof.claim("iat").as_u64().is_some_and(|made| made + 600 < proof.now);
                proof.set("iat", proof.now);
                old
            },
        })
    }),
    ..PROVING
};

static FORGETS: Bug = Bug {
    lacks: "memory of used proofs",
    bend: Some(|| Arc::new(Proofs { path: "/token", overlooks: renew })),
    ..PROVING
};

static FORGETS_AT_RESOURCE: Bug = Bug {
    lacks: "memory of used proofs at the resource",
    bend: Some(|| Arc::new(Proofs { path: "/userinfo", overlooks: renew })),
    ..PROVING
};

/// Takes a proof for one that was never there before.
fn renew(proof: &mut Parts) -> bool {
    proof.set("jti", something_new());
    true
}

static ANY_NONCE: Bug = Bug {
    lacks: "comparison of the nonce in a proof",
    on_its_own: true,
    built: |builder| builder.on("dpop-nonce-required"),
    bend: Some(|| Arc::new(AnyNonce::default())),
    ..PROVING
};

/// A server that only looks whether there is a nonce.
#[derive(Default)]
struct AnyNonce {
    latest: Mutex<Option<String>>,
}

impl Bend for AnyNonce {
    fn serve<'a>(&'a self, server: &'a MockIdp, mut call: Call) -> Answering<'a> {
        Box::pin(async move {
            let latest = self.latest.lock().expect("a lock").clone();
            let proof = call.headers.get("dpop").and_then(|value| Parts::of(value.to_str().ok()?, server));
            if let (Some(latest), Some(mut proof)) = (latest, proof)
                && !proof.claim("nonce").is_null()
            {
                proof.set("nonce", latest);
                call.headers.insert("dpop", proof.into_proof().parse().expect("a header"));
            }
            let reply = call.ask(server).await;
            if let Some(nonce) = reply.headers.get("dpop-nonce").and_then(|value| value.to_str().ok()) {
                *self.latest.lock().expect("a lock") = Some(nonce.to_owned());
            }
            reply
        })
    }
}

static UNBOUND_CODE: Bug = Bug {
    lacks: "memory of dpop_jkt",
    bend: Some(|| {
        Arc::new(Changed {
            path: "/authorize",
            change: |call| {
                call.params().remove("dpop_jkt");
            },
        })
    }),
    ..PROVING
};

static UNSEEN_PROOF: Bug = Bug {
    lacks: "a look at the proof that comes with a pushed request",
    bend: Some(|| Arc::new(Changed { path: "/par", change: |call| drop(call.headers.remove("dpop")) })),
    ..PROVING
};

static AS_BEARER: Bug = Bug {
    lacks: "refusal of bound tokens as bearer tokens",
    bend: Some(|| {
        Arc::new(Aided {
            path: "/userinfo",
            change: |call, server| {
                let header = call.headers.get("authorization").and_then(|value| value.to_str().ok());
                if let Some(token) = header.and_then(|text| text.strip_prefix("Bearer ")).map(str::to_owned) {
                    let proof = proof(call, server, Some(&token));
                    call.headers.insert("authorization", format!("DPoP {token}").parse().expect("a header"));
                    call.headers.insert("dpop", proof.parse().expect("a header"));
                }
            },
        })
    }),
    ..PROVING
};

static BEARER_ISSUED: Bug = Bug {
    lacks: "bound tokens and no others",
    built: |builder| builder.on("require-dpop"),
    weakened: |builder| builder.off("require-dpop"),
    known: |target| {
        let client = Registration::public("app", REDIRECT_URI).proving(fixed_key());
        target.playing(Role::SenderConstrained, client)
    },
    ..Bug::NONE
};

static ANY_CERTIFICATE: Bug = Bug {
    lacks: "tokens that are bound to a certificate",
    on_its_own: true,
    tls: true,
    built: |builder| builder.on("require-sender-constrained"),
    weakened: |builder| builder.off("require-sender-constrained"),
    ..Bug::NONE
};
