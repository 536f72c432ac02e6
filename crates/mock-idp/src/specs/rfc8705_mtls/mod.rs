//! RFC 8705: OAuth 2.0 Mutual-TLS Client Authentication and Certificate-Bound Access Tokens.
//!
//! A client that shows a certificate in the TLS handshake can authenticate with it (§2), and have its access tokens
//! bound to it (§3). What a header says of a certificate is nothing to this server: it speaks TLS itself.
//!
//! A token is bound to one key: "the `cnf` claim value MUST represent only a single proof-of-possession key" (RFC 7800
//! §3.1). A client that is registered for certificate-bound tokens and brings a DPoP proof asks for two, and is refused.
//! For any other client, a DPoP proof says what to bind to, and the certificate authenticates the client alone.

use serde_json::{Map, Value};

use crate::clients::{Client, Proven};
use crate::memory::{Bound, Confirmation};
use crate::refusal::{Document, Refusal, Rule};
use crate::reply::TokenReply;
use crate::request::{Admission, Attempt, Found, Proof, Spent, TokenRequest};
use crate::spec::{Facts, Perhaps, Spec};
use crate::world::{Policy, Switch};

mod credentials;
mod rules;

/// The method of a client whose certificate a certification authority issued (§2.1).
const ISSUED: &str = "tls_client_auth";
/// The method of a client that issued its certificate to itself (§2.2).
const SELF_SIGNED: &str = "self_signed_tls_client_auth";
/// The member of a confirmation that holds the thumbprint of a certificate (§3.1).
const THUMBPRINT: &str = "x5t#S256";
/// The member of a confirmation that holds the thumbprint of a key (RFC 9449 §6.1).
const KEY: &str = "jkt";
/// The member of a client's metadata, and of the server's, that is about bound tokens (§3.3 and §3.4).
const BOUND_ONLY: &str = "tls_client_certificate_bound_access_tokens";

#[derive(Debug)]
pub(crate) struct MutualTls;

impl Spec for MutualTls {
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

    /// The endpoints are the same with and without a certificate, so `mtls_endpoint_aliases` (§5) is left out.
    fn metadata(&self, facts: &Facts<'_>, document: &mut Map<String, Value>) {
        if facts.policy.client_certificates {
            document.insert(BOUND_ONLY.to_owned(), true.into());
        }
    }

    fn register(&self, metadata: &Map<String, Value>, _policy: &Policy) -> Result<(), Refusal> {
        match (metadata.get(BOUND_ONLY), metadata.get("dpop_bound_access_tokens")) {
            (None | Some(Value::Bool(false)), _) => {}
            (Some(Value::Bool(true)), Some(Value::Bool(true))) => return Err(rules::TWO_KEYS.refuse()),
            (Some(Value::Bool(true)), _) => {}
            (Some(_), _) => return Err(rules::METADATA.because(format!("{BOUND_ONLY} is neither true nor false"))),
        }
        let published = metadata.contains_key("jwks") || metadata.contains_key("jwks_uri");
        match metadata.get("token_endpoint_auth_method").and_then(Value::as_str) {
            Some(ISSUED) => credentials::registered(metadata).map(drop).map_err(|why| rules::METADATA.because(why)),
            Some(SELF_SIGNED) if !published => {
                Err(rules::METADATA.because(format!("{SELF_SIGNED} needs jwks or jwks_uri")))
            }
            _ => Ok(()),
        }
    }

