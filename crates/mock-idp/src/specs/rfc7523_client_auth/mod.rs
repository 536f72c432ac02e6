//! RFC 7523 §2.2 and OpenID Connect Core §9: clients that authenticate with a signed assertion.
//!
//! `private_key_jwt` is signed with a key of the client's, `client_secret_jwt` keyed with its secret. The audience is
//! this issuer and nothing else: an assertion that also fits another server could be used there
//! (draft-ietf-oauth-rfc7523bis §1). An assertion is used once.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use oauth_types::Algorithm;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::clients::{self, Client, Proven};
use crate::jose::{Jws, PublicKeys};
use crate::refusal::{Document, Refusal, Rule};
use crate::request::Attempt;
use crate::spec::{Facts, Perhaps, Spec};
use crate::world::{Amount, Policy, Switch};

mod assertion;
mod rules;

const PRIVATE_KEY: &str = "private_key_jwt";
const SECRET: &str = "client_secret_jwt";
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// The member of a client's metadata that says what its assertions are signed with.
const SIGNED_WITH: &str = "token_endpoint_auth_signing_alg";
#[derive(Debug)]
pub(crate) struct ClientAssertion;

impl Spec for ClientAssertion {
    fn document(&self) -> &'static Document {
        &rules::DOCUMENT
    }

    fn name(&self) -> &'static str {
        "RFC 7523 client authentication"
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
        let algorithms: Vec<&str> = supported(facts.policy).map(Algorithm::as_str).collect();
        document.insert("token_endpoint_auth_signing_alg_values_supported".to_owned(), json!(algorithms));
    }

    /// OpenID Connect Dynamic Client Registration §2 and RFC 7591 §2.
    fn register(&self, metadata: &Map<String, Value>, policy: &Policy) -> Result<(), Refusal> {
        if let Some(named) = metadata.get(SIGNED_WITH) {
            let known = named.as_str().and_then(Algorithm::from_wire);
            if !known.is_some_and(|known| supported(policy).any(|own| own == known)) {
                return Err(rules::METADATA.because(format!("{SIGNED_WITH} is none that this server supports")));
            }
        }
        let published = metadata.contains_key("jwks_uri");
        match metadata.get("jwks") {
            Some(_) if published => Err(rules::METADATA.because("There are both jwks and jwks_uri")),
            Some(set) => match PublicKeys::parse(set) {
                Ok(_) => Ok(()),
                Err(error) => Err(rules::METADATA.because(error.to_string())),
            },
            None if !published && metadata.get("token_endpoint_auth_method") == Some(&PRIVATE_KEY.into()) => {
                Err(rules::METADATA.because(format!("{PRIVATE_KEY} needs jwks or jwks_uri")))
            }
            None => Ok(()),
        }
    }

    fn auth_methods(&self, policy: &Policy) -> &'static [&'static str] {
        if policy.is_on(&clients::STRONG) { &[PRIVATE_KEY] } else { &[PRIVATE_KEY, SECRET] }
    }

    fn presented(&self, attempt: &Attempt<'_>, methods: &mut Vec<&'static str>) {
        let assertion = attempt.params.get("client_assertion");
        if assertion.is_some() || attempt.params.get("client_assertion_type").is_some() {
            methods.push(if assertion.is_some_and(is_keyed_hash) { SECRET } else { PRIVATE_KEY });
        }
    }

    /// "The `client_id` parameter is unnecessary for client assertion authentication because the client is identified
    /// by the subject within the assertion" (RFC 7521 §4.2). Whether both are the same is judged with the assertion.
    fn claimed(&self, method: &str, attempt: &Attempt<'_>) -> Option<Result<String, Refusal>> {
        is_own(method).then(|| {
            if attempt.params.get("client_assertion_type") != Some(ASSERTION_TYPE) {
                let grant = "urn:ietf:params:oauth:grant-type:jwt-bearer";
                let why = match attempt.params.get("client_assertion_type") {
                    None => "There is none. ",
                    Some(sent) if sent == grant => "It is that of a grant. ",
                    Some(_) => "",
                };
                return Err(rules::TYPE_UNKNOWN.because(format!("{why}The only type is {ASSERTION_TYPE}")));
            }
            let text = attempt.params.get("client_assertion").ok_or_else(|| rules::MISSING.refuse())?;
            if let Some(client_id) = attempt.params.get("client_id") {
                return Ok(client_id.to_owned());
            }
            let jws = Jws::parse(text).map_err(|error| rules::MALFORMED.because(error.to_string()))?;
            assertion::claim(&jws, "sub").map(str::to_owned).ok_or_else(|| rules::ISSUER.because("There is no 'sub'"))
        })
    }

    fn authenticate<'a>(
        &'a self,
        method: &'a str,
        attempt: &'a Attempt<'a>,
        client: &'a Client,
    ) -> Perhaps<'a, Proven> {
        is_own(method).then(|| Box::pin(assertion::judge(method, attempt, client)) as _)
    }
}

