//! What the attacks of the family `pkce_challenge` need to be off.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::{GeneralPurposeConfig, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use base64::engine::{DecodePaddingMode, GeneralPurpose};
use mock_idp::{MockIdp, Profile};
use oauth_attacks::Level;
use oauth_types::Params;

use super::{Row, must};
use crate::victims::forms::FORM_BELIEVED;
use crate::victims::front::{Answered, Answering, Bend, Bug, Call, Changed};
use crate::victims::own_check::{OwnCheck, s256};
use crate::victims::server::Defence;

pub(super) const ROWS: &[Row] = &[
    Row::defence("as-pkce-challenge-missing-public", Defence::ChallengeRequired, Level::Must),
    Row::bug("as-pkce-challenge-missing-confidential", &OPTIONAL, Level::Info, "a confidential client's", MISSING),
    must("as-pkce-challenge-missing-confidential", &OPTIONAL_IN_21, "a confidential client's", MISSING),
    Row::defence("as-pkce-method-omitted", Defence::MethodRequired, Level::Must),
    Row::defence("as-pkce-plain-accepted", Defence::PlainRefused, Level::Must),
    Row::bug("as-pkce-plain-accepted", &PLAIN, Level::Should, "the method plain", &["rfc7636-plain"]),
    Row::defence("as-pkce-method-case", Defence::MethodExact, Level::Must),
    Row::defence("as-pkce-method-unknown", Defence::MethodKnown, Level::Must),
    must("as-pkce-method-mangled", &TRIMMED, "the method S256 ", &["rfc7636-method-unknown"]),
    must("as-pkce-method-empty", &HALF_A_PAIR, "without its verifier", &["rfc7636-method-omitted"]),
    Row::bug(
        "as-pkce-method-without-challenge",
        &METHOD_IGNORED,
        Level::Should,
        "a method without a challenge, without a verifier",
        &["rfc7636-method-without-challenge"],
    ),
    Row::defence("as-pkce-challenge-empty", Defence::EmptyChallengeIsNone, Level::Must),
    must("as-pkce-challenge-blank", &BLANK_IS_NONE, "a challenge of ", MALFORMED),
    Row::bug("as-pkce-challenge-short", &ANY_LENGTH, Level::Should, "42 characters", MALFORMED),
    must("as-pkce-challenge-long", &CUT, "cut to 43 characters", MALFORMED),
    must("as-pkce-challenge-long", &IGNORED, "PKCE is ignored", MALFORMED),
    Row::bug("as-pkce-challenge-long", &NO_END, Level::Should, "129 characters", MALFORMED),
    Row::bug("as-pkce-challenge-charset", &BASE64, Level::Should, "base64", MALFORMED),
    must("as-pkce-challenge-charset", &UNESCAPED, "unescaped", MALFORMED),
    Row::bug("as-pkce-challenge-padded", &PADDING_CUT, Level::Should, "with padding", MALFORMED),
    must("as-pkce-challenge-noncanonical", &DECODED, "turned over", MALFORMED),
    must("as-pkce-challenge-hex", &ALSO_HEXADECIMAL, "in hexadecimal", MALFORMED),
    must("as-pkce-challenge-casefold", &CASELESS, "in small letters", &["rfc7636-challenge-malformed", WRONG]),
    must("as-pkce-challenge-wrong-hash", &METHOD_FORGOTTEN, "the verifier itself", &[WRONG]),
    Row::defence("as-pkce-challenge-duplicate", Defence::RepeatedParametersRefused, Level::Must),
    must("as-pkce-method-duplicate", &FIRST_OF_TWO, "the methods S256 and plain", TWICE),
    must("as-pkce-hybrid-bypass", &CODE_FLOW_ONLY, "without a challenge", MISSING),
    must("as-pkce-implicit-bypass", &IMPLICIT_FOR_ALL, "an access token", &["rfc6749-response-type-unsupported"]),
    must("as-pkce-params-echoed", &ECHOED, "the address", &[]),
    must("as-pkce-params-echoed", &IN_THE_CODE, "the code", &[]),
    Row::bug(
        "as-pkce-challenge-constant",
        &FORGOTTEN,
        Level::Info,
        "finished before",
        &["rfc9700-challenge-constant"],
    ),
    Row::defence("as-pkce-path-parity", Defence::EveryPathStoresChallenge, Level::Must),
    must("as-pkce-path-parity", &NOT_WHEN_PUSHED, "of a pushed request", &["rfc7636-verifier-missing"]),
    must("as-pkce-par-then-query", &QUERY_WINS, "not pushed", &[WRONG, "rfc7636-challenge-missing"]),
    must("as-pkce-jar-outside", &MERGED, "a signed request whose challenge", MISSING),
    Row::bug("as-pkce-metadata-missing", &UNTOLD, Level::Should, "has no code_challenge_methods_supported", &[]),
    must("as-pkce-metadata-missing", &UNTOLD_IN_MCP, "has no code_challenge_methods_supported", &[]),
    Row::bug("as-pkce-metadata-missing", &PLAIN, Level::Should, "lists plain", &[]),
    must("as-pkce-metadata-lies", &PLAIN_IN_SECRET, "the method plain", &["rfc7636-plain"]),
    must("as-pkce-metadata-lies", &NOTHING_COMPARED, "where S256 is listed", &[WRONG]),
    must("as-pkce-consent-tamper", &FORM_BELIEVED, "the verifier of a challenge in a form", &[]),
];

