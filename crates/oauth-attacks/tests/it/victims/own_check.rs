//! A server that checks PKCE by itself, and wrongly. The mock server behind it sees a right challenge and verifier of
//! its own wherever the check is passed.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use mock_idp::MockIdp;
use oauth_types::Params;
use sha2::{Digest as _, Sha256};

use super::front::{Answering, Bend, Call, Reply};

/// A check of PKCE, wrong in one way.
pub(crate) struct OwnCheck {
    takes: fn(&Params) -> bool,
    fits: fn(&Redeemed<'_>) -> bool,
    outside_counts: bool,
    forgets: bool,
    known: Mutex<Known>,
}

/// What is remembered of authorization requests.
#[derive(Default)]
struct Known {
    requests: usize,
    pushed: HashMap<String, Asked>,
    codes: HashMap<String, Asked>,
    forgotten: HashMap<String, Asked>,
}

/// An authorization request.
#[derive(Clone)]
struct Asked {
    params: Params,
    /// The verifier that the mock server gets to see.
    own: String,
}

/// A token request that is to be judged.
pub(crate) struct Redeemed<'a> {
    /// What the code was asked for with.
    pub(crate) asked: &'a Params,
    /// What the codes of all others were asked for with.
    pub(crate) others: Vec<&'a Params>,
    /// The verifier that is presented, without a value if there is none.
    pub(crate) verifier: &'a str,
}

impl Redeemed<'_> {
    /// The challenge that the code was asked for with.
    pub(crate) fn challenge(&self) -> &str {
        self.asked.get("code_challenge").unwrap_or_default()
    }

    /// Whether the challenge is that of the verifier by S256.
    pub(crate) fn is_right(&self) -> bool {
        self.challenge() == s256(self.verifier)
    }
}

impl OwnCheck {
    /// Checks what was asked for with such parameters by itself; the rest is left to the mock server.
    pub(crate) fn new(takes: fn(&Params) -> bool, fits: fn(&Redeemed<'_>) -> bool) -> Self {
        Self { takes, fits, outside_counts: false, forgets: false, known: Mutex::default() }
    }

    /// The same, where parameters beside a pushed request count.
    pub(crate) fn outside_counts(self) -> Self {
        Self { outside_counts: true, ..self }
    }

    /// The same, where every token request makes the challenge forgotten, before it is judged.
    pub(crate) fn forgets(self) -> Self {
        Self { forgets: true, ..self }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().expect("nobody panics")
    }

    async fn authorize(&self, server: &MockIdp, mut call: Call) -> Reply {
        let pushed = call.get("request_uri").and_then(|reference| self.known().pushed.get(&reference).cloned());
        let asked = match pushed {
            Some(pushed) => {
                let mut asked = pushed;
                for name in ["code_challenge", "code_challenge_method"] {
                    let beside = call.get(name).filter(|_| self.outside_counts);
                    beside.into_iter().for_each(|value| asked.params.set(name, value));
                    call.params().remove(name);
                }
                asked
            }
            None if (self.takes)(call.params()) => self.replace(call.params()),
            None => return call.ask(server).await,
        };
        let reply = call.ask(server).await;
        if let Some(code) = reply.location().and_then(code_in) {
            self.known().codes.insert(code, asked);
        }
        reply
    }

    async fn push(&self, server: &MockIdp, mut call: Call) -> Reply {
        if !(self.takes)(call.params()) {
            return call.ask(server).await;
        }
        let mut asked = self.replace(call.params());
        asked.params.push("pushed", "yes");
        let reply = call.ask(server).await;
        if let Some(reference) = reply.document()["request_uri"].as_str() {
            self.known().pushed.insert(reference.to_owned(), asked);
        }
        reply
    }

    /// Puts a challenge of the server's own in place of what was sent.
    fn replace(&self, params: &mut Params) -> Asked {
        let mut known = self.known();
        known.requests += 1;
        let own = format!("the-verifier-of-a-server-that-checks-by-itself-{:03}", known.requests);
        let asked = Asked { params: params.clone(), own };
        params.set("code_challenge", s256(&asked.own));
        params.set("code_challenge_method", "S256");
        asked
    }

    fn judge(&self, form: &mut Params) {
        let code = form.get("code").unwrap_or_default().to_owned();
        let verifier = form.get("code_verifier").unwrap_or_default().to_owned();
        let mut known = self.known();
        let own = match known.codes.get(&code) {
            None => known.forgotten.get(&code).filter(|_| verifier.is_empty()),
            Some(asked) => {
                let others = known.codes.iter().filter(|(other, _)| **other != code).map(|(_, asked)| &asked.params);
                let redeemed = Redeemed { asked: &asked.params, others: others.collect(), verifier: &verifier };
                Some(asked).filter(|_| (self.fits)(&redeemed))
            }
        };
        if let Some(asked) = own {
            form.set("code_verifier", &asked.own);
        }
        if self.forgets
            && let Some(asked) = known.codes.remove(&code)
        {
            known.forgotten.insert(code, asked);
        }
    }
}

impl Bend for OwnCheck {
    fn serve<'a>(&'a self, server: &'a MockIdp, mut call: Call) -> Answering<'a> {
        Box::pin(async move {
            match call.path.as_str() {
                "/authorize" => self.authorize(server, call).await,
                "/par" => self.push(server, call).await,
                "/token" => {
                    if let Some(form) = &mut call.form {
                        self.judge(form);
                    }
                    call.ask(server).await
                }
                _ => call.ask(server).await,
            }
        })
    }
}

/// The code in a redirect, wherever it is.
fn code_in(location: &str) -> Option<String> {
    let (_, sent) = location.split_once(['?', '#'])?;
    Params::parse(&sent.replace(['?', '#'], "&")).ok()?.get("code").map(str::to_owned)
}

/// RFC 7636 section 4.2.
pub(crate) fn s256(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(verifier))
}
