//! What the attacks of the family `refresh_token` need to be off.

use http::StatusCode;
use mock_idp::Builder;
use mock_idp::jose::Jws;
use oauth_attacks::{Jwt, Level};
use serde_json::json;

use super::code::LOGOUT_OF_THE_COOKIE;
use super::{Row, must};
use crate::victims::front::{Bug, Call, Reply};
use crate::victims::remembering::{Memory, Next, Remembering, refused};
use crate::victims::server::Defence;

pub(super) const ROWS: &[Row] = &[
    Row::defence("as-refresh-replay", Defence::RotatedTokensRefused, Level::Must),
    Row::defence("as-refresh-replay", Defence::ReuseRevokes, Level::Should),
    must("as-refresh-race", &GRACE, "families went on", &["rfc9700-refresh-token-replayed"]),
    must(
        "as-refresh-no-rotation",
        &NEVER_ROTATED,
        "the same refresh token of a public client again",
        &["rfc9700-refresh-token-replayed"],
    ),
    must(
        "as-refresh-other-client",
        &OWNER_NOT_COMPARED,
        "a refresh token of another client",
        &["rfc6749-refresh-token-other-client"],
    ),
    must("as-refresh-noauth", &SECRET_FOR_CODES_ALONE, "a refresh without credentials", &["rfc6749-secret-missing"]),
    must(
        "as-refresh-noauth",
        &CLIENT_FROM_TOKEN,
        "a refresh by nobody in particular",
        &["rfc6749-token-client-id-missing"],
    ),
    must(
        "as-refresh-scope-up",
        &SCOPE_FROM_REFRESH,
        "a refresh brought a scope that was not granted",
        &["rfc6749-refresh-scope-wider"],
    ),
    must(
        "as-refresh-scope-up",
        &RESOURCE_FROM_REFRESH,
        "a refresh brought a resource that was not authorized",
        &["rfc8707-resource-not-authorized"],
    ),
    must(
        "as-refresh-after-revoke",
        &ACCESS_TOKENS_REVOKED_ALONE,
        "a refresh token that was revoked",
        &["rfc6749-refresh-token-unknown"],
    ),
    Row::bug(
        "as-refresh-after-revoke",
        &LOGOUT_OF_THE_COOKIE,
        Level::Should,
        "the refresh token of a user who has logged out",
        &["rfc6749-refresh-token-unknown"],
    ),
    must(
        "as-refresh-dpop-binding",
        &ANY_KEY,
        "a bound refresh token with another key",
        &["rfc9449-refresh-token-other-key"],
    ),
    must(
        "as-refresh-as-access",
        &ACCESS_TOKENS_REFRESH,
        "an access token as a refresh token",
        &["rfc6749-refresh-token-unknown"],
    ),
    must(
        "as-refresh-as-access",
        &REFRESH_TOKENS_OPEN_RESOURCES,
        "a refresh token as an access token",
        &["rfc6750-token-invalid"],
    ),
    Row::bug(
        "as-refresh-expiry",
        &FOR_EVER,
        Level::Should,
        "that nobody used for 400 days",
        &["rfc6749-refresh-token-expired", "rfc6749-refresh-token-unknown"],
    ),
    Row::bug(
        "as-refresh-expiry",
        &AS_LONG_AS_IT_IS_USED,
        Level::Info,
        "that is used never ends",
        &["rfc6749-refresh-token-expired", "rfc6749-refresh-token-unknown"],
    ),
    must(
        "as-refresh-tamper",
        &SIGNATURE_UNCHECKED,
        "a refresh token with part 2 of another one",
        &["rfc6749-refresh-token-unknown"],
    ),
];

/// The refresh token of a token request.
fn refreshed(call: &Call) -> Option<String> {
    call.get("refresh_token").filter(|_| call.path == "/token")
}

/// The token in a request to UserInfo.
fn shown(call: &Call) -> Option<String> {
    let value = call.headers.get("authorization").filter(|_| call.path == "/userinfo")?;
    value.to_str().ok()?.strip_prefix("Bearer ").map(str::to_owned)
}

static GRACE: Bug = Bug {
    lacks: "for a minute after its use, a refresh token has as many successors as are asked for",
    weakened: |builder| builder.amount("refresh-grace-seconds", 60),
    ..Bug::NONE
};

static NEVER_ROTATED: Bug = Bug {
    lacks: "refresh tokens stay the same, and nothing binds them",
    bend: Some(|| {
        Remembering::saying(latest_of, |call, reply| {
            let Some(first) = refreshed(call).filter(|_| reply.status == StatusCode::OK) else { return };
            let mut document = reply.document();
            document["refresh_token"] = first.into();
            reply.body = document.to_string().into_bytes();
        })
    }),
    ..Bug::NONE
};

/// Puts the latest refresh token of a family in the place of the first.
fn latest_of(memory: &Memory, call: &mut Call) -> Next {
    let Some(mut token) = refreshed(call) else { return Next::Ask };
    while let Some(next) = memory.successor(&token) {
        token = next;
    }
    call.params().set("refresh_token", token);
    Next::Ask
}

static OWNER_NOT_COMPARED: Bug = Bug {
    lacks: "whoever authenticates may use any refresh token",
    bend: Some(|| {
        Remembering::bend(|memory, call| {
            if let Some(token) = refreshed(call) {
                memory.as_owner(call, &token);
            }
            Next::Ask
        })
    }),
    ..Bug::NONE
};