const MISSING: &[&str] = &["rfc7636-challenge-missing"];
const MALFORMED: &[&str] = &["rfc7636-challenge-malformed"];
const TWICE: &[&str] = &["rfc6749-authorization-parameter-twice"];
const WRONG: &str = "rfc7636-verifier-wrong";

static OPTIONAL: Bug =
    Bug { lacks: "the requirement of PKCE", weakened: |builder| builder.on("pkce-optional"), ..Bug::NONE };

static OPTIONAL_IN_21: Bug = Bug { judged_by: oauth_attacks::Profile::Oauth21, ..OPTIONAL };

static PLAIN: Bug = Bug { lacks: "the refusal of plain", weakened: |builder| builder.on("plain"), ..Bug::NONE };

static TRIMMED: Bug = Bug {
    lacks: "the exact comparison of methods: they are trimmed",
    bend: Some(|| {
        Arc::new(Changed {
            path: "/authorize",
            change: |call| {
                if let Some(method) = call.get("code_challenge_method") {
                    call.params().set("code_challenge_method", method.trim());
                }
            },
        })
    }),
    ..Bug::NONE
};

static HALF_A_PAIR: Bug = Bug {
    lacks: "an error for half a pair: a challenge with an empty method is dropped",
    built: |builder| builder.on("pkce-optional"),
    bend: Some(|| {
        Arc::new(Changed {
            path: "/authorize",
            change: |call| {
                if call.params().raw("code_challenge_method") == Some("") {
                    without_pkce(call.params());
                }
            },
        })
    }),
    ..Bug::NONE
};

static METHOD_IGNORED: Bug = Bug {
    lacks: "a look at the method where there is no challenge",
    built: |builder| builder.on("pkce-optional"),
    bend: Some(|| {
        Arc::new(Changed {
            path: "/authorize",
            change: |call| {
                if call.get("code_challenge").is_none() {
                    without_pkce(call.params());
                }
            },
        })
    }),
    ..Bug::NONE
};

static BLANK_IS_NONE: Bug = Bug {
    lacks: "the difference between a blank challenge and none",
    built: |builder| builder.on("pkce-optional"),
    bend: Some(|| {
        Arc::new(Changed {
            path: "/authorize",
            change: |call| {
                if call.get("code_challenge").is_some_and(|challenge| challenge.trim().is_empty()) {
                    without_pkce(call.params());
                }
            },
        })
    }),
    ..Bug::NONE
};

