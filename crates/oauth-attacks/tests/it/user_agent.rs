//! The user agent in front of servers: the mock server with its pages, and pages that lead on in every way.

use std::net::Ipv4Addr;

use axum::Router;
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};

use mock_idp::{MockIdp, Profile, User};
use oauth_attacks::agent::{Agent, AgentError, Tls};
use oauth_attacks::answer::Answer;
use oauth_attacks::browser::{Browser, Login, Visit};
use oauth_attacks::mock::Cast;
use oauth_attacks::user_agent::{Forms, Reached, Who};
use oauth_attacks::{Options, Target, Verdict, run_on_server};
use oauth_types::Params;
use tokio::net::TcpListener;

/// What the users of the mock server enter.
const PASSWORDS: [&str; 2] = ["pw-alice", "canary-password-of-bob"];

async fn server_with_pages() -> (MockIdp, Target) {
    let cast = Cast::new(Profile::Strict).expect("keys");
    let users = ["alice", "bob"].into_iter().zip(PASSWORDS);
    let builder = cast.enter(MockIdp::builder()).on("login-pages");
    let builder = users.fold(builder, |builder, (name, password)| builder.user(User::new(name).password(password)));
    let idp = builder.start().await.expect("a server");
    let target = cast.target(&idp).await.expect("a target");
    (idp, target)
}

fn forms() -> Forms {
    Forms::new().user("alice", PASSWORDS[0]).second_user("bob", PASSWORDS[1])
}

fn browser() -> Browser {
    Browser::new(Agent::new(Tls::Untrusted).expect("an agent"))
}

fn visit(url: &str) -> Visit {
    Visit { url: url.to_owned(), form: None }
}

/// An honest authorization request.
fn request() -> Params {
    Params::new()
        .with("response_type", "code")
        .with("client_id", "app")
        .with("redirect_uri", "http://127.0.0.1:9/callback")
        .with("scope", "openid")
        .with("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM")
        .with("code_challenge_method", "S256")
}

#[tokio::test]
async fn attacks_run_at_a_server_that_asks_on_pages() {
    let (idp, target) = server_with_pages().await;
    let ids = ["as-code-replay", "as-pkce-plain-accepted", "as-pkce-path-parity"];
    let report = run_on_server(&target.login(forms()), &Options::new().only(ids)).await;
    for outcome in &report.outcomes {
        assert_eq!(outcome.verdict, Verdict::Stopped, "{}: {}", outcome.id, outcome.because);
    }
    let told = format!("{report}{report:?}{}", serde_json::to_string(&report).expect("a report"));
    assert!(told.contains("/consent"), "the pages are part of the trace");
    assert!(PASSWORDS.iter().all(|password| !told.contains(password)));
    assert!(idp.journal().iter().any(|entry| entry.path == "/login"));
}

#[tokio::test]
async fn each_user_logs_in_with_or_without_a_hint() {
    let (idp, target) = server_with_pages().await;
    let endpoint = target.metadata().authorization_endpoint.clone().expect("an endpoint");
    let opened = || visit(&request().append_to_query(&endpoint));
    let forms = forms();
    assert!(forms.has_second_user() && forms.shows_forms());
    let browser = browser();
    for _ in 0..2 {
        // The second time there is a session, and somebody else is asked for.
        let first = forms.authorize(&browser, opened()).await.expect("an answer");
        assert!(first.location().is_some_and(|to| to.starts_with("http://127.0.0.1:9/callback?code=")));
    }
    let reached = forms.until_form(&browser, opened()).await.expect("a page");
    assert!(matches!(reached, Reached::Page(page) if page.title() == "Do you agree?" && !page.asks_who()));
    let elsewhere = Browser::new(Agent::new(Tls::Untrusted).expect("an agent"));
    let second = forms.authorize_second(&elsewhere, opened()).await.expect("an answer");
    assert!(second.location().is_some_and(|to| to.contains("code=")));
    let asked: Vec<_> = idp.journal().into_iter().filter(|entry| entry.path == "/consent").collect();
    assert!(!asked.is_empty());
}

