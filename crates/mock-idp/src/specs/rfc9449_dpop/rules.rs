//! What is refused, and why.

use oauth_types::ErrorCode;

use crate::refusal::{Document, Rule};

pub(super) static RULES: &[&Rule] = &[
    &ALGORITHM,
    &AS_BEARER,
    &ATH_MISSING,
    &ATH_WRONG,
    &CLAIM_MISSING,
    &CODE_OTHER_KEY,
    &CREDENTIALS,
    &JKT_DIFFERS,
    &JKT_MALFORMED,
    &KEY,
    &MALFORMED,
    &METADATA,
    &METHOD,
    &NONCE_MISSING,
    &NONCE_WRONG,
    &NOT_BOUND,
    &PROOF_MISSING,
    &REFRESH_OTHER_KEY,
    &REPLAYED,
    &RESOURCE_PROOF_MISSING,
    &SIGNATURE,
    &TIME,
    &TOKEN_OTHER_KEY,
    &TWICE,
    &TYP,
    &URI,
];

pub(super) static DOCUMENT: Document = Document {
    name: "RFC 9449",
    title: "OAuth 2.0 Demonstrating Proof of Possession (DPoP)",
    url: "https://www.rfc-editor.org/rfc/rfc9449",
};

pub(super) static TWICE: Rule = Rule {
    id: "rfc9449-proof-twice",
    document: &DOCUMENT,
    section: "4.3",
    error: ErrorCode::InvalidDpopProof,
    says: "A request has no more than one DPoP header",
};

pub(super) static MALFORMED: Rule = Rule {
    id: "rfc9449-proof-malformed",
    document: &DOCUMENT,
    section: "4.3",
    error: ErrorCode::InvalidDpopProof,
    says: "The DPoP header is one well-formed JWT",
};

pub(super) static TYP: Rule = Rule {
    id: "rfc9449-proof-typ",
    document: &DOCUMENT,
    section: "4.2",
    error: ErrorCode::InvalidDpopProof,
    says: "The typ of a proof is dpop+jwt",
};

pub(super) static ALGORITHM: Rule = Rule {
    id: "rfc9449-proof-algorithm",
    document: &DOCUMENT,
    section: "4.3",
    error: ErrorCode::InvalidDpopProof,
    says: "A proof is signed with an asymmetric algorithm that the server supports",
};

pub(super) static KEY: Rule = Rule {
    id: "rfc9449-proof-key",
    document: &DOCUMENT,
    section: "4.3",
    error: ErrorCode::InvalidDpopProof,
    says: "The jwk header of a proof is the public key that verifies it, and holds no private key",
};

pub(super) static SIGNATURE: Rule = Rule {
    id: "rfc9449-proof-signature",
    document: &DOCUMENT,
    section: "4.3",
    error: ErrorCode::InvalidDpopProof,
    says: "The signature of a proof verifies with the key in its jwk header",
};

pub(super) static CLAIM_MISSING: Rule = Rule {
    id: "rfc9449-proof-claim-missing",
    document: &DOCUMENT,
    section: "4.2",
    error: ErrorCode::InvalidDpopProof,
    says: "A proof has the claims jti, htm, htu and iat",
};

pub(super) static METHOD: Rule = Rule {
    id: "rfc9449-proof-htm",
    document: &DOCUMENT,
    section: "4.3",
    error: ErrorCode::InvalidDpopProof,
    says: "The htm of a proof is the method of the request it comes with",
};

pub(super) static URI: Rule = Rule {
    id: "rfc9449-proof-htu",
    document: &DOCUMENT,
    section: "4.3",
    error: ErrorCode::InvalidDpopProof,
    says: "The htu of a proof is the URI of the request it comes with",
};

pub(super) static TIME: Rule = Rule {
    id: "rfc9449-proof-iat",
    document: &DOCUMENT,
    section: "4.3",
    error: ErrorCode::InvalidDpopProof,
    says: "A proof is made for the request it comes with, just before it is sent",
};

pub(super) static REPLAYED: Rule = Rule {
    id: "rfc9449-proof-replayed",
    document: &DOCUMENT,
    section: "11.1",
    error: ErrorCode::InvalidDpopProof,
    says: "A proof is used once",
};