static ANY_LENGTH: Bug = Bug {
    lacks: "the least length of a challenge",
    bend: Some(|| Arc::new(OwnCheck::new(|asked| length(asked) < 43, |redeemed| redeemed.is_right()))),
    ..Bug::NONE
};

static CUT: Bug = Bug {
    lacks: "the greatest length of a challenge: it is cut to the column that holds it",
    bend: Some(|| {
        Arc::new(OwnCheck::new(
            |asked| length(asked) > 43,
            |redeemed| redeemed.challenge().get(..43) == Some(&s256(redeemed.verifier)),
        ))
    }),
    ..Bug::NONE
};

static IGNORED: Bug = Bug {
    lacks: "PKCE: what is said of it is taken and not looked at",
    bend: Some(|| Arc::new(OwnCheck::new(|asked| length(asked) > 43, |_| true))),
    ..Bug::NONE
};

static NO_END: Bug = Bug {
    lacks: "the greatest length of a challenge",
    bend: Some(|| Arc::new(OwnCheck::new(|asked| length(asked) > 43, |redeemed| redeemed.is_right()))),
    ..Bug::NONE
};

static BASE64: Bug = Bug {
    lacks: "the characters of base64url: those of base64 will do",
    bend: Some(|| {
        Arc::new(OwnCheck::new(
            |asked| challenge(asked).contains(['+', '/']),
            |redeemed| {
                STANDARD_NO_PAD.decode(redeemed.challenge()).ok()
                    == URL_SAFE_NO_PAD.decode(s256(redeemed.verifier)).ok()
            },
        ))
    }),
    ..Bug::NONE
};

static UNESCAPED: Bug = Bug {
    lacks: "escapes in the page that says which challenge is malformed",
    bend: Some(|| {
        Arc::new(Answered {
            path: "/authorize",
            change: |call, reply| {
                let challenge = call.get("code_challenge").unwrap_or_default();
                if challenge.contains(['<', '"']) {
                    reply.status = http::StatusCode::BAD_REQUEST;
                    reply.headers.remove("location");
                    reply.headers.insert("content-type", http::HeaderValue::from_static("text/html"));
                    reply.body = format!("<p>Malformed challenge: {challenge}</p>").into_bytes();
                }
            },
        })
    }),
    ..Bug::NONE
};

static PADDING_CUT: Bug = Bug {
    lacks: "the refusal of padding: it is cut off",
    bend: Some(|| {
        Arc::new(OwnCheck::new(
            |asked| challenge(asked).ends_with('='),
            |redeemed| redeemed.challenge().trim_end_matches('=') == s256(redeemed.verifier),
        ))
    }),
    ..Bug::NONE
};

static DECODED: Bug = Bug {
    lacks: "the comparison of texts: octets are compared, decoded leniently",
    bend: Some(|| {
        Arc::new(OwnCheck::new(
            |asked| length(asked) == 43,
            |redeemed| LENIENT.decode(redeemed.challenge()).ok() == LENIENT.decode(s256(redeemed.verifier)).ok(),
        ))
    }),
    ..Bug::NONE
};

/// Base64url, whatever its last bits are.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::URL_SAFE,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireNone),
);

static ALSO_HEXADECIMAL: Bug = Bug {
    lacks: "the one encoding: a digest in hexadecimal will do",
    bend: Some(|| {
        Arc::new(OwnCheck::new(
            |asked| length(asked) == 64,
            |redeemed| {
                let octets = URL_SAFE_NO_PAD.decode(s256(redeemed.verifier)).unwrap_or_default();
                let digits: String = octets.iter().map(|octet| format!("{octet:02x}")).collect();
                redeemed.challenge() == digits
            },
        ))
    }),
    ..Bug::NONE
};

