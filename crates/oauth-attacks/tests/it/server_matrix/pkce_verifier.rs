//! What the attacks of the family `pkce_verifier` need to be off.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::StatusCode;
use mock_idp::MockIdp;
use oauth_attacks::Level;
use oauth_types::Params;
use serde_json::{Value, json};

use super::{Row, must};
use crate::victims::front::{Answering, Bend, Bug, Call, Changed, Reply};
use crate::victims::own_check::{OwnCheck, s256};
use crate::victims::server::Defence;

pub(super) const ROWS: &[Row] = &[
    Row::defence("as-code-intercept-no-verifier", Defence::VerifierRequired, Level::Must),
    Row::defence("as-code-intercept-wrong-verifier", Defence::VerifierCompared, Level::Must),
    Row::defence("as-pkce-verifier-equals-challenge", Defence::BoundMethodOnly, Level::Must),
    Row::defence("as-pkce-token-method-override", Defence::TokenRequestHasNoSay, Level::Must),
    Row::defence("as-pkce-verifier-empty", Defence::EmptyVerifierIsNone, Level::Must),
    Row::defence("as-pkce-verifier-short", Defence::VerifierLength, Level::Should),
    Row::bug("as-pkce-verifier-long", &ANY_VERIFIER, Level::Should, "of length 129", MALFORMED),
    Row::bug("as-pkce-verifier-charset", &ANY_VERIFIER, Level::Should, "with a plus", MALFORMED),
    Row::bug("as-pkce-verifier-charset", &ASCII_OR_QUESTION_MARK, Level::Should, "for the question mark", MALFORMED),
    must("as-pkce-verifier-bounds", &NO_TILDES, "tildes among letters", &[]),
    Row::defence("as-pkce-verifier-nearmiss", Defence::VerifierUnaltered, Level::Must),
    must("as-pkce-verifier-duplicate", &FIRST_OF_TWO, "with a wrong one after it", TWICE),
    must("as-pkce-verifier-duplicate", &ARRAYS, "as an array", &["rfc7636-verifier-missing"]),
    Row::defence("as-pkce-verifier-in-query", Defence::BodyOnly, Level::Must),
    Row::bug("as-pkce-verifier-json-body", &JSON, Level::Should, "in JSON", NO_FORM),
    must("as-pkce-verifier-json-body", &JSON_WITHOUT_PKCE, "in JSON and without a verifier", NO_FORM),
    Row::defence("as-pkce-downgrade-no-challenge", Defence::UnsolicitedVerifierRefused, Level::Must),
    Row::defence("as-pkce-burn-then-omit", Defence::FailureKeepsChallenge, Level::Must),
    must("as-pkce-burn-variants", &FORGETFUL, "has tried it", &["rfc7636-verifier-missing"]),
    Row::bug("as-pkce-verifier-bruteforce", &UNCOUNTED, Level::Should, "25 wrong verifiers", &["rfc6749-code-burnt"]),
    Row::defence("as-pkce-cross-session", Defence::ChallengeOfThisCode, Level::Must),
    must("as-pkce-cross-user", &BY_CLIENT, "in the session of another user", &["rfc7636-verifier-wrong"]),
    Row::defence("as-pkce-secret-not-substitute", Defence::SecretIsNoSubstitute, Level::Must),
    must("as-pkce-verifier-not-auth", &VERIFIER_IS_ENOUGH, "without its credentials", UNPROVED),
];

const MALFORMED: &[&str] = &["rfc7636-verifier-malformed"];
const TWICE: &[&str] = &["rfc6749-token-parameter-twice"];
const NO_FORM: &[&str] = &["rfc6749-token-request-not-a-form"];
const UNPROVED: &[&str] = &["rfc6749-secret-missing", "rfc7591-other-authentication-method"];

static ANY_VERIFIER: Bug = Bug {
    lacks: "the grammar of verifiers",
    bend: Some(|| Arc::new(OwnCheck::new(|_| true, |redeemed| redeemed.is_right()))),
    ..Bug::NONE
};

static ASCII_OR_QUESTION_MARK: Bug = Bug {
    lacks: "a look at the characters before they are turned into ASCII",
    bend: Some(|| {
        Arc::new(OwnCheck::new(
            |_| true,
            |redeemed| {
                let ascii = |c: char| if c.is_ascii() { c } else { '?' };
                let likely = |c: char| c.is_ascii_alphanumeric() || "-._~".contains(c) || !c.is_ascii();
                redeemed.verifier.chars().all(likely)
                    && redeemed.challenge() == s256(&redeemed.verifier.chars().map(ascii).collect::<String>())
            },
        ))
    }),
    ..Bug::NONE
};

