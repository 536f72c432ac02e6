//! RFC 7636: Proof Key for Code Exchange.
//!
//! The rules are `pkce-core`'s. This file keeps the challenge with the code, names the rule that was broken, and looks
//! for the likely mistake. S256 is required of every client; `plain` and leaving PKCE out are named relaxations.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use oauth_types::{ErrorCode, Params, Secret};
use pkce_core::doctor::{diagnose_challenge, diagnose_verifier};
use pkce_core::plain::{self, AnyChallenge};
use pkce_core::{AuthorizationError, Challenge, TokenError};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::clients::Client;
use crate::doctor;
use crate::documents;
use crate::memory::{Life, Note};
use crate::refusal::{Document, Refusal, Rule};
use crate::reply::TokenReply;
use crate::request::{Attempt, AuthorizationRequest, Draft, Found, Spent, TokenRequest};
use crate::spec::{Facts, Spec};
use crate::world::{Policy, Switch};

/// How many challenges of late requests are kept to recognise a verifier that belongs to another flow.
const RECENT: usize = 64;

#[derive(Debug, Default)]
pub(crate) struct Pkce {
    recent: Mutex<VecDeque<Recent>>,
}

/// A challenge of a late request.
#[derive(Debug)]
struct Recent {
    challenge: Challenge,
    redeemed: bool,
}

/// "The server MUST associate the `code_challenge` and `code_challenge_method` values with the authorization code"
/// (RFC 7636 §4.4).
///
/// The method, and the challenge. With `plain`, this is the verifier.
#[derive(Debug, Serialize, Deserialize)]
struct Bound(String, Secret);

impl Note for Bound {
    const NAME: &'static str = "rfc7636/challenge";
    const LIFE: Life = Life::Code;
}

impl Spec for Pkce {
    fn document(&self) -> &'static Document {
        &DOCUMENT
    }

    fn rules(&self) -> &'static [&'static Rule] {
        RULES
    }

    fn optional(&self) -> bool {
        true
    }

    fn switches(&self) -> &'static [&'static Switch] {
        SWITCHES
    }

    fn metadata(&self, facts: &Facts<'_>, document: &mut Map<String, Value>) {
        let methods = if facts.policy.is_on(&PLAIN_ALLOWED) { json!(["S256", "plain"]) } else { json!(["S256"]) };
        document.insert("code_challenge_methods_supported".to_owned(), methods);
    }

    fn authorize(&self, request: &AuthorizationRequest<'_>, draft: &mut Draft) -> Result<(), Refusal> {
        // Without a code there is nothing to be exchanged for it.
        if !request.asks_for("code") {
            return Ok(());
        }
        let policy = required(request.policy);
        let found = match request.policy.is_on(&PLAIN_ALLOWED) {
            true => plain::read_authorization_request(request.params.iter(), policy),
            false => pkce_core::read_authorization_request(request.params.iter(), policy)
                .map(|challenge| challenge.map(AnyChallenge::S256)),
        };
        let found = found.map_err(|error| refuse_authorization(error, request.params))?;
        match &found {
            None => request.arrival.seen.relaxed("pkce-optional"),
            Some(AnyChallenge::Plain(_)) => request.arrival.seen.relaxed("plain"),
            Some(AnyChallenge::S256(challenge)) if request.policy.is_on(&ONCE) && self.is_finished(challenge) => {
                return Err(CHALLENGE_CONSTANT.because("It is that of a flow that was finished before"));
            }
            Some(AnyChallenge::S256(challenge)) => self.remember(*challenge),
        }
        if let Some(challenge) = found {
            let (method, challenge) = (challenge.method().to_owned(), Secret::from(challenge.expose()));
            draft.remember(&Bound(method, challenge));
        }
        Ok(())
    }

    /// Elsewhere, where no code travels through a browser, a challenge is not asked for, and honoured if it comes.
    fn authorize_elsewhere(&self, attempt: &Attempt<'_>, _client: &Client, draft: &mut Draft) -> Result<(), Refusal> {
        let found = pkce_core::read_authorization_request(attempt.params.iter(), pkce_core::Policy::Optional);
        let found = found.map_err(|error| refuse_authorization(error, attempt.params))?;
        if let Some(challenge) = found {
            self.remember(challenge);
            let challenge = AnyChallenge::S256(challenge);
            draft.remember(&Bound(challenge.method().to_owned(), Secret::from(challenge.expose())));
        }
        Ok(())
    }

    fn redeem(&self, request: &TokenRequest<'_>, found: &Found) -> Result<(), Refusal> {
        let stored = found.note::<Bound>();
        if request.grant_type != "authorization_code" && stored.is_none() {
            return Ok(());
        }
        let stored =
            stored.and_then(|Bound(method, challenge)| AnyChallenge::parse(&method, challenge.expose()).ok());
        let policy = required(request.policy);
        let outcome = plain::check_token_request(stored.as_ref(), request.params.iter(), policy);
        if matches!(outcome, Err(TokenError::VerifierUnsolicited)) && request.policy.is_on(&UNSOLICITED_IGNORED) {
            request.arrival.seen.relaxed(UNSOLICITED_IGNORED.name);
            return Ok(());
        }
        let presented = request.params.get("code_verifier").unwrap_or("");
        outcome.map(drop).map_err(|error| match error {
            TokenError::VerifierMissing => verifierless(request.params),
            other => self.refuse_token(other, stored.as_ref(), presented),
        })
    }

    fn bind(&self, _request: &TokenRequest<'_>, spent: &Spent, _reply: &mut TokenReply) {
        if let Some(Bound(_, challenge)) = spent.note() {
            self.finish(challenge.expose());
        }
    }
}

