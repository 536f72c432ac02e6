//! What the attacks of the family `code` need to be off.

use std::fmt::Write as _;
use std::sync::Arc;

use http::StatusCode;
use mock_idp::Policy;
use mock_idp::dice::{Dice, SystemDice};
use mock_idp::jose::Jws;
use oauth_attacks::{Jwt, Level, Profile};
use serde_json::json;

use super::{Row, must};
use crate::victims::forms::{FOREIGN_LOGO, FORM_REPEATED, HEADERS_MISSING};
use crate::victims::front::{Bug, Call, Changed, Reply};
use crate::victims::remembering::{Memory, Next, Remembering, refused, with_code};
use crate::victims::server::Defence;

pub(super) const ROWS: &[Row] = &[
    Row::defence("as-code-replay", Defence::CodesAreSpent, Level::Must),
    Row::defence("as-code-replay", Defence::ReplayRevokes, Level::Should),
    Row::defence("as-code-replay-invalid-no-revoke", Defence::ChecksBeforeRevocation, Level::Should),
    Row::defence("as-code-replay-race", Defence::SpendingIsAtomic, Level::Must),
    Row::defence("as-code-race-mixed", Defence::OwnVerdictOnly, Level::Must),
    Row::bug(
        "as-code-replay-after-refresh",
        &FIRST_TOKENS_ONLY,
        Level::Should,
        "of a replayed code",
        &["rfc6749-code-replayed"],
    ),
    must("as-code-expired", &CODES_FOR_EVER, "to a code of yesterday", &["rfc6749-code-expired"]),
    Row::bug(
        "as-code-lifetime",
        &CODES_FOR_LONG,
        Level::Should,
        "a code that is 601 seconds old",
        &["rfc6749-code-expired"],
    ),
    must("as-code-lifetime", &CODES_FOR_LONG_IN_FINANCE, "a code that is 61 seconds old", &["rfc6749-code-expired"]),
    must(
        "as-code-replay-after-purge",
        &SPENT_CODES_FORGOTTEN,
        "a code that was redeemed 20 minutes ago",
        &["rfc6749-code-replayed", "rfc6749-code-unknown"],
    ),
    Row::defence("as-code-other-client", Defence::CodesBelongToClients, Level::Must),
    Row::bug(
        "as-code-other-client-burn",
        &CODES_BURNT_BY_ANYBODY,
        Level::Info,
        "another client can destroy a code",
        &["rfc6749-code-other-client"],
    ),
    must(
        "as-code-structured-tamper",
        &CODES_SAY_WHOSE_THEY_ARE,
        "a code with part 1 of another one",
        &["rfc6749-code-unknown"],
    ),
    must("as-code-structured-tamper", &CODES_UNSIGNED, "a code without its signature", &["rfc6749-code-unknown"]),
    must(
        "as-code-client-id-missing",
        &CLIENT_FROM_CODE,
        "a code without a client_id",
        &["rfc6749-token-client-id-missing"],
    ),
    Row::defence("as-code-redirect-mismatch", Defence::RedirectUriCompared, Level::Must),
    must(
        "as-code-redirect-omitted",
        &REDIRECT_URI_OPTIONAL,
        "a code without its redirect URI",
        &["rfc6749-token-redirect-uri-missing"],
    ),
    must("as-code-guessable", &SHORT_CODES, "128 are the least", &[]),
    Row::bug("as-code-guessable", &RATHER_SHORT_CODES, Level::Should, "160 are asked for", &[]),
    must("as-code-fuzzy-lookup", &CASE_IGNORED, "a code in the other case", &["rfc6749-code-unknown"]),
    must("as-code-fuzzy-lookup", &WILDCARDS, "percent sign", &["rfc6749-code-unknown"]),
    must("as-code-wrong-parameter-type", &ONE_TABLE, "a refresh token as a code", &["rfc6749-code-unknown"]),
    must(
        "as-code-wrong-parameter-type",
        &CODES_OPEN_RESOURCES,
        "a code as an access token",
        &["rfc6750-token-invalid"],
    ),
    must("as-code-cross-tenant", &TENANTS_SHARE_CODES, "a code of another issuer", &["rfc6749-code-unknown"]),
    must("as-code-scope-upgrade", &SCOPE_FROM_TOKEN_REQUEST, "the token request widened the scope", &[]),
    must(
        "as-code-resource-upgrade",
        &RESOURCE_FROM_TOKEN_REQUEST,
        "the token request chose a resource",
        &["rfc8707-resource-not-authorized"],
    ),
    must(
        "as-code-resource-upgrade",
        &DETAILS_FROM_TOKEN_REQUEST,
        "the token request chose authorization details",
        &["rfc9396-details-not-authorized"],
    ),
    must("as-code-nonce-override", &NONCE_FROM_TOKEN_REQUEST, "the nonce of the token request", &[]),
    Row::bug(
        "as-code-after-logout",
        &LOGOUT_OF_THE_COOKIE,
        Level::Should,
        "the code of a user who has logged out",
        &["rfc6749-code-unknown"],
    ),
    must(
        "as-code-grant-not-allowed",
        &ANY_GRANT,
        "a request of a client that may not use codes",
        &["rfc6749-code-grant-not-allowed"],
    ),
    must("as-code-307", &FORM_REPEATED, "sent on to the client by status 307", &[]),
    Row::bug("as-code-leak-headers", &HEADERS_MISSING, Level::Should, "does not forbid the Referer header", &[]),
    Row::bug("as-code-leak-headers", &FOREIGN_LOGO, Level::Should, "fetches something from https://cdn.example", &[]),
];