    fn auth_methods(&self, policy: &Policy) -> &'static [&'static str] {
        if policy.client_certificates { &[ISSUED, SELF_SIGNED] } else { &[] }
    }

    fn recognized(&self, _attempt: &Attempt<'_>, client: &Client) -> Option<&'static str> {
        [ISSUED, SELF_SIGNED].into_iter().find(|own| client.auth_method.as_deref() == Some(own))
    }

    fn authenticate<'a>(
        &'a self,
        method: &'a str,
        attempt: &'a Attempt<'a>,
        client: &'a Client,
    ) -> Perhaps<'a, Proven> {
        match method {
            ISSUED => Some(Box::pin(async move { Ok(credentials::issued(attempt, client)?) })),
            SELF_SIGNED => Some(Box::pin(async move { Ok(credentials::self_signed(attempt, client).await?) })),
            _ => None,
        }
    }

    fn prove<'a>(&'a self, proof: &'a Proof<'a>) -> Perhaps<'a, Option<Confirmation>> {
        let certificate = proof.arrival.certificate?;
        let thumbprint = Confirmation { method: THUMBPRINT.into(), value: certificate.x5t_s256() };
        Some(Box::pin(std::future::ready(Ok(Some(thumbprint)))))
    }

    fn redeem(&self, request: &TokenRequest<'_>, found: &Found) -> Result<(), Refusal> {
        let shown = Confirmation::of(THUMBPRINT, request.proofs);
        let proven = Confirmation::of(KEY, request.proofs);
        let Bound(bound) = found.note().filter(|_| request.grant_type == "refresh_token").unwrap_or_default();
        match (Confirmation::of(THUMBPRINT, &bound), shown) {
            (Some(_), None) => return Err(rules::REFRESH_WITHOUT.because("None was shown in the TLS handshake")),
            (Some(bound), Some(shown)) if bound != shown => {
                return Err(
                    rules::REFRESH_OTHER.because("A renewed certificate needs a new login, even with the same key")
                );
            }
            _ => {}
        }
        let registered = request.client().is(BOUND_ONLY);
        if registered && proven.is_some() {
            let hint = format!("The client is registered for {BOUND_ONLY}, and the request has a DPoP proof");
            return Err(rules::TWO_KEYS.because(hint));
        }
        match (shown, proven) {
            (None, _) if registered => {
                Err(rules::TOKEN_WITHOUT.because(format!("It is registered for {BOUND_ONLY}")))
            }
            (None, None) if request.policy.is_on(&CONSTRAINED) => {
                Err(rules::UNCONSTRAINED.because("There is neither a DPoP header nor a certificate"))
            }
            _ => Ok(()),
        }
    }

    fn bind(&self, request: &TokenRequest<'_>, _spent: &Spent, reply: &mut TokenReply) {
        let wanted = request.client().is(BOUND_ONLY) || request.policy.is_on(&CONSTRAINED);
        let certificate = request.proofs.iter().find(|own| own.method == THUMBPRINT);
        let Some(certificate) = certificate.filter(|_| wanted && Confirmation::of(KEY, request.proofs).is_none())
        else {
            return;
        };
        let tenant = &request.arrival.place.tenant;
        reply.bind_access_token(tenant, certificate);
        // §4: the others have to authenticate to use theirs.
        if request.is_public() {
            reply.bind_refresh_token(tenant, certificate);
        }
    }

    fn admit(&self, admission: &Admission<'_>) -> Result<(), Refusal> {
        let Bound(bound) = admission.resolved.kept.record.notes.find().unwrap_or_default();
        match (Confirmation::of(THUMBPRINT, &bound), Confirmation::of(THUMBPRINT, admission.proofs)) {
            (Some(_), None) => {
                Err(rules::ACCESS_WITHOUT.because("None was shown in the TLS handshake with this endpoint"))
            }
            (Some(bound), Some(shown)) if bound != shown => Err(rules::ACCESS_OTHER
                .because("Was it renewed meanwhile? The token is bound to the certificate, not to its key")),
            _ => Ok(()),
        }
    }
}

static SWITCHES: &[&Switch] = &[&CONSTRAINED];

static CONSTRAINED: Switch = Switch {
    name: "require-sender-constrained",
    says: "Access tokens are issued bound to a key alone: by DPoP, or to the certificate that the client shows (RFC 9700 \
           section 2.2.1)",
    relaxes: false,
};

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn refused(metadata: Value) -> Option<(&'static str, String)> {
        let members = metadata.as_object().expect("an object");
        let refused = MutualTls.register(members, &Policy::default()).err()?;
        Some((refused.rule.id, refused.hint.unwrap_or_default().into_owned()))
    }

    #[test]
    fn client_metadata_names_the_certificate_in_one_way() {
        let issued = |members: Value| {
            let mut metadata = json!({"token_endpoint_auth_method": ISSUED});
            let target = metadata.as_object_mut().expect("an object");
            target.extend(members.as_object().expect("an object").clone());
            refused(metadata)
        };
        assert_eq!(refused(json!({})), None);
        assert_eq!(issued(json!({"tls_client_auth_subject_dn": "CN=web,O=Example"})), None);
        assert_eq!(issued(json!({"tls_client_auth_san_ip": "::1"})), None);
        for (members, hint) in [
            (json!({}), "none of"),
            (json!({"tls_client_auth_san_dns": "a", "tls_client_auth_san_uri": "b"}), "more than one"),
            (json!({"tls_client_auth_san_dns": 1}), "text"),
            (json!({"tls_client_auth_subject_dn": "web"}), "RFC 4514"),
            (json!({"tls_client_auth_san_ip": "localhost"}), "address"),
        ] {
            let (rule, told) = issued(members.clone()).expect("a refusal");
            assert_eq!(rule, "rfc8705-client-metadata");
            assert!(told.contains(hint), "{members}: {told}");
        }
        let own =
            |rest: &str| json!({"token_endpoint_auth_method": SELF_SIGNED, rest: "https://client.example/keys"});
        assert_eq!(refused(own("jwks_uri")), None);
        assert_eq!(refused(own("x")).map(|(rule, _)| rule), Some("rfc8705-client-metadata"));
    }

    #[test]
    fn client_metadata_asks_for_one_kind_of_bound_tokens() {
        assert_eq!(refused(json!({BOUND_ONLY: true, "dpop_bound_access_tokens": false})), None);
        let both = refused(json!({BOUND_ONLY: true, "dpop_bound_access_tokens": true}));
        assert_eq!(both.map(|(rule, _)| rule), Some("rfc8705-two-keys"));
        let text = refused(json!({BOUND_ONLY: "true"}));
        assert_eq!(text.map(|(rule, _)| rule), Some("rfc8705-client-metadata"));
    }
}
