//! What the attacks of the family `authorization` need to be off.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use http::{HeaderValue, Method};
use mock_idp::MockIdp;
use oauth_attacks::Level;
use oauth_types::Params;

use super::{Row, must};
use crate::victims::forms::hidden;
use crate::victims::front::{Answered, Answering, Bend, Bug, Call, Changed, Reply};
use crate::victims::pages::PAGES;

pub(super) const ROWS: &[Row] = &[
    must("as-authz-duplicate-params", &FIRST_COUNTS, "a second ", &["rfc6749-authorization-parameter-twice"]),
    must("as-authz-response-type", &CODE_BY_DEFAULT, "without a response type", &["rfc6749-response-type-missing"]),
    Row::bug(
        "as-authz-response-mode",
        &UNKNOWN_MODE_IGNORED,
        Level::Should,
        "an unknown response mode",
        &["oauth-response-mode-unsupported"],
    ),
    must("as-authz-response-mode", &TOKENS_IN_QUERY, "with tokens there", &[]),
    must("as-authz-state-integrity", &STATE_CUT, "a state of 4096 characters comes back changed", &[]),
    must("as-authz-state-integrity", &FORM_UNESCAPED, "becomes part of the page that posts it", &[]),
    must("as-authz-iss-missing", &ERRORS_NAMELESS, "an error response does not name the issuer", &[]),
    must(
        "as-authz-scope-escalation",
        &ANY_SCOPE,
        "the server granted the scope value",
        &["rfc6749-scope-not-allowed"],
    ),
    must(
        "as-authz-prompt-none",
        &LOGGED_IN_AT_ONCE,
        "a silent request without a login with a code",
        &["oidc-login-required"],
    ),
    Row::bug("as-authz-public-auto-approve", &NATIVE_REMEMBERED, Level::Should, "gets a code without a word", &[]),
    must("as-authz-reauth-skip", &SESSION_IS_ENOUGH, "does not make the user log in again", &[]),
    must("as-authz-clickjacking", &FRAMEABLE, "can be framed by any site", &[]),
    must("as-authz-cors", &CORS_EVERYWHERE, "may be read by it", &[]),
    must(
        "as-authz-consent-csrf",
        &NO_FORM_TOKEN,
        "a consent form without its token with a code",
        &["rfc6749-form-forged"],
    ),
    must(
        "as-authz-interaction-fixation",
        &ANY_BROWSER,
        "brought the attacker a code",
        &["rfc9700-interaction-other-browser"],
    ),
    must(
        "as-authz-id-token-hint",
        &HINT_BELIEVED,
        "the server took a hint that is unsigned for a login",
        &["oidc-id-token-hint-invalid"],
    ),
    must("as-authz-oversize", &COLUMN_TOO_SHORT, "keeps less than it was told", &[]),
    must("as-authz-error-injection", &CLIENT_QUOTED, "becomes part of the page", &["rfc6749-client-unknown"]),
    must(
        "as-authz-query-body-mix",
        &MERGED,
        "the verifier of a challenge in the query",
        &["rfc6749-authorization-query-and-body"],
    ),
];

/// The path of the authorization endpoint.
const AUTHORIZE: &str = "/authorize";

static FIRST_COUNTS: Bug = Bug {
    lacks: "a look at whether a parameter occurs twice",
    bend: Some(|| {
        let change = |call: &mut Call| {
            let mut seen = BTreeSet::new();
            let kept = call.params().iter().filter(|(name, _)| seen.insert((*name).to_owned())).collect();
            *call.params() = kept;
        };
        Arc::new(Changed { path: AUTHORIZE, change })
    }),
    ..Bug::NONE
};

static CODE_BY_DEFAULT: Bug = Bug {
    lacks: "response types without a default",
    bend: Some(|| {
        let change = |call: &mut Call| {
            if call.get("response_type").is_none() {
                call.params().push("response_type", "code");
            }
        };
        Arc::new(Changed { path: AUTHORIZE, change })
    }),
    ..Bug::NONE
};

static UNKNOWN_MODE_IGNORED: Bug = Bug {
    lacks: "a refusal of unknown response modes",
    bend: Some(|| {
        let change = |call: &mut Call| {
            if call.get("response_mode").as_deref() == Some("nonsense") {
                call.params().remove("response_mode");
            }
        };
        Arc::new(Changed { path: AUTHORIZE, change })
    }),
    ..Bug::NONE
};

static TOKENS_IN_QUERY: Bug = Bug {
    lacks: "a refusal of the query for tokens",
    profile: mock_idp::Profile::Legacy,
    on_its_own: true,
    bend: Some(|| Arc::new(InQuery)),
    ..Bug::NONE
};