/// The code of a token request.
fn code_of(call: &Call) -> Option<String> {
    call.get("code").filter(|_| call.path == "/token")
}

/// Makes the authorization request anew with what the token request says for this parameter.
fn taken_over(name: &'static str, call: &Call) -> Next {
    match call.get(name).filter(|_| code_of(call).is_some()) {
        Some(value) => Next::Anew(vec![(name, value)]),
        None => Next::Ask,
    }
}

static FIRST_TOKENS_ONLY: Bug = Bug {
    lacks: "a replay revokes what the code brought at once, and nothing that came later",
    bend: Some(|| {
        Remembering::bend(|memory, call| match code_of(call) {
            Some(code) if memory.is_refreshed(&code) => refused("invalid_grant"),
            _ => Next::Ask,
        })
    }),
    ..Bug::NONE
};

/// A policy under which codes live this long.
fn codes_live(profile: mock_idp::Profile, seconds: u64) -> Policy {
    let mut policy = profile.policy();
    policy.code_lifetime = seconds;
    policy
}

static CODES_FOR_EVER: Bug = Bug {
    lacks: "a code lives until it is used",
    weakened: |builder| builder.policy(codes_live(mock_idp::Profile::Strict, 10 * 365 * 24 * 3600)),
    ..Bug::NONE
};

static CODES_FOR_LONG: Bug = Bug {
    lacks: "a code lives for half an hour",
    weakened: |builder| builder.policy(codes_live(mock_idp::Profile::Strict, 1800)),
    ..Bug::NONE
};

static CODES_FOR_LONG_IN_FINANCE: Bug = Bug {
    lacks: "a code lives for ten minutes where one is allowed",
    profile: mock_idp::Profile::Fapi2,
    judged_by: Profile::Fapi2,
    weakened: |builder| builder.policy(codes_live(mock_idp::Profile::Fapi2, 600)),
    ..Bug::NONE
};

static SPENT_CODES_FORGOTTEN: Bug = Bug {
    lacks: "the list of used codes is emptied after ten minutes, and the codes themselves say what they stand for",
    bend: Some(|| {
        Remembering::bend(|memory, call| {
            let Some(code) = code_of(call) else { return Next::Ask };
            let own = memory.look();
            match own.redeemed.get(&code) {
                Some(at) if own.now >= at + 600 => Next::Anew(Vec::new()),
                _ => Next::Ask,
            }
        })
    }),
    ..Bug::NONE
};

static CODES_BURNT_BY_ANYBODY: Bug = Bug {
    lacks: "a code is deleted when it is looked up, before the client is compared",
    bend: Some(|| {
        Remembering::bend(|memory, call| {
            let Some(code) = code_of(call) else { return Next::Ask };
            let owner = memory.asked(call, "client_id");
            let mut own = memory.look();
            if own.marked.contains(&code) {
                return refused("invalid_grant");
            }
            if owner.is_some() && owner != call.get("client_id") {
                own.marked.insert(code);
            }
            Next::Ask
        })
    }),
    ..Bug::NONE
};

