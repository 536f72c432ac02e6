//! RFC 9449: OAuth 2.0 Demonstrating Proof of Possession (DPoP).
//!
//! A client signs a proof for each request. What is issued to a request with a proof is bound to its key: access
//! tokens, and the refresh tokens of public clients (§5). A code is bound to a key if the authorization request names
//! one (§10). What is bound is worth nothing without the key.

use http::header::AUTHORIZATION;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::memory::{Bound, Confirmation, Life, Note};
use crate::refusal::{Document, Refusal, Rule};
use crate::reply::{Challenges, TokenReply};
use crate::request::{
    Admission, Arrival, AuthorizationRequest, Draft, Found, Presented, Proof, Spent, TokenRequest, is_token68,
};
use crate::spec::{Challenged, Facts, Perhaps, Spec};
use crate::world::{Amount, Policy, Switch};

mod nonce;
mod proof;
mod rules;
mod target_uri;

use nonce::Nonces;

/// The member of a confirmation that holds the thumbprint of a key (§6.1).
const JKT: &str = "jkt";
const SCHEME: &str = "DPoP";
/// The member of a client's metadata by which it asks for nothing but bound tokens (§5.2).
const BOUND_ONLY: &str = "dpop_bound_access_tokens";

#[derive(Debug, Default)]
pub(crate) struct Dpop {
    nonces: Nonces,
}

/// The thumbprint of the key that the code has to be redeemed with (§10).
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct CodeKey(String);

impl Note for CodeKey {
    const NAME: &'static str = "rfc9449/dpop_jkt";
    const LIFE: Life = Life::Code;
}

impl Spec for Dpop {
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

    fn metadata(&self, facts: &Facts<'_>, document: &mut Map<String, Value>) {
        document.insert("dpop_signing_alg_values_supported".to_owned(), json!(algorithms(facts.policy)));
    }

    fn register(&self, metadata: &Map<String, Value>, _policy: &Policy) -> Result<(), Refusal> {
        match metadata.get(BOUND_ONLY) {
            None | Some(Value::Bool(_)) => Ok(()),
            Some(_) => Err(rules::METADATA.refuse()),
        }
    }

