//! What the attacks of the family `token_use` need to be off.

use std::sync::{Arc, Mutex};

use mock_idp::MockIdp;
use oauth_attacks::Level;
use serde_json::json;

use super::{Row, must};
use crate::victims::forgiving::as_confidential;
use crate::victims::front::{Answered, Answering, Bend, Bug, Call, Changed, Reply};

pub(super) const ROWS: &[Row] = &[
    must("as-introspect-unauth", &ANYBODY_ASKS, "by nobody", &["rfc6749-token-client-id-missing"]),
    Row::bug("as-introspect-foreign-aud", &ANY_RESOURCE_ASKS, Level::Should, "by another resource", &[]),
    must("as-introspect-dead", &FROM_A_CACHE, "a revoked token", &[]),
    must("as-revoke-foreign", &ANYBODY_REVOKES, "another client revoked", &["rfc7009-token-of-another-client"]),
    must("as-revoke-cascade", &REVOKES_NOTHING, "a revoked refresh token", &["rfc6749-refresh-token-unknown"]),
    Row::bug("as-revoke-cascade", &CHILDREN_LIVE, Level::Should, "stays valid", &["rfc6749-refresh-token-unknown"]),
    must("as-userinfo-token-misuse", &ANY_JWT, "to an ID token", &["rfc6750-token-invalid"]),
    must("as-userinfo-token-misuse", &ANY_SCOPE, "without the scope", &["oidc-userinfo-scope-missing"]),
    Row::bug("as-userinfo-transport", &URL_READ, Level::Should, "in the query", &["rfc6750-token-in-query"]),
    Row::bug("as-userinfo-transport", &FIRST_COUNTS, Level::Should, "and in the body", &["rfc6750-token-twice"]),
];

static ANYBODY_ASKS: Bug = Bug {
    lacks: "authentication of whoever introspects",
    bend: Some(|| {
        Arc::new(Answered {
            path: "/introspect",
            change: |call, reply| {
                if !call.headers.contains_key("authorization") && call.get("client_id").is_none() {
                    *reply = Reply::json(http::StatusCode::OK, &json!({ "active": true, "sub": "alice" }));
                }
            },
        })
    }),
    ..Bug::NONE
};

static ANY_RESOURCE_ASKS: Bug = Bug {
    lacks: "a look at whom a token is meant for when it is introspected",
    weakened: |builder| builder.on("introspect-any-audience"),
    ..Bug::NONE
};

static FROM_A_CACHE: Bug =
    Bug { lacks: "introspection of what became of a token", bend: Some(|| Arc::new(Cached::default())), ..Bug::NONE };

/// A server that says of a token forever what it said first.
#[derive(Default)]
struct Cached {
    said: Mutex<Vec<(String, Reply)>>,
}

impl Bend for Cached {
    fn serve<'a>(&'a self, server: &'a MockIdp, call: Call) -> Answering<'a> {
        Box::pin(async move {
            let token = call.get("token").filter(|_| call.path == "/introspect");
            let Some(token) = token else { return call.ask(server).await };
            let known = self.said.lock().expect("a lock").iter().find(|(known, _)| *known == token).cloned();
            if let Some((_, reply)) = known {
                return reply;
            }
            let reply = call.ask(server).await;
            self.said.lock().expect("a lock").push((token, reply.clone()));
            reply
        })
    }
}

static ANYBODY_REVOKES: Bug =
    Bug { lacks: "a look at whose a token is that is revoked", bend: Some(|| Arc::new(AsEither)), ..Bug::NONE };

/// A server that revokes a token for one client or the other, whoever asks.
struct AsEither;

impl Bend for AsEither {
    fn serve<'a>(&'a self, server: &'a MockIdp, call: Call) -> Answering<'a> {
        Box::pin(async move {
            if call.path == "/revoke" {
                let mut confidential = call.clone();
                as_confidential(&mut confidential);
                confidential.params().remove("client_id");
                confidential.ask(server).await;
                let mut public = call.clone();
                public.headers.remove("authorization");
                public.params().set("client_id", "app");
                public.ask(server).await;
            }
            call.ask(server).await
        })
    }
}

static REVOKES_NOTHING: Bug = Bug {
    lacks: "revocation of refresh tokens",
    bend: Some(|| Arc::new(Changed { path: "/revoke", change: |call| call.params().set("token", "another") })),
    ..Bug::NONE
};

static CHILDREN_LIVE: Bug = Bug {
    lacks: "revocation of what came from a refresh token",
    bend: Some(|| Arc::new(Stateless::default())),
    ..Bug::NONE
};

/// A resource that answers a token as it did before, whatever became of it.
#[derive(Default)]
struct Stateless {
    said: Mutex<Vec<(String, Reply)>>,
}

impl Bend for Stateless {
    fn serve<'a>(&'a self, server: &'a MockIdp, call: Call) -> Answering<'a> {
        Box::pin(async move {
            let header = call.headers.get("authorization").filter(|_| call.path == "/userinfo");
            let Some(header) = header.and_then(|value| value.to_str().ok()).map(str::to_owned) else {
                return call.ask(server).await;
            };
            let known = self.said.lock().expect("a lock").iter().find(|(known, _)| *known == header).cloned();
            if let Some((_, reply)) = known {
                return reply;
            }
            let reply = call.ask(server).await;
            self.said.lock().expect("a lock").push((header, reply.clone()));
            reply
        })
    }
}

static ANY_JWT: Bug = Bug {
    lacks: "a look at the type of a token",
    bend: Some(|| {
        Arc::new(Answered {
            path: "/userinfo",
            change: |call, reply| {
                let header = call.headers.get("authorization").and_then(|value| value.to_str().ok());
                let token = header.and_then(|text| text.strip_prefix("Bearer ")).unwrap_or_default();
                let signed = mock_idp::jose::Jws::parse(token).is_ok_and(|jws| jws.claims().contains_key("nonce"));
                if signed {
                    *reply = Reply::json(http::StatusCode::OK, &json!({ "sub": "alice" }));
                }
            },
        })
    }),
    ..Bug::NONE
};

static ANY_SCOPE: Bug = Bug {
    lacks: "a demand for the scope openid",
    bend: Some(|| {
        Arc::new(Answered {
            path: "/userinfo",
            change: |_, reply| {
                if reply.status == http::StatusCode::FORBIDDEN {
                    *reply = Reply::json(http::StatusCode::OK, &json!({ "sub": "alice" }));
                }
            },
        })
    }),
    ..Bug::NONE
};

static URL_READ: Bug =
    Bug { lacks: "refusal of tokens in the query", weakened: |builder| builder.on("token-in-query"), ..Bug::NONE };

static FIRST_COUNTS: Bug = Bug {
    lacks: "refusal of a token that is there twice",
    bend: Some(|| {
        Arc::new(Changed {
            path: "/userinfo",
            change: |call| {
                if call.headers.contains_key("authorization")
                    && let Some(form) = &mut call.form
                {
                    form.remove("access_token");
                }
            },
        })
    }),
    ..Bug::NONE
};