static CODES_SAY_WHOSE_THEY_ARE: Bug = Bug {
    lacks: "the client of a code is read from the code, which nothing protects",
    bend: Some(|| Remembering::saying(believed, labelled)),
    ..Bug::NONE
};

fn labelled(call: &Call, reply: &mut Reply) {
    let client = call.get("client_id").unwrap_or_default();
    with_code(reply, |code| format!("{client}.{code}"));
}

fn believed(memory: &Memory, call: &mut Call) -> Next {
    let Some(code) = code_of(call) else { return Next::Ask };
    let said = code.split_once('.').map(|(client, handle)| (client.to_owned(), handle.to_owned()));
    taken_at_its_word(memory, call, said)
}

/// Redeems the handle that a code names, for the client that it names.
fn taken_at_its_word(memory: &Memory, call: &mut Call, said: Option<(String, String)>) -> Next {
    let Some((client, handle)) = said.filter(|(client, _)| call.get("client_id").as_ref() == Some(client)) else {
        return refused("invalid_grant");
    };
    call.params().set("code", handle);
    match memory.asked(call, "client_id") {
        Some(owner) if owner != client => Next::Anew(vec![("client_id", client)]),
        _ => Next::Ask,
    }
}

static CODES_UNSIGNED: Bug = Bug {
    lacks: "codes are JWTs whose signature is never checked",
    bend: Some(|| Remembering::saying(read, written)),
    ..Bug::NONE
};

fn written(call: &Call, reply: &mut Reply) {
    let client = call.get("client_id").unwrap_or_default();
    with_code(reply, |code| {
        let jwt = Jwt::of_type("JWT").header("alg", "HS256").claim("client_id", client).claim("jti", code);
        jwt.with_signature(code.as_bytes())
    });
}

fn read(memory: &Memory, call: &mut Call) -> Next {
    let Some(code) = code_of(call) else { return Next::Ask };
    let jws = Jws::parse(&code).ok();
    let said = |name: &str| jws.as_ref()?.claims().get(name)?.as_str().map(str::to_owned);
    let said = said("client_id").zip(said("jti"));
    taken_at_its_word(memory, call, said)
}

static CLIENT_FROM_CODE: Bug = Bug {
    lacks: "a request that names no client is taken for one of the code's owner",
    bend: Some(|| {
        Remembering::bend(|memory, call| {
            let named = call.get("client_id").is_some() || call.headers.contains_key("authorization");
            if code_of(call).is_some()
                && !named
                && let Some(owner) = memory.asked(call, "client_id")
            {
                call.params().set("client_id", owner);
            }
            Next::Ask
        })
    }),
    ..Bug::NONE
};

static REDIRECT_URI_OPTIONAL: Bug = Bug {
    lacks: "the redirect URI is compared if the token request has one",
    bend: Some(|| {
        Remembering::bend(|memory, call| {
            if code_of(call).is_some()
                && call.get("redirect_uri").is_none()
                && let Some(sent) = memory.asked(call, "redirect_uri")
            {
                call.params().set("redirect_uri", sent);
            }
            Next::Ask
        })
    }),
    ..Bug::NONE
};

/// Handles of this many octets.
#[derive(Debug)]
struct Short(usize);

impl Dice for Short {
    fn fill(&self, octets: &mut [u8]) {
        SystemDice.fill(octets);
    }

    fn handle(&self) -> String {
        let mut octets = vec![0; self.0];
        self.fill(&mut octets);
        octets.iter().fold(String::new(), |mut text, octet| {
            let _ = write!(text, "{octet:02x}");
            text
        })
    }
}

static SHORT_CODES: Bug =
    Bug { lacks: "a code is a number of 64 bits", weakened: |builder| builder.dice(Arc::new(Short(8))), ..Bug::NONE };

static RATHER_SHORT_CODES: Bug = Bug {
    lacks: "a code is a number of 128 bits",
    weakened: |builder| builder.dice(Arc::new(Short(16))),
    ..Bug::NONE
};

static CASE_IGNORED: Bug = Bug {
    lacks: "the database compares codes without case",
    bend: Some(|| {
        Remembering::bend(|memory, call| {
            let Some(code) = code_of(call) else { return Next::Ask };
            let known = memory.look().codes.keys().find(|own| own.eq_ignore_ascii_case(&code)).cloned();
            if let Some(known) = known {
                call.params().set("code", known);
            }
            Next::Ask
        })
    }),
    ..Bug::NONE
};

