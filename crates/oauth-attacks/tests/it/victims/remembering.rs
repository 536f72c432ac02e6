//! A bend that remembers what the mock server issued, and for what, so that mistakes can be made with it.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard};

use http::StatusCode;
use mock_idp::MockIdp;
use mock_idp::clock::Clock as _;
use oauth_types::Params;
use serde_json::{Value, json};

use super::front::{Answering, Bend, Call, Reply};

/// RFC 7636 appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// A server that remembers, and makes a mistake with what it remembers.
pub(crate) struct Remembering {
    memory: Memory,
    mistake: fn(&Memory, &mut Call) -> Next,
    /// Changes an answer, after it has been remembered as it was.
    after: fn(&Call, &mut Reply),
}

/// What was issued.
#[derive(Default)]
pub(crate) struct Memory(Mutex<Remembered>);

#[derive(Default)]
pub(crate) struct Remembered {
    /// The authorization request of each code.
    pub(crate) codes: HashMap<String, Call>,
    /// When each code was redeemed.
    pub(crate) redeemed: HashMap<String, u64>,
    /// The token request of each access and refresh token, and its answer.
    pub(crate) tokens: HashMap<String, (Call, Value)>,
    /// Whatever a mistake marks.
    pub(crate) marked: HashSet<String>,
    /// What time it is.
    pub(crate) now: u64,
}

