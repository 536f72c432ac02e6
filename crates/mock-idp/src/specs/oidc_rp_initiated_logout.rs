//! OpenID Connect RP-Initiated Logout 1.0: a client sends the browser here to have the person logged out.
//!
//! Who shows an ID token of a session that lives here is believed; for whoever does not, the person is asked, since any
//! page could send a browser here. Nobody is redirected to a place that the client has not registered.

use std::sync::Arc;

use http::{Method, StatusCode};
use oauth_types::fault::Point;
use oauth_types::{ErrorCode, Params};
use serde_json::{Map, Value};

use crate::clients::Client;
use crate::doctor::{self, uris};
use crate::pages::{self, Account};
use crate::ports::store::BoxFuture;
use crate::redirect::{self, RedirectRule};
use crate::refusal::{Document, Refusal, Rule};
use crate::reply::{Page, Reply, Stop};
use crate::sessions::browser::{Browser, TOKEN};
use crate::sessions::state::BrowserState;
use crate::sessions::{Hint, Session, Sessions};
use crate::spec::{Call, Endpoint, Facts, Spec};
use crate::world::{Policy, Switch};

const PATH: &str = "/logout";
const REGISTERED: &str = "post_logout_redirect_uris";
const REDIRECT: &str = "post_logout_redirect_uri";
/// What the form of the page is for.
const PURPOSE: &str = "logout";

static ENDPOINTS: &[Endpoint] =
    &[Endpoint { path: PATH, methods: &[Method::GET, Method::POST], at: Point::Logout, page: true }];

#[derive(Debug)]
pub(crate) struct RpInitiatedLogout;

impl Spec for RpInitiatedLogout {
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

    fn endpoints(&self) -> &'static [Endpoint] {
        ENDPOINTS
    }

    fn needs_sessions(&self) -> bool {
        true
    }

    fn serve<'a>(&'a self, call: &'a Call<'a>) -> Option<BoxFuture<'a, Reply>> {
        Some(Box::pin(async move {
            log_out(call).await.unwrap_or_else(|stop| match stop {
                Stop::Refused(refusal) => Reply::Page(refusal),
                Stop::Broken(what) => Reply::Broken { what, to: None },
            })
        }))
    }

    /// `end_session_endpoint` (§2.1).
    fn metadata(&self, facts: &Facts<'_>, document: &mut Map<String, Value>) {
        document.insert("end_session_endpoint".to_owned(), facts.place.url(PATH).into());
    }

    fn register(&self, metadata: &Map<String, Value>, _policy: &Policy) -> Result<(), Refusal> {
        let Some(uris) = metadata.get(REGISTERED) else { return Ok(()) };
        let usable = |uri: &Value| {
            uri.as_str().is_some_and(|uri| redirect::unusable(&RedirectRule::Registered(uri.to_owned())).is_none())
        };
        match uris.as_array() {
            Some(uris) if uris.iter().all(usable) => Ok(()),
            _ => Err(METADATA.refuse()),
        }
    }
}

/// What a request at the endpoint asks for.
struct Asked<'a> {
    client: Option<Arc<Client>>,
    hint: Option<Hint>,
    /// Where the browser goes afterwards; it is the client's own.
    to: Option<&'a str>,
    state: Option<&'a str>,
}

/// Whom a request can be about.
enum Whose {
    /// Nobody is logged in.
    Nobodys,
    /// These sessions are meant.
    Meant(Vec<String>),
    /// The person has to say it.
    Unclear,
}

async fn log_out(call: &Call<'_>) -> Result<Reply, Stop> {
    let (arrival, none) = (call.arrival, Params::new());
    let params = if arrival.posted() { arrival.form.unwrap_or(&none) } else { arrival.query };
    if let Some(name) = params.duplicate(&[]) {
        return Err(TWICE.because(format!("{} occurs twice", oauth_types::params::display_name(name))).into());
    }
    let asked = Asked::read(call, params).await?;
    let sessions = Sessions::of(arrival, call.ports, call.policy).await?;
    match (asked.whose(call, &sessions).await?, params.get("decision")) {
        (Whose::Nobodys, _) => end(call, &[], sessions, &asked).await,
        (Whose::Meant(sids), _) => end(call, &sids, sessions, &asked).await,
        (Whose::Unclear, Some(decision)) if arrival.posted() => {
            Browser::of(arrival, call.ports).check(arrival, params, PURPOSE)?;
            let all: Vec<String> = sessions.all().iter().map(|session| session.sid().to_owned()).collect();
            match decision {
                "approve" => end(call, &all, sessions, &asked).await,
                _ => Ok(shown(pages::logged_in())),
            }
        }
        (Whose::Unclear, _) => Ok(ask(call, &sessions, &asked)),
    }
}