static WILDCARDS: Bug = Bug {
    lacks: "codes are looked up with LIKE",
    bend: Some(|| {
        Remembering::bend(|memory, call| {
            let Some(code) = code_of(call) else { return Next::Ask };
            let Some(beginning) = code.strip_suffix('%') else { return Next::Ask };
            let known = memory.look().codes.keys().find(|own| own.starts_with(beginning)).cloned();
            if let Some(known) = known {
                call.params().set("code", known);
            }
            Next::Ask
        })
    }),
    ..Bug::NONE
};

static ONE_TABLE: Bug = Bug {
    lacks: "codes and refresh tokens are in one table, and their kind is not looked at",
    bend: Some(|| {
        Remembering::bend(|memory, call| {
            let Some(code) = code_of(call) else { return Next::Ask };
            if memory.beside(&code, "refresh_token") == Some(code.clone()) {
                let form = call.params();
                form.set("grant_type", "refresh_token");
                form.set("refresh_token", code);
                for name in ["code", "code_verifier", "redirect_uri"] {
                    form.remove(name);
                }
            }
            Next::Ask
        })
    }),
    ..Bug::NONE
};

static CODES_OPEN_RESOURCES: Bug = Bug {
    lacks: "UserInfo finds the user by anything that was issued for one",
    bend: Some(|| {
        Remembering::bend(|memory, call| {
            let shown =
                call.headers.get("authorization").and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
            let code = shown.filter(|_| call.path == "/userinfo");
            match code.is_some_and(|code| memory.look().codes.contains_key(code)) {
                true => Next::Answer(Reply::json(StatusCode::OK, &json!({ "sub": "alice" }))),
                false => Next::Ask,
            }
        })
    }),
    ..Bug::NONE
};

static TENANTS_SHARE_CODES: Bug = Bug {
    lacks: "a code is found wherever it was issued",
    bend: Some(|| {
        Remembering::bend(|memory, call| {
            let code = call.get("code").filter(|_| call.path == "/elsewhere/token");
            let issued_by = code.and_then(|code| memory.look().codes.get(&code).map(|asked| asked.path.clone()));
            if issued_by.as_deref() == Some("/authorize") {
                call.path = "/token".to_owned();
            }
            Next::Ask
        })
    }),
    ..Bug::NONE
};

static SCOPE_FROM_TOKEN_REQUEST: Bug = Bug {
    lacks: "the scope of the token request wins",
    bend: Some(|| Remembering::bend(|_, call| taken_over("scope", call))),
    ..Bug::NONE
};

static RESOURCE_FROM_TOKEN_REQUEST: Bug = Bug {
    lacks: "the resource of the token request wins",
    bend: Some(|| Remembering::bend(|_, call| taken_over("resource", call))),
    ..Bug::NONE
};

static DETAILS_FROM_TOKEN_REQUEST: Bug = Bug {
    lacks: "the authorization details of the token request win",
    bend: Some(|| Remembering::bend(|_, call| taken_over("authorization_details", call))),
    ..Bug::NONE
};

static NONCE_FROM_TOKEN_REQUEST: Bug = Bug {
    lacks: "the nonce of the token request wins",
    bend: Some(|| Remembering::bend(|_, call| taken_over("nonce", call))),
    ..Bug::NONE
};

pub(super) static LOGOUT_OF_THE_COOKIE: Bug = Bug {
    lacks: "logging out deletes the cookie, and the server is not told",
    bend: Some(|| {
        Remembering::bend(|_, call| match call.path.as_str() {
            "/logout" => Next::Answer(Reply::json(StatusCode::OK, &json!({}))),
            _ => Next::Ask,
        })
    }),
    ..Bug::NONE
};

static ANY_GRANT: Bug = Bug {
    lacks: "the grant types of a client are not looked at where it sends a browser",
    bend: Some(|| {
        Arc::new(Changed {
            path: "/authorize",
            change: |call| {
                if call.get("client_id").as_deref() == Some("machine") {
                    call.params().set("client_id", "web");
                }
            },
        })
    }),
    ..Bug::NONE
};
