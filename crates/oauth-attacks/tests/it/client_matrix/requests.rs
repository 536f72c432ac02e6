//! What the attacks of the family `requests` need to be off.

use oauth_attacks::Level;

use super::Row;
use crate::victims::client::Defence;

pub(super) const ROWS: &[Row] = &[
    Row { id: "rp-pkce-missing", off: Defence::ChallengeSent, level: Level::Must, because: "carries no challenge" },
    Row { id: "rp-pkce-plain", off: Defence::S256Chosen, level: Level::Must, because: "asks for the method plain" },
    Row {
        id: "rp-pkce-method-omitted",
        off: Defence::MethodNamed,
        level: Level::Must,
        because: "without its method",
    },
    Row {
        id: "rp-pkce-challenge-malformed",
        off: Defence::ChallengeUnpadded,
        level: Level::Must,
        because: "it is padded",
    },
    Row {
        id: "rp-pkce-verifier-missing",
        off: Defence::VerifierSent,
        level: Level::Must,
        because: "carries no verifier",
    },
    Row {
        id: "rp-pkce-verifier-mismatch",
        off: Defence::VerifierHashedAsSent,
        level: Level::Must,
        because: "decoded before it was hashed",
    },
    Row {
        id: "rp-pkce-verifier-abnf",
        off: Defence::VerifierWellFormed,
        level: Level::Must,
        because: "not unreserved",
    },
    Row {
        id: "rp-pkce-verifier-weak",
        off: Defence::VerifierRandom,
        level: Level::Must,
        because: "begin with the same",
    },
    Row {
        id: "rp-pkce-challenge-constant",
        off: Defence::VerifierFresh,
        level: Level::Must,
        because: "the same challenge",
    },
    Row {
        id: "rp-pkce-fresh-after-error",
        off: Defence::FreshAfterError,
        level: Level::Must,
        because: "of the first",
    },
    Row {
        id: "rp-pkce-verifier-reuses-state",
        off: Defence::VerifierApartFromState,
        level: Level::Must,
        because: "read off the state",
    },
    Row {
        id: "rp-pkce-verifier-leaked",
        off: Defence::VerifierKept,
        level: Level::Must,
        because: "in the authorization request",
    },
    Row { id: "rp-state-missing", off: Defence::StateSent, level: Level::Must, because: "neither state nor nonce" },
    Row { id: "rp-state-weak", off: Defence::StateRandom, level: Level::Must, because: "bits of the state vary" },
    Row { id: "rp-state-sensitive", off: Defence::StateOpaque, level: Level::Should, because: "the state is JSON" },
    Row { id: "rp-nonce-missing-weak", off: Defence::NonceSent, level: Level::Should, because: "without a nonce" },
    Row {
        id: "rp-nonce-missing-weak",
        off: Defence::NonceRandom,
        level: Level::Must,
        because: "bits of the nonce vary",
    },
    Row {
        id: "rp-redirect-insecure",
        off: Defence::RedirectEncrypted,
        level: Level::Must,
        because: "http on another host",
    },
    Row { id: "rp-redirect-insecure", off: Defence::RedirectLiteral, level: Level::Should, because: "localhost" },
    Row {
        id: "rp-token-transport",
        off: Defence::TokenInHeader,
        level: Level::Must,
        because: "access_token is in the query of GET /userinfo",
    },
    Row {
        id: "rp-token-transport",
        off: Defence::CodeInBody,
        level: Level::Must,
        because: "code is in the query of POST /token",
    },
    Row {
        id: "rp-client-auth-double",
        off: Defence::AuthenticatesOnce,
        level: Level::Must,
        because: "header and by a secret in the body",
    },
    Row {
        id: "rp-client-auth-double",
        off: Defence::SecretOnlyWhereOffered,
        level: Level::Should,
        because: "offers private_key_jwt alone",
    },
    Row {
        id: "rp-public-sends-secret",
        off: Defence::NoSecretInPublic,
        level: Level::Must,
        because: "a public client sends a secret",
    },
    Row {
        id: "rp-duplicate-params",
        off: Defence::EachParameterOnce,
        level: Level::Must,
        because: "client_id twice",
    },
    Row { id: "rp-legacy-grants", off: Defence::CodeAsked, level: Level::Must, because: "in the front channel" },
    Row {
        id: "rp-redirect-uri-consistency",
        off: Defence::RedirectRepeated,
        level: Level::Must,
        because: "another redirect URI",
    },
    Row {
        id: "rp-assertion-hygiene",
        off: Defence::AssertionForIssuer,
        level: Level::Must,
        because: "an endpoint instead of the issuer",
    },
    Row {
        id: "rp-assertion-hygiene",
        off: Defence::AssertionsUsedOnce,
        level: Level::Must,
        because: "no identifier of their own",
    },
    Row {
        id: "rp-assertion-hygiene",
        off: Defence::AssertionsShortLived,
        level: Level::Should,
        because: "five minutes",
    },
    Row {
        id: "rp-dpop-hygiene",
        off: Defence::ProofsUsedOnce,
        level: Level::Must,
        because: "no identifier of their own",
    },
    Row { id: "rp-dpop-hygiene", off: Defence::ProofsNameTargets, level: Level::Must, because: "another address" },
    Row {
        id: "rp-dpop-hygiene",
        off: Defence::ProofsNameTokens,
        level: Level::Must,
        because: "does not name the token",
    },
    Row { id: "rp-dpop-hygiene", off: Defence::ProofKeyPublic, level: Level::Must, because: "the private key" },
    Row {
        id: "rp-resource-indicator",
        off: Defence::ResourceNamed,
        level: Level::Should,
        because: "authorization request does not name",
    },
    Row {
        id: "rp-resource-indicator",
        off: Defence::ResourceNamedAgain,
        level: Level::Should,
        because: "token request does not name",
    },
    Row {
        id: "rp-par-only-params",
        off: Defence::PushedAlone,
        level: Level::Should,
        because: "although it was pushed",
    },
];
