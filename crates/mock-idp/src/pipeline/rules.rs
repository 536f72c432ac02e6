//! The rules that the phases enforce themselves.

use oauth_types::ErrorCode;

use crate::documents;
use crate::refusal::Rule;

pub(super) static RULES: &[&Rule] = &[
    &CLIENT_UNKNOWN,
    &DUPLICATE,
    &GRANT_UNSUPPORTED,
    &IN_QUERY,
    &METHOD_OFF,
    &NOT_A_FORM,
    &OTHER_METHOD,
    &TWO_METHODS,
    &TWO_TOKENS,
];

pub(super) static IN_QUERY: Rule = Rule {
    id: "rfc6749-token-parameters-in-query",
    document: &documents::RFC6749,
    section: "3.2",
    error: ErrorCode::InvalidRequest,
    says: "The parameters of a token request belong into its body",
};

pub(super) static NOT_A_FORM: Rule = Rule {
    id: "rfc6749-token-request-not-a-form",
    document: &documents::RFC6749,
    section: "4.1.3",
    error: ErrorCode::InvalidRequest,
    says: "The body of a token request has to be application/x-www-form-urlencoded",
};

pub(super) static DUPLICATE: Rule = Rule {
    id: "rfc6749-token-parameter-twice",
    document: &documents::RFC6749,
    section: "3.2",
    error: ErrorCode::InvalidRequest,
    says: "Parameters must not be included more than once",
};

pub(super) static TWO_METHODS: Rule = Rule {
    id: "rfc6749-two-authentication-methods",
    document: &documents::RFC6749,
    section: "2.3",
    error: ErrorCode::InvalidRequest,
    says: "A client must not use more than one authentication method in a request",
};

pub(super) static OTHER_METHOD: Rule = Rule {
    id: "rfc7591-other-authentication-method",
    document: &documents::RFC7591,
    section: "2",
    error: ErrorCode::InvalidClient,
    says: "A client authenticates by the method it is registered for",
};

pub(super) static METHOD_OFF: Rule = Rule {
    id: "rfc8414-authentication-method-unsupported",
    document: &documents::RFC8414,
    section: "2",
    error: ErrorCode::InvalidClient,
    says: "A client authenticates by a method that the server supports",
};

pub(super) static CLIENT_UNKNOWN: Rule = Rule {
    id: "rfc6749-token-client-unknown",
    document: &documents::RFC6749,
    section: "5.2",
    error: ErrorCode::InvalidClient,
    says: "The client_id is not that of a known client",
};

pub(super) static GRANT_UNSUPPORTED: Rule = Rule {
    id: "rfc6749-grant-type-unsupported",
    document: &documents::RFC6749,
    section: "5.2",
    error: ErrorCode::UnsupportedGrantType,
    says: "The grant_type has to be one that this server supports",
};

pub(super) static TWO_TOKENS: Rule = Rule {
    id: "rfc6750-two-tokens",
    document: &documents::RFC6750,
    section: "2",
    error: ErrorCode::InvalidRequest,
    says: "Clients must not use more than one method to transmit the token in each request",
};
