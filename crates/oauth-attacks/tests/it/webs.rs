//! Clients that are running web applications: the victim behind a listener of its own, as browsers see it.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use axum::Router;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::get;
use oauth_attacks::{
    ClientUnderTest as _, Options, Provider, Registration, Said, Verdict, Visitor, Web, run_on_client,
};
use tokio::net::TcpListener;

use crate::victims::client::{Defence, Victim};

/// The application.
struct App {
    victim: Victim,
    provider: Provider,
    /// Sessions by their cookie: what the victim keeps in the browser, and who is logged in.
    sessions: std::sync::Mutex<std::collections::HashMap<String, (Visitor, bool)>>,
    address: SocketAddr,
}

type Shared = State<Arc<App>>;

impl App {
    /// The visitor with this cookie, or a new one, and the cookie.
    fn visitor(&self, headers: &HeaderMap) -> (String, Visitor) {
        let cookies = headers.get(header::COOKIE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let cookie = cookies.split("; ").find_map(|pair| pair.strip_prefix("app="));
        let mut sessions = self.sessions.lock().expect("sessions");
        let name = cookie.map_or_else(|| format!("s{}", sessions.len()), str::to_owned);
        let visitor = sessions.entry(name.clone()).or_default().0.clone();
        (name, visitor)
    }
}

async fn login(State(app): Shared, headers: HeaderMap) -> Response {
    let (name, visitor) = app.visitor(&headers);
    match app.victim.begin(&visitor, &app.provider).await {
        Ok(url) => {
            ([(header::SET_COOKIE, format!("app={name}; Path=/; HttpOnly"))], Redirect::to(&url)).into_response()
        }
        Err(rejected) => (StatusCode::BAD_GATEWAY, rejected.code).into_response(),
    }
}

async fn callback(State(app): Shared, RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    let (name, visitor) = app.visitor(&headers);
    let address = format!("http://{}/callback?{}", app.address, query.unwrap_or_default());
    match app.victim.finish(&visitor, &address).await {
        Said::Accepted { .. } => {
            app.sessions.lock().expect("sessions").insert(name, (visitor, true));
            Redirect::to("/me").into_response()
        }
        other => (StatusCode::UNAUTHORIZED, format!("{other:?}")).into_response(),
    }
}

async fn me(State(app): Shared, headers: HeaderMap) -> Response {
    let (name, _) = app.visitor(&headers);
    let logged_in = app.sessions.lock().expect("sessions").get(&name).is_some_and(|(_, logged_in)| *logged_in);
    if logged_in { "Hello alice".into_response() } else { (StatusCode::UNAUTHORIZED, "Who are you?").into_response() }
}

/// An application with this defence off, and the harness that knows where it is.
async fn web(off: Option<Defence>) -> Web {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let issuer = {
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
        free.local_addr().expect("an address")
    };
    let registration = Registration::public("web", format!("http://{address}/callback"));
    let provider = Provider { issuer: format!("http://{issuer}"), client: registration.clone(), ca_pem: None };
    let app = App { victim: Victim::new(off), provider, sessions: std::sync::Mutex::default(), address };
    let routes = Router::new().route("/login", get(login)).route("/callback", get(callback)).route("/me", get(me));
    let routes = routes.with_state(Arc::new(app));
    tokio::spawn(async move { axum::serve(listener, routes).await });
    let web = Web::new(&format!("http://{address}/login"), "/me~Hello alice".parse().expect("a predicate"));
    web.expect("an application").registered(registration).issuers_at(issuer, None)
}

#[tokio::test]
async fn a_sound_application_withstands_what_browsers_bring() {
    let attacks = [
        "rp-state-mismatch",
        "rp-state-other-browser",
        "rp-code-injection-pkce",
        "rp-pkce-missing",
        "rp-idt-aud-wrong",
        "rp-iss-wrong",
    ];
    run_on_client(web(None).await, &Options::new().only(attacks)).await.assert_all_stopped();
}

#[tokio::test]
async fn a_careless_application_is_found_out_by_what_the_browser_sees() {
    for (id, off) in [
        ("rp-state-other-browser", Defence::LoginsBelongToBrowsers),
        ("rp-state-mismatch", Defence::StateCompared),
        ("rp-idt-aud-wrong", Defence::AudienceCompared),
    ] {
        let report = run_on_client(web(Some(off)).await, &Options::new().only([id])).await;
        assert_eq!(report.outcomes[0].verdict, Verdict::Vulnerable, "{id}: {}", report.outcomes[0].because);
    }
}

#[tokio::test]
async fn an_application_that_knows_one_server_is_not_asked_for_a_second() {
    let report = run_on_client(web(None).await, &Options::new().only(["rp-mixup-classic"])).await;
    assert_eq!(report.outcomes[0].because, "the client does not know a second server");
}
