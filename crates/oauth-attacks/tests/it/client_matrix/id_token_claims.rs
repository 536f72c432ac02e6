//! What the attacks of the family `id_token_claims` need to be off.

use super::{Row, must, should, succeed_on};
use crate::victims::client::{Defence, Registered};

pub(super) const ROWS: &[Row] = &[
    must("rp-idt-iss-wrong", Defence::TokenIssuerCompared, "of another issuer"),
    must("rp-idt-iss-template", Defence::IssuersAreNoTemplates, "a tenant that nobody configured"),
    must("rp-idt-aud-wrong", Defence::AudienceCompared, "for another client"),
    must("rp-idt-aud-extra", Defence::AudiencesTrusted, "an unknown client"),
    should("rp-idt-azp-wrong", Defence::AuthorizedPartyCompared, "issued to another client"),
    must("rp-idt-exp", Defence::ExpiryCompared, "expired six minutes ago"),
    must("rp-idt-time-types", Defence::TimesAreNumbers, "whose nbf is"),
    must("rp-idt-nbf-future", Defence::NotBeforeCompared, "valid in an hour"),
    must("rp-idt-iat", Defence::IssuedAtRequired, "never issued"),
    must("rp-idt-nonce-wrong", Defence::NonceCompared, "of another nonce"),
    must("rp-idt-nonce-missing", Defence::NonceRequired, "without a nonce"),
    must("rp-idt-nonce-replay", Defence::NonceCompared, "of an earlier login"),
    must("rp-idt-sub", Defence::SubjectsAreTexts, "subject"),
    should("rp-idt-at-hash", Defence::AccessTokenHashCompared, "hash of another access token"),
    must("rp-idt-auth-time", Defence::AuthTimeCompared, "a login of yesterday"),
    must("rp-idt-acr", Defence::ClassCompared, "a login of another class"),
    must("rp-idt-no-validation", Defence::IdTokenNeeded, "random letters"),
    must("rp-account-key", Defence::AccountsBelongToIssuers, "of the same subject at another server"),
    must("rp-account-key", Defence::MailIsNoKey, "with a mail address that is not verified"),
    must("rp-tenant-claim", Defence::TenantCompared, "a user of another domain"),
];

#[tokio::test]
async fn a_class_that_is_asked_for_in_a_pushed_request_is_looked_at() {
    succeed_on(ROWS.iter().filter(|row| row.id == "rp-idt-acr"), |_| Registered::Financial).await;
}
