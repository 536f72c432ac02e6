//! What the attacks of the family `pushed` need to be off.

use std::sync::Arc;

use http::{Method, StatusCode};
use mock_idp::MockIdp;
use oauth_attacks::redemption::basic;
use oauth_attacks::{Level, Profile};
use oauth_types::Params;

use super::{Row, must};
use crate::victims::front::{Answered, Answering, Bend, Bug, Call, Changed, answered_at};
use crate::victims::objects::{Forgiving, Sent, knowing_signer, with_signer};
use crate::victims::references::{Anywhere, Bypassed, Challengeless, Numbered, Ownerless};

pub(super) const ROWS: &[Row] = &[
    Row::bug(
        "as-par-reuse",
        &REUSABLE,
        Level::Should,
        "the second use of a reference with a code",
        &["rfc9126-request-uri-reused"],
    ),
    must("as-par-expired", &ENDLESS, "an expired reference with a code", &["rfc9126-request-uri-expired"]),
    must("as-par-other-client", &OWNERLESS, "as the second one with a code", &["rfc9126-request-uri-other-client"]),
    must(
        "as-par-swap",
        &CHALLENGELESS,
        "200 with tokens to the code of a planted reference",
        &["rfc7636-verifier-wrong"],
    ),
    must("as-par-swap", &LAST_WORD, "the state of the victim's session", &["rfc7636-verifier-wrong"]),
    must("as-par-guess", &NUMBERED, "references differ in about 7 bits", &[]),
    must("as-par-unauthenticated", &TRUSTING, "without credentials with a reference", &["rfc6749-secret-missing"]),
    must("as-par-unauthenticated", &ANY_SECRET, "with wrong credentials with a reference", &["rfc6749-secret-wrong"]),
    must(
        "as-par-nested",
        &NESTING,
        "a pushed request with a reference with a reference",
        &["rfc9126-request-uri-pushed"],
    ),
    must("as-par-verb", &ANY_METHOD, "a GET with a reference", &["rfc6749-method-not-allowed"]),
    must("as-par-bypass", &BYPASSED, "a request that was not pushed with a code", &["rfc9126-request-not-pushed"]),
    must("as-par-override", &LAST_WORD, "another state beside a reference counts", &[]),
    must("as-par-override", &ELSEWHERE, "another redirect_uri beside a reference counts", &[]),
    must(
        "as-par-unregistered-redirect",
        &ANYWHERE,
        "a foreign redirect URI with a reference",
        &["rfc9700-redirect-uri-unregistered"],
    ),
    must(
        "as-par-cross-tenant",
        &ONE_STORE,
        "a reference of another issuer with a code",
        &["rfc9126-request-uri-unknown"],
    ),
    must(
        "as-jar-alg-none",
        &NONE_TAKEN,
        "an unsigned request object with a code",
        &["rfc9101-request-object-algorithm"],
    ),
    must("as-jar-alg-none", &NONE_LISTED, "of algorithm nOnE with a code", &["rfc9101-request-object-algorithm"]),
    must("as-jar-alg-none", &STRIPPED, "without its signature with a code", &["rfc9101-request-object-signature"]),
    must("as-jar-key-confusion", &ANY_KIND, "keyed with the public key in PEM", &["rfc9101-request-object-key"]),
    must("as-jar-key-confusion", &OWN_KEY, "with its key in the header with a code", &["rfc9101-request-object-key"]),
    must(
        "as-jar-key-confusion",
        &CURIOUS,
        "the server fetched what a request object with jku",
        &["rfc9101-request-object-key"],
    ),
    must("as-jar-claims", &ANY_AUDIENCE, "for another audience with a code", &["rfc9101-request-object-audience"]),
    must("as-jar-claims", &ANY_CLIENT, "in the name of another client with a code", &["rfc9101-client-ids-differ"]),
    must("as-jar-claims", &TIMELESS, "after its end with a code", &["rfc9101-request-object-expiry"]),
    must("as-jar-claims", &TOO_EARLY, "before its time with a code", &["rfc9101-request-object-early"]),
    Row::bug(
        "as-jar-claims",
        &ANY_ISSUER,
        Level::Should,
        "with another issuer with a code",
        &["rfc9101-request-object-issuer"],
    ),
    must("as-jar-claims", &TEN_YEARS, "with an end in ten years with a code", &["rfc9101-request-object-expiry"]),
    Row::bug(
        "as-jar-replay",
        &REPLAYED,
        Level::Should,
        "the second use of a request object",
        &["rfc9101-request-object-replayed"],
    ),
    must(
        "as-jar-request-uri-ssrf",
        &FETCHING,
        "the server asked at a request_uri on loopback that answers",
        &["rfc9101-request-uri-unregistered"],
    ),
];

static REUSABLE: Bug = Bug {
    lacks: "the end of a reference with its first use",
    weakened: |builder| builder.on("request-uri-reusable"),
    ..Bug::NONE
};

