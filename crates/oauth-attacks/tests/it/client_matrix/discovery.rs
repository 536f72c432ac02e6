//! What the attacks of the family `discovery` need to be off.

use super::{Row, must, should};
use crate::victims::client::Defence;

pub(super) const ROWS: &[Row] = &[
    must("rp-discovery-issuer-mismatch", Defence::MetadataIssuerCompared, "an issuer"),
    must("rp-discovery-http-endpoint", Defence::EndpointsEncrypted, "over plain http"),
    should("rp-discovery-ssrf", Defence::EndpointsEncrypted, "a key set is read from"),
    must("rp-discovery-shell", Defence::AuthorizationEndpointChecked, "opened"),
    should("rp-discovery-toctou", Defence::MetadataPinned, "was not there when the login began"),
    must("rp-discovery-redirect", Defence::MetadataNotRedirected, "where a redirect of the metadata leads"),
    must("rp-discovery-garbage", Defence::MetadataExpectedBroken, "broke down at metadata"),
    should("rp-discovery-garbage", Defence::AnswersBounded, "16 MiB"),
    must("rp-token-redirect-307", Defence::RedirectsNotFollowed, "followed a redirect of the token endpoint"),
    must("rp-token-redirect-302", Defence::RedirectsNotFollowed, "followed a redirect of the token endpoint"),
    must("rp-userinfo-redirect", Defence::RedirectsNotFollowed, "a redirect of /jwks leads to is believed"),
    must("rp-tls-invalid", Defence::CertificatesVerified, "a certificate of an unknown authority"),
    must("rp-tls-invalid", Defence::HostsVerified, "a certificate about another host"),
];
