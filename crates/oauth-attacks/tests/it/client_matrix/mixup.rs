//! What the attacks of the family `mixup` need to be off.

use oauth_attacks::Level;

use super::{Row, must, should};
use crate::victims::client::Defence;

pub(super) const ROWS: &[Row] = &[
    must("rp-mixup-classic", Defence::IssuerCompared, "redeemed the code of the honest server"),
    must("rp-mixup-per-as-redirect", Defence::RedirectCompared, "redeemed the code of the honest server"),
    must("rp-mixup-token-endpoint", Defence::IssuerCompared, "redeemed the code of the honest server"),
    must("rp-naive-session-integrity", Defence::ServerOfLogin, "redeemed the code of the attacker"),
    must("rp-coat", Defence::IssuerCompared, "redeemed the code of the honest account"),
    must("rp-corf", Defence::ServerOfLogin, "redeemed the code of the attacker's account"),
    must("rp-cosf", Defence::LoginsBelongToBrowsers, "redeemed the code of the victim"),
    Row {
        level: Level::Info,
        ..must("rp-browser-swap", Defence::ResponsesElsewhereEndLogins, "in another browser before")
    },
    must("rp-audience-injection", Defence::AssertionForIssuer, "names the honest server"),
    should("rp-cross-as-credentials", Defence::RegistrationsKeptByServer, "client identifier of one server"),
    Row { level: Level::Info, ..must("rp-dpop-key-shared", Defence::KeyForEachServer, "the same key") },
    should("rp-cuckoo-token", Defence::TokensForTheirResources, "is taken to a resource"),
    must("rp-prm-resource-mismatch", Defence::ResourceCompared, "a login begins with the metadata"),
    should("rp-prm-foreign-as", Defence::ResourceNamed, "good elsewhere"),
    must("rp-token-passthrough", Defence::TokenStaysAtOrigin, "follows a redirect"),
    should("rp-insufficient-scope-loop", Defence::StepUpBounded, "6 times in a row"),
];