static SECRET_FOR_CODES_ALONE: Bug = Bug {
    lacks: "a refresh asks for no secret",
    bend: Some(|| {
        Remembering::bend(|memory, call| {
            let unproved = call.get("client_id").is_some() && !call.headers.contains_key("authorization");
            if let Some(token) = refreshed(call).filter(|_| unproved) {
                memory.as_owner(call, &token);
            }
            Next::Ask
        })
    }),
    ..Bug::NONE
};

static CLIENT_FROM_TOKEN: Bug = Bug {
    lacks: "a refresh that names no client is one of the token's owner",
    bend: Some(|| {
        Remembering::bend(|memory, call| {
            let named = call.get("client_id").is_some() || call.headers.contains_key("authorization");
            if let Some(token) = refreshed(call).filter(|_| !named) {
                memory.as_owner(call, &token);
            }
            Next::Ask
        })
    }),
    ..Bug::NONE
};

/// Authorizes anew what a refresh asks for.
fn taken_over(name: &'static str, call: &Call) -> Next {
    match call.get(name).filter(|_| refreshed(call).is_some()) {
        Some(value) => Next::Anew(vec![(name, value)]),
        None => Next::Ask,
    }
}

static SCOPE_FROM_REFRESH: Bug = Bug {
    lacks: "the scope of a refresh is compared with what the client may have, not with what it was granted",
    bend: Some(|| Remembering::bend(|_, call| taken_over("scope", call))),
    ..Bug::NONE
};

static RESOURCE_FROM_REFRESH: Bug = Bug {
    lacks: "the resource of a refresh is compared with those that exist, not with those that were authorized",
    bend: Some(|| Remembering::bend(|_, call| taken_over("resource", call))),
    ..Bug::NONE
};

static ACCESS_TOKENS_REVOKED_ALONE: Bug = Bug {
    lacks: "revocation looks among the access tokens alone, and what is not there counts as revoked",
    bend: Some(|| {
        Remembering::bend(|memory, call| {
            let token = call.get("token").filter(|_| call.path == "/revoke");
            let is_refresh = |token: String| memory.beside(&token, "refresh_token") == Some(token);
            match token.is_some_and(is_refresh) {
                true => Next::Answer(Reply::json(StatusCode::OK, &json!({}))),
                false => Next::Ask,
            }
        })
    }),
    ..Bug::NONE
};

static ANY_KEY: Bug = Bug {
    lacks: "a refresh binds the new tokens to whatever key is proved",
    bend: Some(|| {
        Remembering::bend(|_, call| match refreshed(call).is_some() && call.headers.contains_key("dpop") {
            true => Next::Anew(Vec::new()),
            false => Next::Ask,
        })
    }),
    ..Bug::NONE
};

static ACCESS_TOKENS_REFRESH: Bug = Bug {
    lacks: "a family is found by any token of it",
    bend: Some(|| {
        Remembering::bend(|memory, call| {
            if let Some(token) = refreshed(call)
                && let Some(beside) = memory.beside(&token, "refresh_token")
            {
                call.params().set("refresh_token", beside);
            }
            Next::Ask
        })
    }),
    ..Bug::NONE
};

static REFRESH_TOKENS_OPEN_RESOURCES: Bug = Bug {
    lacks: "a resource takes whatever belongs to a user",
    bend: Some(|| {
        Remembering::bend(|memory, call| {
            if let Some(token) = shown(call)
                && let Some(beside) = memory.beside(&token, "access_token")
            {
                let value = format!("Bearer {beside}");
                call.headers.insert("authorization", value.parse().expect("a header"));
            }
            Next::Ask
        })
    }),
    ..Bug::NONE
};

const TEN_YEARS: u64 = 10 * 365 * 24 * 3600;

fn without_end(builder: Builder) -> Builder {
    builder.amount("refresh-absolute-seconds", TEN_YEARS)
}

static FOR_EVER: Bug = Bug {
    lacks: "refresh tokens do not expire",
    weakened: |builder| without_end(builder).amount("refresh-idle-seconds", TEN_YEARS),
    ..Bug::NONE
};

static AS_LONG_AS_IT_IS_USED: Bug = Bug {
    lacks: "refresh tokens expire when they are not used, and otherwise never",
    weakened: without_end,
    ..Bug::NONE
};

static SIGNATURE_UNCHECKED: Bug = Bug {
    lacks: "refresh tokens are JWTs whose signature is never checked",
    bend: Some(|| Remembering::saying(unwrapped, wrapped)),
    ..Bug::NONE
};

/// Makes a JWT of the refresh token in an answer.
fn wrapped(_call: &Call, reply: &mut Reply) {
    let mut document = reply.document();
    let Some(token) = document["refresh_token"].as_str() else { return };
    let jwt = Jwt::of_type("JWT").header("alg", "HS256").claim("jti", token).with_signature(token.as_bytes());
    document["refresh_token"] = jwt.into();
    reply.body = document.to_string().into_bytes();
}

/// Takes the refresh token out of its JWT.
fn unwrapped(_memory: &Memory, call: &mut Call) -> Next {
    let Some(token) = refreshed(call) else { return Next::Ask };
    let handle = Jws::parse(&token).ok().and_then(|jws| jws.claims().get("jti")?.as_str().map(str::to_owned));
    let Some(handle) = handle else { return refused("invalid_grant") };
    call.params().set("refresh_token", handle);
    Next::Ask
}