static ENDLESS: Bug = Bug {
    lacks: "a look at the time that it has said",
    weakened: |builder| builder.amount("request-uri-seconds", 1_000_000),
    bend: Some(|| {
        Arc::new(Answered {
            path: "/par",
            change: |_, reply| {
                let mut document = reply.document();
                if reply.status == StatusCode::CREATED {
                    document["expires_in"] = 60.into();
                    reply.body = document.to_string().into_bytes();
                }
            },
        })
    }),
    ..Bug::NONE
};

static OWNERLESS: Bug =
    Bug { lacks: "the client in what it keeps", bend: Some(|| Arc::new(Ownerless::default())), ..Bug::NONE };

static CHALLENGELESS: Bug = Bug {
    lacks: "the challenge of requests that were pushed",
    bend: Some(|| Arc::new(Challengeless::default())),
    ..Bug::NONE
};

static LAST_WORD: Bug = Bug {
    lacks: "the last word for what was pushed: a state in the link counts",
    bend: Some(|| {
        Arc::new(Answered {
            path: "/authorize",
            change: |call, reply| {
                let (Some(state), Some(_)) = (call.get("state"), call.get("request_uri")) else { return };
                let Some((place, query)) = reply.location().and_then(|location| location.split_once('?')) else {
                    return;
                };
                let mut sent = Params::parse(query).expect("a response");
                sent.set("state", state);
                let location = sent.append_to_query(place);
                *reply = reply.clone().leading_to(&location);
            },
        })
    }),
    ..Bug::NONE
};

static ELSEWHERE: Bug = Bug {
    lacks: "the last word for what was pushed: a redirect URI in the link counts",
    bend: Some(|| {
        Arc::new(Answered {
            path: "/authorize",
            change: |call, reply| {
                if let (Some(other), Some(_)) = (call.get("redirect_uri"), call.get("request_uri")) {
                    *reply = answered_at(reply.clone(), REGISTERED, &other);
                }
            },
        })
    }),
    ..Bug::NONE
};

/// What the mock server knows of its clients.
const REGISTERED: &str = "http://127.0.0.1:9/callback";

static NUMBERED: Bug =
    Bug { lacks: "dice for its references", bend: Some(|| Arc::new(Numbered::default())), ..Bug::NONE };

static TRUSTING: Bug = Bug {
    lacks: "client authentication where requests are pushed",
    bend: Some(|| {
        Arc::new(Changed {
            path: "/par",
            change: |call| {
                if call.get("client_id").as_deref() == Some("web") && !call.headers.contains_key("authorization") {
                    let credentials = basic("web", &"worthless-secret-of-web".into());
                    call.headers.insert("authorization", credentials.parse().expect("credentials"));
                }
            },
        })
    }),
    ..Bug::NONE
};

static ANY_SECRET: Bug = Bug {
    lacks: "a look at the credentials that come with a pushed request",
    bend: Some(|| {
        Arc::new(Changed {
            path: "/par",
            change: |call| {
                if call.get("client_id").as_deref() == Some("web") && call.headers.contains_key("authorization") {
                    let credentials = basic("web", &"worthless-secret-of-web".into());
                    call.headers.insert("authorization", credentials.parse().expect("credentials"));
                }
            },
        })
    }),
    ..Bug::NONE
};

static NESTING: Bug = Bug {
    lacks: "the refusal of a reference inside a pushed request",
    bend: Some(|| {
        Arc::new(Changed {
            path: "/par",
            change: |call| {
                call.params().remove("request_uri");
            },
        })
    }),
    ..Bug::NONE
};

static ANY_METHOD: Bug = Bug {
    lacks: "a look at the method",
    bend: Some(|| {
        Arc::new(Changed {
            path: "/par",
            change: |call| {
                if call.method == Method::GET {
                    call.method = Method::POST;
                    call.form = Some(std::mem::take(&mut call.query));
                    let form = "application/x-www-form-urlencoded".parse().expect("a media type");
                    call.headers.insert("content-type", form);
                }
            },
        })
    }),
    ..Bug::NONE
};

static BYPASSED: Bug =
    Bug { lacks: "the demand that the client has registered", bend: Some(|| Arc::new(Bypassed)), ..Bug::NONE };

static ANYWHERE: Bug = Bug {
    lacks: "the comparison of redirect URIs that were pushed",
    bend: Some(|| Arc::new(Anywhere::default())),
    ..Bug::NONE
};

static ONE_STORE: Bug = Bug {
    lacks: "the issuer in what it keeps",
    bend: Some(|| {
        Arc::new(Changed {
            path: "/elsewhere/authorize",
            change: |call| {
                if call.get("request_uri").is_some() {
                    "/authorize".clone_into(&mut call.path);
                }
            },
        })
    }),
    ..Bug::NONE
};

