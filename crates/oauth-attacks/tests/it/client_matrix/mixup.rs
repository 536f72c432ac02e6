//! What the attacks of the family `mixup` need to be off.

use oauth_attacks::Level;

use super::Row;
use crate::victims::client::Defence;

pub(super) const ROWS: &[Row] = &[
    Row {
        id: "rp-mixup-classic",
        off: Defence::IssuerCompared,
        level: Level::Must,
        because: "redeemed the code of the honest server",
    },
    Row {
        id: "rp-mixup-per-as-redirect",
        off: Defence::RedirectCompared,
        level: Level::Must,
        because: "redeemed the code of the honest server",
    },
    Row {
        id: "rp-mixup-token-endpoint",
        off: Defence::IssuerCompared,
        level: Level::Must,
        because: "redeemed the code of the honest server",
    },
    Row {
        id: "rp-naive-session-integrity",
        off: Defence::ServerOfLogin,
        level: Level::Must,
        because: "redeemed the code of the attacker",
    },
    Row {
        id: "rp-coat",
        off: Defence::IssuerCompared,
        level: Level::Must,
        because: "redeemed the code of the honest account",
    },
    Row {
        id: "rp-corf",
        off: Defence::ServerOfLogin,
        level: Level::Must,
        because: "redeemed the code of the attacker's account",
    },
    Row {
        id: "rp-cosf",
        off: Defence::LoginsBelongToBrowsers,
        level: Level::Must,
        because: "redeemed the code of the victim",
    },
    Row {
        id: "rp-browser-swap",
        off: Defence::ResponsesElsewhereEndLogins,
        level: Level::Info,
        because: "in another browser before",
    },
    Row {
        id: "rp-audience-injection",
        off: Defence::AssertionForIssuer,
        level: Level::Must,
        because: "names the honest server",
    },
    Row {
        id: "rp-cross-as-credentials",
        off: Defence::RegistrationsKeptByServer,
        level: Level::Should,
        because: "client identifier of one server",
    },
    Row { id: "rp-dpop-key-shared", off: Defence::KeyForEachServer, level: Level::Info, because: "the same key" },
    Row {
        id: "rp-cuckoo-token",
        off: Defence::TokensForTheirResources,
        level: Level::Should,
        because: "is taken to a resource",
    },
    Row {
        id: "rp-prm-resource-mismatch",
        off: Defence::ResourceCompared,
        level: Level::Must,
        because: "a login begins with the metadata",
    },
    Row { id: "rp-prm-foreign-as", off: Defence::ResourceNamed, level: Level::Should, because: "good elsewhere" },
    Row {
        id: "rp-token-passthrough",
        off: Defence::TokenStaysAtOrigin,
        level: Level::Must,
        because: "follows a redirect",
    },
    Row {
        id: "rp-insufficient-scope-loop",
        off: Defence::StepUpBounded,
        level: Level::Should,
        because: "6 times in a row",
    },
];
