//! OpenID Connect Core §3.2 and §3.3: the implicit and the hybrid flow, where the authorization response carries tokens
//! itself. Legacy: RFC 9700 §2.1.2 advises against it.
//!
//! An ID token that comes through the browser is bound to the login by its nonce, and a code still needs PKCE.

use oauth_types::ErrorCode;

use crate::documents;
use crate::refusal::{Document, Refusal, Rule};
use crate::request::{AuthorizationRequest, Draft};
use crate::spec::Spec;
use crate::world::LEGACY;

#[derive(Debug)]
pub(crate) struct ImplicitAndHybrid;

impl Spec for ImplicitAndHybrid {
    fn document(&self) -> &'static Document {
        &documents::OIDC_CORE
    }

    fn name(&self) -> &'static str {
        "OpenID Connect Core 1.0 hybrid"
    }

    fn optional(&self) -> bool {
        true
    }

    fn rules(&self) -> &'static [&'static Rule] {
        RULES
    }

    /// RFC 7591 §2: response types with `token` or `id_token` belong to the grant type `implicit`.
    fn grant_type(&self) -> Option<&'static str> {
        Some("implicit")
    }

    fn response_types(&self) -> &'static [&'static str] {
        &["id_token", "id_token token", "code id_token", "code token", "code id_token token"]
    }

    fn authorize(&self, request: &AuthorizationRequest<'_>, draft: &mut Draft) -> Result<(), Refusal> {
        if request.asks_for("id_token") {
            if !draft.scope.contains("openid") {
                return Err(OPENID_MISSING.because("Without openid in the scope there is no ID token to answer with"));
            }
            if request.params.get("nonce").is_none() {
                return Err(NONCE_MISSING.refuse());
            }
        }
        if request.asks_for("id_token") || request.asks_for("token") {
            request.arrival.seen.relaxed(LEGACY);
        }
        Ok(())
    }
}

static RULES: &[&Rule] = &[&NONCE_MISSING, &OPENID_MISSING];

static NONCE_MISSING: Rule = Rule {
    id: "oidc-hybrid-nonce-missing",
    document: &documents::OIDC_CORE,
    section: "3.2.2.1",
    error: ErrorCode::InvalidRequest,
    says: "A request for an ID token through the browser needs nonce",
};

static OPENID_MISSING: Rule = Rule {
    id: "oidc-hybrid-openid-missing",
    document: &documents::OIDC_CORE,
    section: "3.1.2.1",
    error: ErrorCode::InvalidScope,
    says: "A request for an ID token has the scope openid",
};
