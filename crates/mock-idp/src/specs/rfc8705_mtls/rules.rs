//! What is refused, and why.

use oauth_types::ErrorCode;

use crate::documents;
use crate::refusal::{Document, Rule};

pub(super) static RULES: &[&Rule] = &[
    &ACCESS_OTHER,
    &ACCESS_WITHOUT,
    &CERTIFICATE_MISSING,
    &METADATA,
    &NAMELESS,
    &OTHER_NAME,
    &REFRESH_OTHER,
    &REFRESH_WITHOUT,
    &TOKEN_WITHOUT,
    &TWO_KEYS,
    &UNCONSTRAINED,
    &UNREGISTERED,
    &UNTRUSTED,
];

pub(super) static DOCUMENT: Document = Document {
    name: "RFC 8705",
    title: "OAuth 2.0 Mutual-TLS Client Authentication and Certificate-Bound Access Tokens",
    url: "https://www.rfc-editor.org/rfc/rfc8705",
};

static POSSESSION: Document = Document {
    name: "RFC 7800",
    title: "Proof-of-Possession Key Semantics for JSON Web Tokens (JWTs)",
    url: "https://www.rfc-editor.org/rfc/rfc7800",
};

pub(super) static CERTIFICATE_MISSING: Rule = Rule {
    id: "rfc8705-certificate-missing",
    document: &DOCUMENT,
    section: "2",
    error: ErrorCode::InvalidClient,
    says: "A client that is registered for mutual TLS shows its certificate in the handshake",
};

pub(super) static UNTRUSTED: Rule = Rule {
    id: "rfc8705-certificate-untrusted",
    document: &DOCUMENT,
    section: "2.1",
    error: ErrorCode::InvalidClient,
    says: "A client's certificate leads to a certification authority that is trusted to issue it",
};

pub(super) static OTHER_NAME: Rule = Rule {
    id: "rfc8705-certificate-of-another",
    document: &DOCUMENT,
    section: "2.1",
    error: ErrorCode::InvalidClient,
    says: "A client's certificate is about the name that it is registered with",
};

pub(super) static UNREGISTERED: Rule = Rule {
    id: "rfc8705-certificate-unregistered",
    document: &DOCUMENT,
    section: "2.2",
    error: ErrorCode::InvalidClient,
    says: "A client's self-signed certificate is one of those that it is registered with",
};

pub(super) static NAMELESS: Rule = Rule {
    id: "rfc8705-certificate-unnamed",
    document: &DOCUMENT,
    section: "2.1.2",
    error: ErrorCode::InvalidClient,
    says: "A client is registered with exactly one name of its certificate",
};

pub(super) static METADATA: Rule = Rule {
    id: "rfc8705-client-metadata",
    document: &DOCUMENT,
    section: "2.1.2",
    error: ErrorCode::InvalidClientMetadata,
    says: "Client metadata names the client's certificate in one way that can be used",
};

pub(super) static TWO_KEYS: Rule = Rule {
    id: "rfc8705-two-keys",
    document: &POSSESSION,
    section: "3.1",
    error: ErrorCode::InvalidRequest,
    says: "A token is bound to one key: to the client's certificate, or by DPoP",
};

pub(super) static TOKEN_WITHOUT: Rule = Rule {
    id: "rfc8705-token-request-without-certificate",
    document: &DOCUMENT,
    section: "3.4",
    error: ErrorCode::InvalidRequest,
    says: "A client that wants certificate-bound access tokens shows its certificate",
};

pub(super) static UNCONSTRAINED: Rule = Rule {
    id: "rfc8705-token-unconstrained",
    document: &documents::RFC9700,
    section: "2.2.1",
    error: ErrorCode::InvalidRequest,
    says: "Access tokens are issued to clients alone that prove to have a key",
};

pub(super) static REFRESH_WITHOUT: Rule = Rule {
    id: "rfc8705-refresh-token-without-certificate",
    document: &DOCUMENT,
    section: "4",
    error: ErrorCode::InvalidGrant,
    says: "A certificate-bound refresh token is used with the certificate it was issued to",
};

pub(super) static REFRESH_OTHER: Rule = Rule {
    id: "rfc8705-refresh-token-other-certificate",
    document: &DOCUMENT,
    section: "4",
    error: ErrorCode::InvalidGrant,
    says: "A certificate-bound refresh token is used with no other certificate",
};

pub(super) static ACCESS_WITHOUT: Rule = Rule {
    id: "rfc8705-access-token-without-certificate",
    document: &DOCUMENT,
    section: "3",
    error: ErrorCode::InvalidToken,
    says: "A certificate-bound access token is used with the certificate it was issued to",
};

pub(super) static ACCESS_OTHER: Rule = Rule {
    id: "rfc8705-access-token-other-certificate",
    document: &DOCUMENT,
    section: "3",
    error: ErrorCode::InvalidToken,
    says: "A certificate-bound access token is used with no other certificate",
};