impl<'a> Asked<'a> {
    async fn read(call: &Call<'_>, params: &'a Params) -> Result<Self, Stop> {
        let (arrival, token) = (call.arrival, params.get("id_token_hint"));
        let audience = token.and_then(Hint::audience);
        let client_id = params.get("client_id").or(audience.as_deref());
        let client = match client_id {
            Some(client_id) => call.spine.client(arrival, client_id).await?,
            None => None,
        };
        if let Some(client) = &client {
            arrival.seen.client(client.client_id());
        } else if params.get("client_id").is_some() {
            let what = call.spine.clients().unlike(client_id.unwrap_or_default());
            return Err(CLIENT.because(what).into());
        }
        let read = |token| Hint::read(call.ports, arrival.place, token, client.as_deref());
        let hint = token.map(read).transpose().map_err(|what| HINT.because(what))?;
        if let (Some(hint), Some(client)) = (&hint, &client)
            && hint.client_id != client.client_id()
        {
            return Err(OTHER_CLIENT.because(doctor::of_another(&hint.client_id, client.client_id())).into());
        }
        let to = params.get(REDIRECT);
        if let Some(uri) = to {
            let client =
                client.as_ref().ok_or_else(|| NO_CLIENT.because("Send id_token_hint or client_id beside it"))?;
            check(client, uri)?;
        }
        Ok(Self { client, hint, to, state: params.get("state") })
    }

    /// Whom it can be about.
    async fn whose(&self, call: &Call<'_>, sessions: &Sessions) -> Result<Whose, Stop> {
        let (arrival, here) = (call.arrival, sessions.all());
        let sid = self.hint.as_ref().and_then(|hint| hint.sid.as_deref());
        if let Some(sid) = sid.filter(|sid| sessions.find(sid).is_some()) {
            return Ok(Whose::Meant(vec![sid.to_owned()]));
        }
        if here.is_empty() {
            // A client without a browser shows the ID token of its own session.
            let found = match sid {
                Some(sid) => Session::find(call.ports, call.policy, arrival.place, sid, arrival.now).await?,
                None => None,
            };
            return Ok(found.map_or(Whose::Nobodys, |session| Whose::Meant(vec![session.sid().to_owned()])));
        }
        let own = here.iter().filter(|session| self.names(call, session));
        let own: Vec<String> = own.map(|session| session.sid().to_owned()).collect();
        if !own.is_empty() {
            return Ok(Whose::Meant(own));
        }
        if call.policy.is_on(&UNASKED) {
            arrival.seen.relaxed(UNASKED.name);
            return Ok(Whose::Meant(here.iter().map(|session| session.sid().to_owned()).collect()));
        }
        Ok(Whose::Unclear)
    }

    /// Whether the hint is about the user of a session.
    fn names(&self, call: &Call<'_>, session: &Session) -> bool {
        let (Some(hint), Some(client)) = (&self.hint, &self.client) else { return false };
        let user = call.people.find(&session.login.user);
        user.is_some_and(|user| call.spine.subject(client, user) == hint.subject)
    }
}

/// Whether a client may have the browser sent to `uri`: it is registered exactly, or the client may use any loopback
/// address.
fn check(client: &Client, uri: &str) -> Result<(), Refusal> {
    let registered = client.member(REGISTERED).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let any = client.redirects.iter().any(|rule| {
        !matches!(rule, RedirectRule::Registered(_)) && redirect::check(std::slice::from_ref(rule), uri).is_ok()
    });
    if any || registered.iter().any(|own| own == uri) {
        return Ok(());
    }
    let known: Vec<&str> = registered.iter().filter_map(Value::as_str).collect();
    let login = |rule: &RedirectRule| matches!(rule, RedirectRule::Registered(own) if own == uri);
    Err(UNREGISTERED.because(match uris::nearest(known.iter().copied(), uri) {
        _ if client.redirects.iter().any(login) => {
            format!("It is registered among redirect_uris alone; for logout: {}", known.join(", "))
        }
        Some(likely) => format!("{likely}. Registered, and compared exactly: {}", known.join(", ")),
        None => format!("None is registered: its name is {REGISTERED}"),
    }))
}