/// Puts a response into the query whenever it is asked to.
struct InQuery;

impl Bend for InQuery {
    fn serve<'a>(&'a self, server: &'a MockIdp, mut call: Call) -> Answering<'a> {
        let asked = call.path == AUTHORIZE && call.get("response_mode").as_deref() == Some("query");
        if asked {
            call.params().remove("response_mode");
        }
        Box::pin(async move {
            let reply = call.ask(server).await;
            match reply.location().map(|location| location.replace('#', "?")) {
                Some(location) if asked => reply.leading_to(&location),
                _ => reply,
            }
        })
    }
}

/// The same response with other parameters.
fn responding(reply: &mut Reply, change: impl FnOnce(&mut Params)) {
    let Some((to, query)) = reply.location().and_then(|location| location.split_once('?')) else { return };
    let mut params = Params::parse(query).expect("a response");
    change(&mut params);
    let location = format!("{to}?{}", params.encode());
    *reply = reply.clone().leading_to(&location);
}

static STATE_CUT: Bug = Bug {
    lacks: "room for a long state",
    bend: Some(|| {
        let change = |_: &Call, reply: &mut Reply| {
            responding(reply, |params| {
                if let Some(state) = params.get("state").map(|state| state.chars().take(1024).collect::<String>()) {
                    params.set("state", state);
                }
            });
        };
        Arc::new(Answered { path: AUTHORIZE, change })
    }),
    ..Bug::NONE
};

static FORM_UNESCAPED: Bug = Bug {
    lacks: "escaping in the form that is posted to the client",
    bend: Some(|| {
        let change = |_: &Call, reply: &mut Reply| {
            let page = String::from_utf8(std::mem::take(&mut reply.body)).expect("a page");
            let bare = page.replace("&#34;", "\"").replace("&#60;", "<").replace("&#62;", ">");
            reply.body = bare.into_bytes();
        };
        Arc::new(Answered { path: AUTHORIZE, change })
    }),
    ..Bug::NONE
};

static ERRORS_NAMELESS: Bug = Bug {
    lacks: "the issuer in error responses",
    bend: Some(|| {
        let change = |_: &Call, reply: &mut Reply| {
            responding(reply, |params| {
                if params.get("error").is_some() {
                    params.remove("iss");
                }
            });
        };
        Arc::new(Answered { path: AUTHORIZE, change })
    }),
    ..Bug::NONE
};

static ANY_SCOPE: Bug = Bug {
    lacks: "a comparison of the scope with what the client may ask for",
    bend: Some(|| Arc::new(Generous::default())),
    ..Bug::NONE
};

/// Grants whatever scope was asked for last.
#[derive(Default)]
struct Generous(Mutex<String>);

impl Bend for Generous {
    fn serve<'a>(&'a self, server: &'a MockIdp, mut call: Call) -> Answering<'a> {
        let asked = call.get("scope").filter(|scope| call.path == AUTHORIZE && scope.ends_with(" admin"));
        if let Some(scope) = asked {
            call.params().set("scope", "openid");
            *self.0.lock().expect("no panic elsewhere") = scope;
        }
        Box::pin(async move {
            let redeems = call.path == "/token" && call.method == Method::POST;
            let mut reply = call.ask(server).await;
            let scope = std::mem::take(&mut *self.0.lock().expect("no panic elsewhere"));
            if redeems && !scope.is_empty() {
                let mut document = reply.document();
                document["scope"] = scope.into();
                reply.body = document.to_string().into_bytes();
            } else {
                *self.0.lock().expect("no panic elsewhere") = scope;
            }
            reply
        })
    }
}

static LOGGED_IN_AT_ONCE: Bug =
    Bug { lacks: "a login before anything is issued", weakened: |builder| builder.off("login-pages"), ..PAGES };

static NATIVE_REMEMBERED: Bug = Bug {
    lacks: "consent for native clients each time",
    weakened: |builder| builder.on("remember-native-consent"),
    ..PAGES
};

static SESSION_IS_ENOUGH: Bug = Bug {
    lacks: "an eye for requests for a fresh login",
    bend: Some(|| {
        let change = |call: &mut Call| {
            call.params().remove("max_age");
            call.params().remove("prompt");
        };
        Arc::new(Changed { path: AUTHORIZE, change })
    }),
    ..PAGES
};

static FRAMEABLE: Bug = Bug {
    lacks: "the headers against frames on its consent page",
    bend: Some(|| {
        let change = |_: &Call, reply: &mut Reply| {
            reply.headers.remove("content-security-policy");
            reply.headers.remove("x-frame-options");
        };
        Arc::new(Answered { path: "/consent", change })
    }),
    ..PAGES
};

