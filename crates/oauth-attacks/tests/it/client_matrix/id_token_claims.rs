//! What the attacks of the family `id_token_claims` need to be off.

use oauth_attacks::Level;

use super::Row;
use crate::victims::client::Defence;

pub(super) const ROWS: &[Row] = &[
    Row {
        id: "rp-idt-iss-wrong",
        off: Defence::TokenIssuerCompared,
        level: Level::Must,
        because: "of another issuer",
    },
    Row {
        id: "rp-idt-iss-template",
        off: Defence::IssuersAreNoTemplates,
        level: Level::Must,
        because: "a tenant that nobody configured",
    },
    Row { id: "rp-idt-aud-wrong", off: Defence::AudienceCompared, level: Level::Must, because: "for another client" },
    Row { id: "rp-idt-aud-extra", off: Defence::AudiencesTrusted, level: Level::Must, because: "an unknown client" },
    Row {
        id: "rp-idt-azp-wrong",
        off: Defence::AuthorizedPartyCompared,
        level: Level::Should,
        because: "issued to another client",
    },
    Row { id: "rp-idt-exp", off: Defence::ExpiryCompared, level: Level::Must, because: "expired six minutes ago" },
    Row { id: "rp-idt-time-types", off: Defence::TimesAreNumbers, level: Level::Must, because: "whose nbf is" },
    Row { id: "rp-idt-nbf-future", off: Defence::NotBeforeCompared, level: Level::Must, because: "valid in an hour" },
    Row { id: "rp-idt-iat", off: Defence::IssuedAtRequired, level: Level::Must, because: "never issued" },
    Row { id: "rp-idt-nonce-wrong", off: Defence::NonceCompared, level: Level::Must, because: "of another nonce" },
    Row { id: "rp-idt-nonce-missing", off: Defence::NonceRequired, level: Level::Must, because: "without a nonce" },
    Row {
        id: "rp-idt-nonce-replay",
        off: Defence::NonceCompared,
        level: Level::Must,
        because: "of an earlier login",
    },
    Row { id: "rp-idt-sub", off: Defence::SubjectsAreTexts, level: Level::Must, because: "subject" },
    Row {
        id: "rp-idt-at-hash",
        off: Defence::AccessTokenHashCompared,
        level: Level::Should,
        because: "hash of another access token",
    },
    Row {
        id: "rp-idt-auth-time",
        off: Defence::AuthTimeCompared,
        level: Level::Must,
        because: "a login of yesterday",
    },
    Row { id: "rp-idt-acr", off: Defence::ClassCompared, level: Level::Must, because: "a login of another class" },
    Row { id: "rp-idt-no-validation", off: Defence::IdTokenNeeded, level: Level::Must, because: "random letters" },
    Row {
        id: "rp-account-key",
        off: Defence::AccountsBelongToIssuers,
        level: Level::Must,
        because: "of the same subject at another server",
    },
    Row {
        id: "rp-account-key",
        off: Defence::MailIsNoKey,
        level: Level::Must,
        because: "with a mail address that is not verified",
    },
    Row {
        id: "rp-tenant-claim",
        off: Defence::TenantCompared,
        level: Level::Must,
        because: "a user of another domain",
    },
];