/// Asks the person.
fn ask(call: &Call<'_>, sessions: &Sessions, asked: &Asked<'_>) -> Reply {
    let users = sessions.all().iter().filter_map(|session| call.people.find(&session.login.user));
    let accounts: Vec<Account<'_>> = users.map(Account::of).collect();
    let token = Browser::of(call.arrival, call.ports).token(PURPOSE);
    let client_id = asked.client.as_ref().map(|client| client.client_id());
    let fields =
        [(TOKEN, Some(token.as_str())), ("client_id", client_id), (REDIRECT, asked.to), ("state", asked.state)];
    let hidden: Vec<(&str, &str)> = fields.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
    let action = format!("{}{PATH}", call.arrival.place.path());
    shown(pages::log_out(&action, &hidden, &accounts, asked.to.unwrap_or_default()))
}

/// Ends sessions, and sends the browser on.
async fn end(call: &Call<'_>, sids: &[String], mut sessions: Sessions, asked: &Asked<'_>) -> Result<Reply, Stop> {
    let mut frames = Vec::new();
    for sid in sids {
        sessions.remove(sid);
        frames.extend(call.spine.end_session(call.arrival, sid).await?.unwrap_or_default());
    }
    sessions.tell(call.arrival);
    if !sids.is_empty() {
        BrowserState::of(call.arrival, call.ports, call.policy, true);
    }
    let state: Params = asked.state.map(|state| ("state", state)).into_iter().collect();
    let to = asked.to.map(|uri| if state.is_empty() { uri.to_owned() } else { state.append_to_query(uri) });
    Ok(match to {
        Some(to) if frames.is_empty() => Reply::Redirect(to),
        to => shown(pages::logged_out(&frames, to.as_deref())),
    })
}

fn shown(page: Page) -> Reply {
    Reply::Html { status: StatusCode::OK, page }
}

static SWITCHES: &[&Switch] = &[&UNASKED];

static UNASKED: Switch = Switch {
    name: "logout-unasked",
    says: "Nobody is asked whether they want to log out, even if a request has no id_token_hint of theirs",
    relaxes: true,
};

static DOCUMENT: Document = Document {
    name: "OpenID Connect RP-Initiated Logout 1.0",
    title: "OpenID Connect RP-Initiated Logout 1.0",
    url: "https://openid.net/specs/openid-connect-rpinitiated-1_0.html",
};

static RULES: &[&Rule] = &[&CLIENT, &HINT, &METADATA, &NO_CLIENT, &OTHER_CLIENT, &TWICE, &UNREGISTERED];

static HINT: Rule = Rule {
    id: "oidc-logout-hint-invalid",
    document: &DOCUMENT,
    section: "2",
    error: ErrorCode::InvalidRequest,
    says: "An id_token_hint is an ID token that this issuer issued; it may have expired",
};

static CLIENT: Rule = Rule {
    id: "oidc-logout-client-unknown",
    document: &DOCUMENT,
    section: "2",
    error: ErrorCode::InvalidRequest,
    says: "The client_id is not that of a known client",
};

static OTHER_CLIENT: Rule = Rule {
    id: "oidc-logout-client-differs",
    document: &DOCUMENT,
    section: "2",
    error: ErrorCode::InvalidRequest,
    says: "The client_id has to be that of the client the id_token_hint was issued to",
};

static NO_CLIENT: Rule = Rule {
    id: "oidc-logout-redirect-without-client",
    document: &DOCUMENT,
    section: "3",
    error: ErrorCode::InvalidRequest,
    says: "A post_logout_redirect_uri needs id_token_hint or client_id, which say whose it is",
};

static UNREGISTERED: Rule = Rule {
    id: "oidc-logout-redirect-unregistered",
    document: &DOCUMENT,
    section: "3",
    error: ErrorCode::InvalidRequest,
    says: "A post_logout_redirect_uri has to be one that the client has registered",
};

static TWICE: Rule = Rule {
    id: "oidc-logout-parameter-twice",
    document: &DOCUMENT,
    section: "2",
    error: ErrorCode::InvalidRequest,
    says: "Parameters must not be included more than once",
};

static METADATA: Rule = Rule {
    id: "oidc-logout-client-metadata",
    document: &DOCUMENT,
    section: "3.1",
    error: ErrorCode::InvalidClientMetadata,
    says: "post_logout_redirect_uris is a list of absolute URIs without fragments",
};

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn where_browsers_go_after_logging_out_is_a_list_of_uris() {
        let judged = |uris: Value| {
            let metadata = Map::from_iter([(REGISTERED.to_owned(), uris)]);
            RpInitiatedLogout.register(&metadata, &Policy::default()).map_err(|refusal| refusal.rule.id)
        };
        assert_eq!(judged(json!(["https://a.example/out", "com.example:/out"])), Ok(()));
        for bad in [json!("https://a.example/"), json!([1]), json!(["/out"]), json!(["https://a.example/#x"])] {
            assert_eq!(judged(bad.clone()), Err("oidc-logout-client-metadata"), "{bad}");
        }
    }
}