pub(super) static NONCE_MISSING: Rule = Rule {
    id: "rfc9449-nonce-missing",
    document: &DOCUMENT,
    section: "8",
    error: ErrorCode::UseDpopNonce,
    says: "A proof needs the nonce that the server provided",
};

pub(super) static NONCE_WRONG: Rule = Rule {
    id: "rfc9449-nonce-wrong",
    document: &DOCUMENT,
    section: "8",
    error: ErrorCode::UseDpopNonce,
    says: "The nonce of a proof is the latest that this server provided",
};

pub(super) static ATH_MISSING: Rule = Rule {
    id: "rfc9449-ath-missing",
    document: &DOCUMENT,
    section: "4.3",
    error: ErrorCode::InvalidDpopProof,
    says: "A proof that comes with an access token has its hash in ath",
};

pub(super) static ATH_WRONG: Rule = Rule {
    id: "rfc9449-ath-wrong",
    document: &DOCUMENT,
    section: "4.3",
    error: ErrorCode::InvalidDpopProof,
    says: "The ath of a proof is the hash of the access token it comes with",
};

pub(super) static PROOF_MISSING: Rule = Rule {
    id: "rfc9449-proof-missing",
    document: &DOCUMENT,
    section: "5",
    error: ErrorCode::InvalidDpopProof,
    says: "A token request for what is bound to a key, or is to be, comes with a proof",
};

pub(super) static CODE_OTHER_KEY: Rule = Rule {
    id: "rfc9449-code-other-key",
    document: &DOCUMENT,
    section: "10",
    error: ErrorCode::InvalidGrant,
    says: "A code is redeemed with the key that its authorization request named",
};

pub(super) static REFRESH_OTHER_KEY: Rule = Rule {
    id: "rfc9449-refresh-token-other-key",
    document: &DOCUMENT,
    section: "5",
    error: ErrorCode::InvalidGrant,
    says: "A refresh token of a public client is used with the key it was issued to",
};

pub(super) static JKT_MALFORMED: Rule = Rule {
    id: "rfc9449-jkt-malformed",
    document: &DOCUMENT,
    section: "10",
    error: ErrorCode::InvalidRequest,
    says: "A dpop_jkt is the SHA-256 thumbprint of a public key",
};

pub(super) static JKT_DIFFERS: Rule = Rule {
    id: "rfc9449-jkt-differs",
    document: &DOCUMENT,
    section: "10.1",
    error: ErrorCode::InvalidRequest,
    says: "The dpop_jkt of a pushed request is the thumbprint of the key in its DPoP header",
};

pub(super) static METADATA: Rule = Rule {
    id: "rfc9449-metadata-malformed",
    document: &DOCUMENT,
    section: "5.2",
    error: ErrorCode::InvalidClientMetadata,
    says: "The client metadata dpop_bound_access_tokens is true or false",
};

pub(super) static CREDENTIALS: Rule = Rule {
    id: "rfc9449-credentials-malformed",
    document: &DOCUMENT,
    section: "7.1",
    error: ErrorCode::InvalidRequest,
    says: "The Authorization header has to be the word DPoP, one space and the token",
};

pub(super) static RESOURCE_PROOF_MISSING: Rule = Rule {
    id: "rfc9449-resource-proof-missing",
    document: &DOCUMENT,
    section: "7.1",
    error: ErrorCode::InvalidDpopProof,
    says: "A request with a bound access token comes with a proof",
};

pub(super) static TOKEN_OTHER_KEY: Rule = Rule {
    id: "rfc9449-token-other-key",
    document: &DOCUMENT,
    section: "7.1",
    error: ErrorCode::InvalidToken,
    says: "A bound access token is used with the key it was issued to",
};

pub(super) static NOT_BOUND: Rule = Rule {
    id: "rfc9449-token-not-bound",
    document: &DOCUMENT,
    section: "7.1",
    error: ErrorCode::InvalidToken,
    says: "An access token that is presented by the scheme DPoP is bound to a key",
};

pub(super) static AS_BEARER: Rule = Rule {
    id: "rfc9449-token-as-bearer",
    document: &DOCUMENT,
    section: "7.2",
    error: ErrorCode::InvalidToken,
    says: "A bound access token must not be presented as a bearer token",
};
