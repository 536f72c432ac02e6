//! What the attacks of the family `id_token_signature` need to be off.

use oauth_attacks::Level;

use super::Row;
use crate::victims::client::Defence;

pub(super) const ROWS: &[Row] = &[
    Row {
        id: "rp-idt-alg-none",
        off: Defence::SignatureRequired,
        level: Level::Must,
        because: "without a signature",
    },
    Row {
        id: "rp-idt-sig-stripped",
        off: Defence::EmptySignatureWrong,
        level: Level::Must,
        because: "with an empty signature",
    },
    Row { id: "rp-idt-sig-wrong-key", off: Defence::SignatureVerified, level: Level::Must, because: "not published" },
    Row {
        id: "rp-idt-sig-bitflip",
        off: Defence::SignatureVerified,
        level: Level::Must,
        because: "changed after it was signed",
    },
    Row {
        id: "rp-idt-hs256-pubkey",
        off: Defence::AlgorithmFixed,
        level: Level::Must,
        because: "keyed with the public key",
    },
    Row {
        id: "rp-idt-hs256-pubkey",
        off: Defence::KeyOctetsNoSecret,
        level: Level::Must,
        because: "keyed with the public key in DER",
    },
    Row {
        id: "rp-idt-hs256-secret",
        off: Defence::SecretIsNoKey,
        level: Level::Must,
        because: "keyed with the client secret",
    },
    Row {
        id: "rp-idt-alg-unregistered",
        off: Defence::AlgorithmAgreed,
        level: Level::Should,
        because: "signed with",
    },
    Row {
        id: "rp-idt-es256-zero",
        off: Defence::SignatureInRange,
        level: Level::Must,
        because: "signed with ES256 and zeros",
    },
    Row { id: "rp-idt-b64-malleable", off: Defence::Base64Strict, level: Level::Must, because: "padding" },
    Row {
        id: "rp-idt-kid-unknown",
        off: Defence::KeysChosenByName,
        level: Level::Must,
        because: "of an unknown key",
    },
    Row {
        id: "rp-idt-kid-unknown",
        off: Defence::KeyFetchesLimited,
        level: Level::Should,
        because: "for 20 ID tokens",
    },
    Row {
        id: "rp-idt-kid-missing-multi",
        off: Defence::KeysForSignatures,
        level: Level::Must,
        because: "key for encryption",
    },
    Row {
        id: "rp-idt-kid-injection",
        off: Defence::KidOnlyNames,
        level: Level::Must,
        because: "whose kid is a path",
    },
    Row {
        id: "rp-idt-header-key",
        off: Defence::EmbeddedKeysIgnored,
        level: Level::Must,
        because: "with its own key",
    },
    Row { id: "rp-idt-header-url", off: Defence::AddressesIgnored, level: Level::Must, because: "" },
    Row { id: "rp-idt-crit", off: Defence::ExtensionsUnderstood, level: Level::Must, because: "extension" },
    Row { id: "rp-idt-typ-confusion", off: Defence::TypeCompared, level: Level::Should, because: "whose typ is" },
    Row {
        id: "rp-idt-typ-confusion",
        off: Defence::NonceRequired,
        level: Level::Must,
        because: "an access token without a type of its own",
    },
    Row { id: "rp-idt-json-serialization", off: Defence::CompactOnly, level: Level::Must, because: "an ID token" },
    Row {
        id: "rp-idt-duplicate-claims",
        off: Defence::LastMemberCounts,
        level: Level::Must,
        because: "of which the last is",
    },
    Row {
        id: "rp-idt-jwe-unexpected",
        off: Defence::EncryptedOnlyAsAgreed,
        level: Level::Must,
        because: "encrypted with the client secret",
    },
    Row {
        id: "rp-idt-jwe-zip-bomb",
        off: Defence::EncryptedOnlyAsAgreed,
        level: Level::Must,
        because: "inflates to 64 MiB",
    },
    Row { id: "rp-idt-oversize", off: Defence::AnswersBounded, level: Level::Should, because: "megabytes" },
    Row {
        id: "rp-jwks-weak-key",
        off: Defence::KeysOfOneAlgorithm,
        level: Level::Must,
        because: "for another algorithm",
    },
    Row {
        id: "rp-jwks-weak-key",
        off: Defence::KeysForSignatures,
        level: Level::Should,
        because: "key for encryption",
    },
    Row { id: "rp-jwks-rotation", off: Defence::KeysReplaced, level: Level::Must, because: "withdrawn" },
    Row {
        id: "rp-jwks-rotation",
        off: Defence::KeysFetchedAgain,
        level: Level::Must,
        because: "does not find a key",
    },
    Row { id: "rp-jwks-flood", off: Defence::KeySetsBounded, level: Level::Must, because: "a key set without end" },
    Row {
        id: "rp-jwks-confused",
        off: Defence::KeysForSignatures,
        level: Level::Must,
        because: "that has the name of another",
    },
];