static NO_TILDES: Bug =
    Bug { lacks: "the tilde among the characters of verifiers", bend: Some(|| Arc::new(NoTildes)), ..Bug::NONE };

/// Refuses verifiers with a tilde.
struct NoTildes;

impl Bend for NoTildes {
    fn serve<'a>(&'a self, server: &'a MockIdp, call: Call) -> Answering<'a> {
        Box::pin(async move {
            if call.get("code_verifier").is_some_and(|verifier| verifier.contains('~')) {
                return Reply::json(StatusCode::BAD_REQUEST, &json!({ "error": "invalid_request" }));
            }
            call.ask(server).await
        })
    }
}

static FIRST_OF_TWO: Bug = Bug {
    lacks: "the refusal of repeated parameters: the first one counts",
    bend: Some(|| {
        Arc::new(Changed {
            path: "/token",
            change: |call| {
                if let Some(verifier) = call.get("code_verifier") {
                    call.params().set("code_verifier", verifier);
                }
            },
        })
    }),
    ..Bug::NONE
};

static ARRAYS: Bug = Bug {
    lacks: "the exact name of the parameter: brackets make an array, whose first element counts",
    bend: Some(|| {
        Arc::new(Changed {
            path: "/token",
            change: |call| {
                if let Some(verifier) = call.get("code_verifier[]") {
                    call.params().set("code_verifier", verifier);
                }
            },
        })
    }),
    ..Bug::NONE
};

static JSON: Bug = Bug {
    lacks: "the refusal of JSON at the token endpoint",
    bend: Some(|| Arc::new(Changed { path: "/token", change: as_form })),
    ..Bug::NONE
};

/// Makes a form of a body in JSON.
fn as_form(call: &mut Call) {
    if let Ok(Value::Object(members)) = serde_json::from_slice(&call.body) {
        call.form = Some(members.iter().filter_map(|(name, value)| Some((name.as_str(), value.as_str()?))).collect());
        let form = http::HeaderValue::from_static("application/x-www-form-urlencoded");
        call.headers.insert(http::header::CONTENT_TYPE, form);
    }
}

static JSON_WITHOUT_PKCE: Bug = Bug {
    lacks: "PKCE in the second parser of token requests, which is for JSON",
    bend: Some(|| {
        let check = OwnCheck::new(|_| true, |redeemed| redeemed.is_right() || redeemed.verifier == LEFT_OUT);
        Arc::new(JsonWithoutPkce(check))
    }),
    ..Bug::NONE
};

/// What stands for a verifier that was left out of a document.
const LEFT_OUT: &str = "left out";

/// Takes JSON for forms, and asks for no verifier there.
struct JsonWithoutPkce(OwnCheck);

impl Bend for JsonWithoutPkce {
    fn serve<'a>(&'a self, server: &'a MockIdp, mut call: Call) -> Answering<'a> {
        if call.path == "/token" && call.form.is_none() {
            as_form(&mut call);
            if call.form.is_some() && call.get("code_verifier").is_none() {
                call.params().set("code_verifier", LEFT_OUT);
            }
        }
        self.0.serve(server, call)
    }
}

static FORGETFUL: Bug = Bug {
    lacks: "the challenge after the first attempt: it is deleted before anything is looked at",
    bend: Some(|| Arc::new(OwnCheck::new(|_| true, |redeemed| redeemed.is_right()).forgets())),
    ..Bug::NONE
};

static UNCOUNTED: Bug =
    Bug { lacks: "an end of guessing", weakened: |builder| builder.amount("code-attempts", 1000), ..Bug::NONE };

static BY_CLIENT: Bug = Bug {
    lacks: "the challenge of this code: those of its client are tried in turn",
    bend: Some(|| {
        Arc::new(OwnCheck::new(
            |_| true,
            |redeemed| {
                let fits = |asked: &&Params| asked.get("code_challenge") == Some(&s256(redeemed.verifier));
                redeemed.is_right() || redeemed.others.iter().any(fits)
            },
        ))
    }),
    ..Bug::NONE
};

static VERIFIER_IS_ENOUGH: Bug = Bug {
    lacks: "client authentication where there is a verifier",
    bend: Some(|| {
        Arc::new(Changed {
            path: "/token",
            change: |call| {
                let unproved = call.get("client_id").as_deref() == Some("web") && call.get("client_secret").is_none();
                if unproved && call.get("code_verifier").is_some() {
                    call.params().remove("client_id");
                    let credentials = format!("Basic {}", STANDARD.encode("web:worthless-secret-of-web"));
                    call.headers.insert("authorization", credentials.parse().expect("a header"));
                }
            },
        })
    }),
    ..Bug::NONE
};