/// A server with a client whose key the front has as well.
const SIGNED: Bug = Bug { built: with_signer, known: knowing_signer, ..Bug::NONE };

static NONE_TAKEN: Bug = Bug {
    lacks: "a list of algorithms without none",
    bend: Some(|| Arc::new(Forgiving(|sent| sent.header["alg"] == "none"))),
    ..SIGNED
};

static NONE_LISTED: Bug = Bug {
    lacks: "case in its list of what is no algorithm",
    bend: Some(|| {
        Arc::new(Forgiving(|sent| {
            let algorithm = sent.header["alg"].as_str().unwrap_or_default();
            algorithm != "none" && algorithm.eq_ignore_ascii_case("none")
        }))
    }),
    ..SIGNED
};

static STRIPPED: Bug = Bug {
    lacks: "a look at signatures that are not there",
    bend: Some(|| Arc::new(Forgiving(|sent| sent.signature.is_empty() && sent.header["alg"] == "ES256"))),
    ..SIGNED
};

static ANY_KIND: Bug = Bug {
    lacks: "algorithms that fit the key: the public key is taken for a secret",
    bend: Some(|| Arc::new(Forgiving(|sent| sent.header["alg"] == "HS256"))),
    ..SIGNED
};

static OWN_KEY: Bug = Bug {
    lacks: "verification with the registered keys alone",
    bend: Some(|| Arc::new(Forgiving(|sent| sent.header["jwk"].is_object()))),
    ..SIGNED
};

static CURIOUS: Bug =
    Bug { lacks: "indifference to addresses in headers", bend: Some(|| Arc::new(Curious)), ..SIGNED };

/// A server that looks for keys where an object says they are, and then refuses them.
struct Curious;

impl Bend for Curious {
    fn serve<'a>(&'a self, server: &'a MockIdp, call: Call) -> Answering<'a> {
        Box::pin(async move {
            let sent = call.get("request").and_then(|object| Sent::parse(&object, server));
            if let Some(place) = sent.as_ref().and_then(|sent| sent.header["jku"].as_str()) {
                reqwest::get(place).await.expect("an answer");
            }
            call.ask(server).await
        })
    }
}

static ANY_AUDIENCE: Bug = Bug {
    lacks: "a look at the audience",
    bend: Some(|| {
        Arc::new(Forgiving(|sent| {
            let other = sent.claims["aud"].is_string() && sent.claims["aud"] != sent.issuer.as_str();
            sent.claims["aud"] = sent.issuer.as_str().into();
            other
        }))
    }),
    ..SIGNED
};

static ANY_CLIENT: Bug = Bug {
    lacks: "a look at the client that an object names",
    bend: Some(|| {
        Arc::new(Forgiving(|sent| {
            let other = sent.claims["client_id"].is_string() && sent.claims["client_id"] != sent.claims["iss"];
            sent.claims["client_id"] = sent.claims["iss"].clone();
            other
        }))
    }),
    ..SIGNED
};

static TIMELESS: Bug = Bug {
    lacks: "a look at the end of an object",
    bend: Some(|| {
        Arc::new(Forgiving(|sent| {
            let expired = sent.claims["exp"].as_u64().is_some_and(|end| end <= sent.now);
            sent.claims["exp"] = (sent.now + 60).into();
            expired
        }))
    }),
    ..SIGNED
};

static TOO_EARLY: Bug = Bug {
    lacks: "a look at the beginning of an object",
    bend: Some(|| {
        Arc::new(Forgiving(|sent| {
            let early = sent.claims["nbf"].as_u64().is_some_and(|begin| begin > sent.now);
            sent.claims["nbf"] = sent.now.into();
            early
        }))
    }),
    ..SIGNED
};

static ANY_ISSUER: Bug = Bug {
    lacks: "a look at the issuer of an object",
    bend: Some(|| {
        Arc::new(Forgiving(|sent| {
            let other = sent.claims["iss"].is_string() && sent.claims["iss"] != sent.claims["client_id"];
            sent.claims["iss"] = sent.claims["client_id"].clone();
            other
        }))
    }),
    ..SIGNED
};

static TEN_YEARS: Bug = Bug {
    lacks: "a bound for the life of an object",
    profile: mock_idp::Profile::Fapi2MessageSigning,
    judged_by: Profile::Fapi2,
    weakened: |builder| builder.amount("request-object-seconds", 1_000_000_000),
    ..Bug::NONE
};

static REPLAYED: Bug = Bug {
    lacks: "memory of the objects that were used",
    weakened: |builder| builder.on("request-object-reusable"),
    ..Bug::NONE
};

static FETCHING: Bug = Bug {
    lacks: "a list of where objects may be fetched from",
    weakened: |builder| builder.on("request-uri-unregistered"),
    ..Bug::NONE
};
