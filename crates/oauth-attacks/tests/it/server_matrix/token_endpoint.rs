//! What the attacks of the family `token_endpoint` need to be off.

use std::sync::Arc;

use http::{HeaderValue, Method, StatusCode};
use oauth_attacks::Level;
use oauth_attacks::redemption::basic;
use oauth_types::Params;
use serde_json::{Value, json};

use super::{Row, must};
use crate::victims::front::{Answered, Bug, Call, Changed, Reply};
use crate::victims::remembering::{Next, Remembering, refused};

pub(super) const ROWS: &[Row] = &[
    must("as-token-get", &ANY_METHOD, "a token request by GET", &["rfc6749-method-not-allowed"]),
    must("as-token-duplicate", &LAST_ONE_WINS, "the wrong one first,", &["rfc6749-token-parameter-twice"]),
    must("as-token-duplicate", &FIRST_ONE_WINS, "the wrong one last,", &["rfc6749-token-parameter-twice"]),
    must("as-token-duplicate", &QUERY_WINS, "the right one in the query", &["rfc6749-token-parameters-in-query"]),
    must(
        "as-token-grant-unknown",
        &GRANT_TYPES_WITHOUT_CASE,
        "a grant type in capitals",
        &["rfc6749-grant-type-unsupported"],
    ),
    must(
        "as-token-grant-unknown",
        &GRANT_TYPE_GUESSED,
        "a request without a grant type",
        &["rfc6749-grant-type-missing"],
    ),
    must("as-token-ropc", &PASSWORDS_COMPARED, "the server compares passwords", &["rfc6749-grant-type-unsupported"]),
    must(
        "as-token-ropc",
        &PASSWORDS_OFFERED,
        "the metadata offers the password grant",
        &["rfc6749-grant-type-unsupported"],
    ),
    must(
        "as-token-cc-public",
        &MACHINES_WITHOUT_SECRET,
        "the client credentials grant of a public client",
        &["rfc6749-client-credentials-public-client", "rfc6749-grant-type-not-allowed"],
    ),
    Row::bug(
        "as-token-cc-public",
        &MACHINES_REFRESH,
        Level::Should,
        "the client credentials grant brings a refresh token",
        &["rfc6749-client-credentials-public-client", "rfc6749-grant-type-not-allowed"],
    ),
    must("as-token-cacheable", &TOKENS_STORED, "an answer with tokens may be stored", &[]),
    Row::bug("as-token-cacheable", &REFUSALS_STORED, Level::Should, "a refusal may be stored", &[]),
    must("as-token-oversize", &BODIES_UNBOUNDED, "at a body of ten megabytes", &["rfc6749-parameters-unreadable"]),
    must(
        "as-token-oversize",
        &TEXT_TAKEN_FOR_GRANTED,
        "at octets that are no text",
        &["rfc6749-parameters-unreadable"],
    ),
    must("as-token-error-detail", &CHALLENGE_TOLD, "tells its challenge", &["rfc7636-verifier-wrong"]),
    Row::bug(
        "as-token-error-detail",
        &STACK_TRACES,
        Level::Should,
        "shows the inside of the server",
        &["rfc6749-code-unknown"],
    ),
    must(
        "as-token-method-override",
        &METHOD_FROM_HEADER,
        "a GET with x-http-method-override",
        &["rfc6749-method-not-allowed"],
    ),
    Row::bug(
        "as-token-method-override",
        &PATHS_TIDIED,
        Level::Info,
        "a path with a slash",
        &["rfc8414-no-such-path"],
    ),
];

/// Makes a GET the POST that it stands for.
fn posted(call: &mut Call) {
    call.method = Method::POST;
    call.headers.insert("content-type", HeaderValue::from_static("application/x-www-form-urlencoded"));
    call.form = Some(std::mem::take(&mut call.query));
}

/// Lets one value of each parameter stay.
fn once(call: &mut Call, choose: fn(&Params, &str) -> Option<String>) {
    let Some(form) = &call.form else { return };
    let mut single = Params::new();
    for (name, _) in form.iter() {
        if let Some(value) = choose(form, name) {
            single.set(name, value);
        }
    }
    call.form = Some(single);
}

