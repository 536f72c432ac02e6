//! What the attacks of the family `metadata` need to be off.

use std::sync::{Arc, Mutex};

use mock_idp::MockIdp;
use oauth_attacks::Level;
use oauth_types::Params;
use serde_json::json;

use super::shapes::{Reshaped, rewrite};
use super::{Row, must};
use crate::victims::front::{Answered, Answering, Bend, Bug, Call, Reply};

pub(super) const ROWS: &[Row] = &[
    must("as-meta-issuer", &OTHER_ISSUER, "another issuer", &[]),
    must("as-meta-issuer", &UNENCRYPTED, "is not https", &[]),
    must("as-jwks-leak", &WHOLE_KEYS, "private member d", &[]),
    must("as-jwks-leak", &SHORT_KEYS, "has 1024 bits", &[]),
    must("as-idtoken-content", &NONCE_LOST, "the nonce", &[]),
    must("as-idtoken-content", &NO_CODE_HASH, "no hash of the code", &[]),
    must("as-dcr-redirect-scheme", &ANY_SCHEME, "that is a script", &["rfc7591-redirect-uri-insecure"]),
    must("as-dcr-ssrf", &CURIOUS, "opened an address", &["rfc7591-metadata-malformed"]),
    must("as-dcr-foreign-management", &ANY_TOKEN, "reading of another", &["rfc7592-token-wrong"]),
    Row::bug("as-dcr-privilege", &ANY_GRANT, Level::Should, "with the scope admin", &["rfc7591-grant-of-a-stranger"]),
    Row::bug("as-subject-confusion", &OWN_NAME, Level::Should, "called like a user", NAMED),
    must("as-subject-confusion", &CLIENT_IS_USER, "own access token", NAMED),
    must("as-logout-redirect", &ANY_EXIT, "leads there", &["oidc-logout-redirect-unregistered"]),
    must("as-logout-redirect", &ANY_EXIT_ONCE_AGREED, "leads there", &["oidc-logout-redirect-unregistered"]),
    Row::bug("as-logout-csrf", &UNASKED, Level::Should, "nobody was asked", &[]),
];

const NAMED: &[&str] = &["rfc7591-member-of-the-server"];

/// Changes the document in an answer.
fn edit(reply: &mut Reply, change: impl FnOnce(&mut serde_json::Value)) {
    let mut document = reply.document();
    change(&mut document);
    reply.body = document.to_string().into_bytes();
}

static OTHER_ISSUER: Bug = Bug {
    lacks: "one issuer in all of its metadata",
    bend: Some(|| {
        Arc::new(Answered {
            path: "/.well-known/oauth-authorization-server",
            change: |_, reply| edit(reply, |document| document["issuer"] = json!("https://other.example")),
        })
    }),
    ..Bug::NONE
};

static UNENCRYPTED: Bug = Bug {
    lacks: "https at each of its endpoints",
    bend: Some(|| {
        Arc::new(Answered {
            path: "/.well-known/openid-configuration",
            change: |_, reply| {
                edit(reply, |document| {
                    document["device_authorization_endpoint"] = json!("http://idp.example/device")
                });
            },
        })
    }),
    ..Bug::NONE
};

static WHOLE_KEYS: Bug = Bug {
    lacks: "public halves in its key set",
    bend: Some(|| {
        Arc::new(Answered {
            path: "/jwks",
            change: |_, reply| edit(reply, |set| set["keys"][0]["d"] = json!("c2VjcmV0")),
        })
    }),
    ..Bug::NONE
};

static SHORT_KEYS: Bug = Bug {
    lacks: "keys of sufficient length",
    bend: Some(|| {
        Arc::new(Answered {
            path: "/jwks",
            change: |_, reply| {
                let short = base64::Engine::encode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, [0x80; 128]);
                let key = json!({ "kty": "RSA", "kid": "short", "e": "AQAB", "n": short });
                edit(reply, |set| set["keys"].as_array_mut().expect("keys").push(key));
            },
        })
    }),
    ..Bug::NONE
};

static NONCE_LOST: Bug = Bug {
    lacks: "memory of the nonce",
    bend: Some(|| {
        Arc::new(crate::victims::front::Changed {
            path: "/authorize",
            change: |call| {
                call.params().remove("nonce");
            },
        })
    }),
    ..Bug::NONE
};

static NO_CODE_HASH: Bug = Bug {
    lacks: "the hash of the code in ID tokens of hybrid flows",
    profile: mock_idp::Profile::Legacy,
    on_its_own: true,
    bend: Some(|| Arc::new(Hashless)),
    ..Bug::NONE
};

/// A server that puts the ID token of one login beside the code of another.
struct Hashless;

impl Bend for Hashless {
    fn serve<'a>(&'a self, server: &'a MockIdp, call: Call) -> Answering<'a> {
        Box::pin(async move {
            let again = call.clone();
            let reply = call.ask(server).await;
            let Some((location, code)) = hybrid_code(&reply) else { return reply };
            let Some((_, other)) = hybrid_code(&again.ask(server).await) else { return reply };
            reply.leading_to(&location.replace(&code, &other))
        })
    }
}

/// Where an answer leads, and the code there, if there is an ID token beside it.
fn hybrid_code(reply: &Reply) -> Option<(String, String)> {
    let location = reply.location()?.to_owned();
    let sent = Params::parse(location.split_once('#')?.1).ok()?;
    sent.get("id_token")?;
    Some((location.clone(), sent.get("code")?.to_owned()))
}

