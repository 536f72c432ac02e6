//! RFC 6749 §4.4: the client credentials grant, where a client asks for access on its own account.
//!
//! Nobody is logged in: there is no ID token, no refresh token (§4.4.3), and UserInfo has nobody to tell of.

use oauth_types::ErrorCode;

use crate::documents;
use crate::memory::{Authorization, Notes};
use crate::refusal::{Document, Refusal, Rule};
use crate::request::{Found, TokenRequest};
use crate::spec::{Perhaps, Spec, Spine};

const GRANT_TYPE: &str = "client_credentials";

#[derive(Debug)]
pub(crate) struct ClientCredentials;

impl Spec for ClientCredentials {
    fn document(&self) -> &'static Document {
        &documents::RFC6749
    }

    fn name(&self) -> &'static str {
        "RFC 6749 client credentials"
    }

    fn optional(&self) -> bool {
        true
    }

    fn rules(&self) -> &'static [&'static Rule] {
        RULES
    }

    fn grant_type(&self) -> Option<&'static str> {
        Some(GRANT_TYPE)
    }

    fn grant<'a>(&'a self, request: &'a TokenRequest<'a>, spine: &'a dyn Spine) -> Perhaps<'a, Found> {
        let found = authorization(request, spine).map(|authorization| Found::made(request, authorization));
        Some(Box::pin(std::future::ready(found.map_err(Into::into))))
    }
}

fn authorization(request: &TokenRequest<'_>, spine: &dyn Spine) -> Result<Authorization, Refusal> {
    if request.is_public() {
        return Err(PUBLIC.refuse());
    }
    let client = request.client();
    if spine.people().find(client.client_id()).is_some() {
        return Err(LIKE_A_USER.refuse());
    }
    let scope = match request.params.get("scope") {
        Some(_) => spine.scope(client, request.params)?,
        None => client.default_scope(),
    };
    let client_id = client.client_id().to_owned();
    let notes = Notes::default();
    Ok(Authorization { subject: client_id.clone(), client_id, scope, login: None, notes })
}

static RULES: &[&Rule] = &[&LIKE_A_USER, &PUBLIC];

static PUBLIC: Rule = Rule {
    id: "rfc6749-client-credentials-public-client",
    document: &documents::RFC6749,
    section: "4.4",
    error: ErrorCode::UnauthorizedClient,
    says: "The client credentials grant is for confidential clients alone",
};

static LIKE_A_USER: Rule = Rule {
    id: "rfc9700-client-called-like-a-user",
    document: &documents::RFC9700,
    section: "4.15.1",
    error: ErrorCode::UnauthorizedClient,
    says: "A token for a client must not be taken for one of a user: their identifiers have to differ",
};