#[tokio::test]
async fn an_attack_gets_its_hands_on_each_page() {
    let (_idp, target) = server_with_pages().await;
    let endpoint = target.metadata().authorization_endpoint.clone().expect("an endpoint");
    let opened = visit(&request().append_to_query(&endpoint));
    let (forms, browser) = (forms(), browser());
    let reached = forms.until(&browser, opened, (Who::First, |page| !page.asks_who())).await.expect("a page");
    let Reached::Page(page) = reached else { panic!("the consent page") };
    let filled = forms.fill(&page, Who::First).expect("a form");
    let refused = forms.send(&browser, &filled.clone().without("csrf")).await.expect("an answer");
    assert!(matches!(refused, Reached::Landed(answer) if answer.status == 400));
    let told = forms.send(&browser, &filled.set("decision", "deny")).await.expect("an answer");
    let Reached::Landed(answer) = told else { panic!("the end") };
    assert!(answer.location().is_some_and(|to| to.contains("error=access_denied")));
}

#[tokio::test]
async fn a_wrong_password_is_told_and_not_tried_again() {
    let (idp, target) = server_with_pages().await;
    let login = Forms::new().user("alice", "wrong-password");
    let report = run_on_server(&target.login(login), &Options::new().only(["as-pkce-path-parity"])).await;
    let because = &report.outcomes[0].because;
    assert!(because.contains("asks for the password again") && because.contains("Log in"), "{because}");
    assert!(!because.contains("wrong-password"));
    let tried = idp.journal().iter().filter(|entry| entry.path == "/login" && entry.method == "POST").count();
    assert_eq!(tried, 1);
}

/// A server whose pages lead on in every way but by a link.
async fn winding() -> (String, tokio::task::JoinHandle<()>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
    let origin = format!("http://{}", listener.local_addr().expect("an address"));
    let script = "<script>document.forms[0].submit()</script>";
    let page = |html: String| get(move || std::future::ready(Html(html.clone())));
    let hop = "<form method=post action='sent'><input type=hidden name=relay value=1></form>";
    let home = "<form method=post action='http://127.0.0.1:9/cb'><input type=hidden name=code value=c></form>";
    let sent = |form: axum::body::Bytes| async move {
        match form.as_ref() {
            b"relay=1" => Redirect::to("form").into_response(),
            _ => Response::new(axum::body::Body::from("what?")),
        }
    };
    let router = Router::new()
        .route("/a/start", get(|| async { Redirect::to("../b/late") }))
        .route("/b/late", page("<meta http-equiv=refresh content='0;url=../c/hop'>".to_owned()))
        .route("/c/hop", page(format!("{hop}{script}")))
        .route("/c/sent", post(sent))
        .route("/c/form", page("<form action='end'><button>Continue</button></form>".to_owned()))
        .route("/c/end", page("<meta http-equiv=refresh content='1; url=http://127.0.0.1:9/cb?code=c'>".to_owned()))
        .route("/posted", page(format!("{home}{script}")))
        .route("/round", get(|| async { Redirect::to("/round") }))
        .route("/again", page("<form action=again><button>Yes</button></form>".to_owned()))
        .route("/script", page("<title>App</title><div id=root></div><script src=app.js></script>".to_owned()))
        .route("/done", page("<script src=colours.js></script><h1>Logged out</h1>".to_owned()))
        .route("/error", page("<p>This request is not allowed.</p>".to_owned()));
    let task = tokio::spawn(async move { axum::serve(listener, router).await.expect("a server") });
    (origin, task)
}

async fn ends(path: &str) -> Result<Answer, AgentError> {
    let (origin, task) = winding().await;
    let login = Forms::new();
    let answer = login.authorize(&browser(), visit(&format!("{origin}{path}"))).await;
    task.abort();
    answer
}

#[tokio::test]
async fn whatever_leads_on_is_followed() {
    let answer = ends("/a/start").await.expect("the end");
    assert_eq!((answer.status, answer.location()), (303, Some("http://127.0.0.1:9/cb?code=c")));
}

#[tokio::test]
async fn a_form_to_the_client_is_the_end() {
    let answer = ends("/posted").await.expect("the end");
    assert!(answer.status == 200 && answer.body.contains("name=code"));
}

#[tokio::test]
async fn nothing_is_followed_for_ever() {
    let round = ends("/round").await.expect_err("no end").to_string();
    assert!(round.contains("/round") && round.contains("20 redirects"), "{round}");
    let again = ends("/again").await.expect_err("no end").to_string();
    assert!(again.contains("/again") && again.contains("comes after 12 others"), "{again}");
}

#[tokio::test]
async fn a_page_drawn_by_a_script_is_told_apart_from_one_without_forms() {
    let script = ends("/script").await.expect_err("nothing to see").to_string();
    assert!(script.contains("“App” has no forms, and may have been drawn by a script"), "{script}");
    assert_eq!(ends("/done").await.expect("the end").status, 200);
    assert_eq!(ends("/error").await.expect("the end").status, 200);
}