fn is_own(method: &str) -> bool {
    method == PRIVATE_KEY || method == SECRET
}

/// Whether an assertion says it is keyed with a secret.
fn is_keyed_hash(assertion: &str) -> bool {
    #[derive(Deserialize)]
    struct Header {
        alg: String,
    }
    let header = assertion.split('.').next().and_then(|text| BASE64_URL_SAFE_NO_PAD.decode(text).ok());
    let header = header.and_then(|octets| serde_json::from_slice::<Header>(&octets).ok());
    header.and_then(|header| Algorithm::from_wire(&header.alg)).is_some_and(Algorithm::is_symmetric)
}

/// What assertions may be signed with.
fn supported(policy: &Policy) -> impl Iterator<Item = Algorithm> {
    let keyed: &[Algorithm] = if policy.is_on(&clients::STRONG) { &[] } else { Algorithm::KEYED_HASH };
    policy.algorithms.iter().chain(keyed).copied()
}

static SWITCHES: &[&Switch] = &[&AUDIENCE_RELAXED];

static AMOUNTS: &[&Amount] = &[&LIFE];

static AUDIENCE_RELAXED: Switch = Switch {
    name: "audience-token-endpoint",
    says: "The audience of a client assertion may be the token endpoint or the endpoint it is sent to, and have company",
    relaxes: true,
};

static LIFE: Amount =
    Amount { name: "assertion-seconds", says: "How many seconds ahead a client assertion may expire", default: 300 };

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7517 Appendix A.1, without the second key.
    const X: &str = "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4";
    const Y: &str = "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM";

    #[test]
    fn client_metadata_names_keys_that_can_be_used() {
        let set = |members: Value| json!({"jwks": {"keys": [members]}});
        let public = json!({"kty": "EC", "crv": "P-256", "x": X, "y": Y});
        let mut private = public.clone();
        private["d"] = X.into();
        let mut both = set(public.clone());
        both["jwks_uri"] = "https://client.example/keys".into();
        for (metadata, hint) in [
            (json!({}), None),
            (json!({"token_endpoint_auth_method": PRIVATE_KEY}), Some("needs jwks or jwks_uri")),
            (json!({"token_endpoint_auth_method": PRIVATE_KEY, "jwks_uri": "https://client.example/keys"}), None),
            (set(public), None),
            (both, Some("both")),
            (set(private), Some("private key")),
            (json!({"jwks": []}), Some("not a JSON object")),
            (json!({SIGNED_WITH: "PS256"}), None),
            (json!({SIGNED_WITH: "none"}), Some(SIGNED_WITH)),
            (json!({SIGNED_WITH: 1}), Some(SIGNED_WITH)),
        ] {
            let members = metadata.as_object().expect("an object");
            let refused = ClientAssertion.register(members, &Policy::default()).err();
            let told = refused.as_ref().map(|refusal| (refusal.rule.id, refusal.hint.as_deref().unwrap_or("")));
            assert_eq!(told.is_some(), hint.is_some(), "{metadata}: {told:?}");
            if let (Some((rule, told)), Some(hint)) = (told, hint) {
                assert_eq!(rule, "rfc7523-client-metadata");
                assert!(told.contains(hint), "{told}");
            }
        }
    }

    #[test]
    fn a_policy_may_want_keys_alone() {
        let mut strong = Policy::default();
        strong.switch(&clients::STRONG, true);
        assert_eq!(ClientAssertion.auth_methods(&strong), [PRIVATE_KEY]);
        let members = json!({SIGNED_WITH: "HS256"});
        let members = members.as_object().expect("an object");
        assert!(ClientAssertion.register(members, &Policy::default()).is_ok());
        assert!(ClientAssertion.register(members, &strong).is_err());
    }
}
