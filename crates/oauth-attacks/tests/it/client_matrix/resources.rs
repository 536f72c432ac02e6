//! What the attacks of the family `resources` need to be off.

use super::{Row, must, should};
use crate::victims::client::Defence;

pub(super) const ROWS: &[Row] = &[
    must("rp-userinfo-sub", Defence::UserinfoSubjectCompared, "logs in"),
    must("rp-userinfo-unsigned", Defence::UserinfoSigned, "accepted UserInfo"),
    should("rp-userinfo-distributed-ssrf", Defence::ClaimSourcesTrusted, "fetches claims from where UserInfo says"),
    should("rp-userinfo-garbage", Defence::AnswersBounded, "reads UserInfo of eight mebibytes"),
    must("rp-refresh-idt-changed", Defence::RefreshedClaimsCompared, "accepted a refresh with another"),
    must("rp-refresh-rotation", Defence::NewRefreshTokenKept, "that was replaced"),
    must("rp-refresh-omitted", Defence::OldRefreshTokenKept, "sends something else than the old one"),
    should("rp-refresh-concurrency", Defence::RefreshedOnce, "at the same time"),
    should("rp-refresh-invalid-grant", Defence::RefusedRefreshTokenDropped, "sends a refused refresh token 2 times"),
    should("rp-refresh-scope", Defence::RefreshedScopeKept, "which was not granted"),
    should("rp-access-token-inspect", Defence::AccessTokenOpaque, "reads an access token that has expired"),
];
