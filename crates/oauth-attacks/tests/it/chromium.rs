//! Clients that are single-page applications, in a real browser: a small one with fetch and WebCrypto, whose checks
//! switch off one by one.

use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Html;
use axum::routing::get;
use oauth_attacks::agent::{Agent, Tls};
use oauth_attacks::stage::{Address, Heard, Stage};
use oauth_attacks::{
    Chromium, ClientUnderTest as _, Done, Errand, Options, Profile, Registration, Rejected, Said, Verdict, Visitor,
    run_on_client,
};
use serde_json::json;
use tokio::net::TcpListener;

const PAGE: &str = include_str!("spa/index.html");
const SCRIPT: &str = include_str!("spa/app.js");

/// Whether Chromium can be driven here. Where it must be, it is an error that it cannot.
#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
fn is_here() -> bool {
    let asked = Command::new("chromedriver").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    let here = asked.is_ok_and(|status| status.success());
    if !here {
        assert!(std::env::var_os("CI").is_none(), "chromedriver is not installed");
        eprintln!("skipped: chromedriver is not installed (Debian: chromium chromium-driver)");
    }
    here
}

async fn free() -> SocketAddr {
    let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
    free.local_addr().expect("an address")
}

/// The application without this check, and the harness that knows where it is.
async fn application(off: &str, start: &str, logged_in: &str) -> Chromium {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
    let (address, issuer) = (listener.local_addr().expect("an address"), free().await);
    let callback = format!("http://{address}/callback");
    let config = json!({
        "issuer": format!("http://{issuer}"), "client_id": "spa", "redirect_uri": callback, "off": off,
    });
    let page = PAGE.replace("CONFIG", &config.to_string());
    let page = move || async move { ([("x-page", "of the application")], Html(page)) };
    let script = || async { ([(header::CONTENT_TYPE, "text/javascript")], SCRIPT) };
    let me = |headers: HeaderMap| async move {
        let cookies = headers.get(header::COOKIE).and_then(|cookies| cookies.to_str().ok()).unwrap_or_default();
        let known = cookies.split("; ").any(|cookie| cookie == "who=alice");
        if known { StatusCode::OK } else { StatusCode::UNAUTHORIZED }
    };
    let routes = Router::new().route("/app.js", get(script)).route("/me", get(me)).fallback(page);
    tokio::spawn(async move { axum::serve(listener, routes).await });
    let client = Chromium::new(&format!("http://{address}{start}"), logged_in.parse().expect("a predicate"));
    client
        .expect("an application")
        .registered(Registration::public("spa", callback))
        .issuers_at(issuer, None)
        .quiet_after(Duration::from_secs(1))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sound_single_page_application_withstands_in_chromium() {
    if !is_here() {
        return;
    }
    let attacks = ["rp-state-mismatch", "rp-state-other-browser", "rp-idt-aud-wrong"];
    run_on_client(application("", "/login", "~Hello alice").await, &Options::new().only(attacks))
        .await
        .assert_all_stopped();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_careless_single_page_application_is_found_out_in_chromium() {
    if !is_here() {
        return;
    }
    for (id, off) in [("rp-state-mismatch", "state"), ("rp-idt-aud-wrong", "audience")] {
        let report =
            run_on_client(application(off, "/login", "~Hello alice").await, &Options::new().only([id])).await;
        assert_eq!(report.outcomes[0].verdict, Verdict::Vulnerable, "{id}: {}", report.outcomes[0].because);
    }
}

/// A place for logins of this client.
fn stage(client: Chromium) -> Stage {
    Stage::new(Arc::new(client), Agent::new(Tls::Untrusted).expect("an agent"), Profile::Bcp)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_browser_saw_is_known_and_it_is_held_again_in_chromium() {
    if !is_here() {
        return;
    }
    let client = application("", "/login", "/me=200").await;
    let callback = Address::parse(&client.registration().redirect_uris[0]).expect("an address");
    let start = Address::parse(&callback.base.replace("callback", "login")).expect("an address");
    let stage = stage(client);
    let (idp, visitor) = (stage.idp().await.expect("a server"), Visitor::new());
    let accepted = Said::Accepted { issuer: idp.issuer().to_owned(), subject: "alice".to_owned() };
    // The script has said that there is no login of this kind, in a window that was closed for the visitor.
    let heard = stage.deliver(&visitor, &callback, &[&idp]).await;
    assert_eq!(heard, Ok(Heard::Said(Said::Rejected(Rejected::new("nobody is logged in")))));
    let page = visitor.page().expect("a page");
    assert!(page.status == 200 && page.body.contains("Not logged in: flow"), "{page:?}");
    assert!(page.headers.contains(&("x-page".to_owned(), "of the application".to_owned())), "{page:?}");
    // A login: the page is looked at by its path, without being left.
    assert_eq!(stage.login(&visitor, &idp).await, Ok(Heard::Said(accepted.clone())));
    assert_eq!(stage.must(&visitor, Errand::WhoAmI, &[&idp]).await, Ok(Done::Is(accepted)));
    // Coming to where logins begin is coming back with nothing: the application asks again, and is held.
    let stranger = Visitor::new();
    let heard = stage.deliver(&stranger, &start, &[&idp]).await;
    let Ok(Heard::Said(Said::SentOn { url })) = heard else { panic!("{heard:?}") };
    assert!(url.starts_with(&format!("{}/authorize?response_type=code", idp.issuer())), "{url}");
    let authorized = idp.requests("/authorize");
    assert!(authorized.last().is_some_and(|entry| entry.status == 204), "{authorized:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_application_that_is_gone_or_leads_nowhere_is_inconclusive_in_chromium() {
    if !is_here() {
        return;
    }
    let dead = Chromium::new(&format!("http://{}/", free().await), "~alice".parse().expect("a predicate"));
    let idle = application("", "/idle", "~alice").await;
    let dead = dead.expect("an application").issuers_at(free().await, None);
    for (client, because) in [(dead, "net::ERR_CONNECTION_REFUSED"), (idle, "the application leads nowhere")] {
        let client = client.quiet_after(Duration::from_millis(500));
        let report = run_on_client(client, &Options::new().only(["rp-state-mismatch"])).await;
        let outcome = &report.outcomes[0];
        assert_eq!(outcome.verdict, Verdict::Inconclusive);
        assert!(outcome.because.contains(because), "{}", outcome.because);
    }
}
