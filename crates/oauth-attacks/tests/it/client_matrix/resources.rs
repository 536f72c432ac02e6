//! What the attacks of the family `resources` need to be off.

use oauth_attacks::Level;

use super::Row;
use crate::victims::client::Defence;

pub(super) const ROWS: &[Row] = &[
    Row { id: "rp-userinfo-sub", off: Defence::UserinfoSubjectCompared, level: Level::Must, because: "logs in" },
    Row {
        id: "rp-userinfo-unsigned",
        off: Defence::UserinfoSigned,
        level: Level::Must,
        because: "accepted UserInfo",
    },
    Row {
        id: "rp-userinfo-distributed-ssrf",
        off: Defence::ClaimSourcesTrusted,
        level: Level::Should,
        because: "fetches claims from where UserInfo says",
    },
    Row {
        id: "rp-userinfo-garbage",
        off: Defence::AnswersBounded,
        level: Level::Should,
        because: "reads UserInfo of eight mebibytes",
    },
    Row {
        id: "rp-refresh-idt-changed",
        off: Defence::RefreshedClaimsCompared,
        level: Level::Must,
        because: "accepted a refresh with another",
    },
    Row {
        id: "rp-refresh-rotation",
        off: Defence::NewRefreshTokenKept,
        level: Level::Must,
        because: "that was replaced",
    },
    Row {
        id: "rp-refresh-omitted",
        off: Defence::OldRefreshTokenKept,
        level: Level::Must,
        because: "sends something else than the old one",
    },
    Row {
        id: "rp-refresh-concurrency",
        off: Defence::RefreshedOnce,
        level: Level::Should,
        because: "at the same time",
    },
    Row {
        id: "rp-refresh-invalid-grant",
        off: Defence::RefusedRefreshTokenDropped,
        level: Level::Should,
        because: "sends a refused refresh token 2 times",
    },
    Row {
        id: "rp-refresh-scope",
        off: Defence::RefreshedScopeKept,
        level: Level::Should,
        because: "which was not granted",
    },
    Row {
        id: "rp-access-token-inspect",
        off: Defence::AccessTokenOpaque,
        level: Level::Should,
        because: "reads an access token that has expired",
    },
];
