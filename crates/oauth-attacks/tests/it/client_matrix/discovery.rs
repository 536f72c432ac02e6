//! What the attacks of the family `discovery` need to be off.

use oauth_attacks::Level;

use super::Row;
use crate::victims::client::Defence;

pub(super) const ROWS: &[Row] = &[
    Row {
        id: "rp-discovery-issuer-mismatch",
        off: Defence::MetadataIssuerCompared,
        level: Level::Must,
        because: "an issuer",
    },
    Row {
        id: "rp-discovery-http-endpoint",
        off: Defence::EndpointsEncrypted,
        level: Level::Must,
        because: "over plain http",
    },
    Row {
        id: "rp-discovery-ssrf",
        off: Defence::EndpointsEncrypted,
        level: Level::Should,
        because: "a key set is read from",
    },
    Row {
        id: "rp-discovery-shell",
        off: Defence::AuthorizationEndpointChecked,
        level: Level::Must,
        because: "opened",
    },
    Row {
        id: "rp-discovery-toctou",
        off: Defence::MetadataPinned,
        level: Level::Should,
        because: "was not there when the login began",
    },
    Row {
        id: "rp-discovery-redirect",
        off: Defence::MetadataNotRedirected,
        level: Level::Must,
        because: "where a redirect of the metadata leads",
    },
    Row {
        id: "rp-discovery-garbage",
        off: Defence::MetadataExpectedBroken,
        level: Level::Must,
        because: "broke down at metadata",
    },
    Row { id: "rp-discovery-garbage", off: Defence::AnswersBounded, level: Level::Should, because: "16 MiB" },
    Row {
        id: "rp-token-redirect-307",
        off: Defence::RedirectsNotFollowed,
        level: Level::Must,
        because: "followed a redirect of the token endpoint",
    },
    Row {
        id: "rp-token-redirect-302",
        off: Defence::RedirectsNotFollowed,
        level: Level::Must,
        because: "followed a redirect of the token endpoint",
    },
    Row {
        id: "rp-userinfo-redirect",
        off: Defence::RedirectsNotFollowed,
        level: Level::Must,
        because: "a redirect of /jwks leads to is believed",
    },
    Row {
        id: "rp-tls-invalid",
        off: Defence::CertificatesVerified,
        level: Level::Must,
        because: "a certificate of an unknown authority",
    },
    Row {
        id: "rp-tls-invalid",
        off: Defence::HostsVerified,
        level: Level::Must,
        because: "a certificate about another host",
    },
];