static CORS_EVERYWHERE: Bug = Bug {
    lacks: "an authorization endpoint without CORS",
    bend: Some(|| {
        let change = |_: &Call, reply: &mut Reply| {
            reply.headers.insert("access-control-allow-origin", HeaderValue::from_static("*"));
        };
        Arc::new(Answered { path: AUTHORIZE, change })
    }),
    ..Bug::NONE
};

static NO_FORM_TOKEN: Bug =
    Bug { lacks: "a token in its consent form", bend: Some(|| Arc::new(Tokens::default())), ..PAGES };

/// Puts the right token into every form that is sent.
#[derive(Default)]
struct Tokens(Mutex<BTreeMap<String, String>>);

impl Bend for Tokens {
    fn serve<'a>(&'a self, server: &'a MockIdp, mut call: Call) -> Answering<'a> {
        let interaction = call.get("interaction").unwrap_or_default();
        if let (Some(form), Some(token)) =
            (&mut call.form, self.0.lock().expect("no panic elsewhere").get(&interaction))
        {
            form.set("csrf", token);
        }
        Box::pin(async move {
            let reply = call.ask(server).await;
            if let Some(token) = hidden(&reply, "csrf") {
                self.0.lock().expect("no panic elsewhere").insert(interaction, token);
            }
            reply
        })
    }
}

static ANY_BROWSER: Bug = Bug {
    lacks: "a tie between a login and the browser it began in",
    bend: Some(|| Arc::new(SharedLogins::default())),
    ..PAGES
};

/// Keeps what browsers hold by the login it is about, so that whoever names it goes on with it.
#[derive(Default)]
struct SharedLogins(Mutex<BTreeMap<String, BTreeMap<String, String>>>);

impl Bend for SharedLogins {
    fn serve<'a>(&'a self, server: &'a MockIdp, mut call: Call) -> Answering<'a> {
        let named = call.get("interaction");
        if let Some(cookies) =
            named.as_ref().and_then(|id| self.0.lock().expect("no panic elsewhere").get(id).cloned())
        {
            let pairs: Vec<_> = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            call.headers.insert("cookie", pairs.join("; ").parse().expect("cookies"));
        }
        Box::pin(async move {
            let reply = call.ask(server).await;
            let begun = reply.location().and_then(|to| to.split_once("interaction=")).map(|(_, id)| id.to_owned());
            if let Some(id) = begun.or(named) {
                let mut logins = self.0.lock().expect("no panic elsewhere");
                let known = logins.entry(id).or_default();
                for cookie in reply.headers.get_all("set-cookie") {
                    let text = cookie.to_str().expect("a cookie").split(';').next().unwrap_or_default().to_owned();
                    known.extend(text.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned())));
                }
            }
            reply
        })
    }
}

static HINT_BELIEVED: Bug = Bug {
    lacks: "a check of the signature of hints",
    bend: Some(|| {
        let change = |call: &mut Call| {
            let Some(hint) = call.get("id_token_hint") else { return };
            let jws = mock_idp::jose::Jws::parse(&hint).expect("a token");
            let subject = jws.claims()["sub"].as_str().expect("a subject").to_owned();
            call.params().remove("id_token_hint");
            call.params().set("login_hint", subject);
        };
        Arc::new(Changed { path: AUTHORIZE, change })
    }),
    ..Bug::NONE
};

static COLUMN_TOO_SHORT: Bug = Bug {
    lacks: "a bound for its input, but not for what it keeps",
    bend: Some(|| {
        let change = |call: &mut Call| {
            if let Some(state) = call.get("state").filter(|state| state.len() > 255) {
                call.params().set("state", &state[..255]);
            }
        };
        Arc::new(Changed { path: AUTHORIZE, change })
    }),
    ..Bug::NONE
};

static CLIENT_QUOTED: Bug = Bug {
    lacks: "escaping on its error page",
    bend: Some(|| {
        let change = |call: &Call, reply: &mut Reply| {
            if reply.status == 400 {
                let client = call.get("client_id").unwrap_or_default();
                reply.body.extend(format!("<p>The client {client} has made a mistake.</p>").into_bytes());
            }
        };
        Arc::new(Answered { path: AUTHORIZE, change })
    }),
    ..Bug::NONE
};

static MERGED: Bug = Bug {
    lacks: "one place for the parameters of a posted request",
    bend: Some(|| {
        let change = |call: &mut Call| {
            let Some(form) = &mut call.form else { return };
            for (name, value) in std::mem::take(&mut call.query).iter() {
                form.set(name, value);
            }
        };
        Arc::new(Changed { path: AUTHORIZE, change })
    }),
    ..Bug::NONE
};