/// Changes an answer in JSON.
fn edited(reply: &mut Reply, edit: impl FnOnce(&mut Value)) {
    let mut document = reply.document();
    edit(&mut document);
    reply.body = document.to_string().into_bytes();
}

static ANY_METHOD: Bug = Bug {
    lacks: "the token endpoint is registered for every method",
    bend: Some(|| {
        Arc::new(Changed {
            path: "/token",
            change: |call| {
                if call.method == Method::GET {
                    posted(call);
                }
            },
        })
    }),
    ..Bug::NONE
};

static LAST_ONE_WINS: Bug = Bug {
    lacks: "parameters are kept in a map, where the last one stays",
    bend: Some(|| {
        Arc::new(Changed {
            path: "/token",
            change: |call| once(call, |form, name| form.all(name).last().map(str::to_owned)),
        })
    }),
    ..Bug::NONE
};

static FIRST_ONE_WINS: Bug = Bug {
    lacks: "the first parameter of its name is taken",
    bend: Some(|| {
        Arc::new(Changed {
            path: "/token",
            change: |call| once(call, |form, name| form.all(name).next().map(str::to_owned)),
        })
    }),
    ..Bug::NONE
};

static QUERY_WINS: Bug = Bug {
    lacks: "query and body are merged, and the query wins",
    bend: Some(|| {
        Arc::new(Changed {
            path: "/token",
            change: |call| {
                let query = std::mem::take(&mut call.query);
                for (name, value) in query.iter() {
                    call.params().set(name, value);
                }
            },
        })
    }),
    ..Bug::NONE
};

static GRANT_TYPES_WITHOUT_CASE: Bug = Bug {
    lacks: "the grant type is compared without case",
    bend: Some(|| {
        Arc::new(Changed {
            path: "/token",
            change: |call| {
                if let Some(grant_type) = call.get("grant_type") {
                    call.params().set("grant_type", grant_type.to_ascii_lowercase());
                }
            },
        })
    }),
    ..Bug::NONE
};

static GRANT_TYPE_GUESSED: Bug = Bug {
    lacks: "a request that has a code is a request for a code",
    bend: Some(|| {
        Arc::new(Changed {
            path: "/token",
            change: |call| {
                let unsaid = call.form.as_ref().is_some_and(|form| form.raw("grant_type").is_none());
                if unsaid && call.get("code").is_some() {
                    call.params().set("grant_type", "authorization_code");
                }
            },
        })
    }),
    ..Bug::NONE
};

static PASSWORDS_COMPARED: Bug = Bug {
    lacks: "the password grant is still there for an old client",
    bend: Some(|| {
        Remembering::bend(|_, call| match call.get("grant_type").as_deref() {
            Some("password") => refused("invalid_grant"),
            _ => Next::Ask,
        })
    }),
    ..Bug::NONE
};

static PASSWORDS_OFFERED: Bug = Bug {
    lacks: "the password grant is on for whoever is registered for it",
    weakened: mock_idp::Builder::legacy,
    ..Bug::NONE
};

static MACHINES_WITHOUT_SECRET: Bug = Bug {
    lacks: "the secret is compared if there is one",
    bend: Some(|| {
        Arc::new(Changed {
            path: "/token",
            change: |call| {
                let machine = call.get("grant_type").as_deref() == Some("client_credentials");
                if machine && !call.headers.contains_key("authorization") {
                    let credentials = basic("machine", &"worthless-secret-of-machine".into());
                    call.headers.insert("authorization", credentials.parse().expect("a header"));
                    call.params().remove("client_id");
                }
            },
        })
    }),
    ..Bug::NONE
};

static MACHINES_REFRESH: Bug = Bug {
    lacks: "every answer with an access token gets a refresh token",
    bend: Some(|| {
        Arc::new(Answered {
            path: "/token",
            change: |call, reply| {
                let machine = call.get("grant_type").as_deref() == Some("client_credentials");
                if machine && reply.status == StatusCode::OK {
                    edited(reply, |document| document["refresh_token"] = json!("a-refresh-token-for-a-machine"));
                }
            },
        })
    }),
    ..Bug::NONE
};