/// What becomes of a request.
pub(crate) enum Next {
    /// The server is asked.
    Ask,
    /// This is answered, and the server is not asked.
    Answer(Reply),
    /// The authorization request behind this token request is made once more, changed like this, and what it brings is
    /// redeemed in place of what was sent.
    Anew(Vec<(&'static str, String)>),
}

impl Remembering {
    /// A server that makes this mistake.
    pub(crate) fn bend(mistake: fn(&Memory, &mut Call) -> Next) -> Arc<dyn Bend> {
        Self::saying(mistake, |_, _| {})
    }

    /// A server that makes this mistake, and changes what it answers.
    pub(crate) fn saying(mistake: fn(&Memory, &mut Call) -> Next, after: fn(&Call, &mut Reply)) -> Arc<dyn Bend> {
        Arc::new(Self { memory: Memory::default(), mistake, after })
    }

    async fn answer(&self, server: &MockIdp, mut call: Call) -> Reply {
        self.memory.look().now = server.clock().now();
        let arrived = call.clone();
        let mut reply = match (self.mistake)(&self.memory, &mut call) {
            Next::Answer(reply) => reply,
            Next::Ask => call.clone().ask(server).await,
            Next::Anew(changes) => {
                self.renew(server, &mut call, changes).await;
                call.clone().ask(server).await
            }
        };
        self.memory.keep(&call, &reply);
        (self.after)(&arrived, &mut reply);
        reply
    }

    /// Puts a code that is issued now in the place of the code or the refresh token that was sent.
    async fn renew(&self, server: &MockIdp, call: &mut Call, changes: Vec<(&'static str, String)>) {
        let refreshes = call.get("refresh_token");
        let Some(mut asking) = self.memory.request_behind(call) else { return };
        for (name, value) in changes {
            asking.query.set(name, value);
        }
        if refreshes.is_some() {
            asking.query.set("code_challenge", CHALLENGE);
        }
        let redirect_uri = asking.query.get("redirect_uri").unwrap_or_default().to_owned();
        let reply = asking.clone().ask(server).await;
        self.memory.keep(&asking, &reply);
        let Some(code) = code_in(&reply) else { return };
        let form = call.params();
        form.set("code", code);
        if refreshes.is_some() {
            form.set("grant_type", "authorization_code");
            form.set("redirect_uri", redirect_uri);
            form.set("code_verifier", VERIFIER);
            for name in ["refresh_token", "scope"] {
                form.remove(name);
            }
        }
    }
}

impl Bend for Remembering {
    fn serve<'a>(&'a self, server: &'a MockIdp, call: Call) -> Answering<'a> {
        Box::pin(self.answer(server, call))
    }
}

impl Memory {
    /// Everything.
    pub(crate) fn look(&self) -> MutexGuard<'_, Remembered> {
        self.0.lock().expect("nobody panics here")
    }

    fn keep(&self, call: &Call, reply: &Reply) {
        let mut own = self.look();
        let now = own.now;
        if call.path.ends_with("/authorize")
            && let Some(code) = code_in(reply)
        {
            own.codes.insert(code, call.clone());
        }
        if call.path.ends_with("/token") && reply.status == StatusCode::OK {
            own.redeemed.extend(call.get("code").map(|code| (code, now)));
            let document = reply.document();
            let tokens = ["access_token", "refresh_token"].iter().filter_map(|name| document[*name].as_str());
            own.tokens.extend(tokens.map(|token| (token.to_owned(), (call.clone(), document.clone()))));
        }
    }

    /// The authorization request that a token request goes back to.
    fn request_behind(&self, call: &Call) -> Option<Call> {
        let own = self.look();
        let mut call = call;
        loop {
            if let Some(code) = call.get("code") {
                return own.codes.get(&code).cloned();
            }
            call = &own.tokens.get(&call.get("refresh_token")?)?.0;
        }
    }

    /// A parameter of the authorization request that a token request goes back to.
    pub(crate) fn asked(&self, call: &Call, name: &str) -> Option<String> {
        self.request_behind(call)?.get(name)
    }

    /// Whether what a code brought was refreshed.
    pub(crate) fn is_refreshed(&self, code: &str) -> bool {
        let own = self.look();
        let first = own.tokens.values().filter(|(call, _)| call.get("code").as_deref() == Some(code));
        let mut first = first.filter_map(|(_, answer)| answer["refresh_token"].as_str());
        first.any(|token| own.tokens.values().any(|(call, _)| call.get("refresh_token").as_deref() == Some(token)))
    }

    /// Lets whoever got a token speak in a request in which somebody shows it.
    pub(crate) fn as_owner(&self, call: &mut Call, token: &str) {
        let Some((owner, _)) = self.look().tokens.get(token).cloned() else { return };
        call.headers.remove("authorization");
        call.headers.extend(owner.headers.get("authorization").map(|own| (http::header::AUTHORIZATION, own.clone())));
        call.params().remove("client_id");
        if let Some(client_id) = owner.get("client_id") {
            call.params().set("client_id", client_id);
        }
    }

    /// The refresh token that another one was exchanged for.
    pub(crate) fn successor(&self, token: &str) -> Option<String> {
        let own = self.look();
        let mut next = own.tokens.values().filter(|(call, _)| call.get("refresh_token").as_deref() == Some(token));
        next.find_map(|(_, answer)| answer["refresh_token"].as_str().map(str::to_owned))
    }

    /// What was issued together with a token.
    pub(crate) fn beside(&self, token: &str, name: &str) -> Option<String> {
        self.look().tokens.get(token)?.1[name].as_str().map(str::to_owned)
    }
}

/// A refusal of the token endpoint.
pub(crate) fn refused(error: &str) -> Next {
    Next::Answer(Reply::json(StatusCode::BAD_REQUEST, &json!({ "error": error })))
}

/// The code in a redirect.
pub(crate) fn code_in(reply: &Reply) -> Option<String> {
    let (_, query) = reply.location()?.split_once('?')?;
    Params::parse(query).ok()?.get("code").map(str::to_owned)
}

/// Changes the code in a redirect.
pub(crate) fn with_code(reply: &mut Reply, change: impl FnOnce(&str) -> String) {
    let Some(code) = code_in(reply) else { return };
    let Some((place, query)) = reply.location().and_then(|location| location.split_once('?')) else { return };
    let mut query = Params::parse(query).unwrap_or_default();
    query.set("code", change(&code));
    let location = query.append_to_query(place);
    reply.headers.insert("location", location.parse().expect("an address"));
}
