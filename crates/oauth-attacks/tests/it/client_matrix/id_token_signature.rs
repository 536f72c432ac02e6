//! What the attacks of the family `id_token_signature` need to be off.

use super::{Row, must, should};
use crate::victims::client::Defence;

pub(super) const ROWS: &[Row] = &[
    must("rp-idt-alg-none", Defence::SignatureRequired, "without a signature"),
    must("rp-idt-sig-stripped", Defence::EmptySignatureWrong, "with an empty signature"),
    must("rp-idt-sig-wrong-key", Defence::SignatureVerified, "not published"),
    must("rp-idt-sig-bitflip", Defence::SignatureVerified, "changed after it was signed"),
    must("rp-idt-hs256-pubkey", Defence::AlgorithmFixed, "keyed with the public key"),
    must("rp-idt-hs256-pubkey", Defence::KeyOctetsNoSecret, "keyed with the public key in DER"),
    must("rp-idt-hs256-secret", Defence::SecretIsNoKey, "keyed with the client secret"),
    should("rp-idt-alg-unregistered", Defence::AlgorithmAgreed, "signed with"),
    must("rp-idt-es256-zero", Defence::SignatureInRange, "signed with ES256 and zeros"),
    must("rp-idt-b64-malleable", Defence::Base64Strict, "padding"),
    must("rp-idt-kid-unknown", Defence::KeysChosenByName, "of an unknown key"),
    should("rp-idt-kid-unknown", Defence::KeyFetchesLimited, "for 20 ID tokens"),
    must("rp-idt-kid-missing-multi", Defence::KeysForSignatures, "key for encryption"),
    must("rp-idt-kid-injection", Defence::KidOnlyNames, "whose kid is a path"),
    must("rp-idt-header-key", Defence::EmbeddedKeysIgnored, "with its own key"),
    must("rp-idt-header-url", Defence::AddressesIgnored, ""),
    must("rp-idt-crit", Defence::ExtensionsUnderstood, "extension"),
    should("rp-idt-typ-confusion", Defence::TypeCompared, "whose typ is"),
    must("rp-idt-typ-confusion", Defence::NonceRequired, "an access token without a type of its own"),
    must("rp-idt-json-serialization", Defence::CompactOnly, "an ID token"),
    must("rp-idt-duplicate-claims", Defence::LastMemberCounts, "of which the last is"),
    must("rp-idt-jwe-unexpected", Defence::EncryptedOnlyAsAgreed, "encrypted with the client secret"),
    must("rp-idt-jwe-zip-bomb", Defence::EncryptedOnlyAsAgreed, "inflates to 64 MiB"),
    should("rp-idt-oversize", Defence::AnswersBounded, "megabytes"),
    must("rp-jwks-weak-key", Defence::KeysOfOneAlgorithm, "for another algorithm"),
    should("rp-jwks-weak-key", Defence::KeysForSignatures, "key for encryption"),
    must("rp-jwks-rotation", Defence::KeysReplaced, "withdrawn"),
    must("rp-jwks-rotation", Defence::KeysFetchedAgain, "does not find a key"),
    must("rp-jwks-flood", Defence::KeySetsBounded, "a key set without end"),
    must("rp-jwks-confused", Defence::KeysForSignatures, "that has the name of another"),
];