static TOKENS_STORED: Bug = Bug {
    lacks: "answers have the headers that all answers have",
    bend: Some(|| {
        Arc::new(Answered {
            path: "/token",
            change: |_, reply| {
                reply.headers.insert("cache-control", HeaderValue::from_static("private, max-age=60"));
            },
        })
    }),
    ..Bug::NONE
};

static REFUSALS_STORED: Bug = Bug {
    lacks: "refusals are written by something else, which sets no headers",
    bend: Some(|| {
        Arc::new(Answered {
            path: "/token",
            change: |_, reply| {
                if reply.status.is_client_error() {
                    reply.headers.remove("cache-control");
                }
            },
        })
    }),
    ..Bug::NONE
};

/// The answer of a server that broke down.
fn broken() -> Next {
    Next::Answer(Reply::json(StatusCode::INTERNAL_SERVER_ERROR, &json!({ "message": "out of memory" })))
}

static BODIES_UNBOUNDED: Bug = Bug {
    lacks: "bodies are read to their end, and then there is no memory left",
    bend: Some(|| {
        Remembering::bend(|_, call| {
            let longest = call.form.iter().flat_map(|form| form.iter()).map(|(_, value)| value.len()).max();
            match call.body.len().max(longest.unwrap_or_default()) > 1024 * 1024 {
                true => broken(),
                false => Next::Ask,
            }
        })
    }),
    ..Bug::NONE
};

static TEXT_TAKEN_FOR_GRANTED: Bug = Bug {
    lacks: "an error in the text of a body is caught by nobody",
    bend: Some(|| {
        Remembering::bend(|_, call| match std::str::from_utf8(&call.body).is_err() && call.body.len() < 1000 {
            true => broken(),
            false => Next::Ask,
        })
    }),
    ..Bug::NONE
};

static CHALLENGE_TOLD: Bug = Bug {
    lacks: "the comparison says what it compared with",
    bend: Some(|| {
        Remembering::bend(|memory, call| {
            let sent = call.get("code_verifier").filter(|_| call.path == "/token");
            let (Some(verifier), Some(challenge)) = (sent, memory.asked(call, "code_challenge")) else {
                return Next::Ask;
            };
            if challenge_of(&verifier) == challenge {
                return Next::Ask;
            }
            let told = format!("expected a verifier for {challenge}");
            let body = json!({ "error": "invalid_grant", "error_description": told });
            Next::Answer(Reply::json(StatusCode::BAD_REQUEST, &body))
        })
    }),
    ..Bug::NONE
};

/// RFC 7636 section 4.2.
fn challenge_of(verifier: &str) -> String {
    use base64::Engine as _;
    use sha2::Digest as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(sha2::Sha256::digest(verifier))
}

static STACK_TRACES: Bug = Bug {
    lacks: "the server still runs as it did on the developer's desk",
    bend: Some(|| {
        Arc::new(Answered {
            path: "/token",
            change: |_, reply| {
                if reply.status.is_client_error() {
                    edited(reply, |document| {
                        document["trace"] = json!("Traceback (most recent call last):\n  File \"token.py\"");
                    });
                }
            },
        })
    }),
    ..Bug::NONE
};

static METHOD_FROM_HEADER: Bug = Bug {
    lacks: "the framework lets a header say the method",
    bend: Some(|| {
        Arc::new(Changed {
            path: "/token",
            change: |call| {
                if call.headers.remove("x-http-method-override").is_some() {
                    posted(call);
                }
            },
        })
    }),
    ..Bug::NONE
};

static PATHS_TIDIED: Bug = Bug {
    lacks: "the router tidies paths before it compares them",
    bend: Some(|| {
        Remembering::bend(|_, call| {
            if call.path.trim_matches('/') == "token" {
                call.path = "/token".to_owned();
            }
            Next::Ask
        })
    }),
    ..Bug::NONE
};