impl Pkce {
    fn remember(&self, challenge: Challenge) {
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        if recent.len() == RECENT {
            recent.pop_front();
        }
        recent.push_back(Recent { challenge, redeemed: false });
    }

    /// Whether a flow with this challenge has lately come to its end.
    fn is_finished(&self, challenge: &Challenge) -> bool {
        let recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        recent.iter().any(|own| own.redeemed && own.challenge == *challenge)
    }

    /// Says that the flow of a challenge has come to its end.
    fn finish(&self, challenge: &str) {
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        let own = recent.iter_mut().find(|own| !own.redeemed && own.challenge.as_str() == challenge);
        if let Some(own) = own {
            own.redeemed = true;
        }
    }

    fn refuse_token(&self, error: TokenError, stored: Option<&AnyChallenge>, presented: &str) -> Refusal {
        match error {
            TokenError::VerifierUnsolicited => VERIFIER_UNSOLICITED
                .because("The authorization request had no code_challenge, or something took it out on the way"),
            TokenError::VerifierMalformed(what) => {
                let likely = self.likely(stored, presented).unwrap_or_default();
                VERIFIER_MALFORMED.because(format!("{what}. {likely}").trim_end().to_owned())
            }
            TokenError::VerifierMismatch => match self.likely(stored, presented) {
                Some(likely) => VERIFIER_WRONG.because(likely),
                None => VERIFIER_WRONG.because("It belongs to no code_challenge that was lately sent here"),
            },
            other => VERIFIER_WRONG.because(other.to_string()),
        }
    }

    /// The mistake that explains why `presented` does not fit.
    fn likely(&self, stored: Option<&AnyChallenge>, presented: &str) -> Option<String> {
        let Some(AnyChallenge::S256(stored)) = stored else { return None };
        if let Some(mistake) = diagnose_verifier(stored, presented) {
            return Some(mistake.to_string());
        }
        let recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        let own = |other: &&Recent| other.challenge != *stored && other.challenge.verify(presented).is_ok();
        let other = recent.iter().rev().find(own)?;
        Some(match other.redeemed {
            true => {
                "This verifier belongs to a flow that was finished before: make a new one for each flow".to_owned()
            }
            false => {
                "This verifier belongs to another pending flow: keep each with its own state, and redeem a code with \
                      the verifier of the same flow"
                    .to_owned()
            }
        })
    }
}

fn required(policy: &Policy) -> pkce_core::Policy {
    match policy.is_on(&OPTIONAL) {
        true => pkce_core::Policy::Optional,
        false => pkce_core::Policy::Required,
    }
}

/// The refusal of a token request without a verifier, which may have it under another name.
fn verifierless(params: &Params) -> Refusal {
    let refusal = doctor::missing(&VERIFIER_MISSING, params, "code_verifier");
    match refusal.hint {
        Some(_) => refusal,
        None => VERIFIER_MISSING.because(
            "The authorization request had a code_challenge: keep the code_verifier until the token request",
        ),
    }
}

fn refuse_authorization(error: AuthorizationError, params: &Params) -> Refusal {
    let (challenge, method) = (params.get("code_challenge"), params.get("code_challenge_method"));
    if method.is_some_and(|method| Challenge::parse(method).is_ok()) {
        return METHOD_UNKNOWN.because("code_challenge and code_challenge_method are swapped");
    }
    match error {
        AuthorizationError::ChallengeMissing => doctor::missing(&CHALLENGE_MISSING, params, "code_challenge"),
        AuthorizationError::MethodWithoutChallenge => doctor::missing(&METHOD_ALONE, params, "code_challenge"),
        AuthorizationError::MethodOmitted => {
            let refusal = doctor::missing(&METHOD_OMITTED, params, "code_challenge_method");
            let found = refusal.hint.map_or_else(String::new, |hint| format!(". {hint}"));
            METHOD_OMITTED.because(format!("Send code_challenge_method=S256{found}"))
        }
        AuthorizationError::PlainRefused => PLAIN.because("To allow it for a test, start with --plain"),
        AuthorizationError::ChallengeMalformed(what) => {
            let likely = challenge.and_then(diagnose_challenge).map(|mistake| mistake.to_string());
            CHALLENGE_MALFORMED.because(format!("{what}. {}", likely.unwrap_or_default()).trim_end().to_owned())
        }
        other => METHOD_UNKNOWN.because(match method.map(s256_misspelt) {
            Some(true) => "Did you mean S256? It has a capital S and no hyphen".to_owned(),
            _ => other.to_string(),
        }),
    }
}