    fn prove<'a>(&'a self, proof: &'a Proof<'a>) -> Perhaps<'a, Option<Confirmation>> {
        let mut headers = proof.arrival.headers.get_all("dpop").iter();
        let (first, another) = (headers.next()?, headers.next());
        Some(Box::pin(async move {
            if another.is_some() {
                return Err(rules::TWICE.because("A retry replaces the header; it does not add another").into());
            }
            let text = first.to_str().map_err(|_| rules::MALFORMED.because("It is not ASCII"))?;
            let nonces = proof.policy.is_on(&NONCE_REQUIRED).then_some(&self.nonces);
            proof::judge(proof, nonces, text).await.map(Some)
        }))
    }

    /// §10, and for pushed requests §10.1: "the authorization server MUST reject the request if the JWK Thumbprint in
    /// dpop_jkt does not match the public key in the DPoP header".
    fn authorize(&self, request: &AuthorizationRequest<'_>, draft: &mut Draft) -> Result<(), Refusal> {
        let named = request.params.get("dpop_jkt");
        if named.is_some_and(|jkt| !is_thumbprint(jkt)) {
            return Err(
                rules::JKT_MALFORMED.because("It is the SHA-256 of the key's JWK, 43 characters of base64url")
            );
        }
        let pushed = draft.note().map(|CodeKey(jkt)| jkt);
        let mut keys = named.into_iter().chain(Confirmation::of(JKT, request.proofs)).chain(pushed.as_deref());
        let Some(key) = keys.next() else { return Ok(()) };
        if keys.any(|other| other != key) {
            return Err(rules::JKT_DIFFERS.because("Make the thumbprint (RFC 7638) of the key that signs the proofs"));
        }
        draft.remember(&CodeKey(key.to_owned()));
        Ok(())
    }

    fn redeem(&self, request: &TokenRequest<'_>, found: &Found) -> Result<(), Refusal> {
        let proven = Confirmation::of(JKT, request.proofs);
        let Bound(bound) = found.note().filter(|_| request.grant_type == "refresh_token").unwrap_or_default();
        let code = found.note().map(|CodeKey(jkt)| jkt);
        for (expected, rule, what) in [
            (code.as_deref(), &rules::CODE_OTHER_KEY, "The code is bound to a key"),
            (Confirmation::of(JKT, &bound), &rules::REFRESH_OTHER_KEY, "The refresh token is bound to a key"),
        ] {
            match (expected, proven) {
                (Some(_), None) => {
                    return Err(rules::PROOF_MISSING.because(format!("{what}; there is no DPoP header")));
                }
                (Some(expected), Some(proven)) if expected != proven => return Err(rule.because(ANOTHER_KEY)),
                _ => {}
            }
        }
        if proven.is_none() && (request.client().is(BOUND_ONLY) || request.policy.is_on(&REQUIRED)) {
            return Err(rules::PROOF_MISSING.because("This client gets bound tokens alone; there is no DPoP header"));
        }
        Ok(())
    }

    fn bind(&self, request: &TokenRequest<'_>, _spent: &Spent, reply: &mut TokenReply) {
        let Some(key) = request.proofs.iter().find(|own| own.method == JKT) else { return };
        let tenant = &request.arrival.place.tenant;
        reply.set("token_type", SCHEME);
        reply.bind_access_token(tenant, key);
        if request.is_public() {
            reply.bind_refresh_token(tenant, key);
        }
    }

    fn access<'a>(&self, arrival: &Arrival<'a>, _policy: &Policy) -> Result<Option<Presented<'a>>, Refusal> {
        // Two headers of this name are refused by RFC 6750.
        let Some(header) = arrival.headers.get(AUTHORIZATION) else { return Ok(None) };
        let Some((scheme, token)) = header.to_str().ok().and_then(|text| text.split_once(' ')) else {
            return Ok(None);
        };
        match scheme.eq_ignore_ascii_case(SCHEME) {
            false => Ok(None),
            true if is_token68(token) => Ok(Some(Presented { token, scheme: SCHEME })),
            true if token.trim().is_empty() => Err(rules::CREDENTIALS.because("There is no token after DPoP")),
            true => Err(rules::CREDENTIALS.because("Is there a space, a quotation mark or a second scheme in it?")),
        }
    }

    fn admit(&self, admission: &Admission<'_>) -> Result<(), Refusal> {
        let Bound(bound) = admission.resolved.kept.record.notes.find().unwrap_or_default();
        let proven = Confirmation::of(JKT, admission.proofs);
        match (admission.presented.scheme == SCHEME, Confirmation::of(JKT, &bound), proven) {
            (true, Some(bound), Some(proven)) if bound == proven => Ok(()),
            (true, Some(_), Some(_)) => Err(rules::TOKEN_OTHER_KEY.because(ANOTHER_KEY)),
            (true, Some(_), None) => Err(rules::RESOURCE_PROOF_MISSING.because("There is no DPoP header")),
            (true, None, _) => {
                Err(rules::NOT_BOUND.because("Its token_type is Bearer: the token request had no proof"))
            }
            (false, Some(_), _) => {
                Err(rules::AS_BEARER
                    .because("Its token_type is DPoP: write DPoP in place of Bearer, and add a proof"))
            }
            (false, None, _) => Ok(()),
        }
    }

    fn challenge(&self, refused: &Challenged<'_>, challenges: &mut Challenges) {
        challenges.scheme(SCHEME).params.push(("algs", algorithms(refused.policy).join(" ")));
    }
}

/// Why keys differ.
const ANOTHER_KEY: &str = "The proof is signed with another key: keep the key for as long as what is bound to it";

/// What proofs may be signed with: anything with a private key (§4.2).
fn algorithms(policy: &Policy) -> Vec<&'static str> {
    policy.algorithms.iter().map(|algorithm| algorithm.as_str()).collect()
}

/// Whether this can be a thumbprint by SHA-256 in base64url (RFC 7638 §3).
fn is_thumbprint(text: &str) -> bool {
    text.len() == 43 && text.bytes().all(|octet| octet.is_ascii_alphanumeric() || b"-_".contains(&octet))
}

static SWITCHES: &[&Switch] = &[&NONCE_REQUIRED, &REQUIRED];

static AMOUNTS: &[&Amount] = &[&NONCE_SECONDS, &WINDOW];

static NONCE_REQUIRED: Switch = Switch {
    name: "dpop-nonce-required",
    says: "A DPoP proof needs a nonce that this server provided (RFC 9449 sections 8 and 9)",
    relaxes: false,
};

static REQUIRED: Switch = Switch {
    name: "require-dpop",
    says: "Access tokens are issued bound to a key by DPoP alone (RFC 9449 section 5)",
    relaxes: false,
};

static NONCE_SECONDS: Amount = Amount {
    name: "dpop-nonce-seconds",
    says: "After how many seconds a new DPoP nonce takes the place of the current one, which is taken as long again",
    default: 300,
};

static WINDOW: Amount = Amount {
    name: "dpop-window-seconds",
    says: "How many seconds ago, or ahead, a DPoP proof may say it was made",
    default: 60,
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn client_metadata_says_yes_or_no() {
        for (value, rule) in [
            (json!({}), None),
            (json!({"dpop_bound_access_tokens": true}), None),
            (json!({"dpop_bound_access_tokens": "true"}), Some("rfc9449-metadata-malformed")),
        ] {
            let members = value.as_object().expect("an object");
            let refused = Dpop::default().register(members, &Policy::default()).err();
            assert_eq!(refused.map(|refusal| refusal.rule.id), rule, "{value}");
        }
    }
}