static ANY_SCHEME: Bug = Bug {
    lacks: "a look at the redirect URIs that are registered",
    bend: Some(|| {
        Arc::new(Answered {
            path: "/register",
            change: |call, reply| {
                if String::from_utf8_lossy(&call.body).contains("script:") {
                    let registered = json!({ "client_id": "registered", "token_endpoint_auth_method": "none" });
                    *reply = Reply::json(http::StatusCode::CREATED, &registered);
                }
            },
        })
    }),
    ..Bug::NONE
};

static CURIOUS: Bug =
    Bug { lacks: "indifference to addresses inside its network", bend: Some(|| Arc::new(Curious)), ..Bug::NONE };

/// A server that looks at the logo of a client when it registers.
struct Curious;

impl Bend for Curious {
    fn serve<'a>(&'a self, server: &'a MockIdp, call: Call) -> Answering<'a> {
        Box::pin(async move {
            let asked: serde_json::Value = serde_json::from_slice(&call.body).unwrap_or_default();
            if let Some(logo) = asked["logo_uri"].as_str() {
                // A logo that is not there is no reason not to register.
                let _ = reqwest::get(logo).await;
            }
            call.ask(server).await
        })
    }
}

static ANY_TOKEN: Bug = Bug {
    lacks: "comparison of a registration access token with the registration",
    bend: Some(|| Arc::new(AnyToken::default())),
    ..Bug::NONE
};

/// A server that takes any of its registration access tokens for any registration.
#[derive(Default)]
struct AnyToken {
    issued: Mutex<Vec<(String, String)>>,
}

impl Bend for AnyToken {
    fn serve<'a>(&'a self, server: &'a MockIdp, mut call: Call) -> Answering<'a> {
        Box::pin(async move {
            if call.path == "/client" && call.headers.contains_key("authorization") {
                let client_id = call.query.get("client_id").unwrap_or_default().to_owned();
                let issued = self.issued.lock().expect("a lock");
                if let Some((_, token)) = issued.iter().find(|(owner, _)| *owner == client_id) {
                    call.headers.insert("authorization", format!("Bearer {token}").parse().expect("a header"));
                }
            }
            let registers = call.path == "/register";
            let reply = call.ask(server).await;
            let told = reply.document();
            if let (true, Some(id), Some(token)) =
                (registers, told["client_id"].as_str(), told["registration_access_token"].as_str())
            {
                self.issued.lock().expect("a lock").push((id.to_owned(), token.to_owned()));
            }
            reply
        })
    }
}

static ANY_GRANT: Bug = Bug {
    lacks: "limits to what a stranger may register for",
    weakened: |builder| builder.on("registration-of-any-grant"),
    ..Bug::NONE
};

static OWN_NAME: Bug =
    Bug { lacks: "identifiers of its own for clients", bend: Some(|| Arc::new(OwnName)), ..Bug::NONE };

/// A server that calls a client as it wants to be called.
struct OwnName;

impl Bend for OwnName {
    fn serve<'a>(&'a self, server: &'a MockIdp, mut call: Call) -> Answering<'a> {
        Box::pin(async move {
            let mut asked: serde_json::Value = serde_json::from_slice(&call.body).unwrap_or_default();
            let name = asked.as_object_mut().and_then(|asked| asked.remove("client_id"));
            let Some(name) = name.filter(|_| call.path == "/register") else { return call.ask(server).await };
            call.body = asked.to_string().into_bytes();
            let mut reply = call.ask(server).await;
            edit(&mut reply, |told| told["client_id"] = name);
            reply
        })
    }
}

static CLIENT_IS_USER: Bug = Bug {
    lacks: "a difference between clients and users at UserInfo",
    bend: Some(|| {
        Arc::new(Answered {
            path: "/userinfo",
            change: |_, reply| {
                if reply.status != http::StatusCode::OK {
                    *reply = Reply::json(http::StatusCode::OK, &json!({ "sub": "machine" }));
                }
            },
        })
    }),
    ..Bug::NONE
};

static ANY_EXIT: Bug = Bug {
    lacks: "comparison of where a logout leads with what is registered",
    bend: Some(|| {
        Arc::new(Answered {
            path: "/logout",
            change: |call, reply| {
                if let Some(to) = call.query.get("post_logout_redirect_uri") {
                    reply.status = http::StatusCode::FOUND;
                    *reply = reply.clone().leading_to(to);
                }
            },
        })
    }),
    ..Bug::NONE
};

/// The name under which its form keeps where a logout leads.
const EXIT: &str = "exit";

static ANY_EXIT_ONCE_AGREED: Bug = Bug {
    lacks: "comparison of where a logout leads, which it remembers until somebody agrees, with what is registered",
    bend: Some(|| {
        let takes = |call: &mut Call| {
            if call.path == "/logout" {
                for name in ["id_token_hint", "post_logout_redirect_uri", EXIT] {
                    call.query.remove(name);
                }
            }
        };
        let gives = |asked: &Call, reply: &mut Reply| {
            let next = asked.query.get("post_logout_redirect_uri").filter(|_| asked.path == "/logout");
            if let Some(to) = next {
                let action = Params::new().with(EXIT, to).append_to_query("/logout");
                rewrite(reply, |page| page.replace("action=\"/logout\"", &format!("action=\"{action}\"")));
            }
            if let Some(to) = asked.query.get(EXIT) {
                reply.status = http::StatusCode::FOUND;
                *reply = reply.clone().leading_to(to);
            }
        };
        Arc::new(Reshaped { takes, gives })
    }),
    ..Bug::NONE
};

static UNASKED: Bug =
    Bug { lacks: "a question before a logout", weakened: |builder| builder.on("logout-unasked"), ..Bug::NONE };
