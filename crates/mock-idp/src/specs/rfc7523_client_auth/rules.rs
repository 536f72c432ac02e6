//! What is refused, and why.

use oauth_types::ErrorCode;

use crate::documents;
pub(super) use crate::documents::{RFC7523 as DOCUMENT, RFC8725 as PRACTICE};
use crate::refusal::{Document, Rule};

pub(super) static RULES: &[&Rule] = &[
    &ALGORITHM,
    &AUDIENCE,
    &CLIENT_IDS_DIFFER,
    &EARLY,
    &EXPIRY,
    &ISSUER,
    &JTI_MISSING,
    &KEY,
    &MALFORMED,
    &METADATA,
    &MISSING,
    &REPLAYED,
    &SIGNATURE,
    &TYP,
    &TYPE_UNKNOWN,
];

pub(super) static REVISED: Document = Document {
    name: "draft-ietf-oauth-rfc7523bis",
    title: "Updates to OAuth 2.0 JSON Web Token (JWT) Client Authentication and Assertion-Based Authorization Grants",
    url: "https://datatracker.ietf.org/doc/html/draft-ietf-oauth-rfc7523bis",
};

pub(super) static FRAMEWORK: Document = Document {
    name: "RFC 7521",
    title: "Assertion Framework for OAuth 2.0 Client Authentication and Authorization Grants",
    url: "https://www.rfc-editor.org/rfc/rfc7521",
};

pub(super) static TYPE_UNKNOWN: Rule = Rule {
    id: "rfc7523-client-assertion-type",
    document: &DOCUMENT,
    section: "2.2",
    error: ErrorCode::InvalidClient,
    says: "A client_assertion comes with the client_assertion_type of a JWT",
};

pub(super) static MISSING: Rule = Rule {
    id: "rfc7523-client-assertion-missing",
    document: &DOCUMENT,
    section: "2.2",
    error: ErrorCode::InvalidClient,
    says: "A client_assertion_type comes with a client_assertion",
};

pub(super) static MALFORMED: Rule = Rule {
    id: "rfc7523-client-assertion-malformed",
    document: &DOCUMENT,
    section: "3",
    error: ErrorCode::InvalidClient,
    says: "A client assertion is one well-formed JWT",
};

pub(super) static TYP: Rule = Rule {
    id: "rfc7523-client-assertion-typ",
    document: &PRACTICE,
    section: "3.12",
    error: ErrorCode::InvalidClient,
    says: "A token of another kind must not be used as a client assertion",
};

pub(super) static ALGORITHM: Rule = Rule {
    id: "rfc7523-client-assertion-algorithm",
    document: &PRACTICE,
    section: "3.1",
    error: ErrorCode::InvalidClient,
    says: "A client assertion is signed with an algorithm of the client's method",
};

pub(super) static KEY: Rule = Rule {
    id: "rfc7523-client-assertion-key",
    document: &DOCUMENT,
    section: "3",
    error: ErrorCode::InvalidClient,
    says: "A client assertion is verified with a key or a secret that the client was registered with",
};

pub(super) static SIGNATURE: Rule = Rule {
    id: "rfc7523-client-assertion-signature",
    document: &DOCUMENT,
    section: "3",
    error: ErrorCode::InvalidClient,
    says: "The signature of a client assertion is right",
};

pub(super) static ISSUER: Rule = Rule {
    id: "rfc7523-client-assertion-issuer",
    document: &documents::OIDC_CORE,
    section: "9",
    error: ErrorCode::InvalidClient,
    says: "The issuer and the subject of a client assertion are the client",
};

pub(super) static CLIENT_IDS_DIFFER: Rule = Rule {
    id: "rfc7523-client-ids-differ",
    document: &FRAMEWORK,
    section: "4.2",
    error: ErrorCode::InvalidClient,
    says: "A client_id beside an assertion is the one that the assertion is about",
};

pub(super) static AUDIENCE: Rule = Rule {
    id: "rfc7523-client-assertion-audience",
    document: &REVISED,
    section: "4",
    error: ErrorCode::InvalidClient,
    says: "The audience of a client assertion is the issuer identifier of this server, alone",
};

pub(super) static EXPIRY: Rule = Rule {
    id: "rfc7523-client-assertion-expiry",
    document: &DOCUMENT,
    section: "3",
    error: ErrorCode::InvalidClient,
    says: "A client assertion expires, soon, and not before it is used",
};

pub(super) static EARLY: Rule = Rule {
    id: "rfc7523-client-assertion-early",
    document: &DOCUMENT,
    section: "3",
    error: ErrorCode::InvalidClient,
    says: "A client assertion is not used before it was issued, nor before it is valid",
};

pub(super) static JTI_MISSING: Rule = Rule {
    id: "rfc7523-client-assertion-jti-missing",
    document: &documents::OIDC_CORE,
    section: "9",
    error: ErrorCode::InvalidClient,
    says: "A client assertion has a jti",
};

pub(super) static REPLAYED: Rule = Rule {
    id: "rfc7523-client-assertion-replayed",
    document: &documents::OIDC_CORE,
    section: "9",
    error: ErrorCode::InvalidClient,
    says: "A client assertion is used once",
};

pub(super) static METADATA: Rule = Rule {
    id: "rfc7523-client-metadata",
    document: &documents::RFC7591,
    section: "2",
    error: ErrorCode::InvalidClientMetadata,
    says: "Client metadata that is about keys names ones that can be used",
};