static CASELESS: Bug = Bug {
    lacks: "the case of a challenge: the column it is in has none",
    bend: Some(|| {
        Arc::new(OwnCheck::new(
            |asked| length(asked) == 43,
            |redeemed| redeemed.challenge().eq_ignore_ascii_case(&s256(redeemed.verifier)),
        ))
    }),
    ..Bug::NONE
};

static METHOD_FORGOTTEN: Bug = Bug {
    lacks: "the method: a verifier that equals the challenge will do",
    bend: Some(|| {
        Arc::new(OwnCheck::new(
            |asked| length(asked) == 43,
            |redeemed| redeemed.is_right() || redeemed.challenge() == redeemed.verifier,
        ))
    }),
    ..Bug::NONE
};

static FIRST_OF_TWO: Bug = Bug {
    lacks: "the refusal of repeated parameters: the first one counts",
    bend: Some(|| {
        Arc::new(Changed {
            path: "/authorize",
            change: |call| {
                if let Some(method) = call.get("code_challenge_method") {
                    call.params().set("code_challenge_method", method);
                }
            },
        })
    }),
    ..Bug::NONE
};

static CODE_FLOW_ONLY: Bug = Bug {
    lacks: "PKCE in the hybrid flow",
    profile: Profile::Legacy,
    built: |builder| builder.off("pkce-optional"),
    bend: Some(|| {
        Arc::new(OwnCheck::new(
            |asked| asked.get("response_type") != Some("code") && asked.get("code_challenge").is_none(),
            |redeemed| redeemed.verifier.is_empty(),
        ))
    }),
    ..Bug::NONE
};

static IMPLICIT_FOR_ALL: Bug = Bug {
    lacks: "the restriction of clients to the flow they registered",
    bend: Some(|| Arc::new(ImplicitForAll)),
    ..Bug::NONE
};

/// Answers requests for tokens with tokens, by redeeming the code itself.
struct ImplicitForAll;

impl Bend for ImplicitForAll {
    fn serve<'a>(&'a self, server: &'a MockIdp, mut call: Call) -> Answering<'a> {
        Box::pin(async move {
            let wanted = call.get("response_type").is_some_and(|kinds| kinds.split(' ').any(|kind| kind == "token"));
            let (client_id, redirect_uri) = (call.get("client_id"), call.get("redirect_uri"));
            let (Some(client_id), Some(redirect_uri)) = (client_id, redirect_uri) else {
                return call.ask(server).await;
            };
            if !wanted || client_id != "app" {
                return call.ask(server).await;
            }
            let verifier = s256(&call.get("state").unwrap_or_default());
            call.params().set("response_type", "code");
            call.params().set("code_challenge", s256(&verifier));
            call.params().set("code_challenge_method", "S256");
            let reply = call.ask(server).await;
            let sent = reply.location().and_then(|location| location.split_once('?'));
            let sent = sent.and_then(|(_, sent)| Params::parse(sent).ok()).unwrap_or_default();
            let form = Params::new()
                .with("grant_type", "authorization_code")
                .with("code", sent.get("code").unwrap_or_default())
                .with("redirect_uri", &redirect_uri)
                .with("client_id", client_id)
                .with("code_verifier", verifier);
            let tokens = Call::post("/token", form).ask(server).await.document();
            let access = tokens["access_token"].as_str().unwrap_or_default();
            reply.leading_to(&format!("{redirect_uri}#access_token={access}&token_type=Bearer"))
        })
    }
}

static ECHOED: Bug = Bug {
    lacks: "silence about the challenge: every parameter is returned with the code",
    bend: Some(|| {
        Arc::new(Answered {
            path: "/authorize",
            change: |call, reply| {
                if let (Some(location), Some(challenge)) = (reply.location(), call.get("code_challenge")) {
                    let location = format!("{location}&code_challenge={challenge}");
                    *reply = reply.clone().leading_to(&location);
                }
            },
        })
    }),
    ..Bug::NONE
};

