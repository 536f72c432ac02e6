//! What is refused, and why.

use oauth_types::ErrorCode;

use crate::refusal::{Document, Rule};

pub(super) static DOCUMENT: Document =
    Document { name: "RFC 8693", title: "OAuth 2.0 Token Exchange", url: "https://www.rfc-editor.org/rfc/rfc8693" };

pub(super) static RULES: &[&Rule] = &[
    &ACTOR_INVALID,
    &ACTOR_TYPE,
    &MAY_NOT_ACT,
    &PUBLIC,
    &REFRESH,
    &REQUESTED_TYPE,
    &RESOURCE,
    &SCOPE_WIDER,
    &SUBJECT_INVALID,
    &SUBJECT_MISSING,
    &SUBJECT_TYPE,
    &TARGET,
];

pub(super) static PUBLIC: Rule = Rule {
    id: "rfc8693-public-client",
    document: &DOCUMENT,
    section: "5",
    error: ErrorCode::UnauthorizedClient,
    says: "A client that exchanges tokens authenticates, or whoever finds one could turn it into others",
};

pub(super) static SUBJECT_MISSING: Rule = Rule {
    id: "rfc8693-subject-token-missing",
    document: &DOCUMENT,
    section: "2.1",
    error: ErrorCode::InvalidRequest,
    says: "A token exchange needs subject_token and subject_token_type",
};

pub(super) static SUBJECT_TYPE: Rule = Rule {
    id: "rfc8693-subject-token-type-unsupported",
    document: &DOCUMENT,
    section: "3",
    error: ErrorCode::InvalidRequest,
    says: "The subject_token_type has to be one that this server takes",
};

pub(super) static SUBJECT_INVALID: Rule = Rule {
    id: "rfc8693-subject-token-invalid",
    document: &DOCUMENT,
    section: "2.2.2",
    error: ErrorCode::InvalidRequest,
    says: "The subject_token has to be of the type it is said to be, issued here, alive, and the client's to use",
};

pub(super) static ACTOR_TYPE: Rule = Rule {
    id: "rfc8693-actor-token-type",
    document: &DOCUMENT,
    section: "2.1",
    error: ErrorCode::InvalidRequest,
    says: "An actor_token comes with an actor_token_type that this server takes, and neither comes without the other",
};

pub(super) static ACTOR_INVALID: Rule = Rule {
    id: "rfc8693-actor-token-invalid",
    document: &DOCUMENT,
    section: "2.2.2",
    error: ErrorCode::InvalidRequest,
    says: "The actor_token has to be of the type it is said to be, issued here to the client itself, and alive",
};

pub(super) static MAY_NOT_ACT: Rule = Rule {
    id: "rfc8693-may-not-act",
    document: &DOCUMENT,
    section: "4.4",
    error: ErrorCode::InvalidRequest,
    says: "Whoever acts for the subject has to be the one that its token allows to",
};

pub(super) static REQUESTED_TYPE: Rule = Rule {
    id: "rfc8693-requested-token-type-unsupported",
    document: &DOCUMENT,
    section: "2.1",
    error: ErrorCode::InvalidRequest,
    says: "The requested_token_type has to be that of an access token, a refresh token or a JWT",
};

pub(super) static REFRESH: Rule = Rule {
    id: "rfc8693-refresh-token-not-given",
    document: &DOCUMENT,
    section: "2.2.1",
    error: ErrorCode::InvalidRequest,
    says: "A refresh token is given for tokens of the client's own, to clients that may refresh",
};

pub(super) static RESOURCE: Rule = Rule {
    id: "rfc8693-resource-malformed",
    document: &DOCUMENT,
    section: "2.1",
    error: ErrorCode::InvalidTarget,
    says: "A resource is an absolute URI without a fragment",
};

pub(super) static TARGET: Rule = Rule {
    id: "rfc8693-audience-unknown",
    document: &DOCUMENT,
    section: "2.2.2",
    error: ErrorCode::InvalidTarget,
    says: "An audience has to be a service that this server issues tokens for",
};

pub(super) static SCOPE_WIDER: Rule = Rule {
    id: "rfc8693-scope-wider",
    document: &DOCUMENT,
    section: "5",
    error: ErrorCode::InvalidScope,
    says: "An exchange must not give a scope that the subject_token does not have",
};