/// Whether S256 was meant.
fn s256_misspelt(method: &str) -> bool {
    let plain: String = method.chars().filter(char::is_ascii_alphanumeric).collect();
    ["s256", "sha256", "rs256", "s265"].iter().any(|near| plain.eq_ignore_ascii_case(near))
}

static SWITCHES: &[&Switch] = &[&ONCE, &PLAIN_ALLOWED, &OPTIONAL, &UNSOLICITED_IGNORED];

static ONCE: Switch = Switch {
    name: "challenge-once",
    says: "A code_challenge is refused if a flow with it was finished lately, as RFC 9700 section 2.1.1 encourages",
    relaxes: false,
};

/// The relaxation `plain`.
pub(crate) static PLAIN_ALLOWED: Switch = Switch {
    name: "plain",
    says: "PKCE's method plain is accepted beside S256 (RFC 7636 section 4.2)",
    relaxes: true,
};

/// The relaxation `pkce-optional`.
pub(crate) static OPTIONAL: Switch = Switch {
    name: "pkce-optional",
    says: "A client may leave PKCE out (RFC 9700 section 2.1.1 forbids it to public clients)",
    relaxes: true,
};

/// The relaxation `unsolicited-verifier`.
static UNSOLICITED_IGNORED: Switch = Switch {
    name: "unsolicited-verifier",
    says: "A code_verifier is ignored if the authorization request had no code_challenge, of which RFC 7636 says nothing \
           (RFC 9700 section 4.8.2 wants it refused)",
    relaxes: true,
};

static DOCUMENT: Document = Document {
    name: "RFC 7636",
    title: "Proof Key for Code Exchange by OAuth Public Clients",
    url: "https://www.rfc-editor.org/rfc/rfc7636",
};

static RULES: &[&Rule] = &[
    &CHALLENGE_CONSTANT,
    &CHALLENGE_MALFORMED,
    &CHALLENGE_MISSING,
    &METHOD_ALONE,
    &METHOD_OMITTED,
    &METHOD_UNKNOWN,
    &PLAIN,
    &VERIFIER_MALFORMED,
    &VERIFIER_MISSING,
    &VERIFIER_UNSOLICITED,
    &VERIFIER_WRONG,
];

/// A rule of RFC 7636 on the authorization request.
const fn asked(id: &'static str, section: &'static str, says: &'static str) -> Rule {
    Rule { id, document: &DOCUMENT, section, error: ErrorCode::InvalidRequest, says }
}

static CHALLENGE_MISSING: Rule =
    asked("rfc7636-challenge-missing", "4.4.1", "An authorization request needs code_challenge");

static METHOD_ALONE: Rule =
    asked("rfc7636-method-without-challenge", "4.3", "A code_challenge_method belongs to a code_challenge");

static METHOD_OMITTED: Rule =
    asked("rfc7636-method-omitted", "4.3", "A code_challenge without a method means plain, which is not accepted");

static METHOD_UNKNOWN: Rule =
    asked("rfc7636-method-unknown", "4.4.1", "The code_challenge_method has to be S256; names are case-sensitive");

static PLAIN: Rule = asked("rfc7636-plain", "4.2", "A client that can use S256 must use S256");

static CHALLENGE_MALFORMED: Rule = asked(
    "rfc7636-challenge-malformed",
    "4.2",
    "An S256 code_challenge is the SHA-256 of the code_verifier in base64url without padding: 43 characters",
);

static CHALLENGE_CONSTANT: Rule = Rule {
    id: "rfc9700-challenge-constant",
    document: &documents::RFC9700,
    section: "2.1.1",
    error: ErrorCode::InvalidRequest,
    says: "A code_challenge is made anew for each flow",
};

static VERIFIER_MISSING: Rule = Rule {
    id: "rfc7636-verifier-missing",
    document: &DOCUMENT,
    section: "4.5",
    error: ErrorCode::InvalidGrant,
    says: "The token request needs the code_verifier",
};

static VERIFIER_MALFORMED: Rule = Rule {
    id: "rfc7636-verifier-malformed",
    document: &DOCUMENT,
    section: "4.1",
    error: ErrorCode::InvalidRequest,
    says: "A code_verifier has 43 to 128 characters out of A-Z a-z 0-9 - . _ ~",
};

static VERIFIER_WRONG: Rule = Rule {
    id: "rfc7636-verifier-wrong",
    document: &DOCUMENT,
    section: "4.6",
    error: ErrorCode::InvalidGrant,
    says: "The SHA-256 of the code_verifier in base64url has to equal the code_challenge",
};

static VERIFIER_UNSOLICITED: Rule = Rule {
    id: "rfc9700-verifier-unsolicited",
    document: &documents::RFC9700,
    section: "4.8.2",
    error: ErrorCode::InvalidRequest,
    says: "A token request has a code_verifier only if the authorization request had a code_challenge",
};
