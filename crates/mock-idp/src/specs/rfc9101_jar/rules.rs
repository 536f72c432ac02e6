//! What is refused, and why.

use oauth_types::ErrorCode;

use crate::documents;
use crate::refusal::{Document, Rule};

pub(super) static RULES: &[&Rule] = &[
    &ALGORITHM,
    &ALTERED,
    &AUDIENCE,
    &BOTH,
    &CLAIM,
    &CLIENT_ID,
    &DIFFERS,
    &EARLY,
    &ENCRYPTION,
    &EXPIRY,
    &ISSUER,
    &KEY,
    &MALFORMED,
    &METADATA,
    &NBF_MISSING,
    &NESTED,
    &NOT_SIGNED,
    &REPLAYED,
    &SIGNATURE,
    &SUBJECT,
    &TOO_LONG,
    &TYP,
    &UNREACHABLE,
    &URI_UNREGISTERED,
];

pub(super) static DOCUMENT: Document = Document {
    name: "RFC 9101",
    title: "The OAuth 2.0 Authorization Framework: JWT-Secured Authorization Request (JAR)",
    url: "https://www.rfc-editor.org/rfc/rfc9101",
};

static JWT: Document =
    Document { name: "RFC 7519", title: "JSON Web Token (JWT)", url: "https://www.rfc-editor.org/rfc/rfc7519" };

static FAPI2_MESSAGES: Document = Document {
    name: "FAPI 2.0 Message Signing",
    title: "FAPI 2.0 Message Signing",
    url: "https://openid.net/specs/fapi-message-signing-2_0-final.html",
};

pub(super) static BOTH: Rule = Rule {
    id: "rfc9101-request-and-request-uri",
    document: &DOCUMENT,
    section: "5",
    error: ErrorCode::InvalidRequest,
    says: "The parameters request and request_uri must not be used together",
};

pub(super) static MALFORMED: Rule = Rule {
    id: "rfc9101-request-object-malformed",
    document: &DOCUMENT,
    section: "4",
    error: ErrorCode::InvalidRequestObject,
    says: "A request object is one well-formed JWT, signed",
};

pub(super) static TYP: Rule = Rule {
    id: "rfc9101-request-object-typ",
    document: &DOCUMENT,
    section: "10.8",
    error: ErrorCode::InvalidRequestObject,
    says: "A request object is typed oauth-authz-req+jwt, so that no other token passes for one",
};

pub(super) static ENCRYPTION: Rule = Rule {
    id: "rfc9101-request-object-encryption",
    document: &DOCUMENT,
    section: "6.1",
    error: ErrorCode::InvalidRequestObject,
    says: "An encrypted request object is encrypted to a key of this server, as the client is registered",
};

pub(super) static ALGORITHM: Rule = Rule {
    id: "rfc9101-request-object-algorithm",
    document: &DOCUMENT,
    section: "6.2",
    error: ErrorCode::InvalidRequestObject,
    says: "A request object is signed with an algorithm that the client is registered for, never with none",
};

pub(super) static KEY: Rule = Rule {
    id: "rfc9101-request-object-key",
    document: &DOCUMENT,
    section: "6.2",
    error: ErrorCode::InvalidRequestObject,
    says: "A request object is verified with a key that the client was registered with",
};

pub(super) static SIGNATURE: Rule = Rule {
    id: "rfc9101-request-object-signature",
    document: &DOCUMENT,
    section: "6.2",
    error: ErrorCode::InvalidRequestObject,
    says: "The signature of a request object is right",
};

pub(super) static ISSUER: Rule = Rule {
    id: "rfc9101-request-object-issuer",
    document: &DOCUMENT,
    section: "4",
    error: ErrorCode::InvalidRequestObject,
    says: "The issuer of a request object is the client",
};

pub(super) static SUBJECT: Rule = Rule {
    id: "rfc9101-request-object-subject",
    document: &DOCUMENT,
    section: "10.8",
    error: ErrorCode::InvalidRequestObject,
    says: "The client is not the subject of a request object, which could be used as a client assertion otherwise",
};