static IN_THE_CODE: Bug =
    Bug { lacks: "the encryption of what is in the code", bend: Some(|| Arc::new(LegibleCodes)), ..Bug::NONE };

/// Codes that say what they are bound to, before what the mock server made.
struct LegibleCodes;

impl Bend for LegibleCodes {
    fn serve<'a>(&'a self, server: &'a MockIdp, mut call: Call) -> Answering<'a> {
        Box::pin(async move {
            let bound = call.get("code_challenge").map(|challenge| format!(r#"{{"challenge":"{challenge}"}}"#));
            if let Some(code) = call.get("code").as_deref().and_then(|code| code.split_once('.')) {
                call.params().set("code", code.1);
            }
            let reply = call.ask(server).await;
            match (bound, reply.location()) {
                (Some(bound), Some(location)) => {
                    let location = location.replace("code=", &format!("code={}.", URL_SAFE_NO_PAD.encode(bound)));
                    reply.leading_to(&location)
                }
                _ => reply,
            }
        })
    }
}

static FORGOTTEN: Bug = Bug {
    lacks: "the memory of challenges whose flows are finished",
    on_its_own: true,
    built: |builder| builder.on("challenge-once"),
    weakened: |builder| builder.off("challenge-once"),
    ..Bug::NONE
};

static NOT_WHEN_PUSHED: Bug = Bug {
    lacks: "the challenge of pushed requests, which is not stored with their codes",
    bend: Some(|| {
        Arc::new(OwnCheck::new(|_| true, |redeemed| redeemed.asked.get("pushed").is_some() || redeemed.is_right()))
    }),
    ..Bug::NONE
};

static QUERY_WINS: Bug = Bug {
    lacks: "the precedence of what was pushed",
    built: |builder| builder.on("pkce-optional"),
    bend: Some(|| Arc::new(OwnCheck::new(|_| true, |redeemed| redeemed.is_right()).outside_counts())),
    ..Bug::NONE
};

static MERGED: Bug = Bug {
    lacks: "the exclusiveness of request objects",
    weakened: |builder| builder.on("request-object-merged"),
    ..Bug::NONE
};

static UNTOLD: Bug =
    Bug { lacks: "the list of methods in its metadata", bend: Some(|| Arc::new(Untold)), ..Bug::NONE };

static UNTOLD_IN_MCP: Bug = Bug { profile: Profile::Mcp, judged_by: oauth_attacks::Profile::Mcp, ..UNTOLD };

/// Metadata without a word about PKCE.
struct Untold;

impl Bend for Untold {
    fn serve<'a>(&'a self, server: &'a MockIdp, call: Call) -> Answering<'a> {
        Box::pin(async move {
            let well_known = call.path.starts_with("/.well-known/");
            let mut reply = call.ask(server).await;
            let mut document = reply.document();
            if let Some(members) = document.as_object_mut().filter(|_| well_known) {
                members.remove("code_challenge_methods_supported");
                reply.body = document.to_string().into_bytes();
            }
            reply
        })
    }
}

static PLAIN_IN_SECRET: Bug = Bug {
    lacks: "agreement of its metadata with what it takes: plain is taken and not listed",
    bend: Some(|| {
        Arc::new(OwnCheck::new(
            |asked| asked.get("code_challenge_method") == Some("plain"),
            |redeemed| redeemed.challenge() == redeemed.verifier,
        ))
    }),
    ..Bug::NONE
};

static NOTHING_COMPARED: Bug = Bug {
    lacks: "the comparison that its metadata promises",
    bend: Some(|| Arc::new(OwnCheck::new(|asked| asked.get("code_challenge_method") == Some("S256"), |_| true))),
    ..Bug::NONE
};

fn without_pkce(params: &mut Params) {
    params.remove("code_challenge");
    params.remove("code_challenge_method");
}

fn challenge(asked: &Params) -> &str {
    asked.get("code_challenge").unwrap_or_default()
}

fn length(asked: &Params) -> usize {
    challenge(asked).len()
}