pub(super) static AUDIENCE: Rule = Rule {
    id: "rfc9101-request-object-audience",
    document: &DOCUMENT,
    section: "4",
    error: ErrorCode::InvalidRequestObject,
    says: "The audience of a request object is the issuer identifier of this server",
};

pub(super) static EXPIRY: Rule = Rule {
    id: "rfc9101-request-object-expiry",
    document: &FAPI2_MESSAGES,
    section: "5.3.1",
    error: ErrorCode::InvalidRequestObject,
    says: "A request object expires, soon, and not before it is used",
};

pub(super) static NBF_MISSING: Rule = Rule {
    id: "rfc9101-request-object-nbf-missing",
    document: &FAPI2_MESSAGES,
    section: "5.3.1",
    error: ErrorCode::InvalidRequestObject,
    says: "A request object says with nbf from when it is valid",
};

pub(super) static EARLY: Rule = Rule {
    id: "rfc9101-request-object-early",
    document: &JWT,
    section: "4.1.5",
    error: ErrorCode::InvalidRequestObject,
    says: "A request object is not used before it was issued, nor before it is valid",
};

pub(super) static REPLAYED: Rule = Rule {
    id: "rfc9101-request-object-replayed",
    document: &JWT,
    section: "4.1.7",
    error: ErrorCode::InvalidRequestObject,
    says: "A request object is used once",
};

pub(super) static CLIENT_ID: Rule = Rule {
    id: "rfc9101-client-ids-differ",
    document: &DOCUMENT,
    section: "6.3",
    error: ErrorCode::InvalidRequestObject,
    says: "The client_id in a request object has to be there and identical to the one beside it",
};

pub(super) static NESTED: Rule = Rule {
    id: "rfc9101-request-object-nested",
    document: &DOCUMENT,
    section: "4",
    error: ErrorCode::InvalidRequestObject,
    says: "The parameters request and request_uri must not be in a request object",
};

pub(super) static CLAIM: Rule = Rule {
    id: "rfc9101-request-object-claim",
    document: &DOCUMENT,
    section: "4",
    error: ErrorCode::InvalidRequestObject,
    says: "The claims of a request object are the parameters of an authorization request",
};

pub(super) static DIFFERS: Rule = Rule {
    id: "rfc9101-response-types-differ",
    document: &documents::OIDC_CORE,
    section: "6.1",
    error: ErrorCode::InvalidRequest,
    says: "The response_type in a request object has to be the one beside it",
};

pub(super) static NOT_SIGNED: Rule = Rule {
    id: "rfc9101-request-not-signed",
    document: &DOCUMENT,
    section: "10.5",
    error: ErrorCode::InvalidRequest,
    says: "Where signed requests are required, an authorization request comes in a request object",
};

pub(super) static TOO_LONG: Rule = Rule {
    id: "rfc9101-request-uri-too-long",
    document: &DOCUMENT,
    section: "5.2",
    error: ErrorCode::InvalidRequestUri,
    says: "A request_uri has at most 512 characters",
};

pub(super) static URI_UNREGISTERED: Rule = Rule {
    id: "rfc9101-request-uri-unregistered",
    document: &DOCUMENT,
    section: "10.4.1",
    error: ErrorCode::InvalidRequestUri,
    says: "A request_uri has to be one that the client registered: this server is not sent anywhere else",
};

pub(super) static UNREACHABLE: Rule = Rule {
    id: "rfc9101-request-uri-unreachable",
    document: &DOCUMENT,
    section: "5.2.3",
    error: ErrorCode::InvalidRequestUri,
    says: "A request object has to be where the request_uri says, by https, as application/oauth-authz-req+jwt",
};

pub(super) static ALTERED: Rule = Rule {
    id: "rfc9101-request-uri-altered",
    document: &documents::OIDC_CORE,
    section: "6.2",
    error: ErrorCode::InvalidRequestUri,
    says: "The fragment of a request_uri is the SHA-256 of what is there, in base64url",
};

pub(super) static METADATA: Rule = Rule {
    id: "rfc9101-client-metadata",
    document: &documents::RFC7591,
    section: "2",
    error: ErrorCode::InvalidClientMetadata,
    says: "Client metadata about request objects names algorithms and places that this server can use",
};
