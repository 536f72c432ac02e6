//! The inspector, and the client that comes with it, as a browser without scripts sees them.

use std::net::SocketAddr;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use bytes::Bytes;
use http::header::{
    ALLOW, AUTHORIZATION, CONTENT_TYPE, COOKIE, LOCATION, ORIGIN, REFRESH, SET_COOKIE, WWW_AUTHENTICATE,
};
use http::{Request, Response};
use mock_idp::{Client, ClientCertificate, MockIdp};
use oauth_types::Params;

use crate::browser::{asking, redeeming, with};

const HOST: &str = "127.0.0.1:8080";

fn server() -> MockIdp {
    MockIdp::builder().in_process().expect("a server")
}

/// A browser on this machine: it keeps cookies, and says whose page it is on.
struct Visitor<'a> {
    idp: &'a MockIdp,
    cookies: Vec<(String, String)>,
    from: &'static str,
}

impl<'a> Visitor<'a> {
    fn new(idp: &'a MockIdp) -> Self {
        Self { idp, cookies: Vec::new(), from: "127.0.0.1:4711" }
    }

    async fn send(&mut self, request: http::request::Builder, body: String) -> Response<Bytes> {
        let peer: SocketAddr = self.from.parse().expect("an address");
        let mut request = request.header("host", HOST).extension(peer);
        let cookies: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        if !cookies.is_empty() {
            request = request.header(COOKIE, cookies.join("; "));
        }
        let answer = self.idp.call(request.body(Bytes::from(body)).expect("a request")).await;
        for cookie in answer.headers().get_all(SET_COOKIE) {
            let cookie = cookie.to_str().expect("text");
            let (name, value) = cookie.split(';').next().and_then(|pair| pair.split_once('=')).expect("a cookie");
            self.cookies.retain(|(own, _)| own != name);
            if !cookie.contains("Max-Age=0") {
                self.cookies.push((name.to_owned(), value.to_owned()));
            }
        }
        answer
    }

    async fn get(&mut self, path: &str) -> Response<Bytes> {
        self.send(Request::get(path), String::new()).await
    }

    /// Fetches a page that is there.
    async fn page(&mut self, path: &str) -> String {
        let answer = self.get(path).await;
        assert_eq!(answer.status(), 200, "{path}: {}", text(&answer));
        text(&answer)
    }

    async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Response<Bytes> {
        let form: Params = fields.iter().copied().collect();
        let request = Request::post(path)
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(ORIGIN, format!("http://{HOST}"));
        self.send(request, form.encode()).await
    }

    /// Sends a form, and follows where that leads.
    async fn press(&mut self, path: &str, fields: &[(&str, &str)]) -> String {
        let mut answer = self.post(path, fields).await;
        for _ in 0..5 {
            if answer.status() == 200 {
                return text(&answer);
            }
            let to = answer.headers().get(LOCATION).unwrap_or_else(|| panic!("{}", text(&answer)));
            let to = to.to_str().expect("text").to_owned();
            let to = to.strip_prefix(&format!("http://{HOST}")).unwrap_or(&to);
            answer = self.get(to.split('#').next().unwrap_or_default()).await;
        }
        panic!("it leads around in circles");
    }

    /// Tries a login out, with somebody in between.
    async fn tries(&mut self, attack: &str) -> String {
        let fields = [("tenant", ""), ("client_id", "public"), ("scope", "openid email"), ("attack", attack)];
        self.press("/_try", &fields).await
    }
}

fn text(answer: &Response<Bytes>) -> String {
    String::from_utf8_lossy(answer.body()).into_owned()
}

/// Where the link of this id leads.
fn link(page: &str, id: &str) -> String {
    let (_, rest) = page.split_once(&format!("id=\"{id}\" href=\"")).unwrap_or_else(|| panic!("no {id} in {page}"));
    rest.split('"').next().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn a_login_can_be_tried_and_looked_at() {
    let idp = server();
    let mut visitor = Visitor::new(&idp);
    let ended = visitor.tries("nobody").await;
    assert!(ended.contains("The login is complete") && ended.contains("alice@example.com"), "{ended}");
    let flow = visitor.page(&link(&ended, "inspect")).await;
    assert!(flow.contains("Nothing that can be seen from here is wrong"), "{flow}");
    assert!(flow.contains(
        "Browser to Server: 1. GET /authorize. Server to Browser: 302. Browser to Client: code, state, iss."
    ));
    assert!(flow.contains("<summary>Token <code>id_token</code></summary>"));
    let all = visitor.page("/_inspect/_root").await;
    assert!(all.contains("<td>public</td><td>3</td>"), "{all}");
}

#[tokio::test]
async fn a_thief_is_refused_and_the_page_says_why() {
    let idp = server();
    let ended = Visitor::new(&idp).tries("thief").await;
    assert_eq!(ended.matches("A thief who saw the response redeemed the code").count(), 2);
    assert_eq!(ended.matches(", and was refused").count(), 2, "{ended}");
    assert!(ended.contains("The login is complete"));
    let rules: Vec<_> = idp.journal().iter().filter_map(|entry| Some(entry.refusal.as_ref()?.rule)).collect();
    assert_eq!(rules, ["rfc7636-verifier-missing", "rfc7636-verifier-wrong"]);
}

#[tokio::test]
async fn a_response_that_nobody_asked_for_is_refused_by_the_client() {
    let idp = server();
    let ended = Visitor::new(&idp).tries("injector").await;
    assert!(ended.contains("The state is not the one that this client made"), "{ended}");
    assert_eq!(idp.journal().iter().filter(|entry| entry.path == "/token").count(), 0);
}

#[tokio::test]
async fn a_response_without_its_login_is_no_login() {
    let idp = server();
    let mut visitor = Visitor::new(&idp);
    let answer = visitor.get("/_try/callback?code=x&state=y").await;
    assert_eq!(answer.status(), 400);
    assert!(text(&answer).contains("belongs to no login"));
    visitor.tries("nobody").await;
    assert_eq!(visitor.get("/_try/callback?code=x&state=y").await.status(), 400, "it was used once");
}

#[tokio::test]
async fn secrets_are_shown_on_demand_alone() {
    let idp = server();
    let mut visitor = Visitor::new(&idp);
    let ended = visitor.tries("nobody").await;
    let code = idp.journal()[0].answer.headers["location"].to_str().expect("text").to_owned();
    let code = code.split("code=").nth(1).and_then(|rest| rest.split('&').next()).expect("a code").to_owned();
    let path = link(&ended, "inspect");
    assert!(!visitor.page(&path).await.contains(&code));
    assert!(!visitor.page("/_inspect/_root").await.contains(&code));
    assert!(visitor.page(&format!("{path}?reveal=true")).await.contains(&code));
}

#[tokio::test]
async fn the_password_of_a_url_and_an_api_key_are_secrets() {
    let idp = server();
    let mut visitor = Visitor::new(&idp);
    let uri = "http://u:canary-pass@127.0.0.1:9/callback";
    let asked = with(asking(), "redirect_uri", uri).encode();
    let request = Request::get(format!("/authorize?{asked}"));
    visitor.send(request.header("referer", uri).header("x-api-key", "canary-key"), String::new()).await;
    let flow = idp.journal().flows().pop().expect("a flow").id;
    let path = format!("/_inspect/_root/flows/{flow}");
    let page = visitor.page(&path).await;
    assert!(!page.contains("canary") && page.contains("@127.0.0.1:9/callback"), "{page}");
    assert!(!idp.journal().jsonl().contains("canary"));
    let page = visitor.page(&format!("{path}?reveal=true")).await;
    assert!(page.contains("canary-pass") && page.contains("canary-key"));
}

#[tokio::test]
async fn a_request_is_sent_again_by_an_attacker() {
    let idp = server();
    let mut visitor = Visitor::new(&idp);
    let ended = visitor.tries("nobody").await;
    let redeemed =
        idp.journal().iter().find(|entry| entry.path == "/token").expect("a redemption").number.to_string();
    let press = |without: &'static str, how: &'static str| {
        [("entry", redeemed.clone()), ("without", without.into()), ("do", how.into())]
    };
    for (without, how, rule) in [
        ("code_verifier", "again", "rfc7636-verifier-missing"),
        ("nothing", "guess", "rfc7636-verifier-wrong"),
        ("nothing", "again", "rfc6749-code-replayed"),
    ] {
        let fields = press(without, how);
        let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let flow = visitor.press("/_inspect/_root/attack", &fields).await;
        assert!(flow.contains(&format!("<code>{rule}</code>")), "{without} {how}: {flow}");
    }
    assert!(
        visitor.page(&link(&ended, "inspect")).await.contains("id=\"broken\""),
        "the client is blamed for it now"
    );
}

/// Sends the last request of the root again.
async fn again(idp: &MockIdp, without: &str, how: &str) -> Response<Bytes> {
    let last = idp.journal().last().expect("a request").number.to_string();
    let fields = [("entry", last.as_str()), ("without", without), ("do", how)];
    Visitor::new(idp).post("/_inspect/_root/attack", &fields).await
}

#[tokio::test]
async fn a_guess_takes_the_place_of_the_verifier_wherever_that_stood() {
    let idp = server();
    let mut visitor = Visitor::new(&idp);
    let form = "application/x-www-form-urlencoded";
    let post = || Request::post("/token?code_verifier=canary-verifier").header(CONTENT_TYPE, form);
    for (request, body) in [
        (Request::get("/authorize?client_id=public&code_verifier=canary-verifier"), ""),
        (post(), "grant_type=authorization_code&client_id=public&code=x"),
        (post(), "grant_type=authorization_code&client_id=public&code_verifier=canary-verifier"),
        (post(), ""),
    ] {
        visitor.send(request, body.to_owned()).await;
        let before = idp.journal().pop().expect("a request");
        for without in ["nothing", "code_verifier"] {
            assert_eq!(again(&idp, without, "guess").await.status(), 303);
            let after = idp.journal().pop().expect("a request");
            let names = |entry: &mock_idp::Entry| -> Vec<String> {
                entry.params.iter().map(|(name, _)| name.to_owned()).collect()
            };
            assert_eq!((names(&after), after.in_query), (names(&before), before.in_query), "{body}");
            assert!(after.number > before.number);
            assert!(after.params.all("code_verifier").all(|value| value.starts_with("a-guess")), "{body}");
        }
    }
    visitor.send(Request::get("/authorize?client_id=public").header("code_verifier", "x"), String::new()).await;
    assert_eq!(again(&idp, "nothing", "guess").await.status(), 409, "there is nothing to guess");
    let page = idp.journal().flows().pop().expect("a flow");
    let page = visitor.page(&format!("/_inspect/_root/flows/{}", page.id)).await;
    assert!(page.contains("value=\"again\"") && !page.contains("value=\"guess\""), "{page}");
}

#[tokio::test]
async fn what_is_not_known_to_be_left_out_is_not_sent() {
    let idp = server();
    Visitor::new(&idp).tries("nobody").await;
    let count = idp.journal().len();
    for (without, how) in [("password", "again"), ("nothing", "xyz"), ("Nothing", "again"), ("code", "guess")] {
        assert_eq!(again(&idp, without, how).await.status(), 400, "{without} {how}");
    }
    assert_eq!(idp.journal().len(), count);
    assert_eq!(again(&idp, "client_secret", "again").await.status(), 303);
}

#[tokio::test]
async fn what_the_journal_has_not_kept_is_not_sent_again() {
    let idp = server();
    let post = || Request::post("/token");
    let form = || post().header(CONTENT_TYPE, "application/x-www-form-urlencoded");
    let body = "The journal has only the beginning of this body";
    let certificate = ClientCertificate::new(b"certificate".to_vec(), []);
    for (request, sent, obstacle) in [
        (post(), "{}".to_owned(), None),
        (form(), "a=".to_owned() + &"b".repeat(17_000), None),
        (post(), " ".repeat(16_385), Some(body)),
        (post(), " ".repeat(16_384), None),
        (form().header("content-length", "3"), "%zz".to_owned(), Some(body)),
        (
            form().extension(certificate),
            "a=b".to_owned(),
            Some("It cannot be sent again: its certificate is not kept"),
        ),
    ] {
        let mut visitor = Visitor::new(&idp);
        visitor.send(request, sent).await;
        let entry = idp.journal().pop().expect("a request").number;
        let flow = idp.journal().flows().pop().expect("a flow").id;
        let page = visitor.page(&format!("/_inspect/_root/flows/{flow}")).await;
        assert_eq!(page.contains(&format!("id=\"attack-{entry}\"")), obstacle.is_none(), "{page}");
        let answer = again(&idp, "nothing", "again").await;
        match obstacle {
            None => assert_eq!(answer.status(), 303),
            Some(obstacle) => {
                assert!(page.contains(obstacle), "{page}");
                assert!(answer.status() == 409 && text(&answer).contains(obstacle), "{}", text(&answer));
            }
        }
    }
}

#[tokio::test]
async fn the_clock_moves_and_faults_are_mounted_by_buttons() {
    let idp = server();
    let mut visitor = Visitor::new(&idp);
    let before = idp.clock().reading().now;
    visitor.press("/_inspect/_root/clock", &[("seconds", "3600")]).await;
    assert!(idp.clock().reading().now >= before + 3600);
    let page = visitor.press("/_inspect/_root/faults", &[("named", "invalid-iss"), ("times", "once")]).await;
    assert!(page.contains("id=\"standing\"") && idp.faults().list().len() == 1, "{page}");
    let ended = visitor.tries("nobody").await;
    assert!(ended.contains("The client refuses the ID token: its iss is not"), "{ended}");
    let page = visitor.press("/_inspect/_root/behave", &[]).await;
    assert!(page.contains("id=\"behaves\"") && idp.faults().list().is_empty());
    let page = visitor.press("/_inspect/_root/forget", &[]).await;
    assert!(page.contains("id=\"nothing\"") && idp.journal().is_empty());
    for (path, fields) in [
        ("clock", &[("seconds", "-1")][..]),
        ("clock", &[("seconds", "18446744073709551615")]),
        ("clock", &[]),
        ("faults", &[("named", "no-such-fault"), ("times", "once")]),
        ("faults", &[("named", "invalid-iss"), ("times", "thrice")]),
        ("attack", &[("entry", "1"), ("without", "nothing"), ("do", "again")]),
        ("nothing-of-that-name", &[]),
    ] {
        let answer = visitor.post(&format!("/_inspect/_root/{path}"), fields).await;
        assert!(answer.status().is_client_error(), "{path} {fields:?}: {}", answer.status());
    }
}

#[tokio::test]
async fn a_page_is_kept_up_to_date_if_wanted() {
    let idp = server();
    let mut visitor = Visitor::new(&idp);
    let still = visitor.get("/_inspect/_root").await;
    assert!(!still.headers().contains_key(REFRESH));
    let live = visitor.get(&link(&text(&still), "live")).await;
    assert_eq!(live.headers()[REFRESH], "2");
    assert_eq!(link(&text(&live), "live"), "/_inspect/_root");
}

#[tokio::test]
async fn each_tenant_has_pages_of_its_own() {
    let idp = server();
    idp.tenant("shop");
    let mut visitor = Visitor::new(&idp);
    let fields = [("tenant", "shop"), ("client_id", "public"), ("scope", "openid"), ("attack", "nobody")];
    let ended = visitor.press("/_try", &fields).await;
    assert!(ended.contains("The login is complete"), "{ended}");
    assert!(link(&ended, "inspect").starts_with("/_inspect/shop/flows/"));
    assert!(visitor.page("/_inspect/_root").await.contains("id=\"nothing\""));
    assert!(visitor.page("/_inspect/shop").await.contains("id=\"flows\""));
    for path in ["/_inspect/nobody", "/_inspect/_root/flows/none", "/_inspect/_root/x", "/_inspect/_root/flows/a/b"] {
        assert_eq!(visitor.get(path).await.status(), 404, "{path}");
    }
}

#[tokio::test]
async fn nobody_else_may_look_or_press() {
    let idp = server();
    let mut stranger = Visitor { from: "192.0.2.7:1", ..Visitor::new(&idp) };
    assert_eq!(stranger.get("/_inspect/_root").await.status(), 403);
    assert_eq!(stranger.post("/_inspect/_root/forget", &[]).await.status(), 403);
    assert_eq!(stranger.get("/_try").await.status(), 200, "whoever reaches the server may be its client");
    // A page of another site may lead here, and may not press.
    let mut visitor = Visitor::new(&idp);
    let led = |request: http::request::Builder| {
        request
            .header("sec-fetch-site", "cross-site")
            .header("sec-fetch-mode", "navigate")
            .header("sec-fetch-dest", "document")
    };
    assert_eq!(visitor.send(led(Request::get("/_inspect/_root")), String::new()).await.status(), 200);
    let press = led(Request::post("/_inspect/_root/forget")).header(ORIGIN, "https://evil.example");
    assert_eq!(visitor.send(press, String::new()).await.status(), 403);
    let framed =
        Request::get("/_inspect/_root").header("sec-fetch-site", "cross-site").header("sec-fetch-dest", "iframe");
    assert_eq!(visitor.send(framed, String::new()).await.status(), 403);
    let page = visitor.get("/_inspect/_root").await;
    assert!(page.headers()["content-security-policy"].to_str().expect("text").contains("frame-ancestors 'none'"));
}

#[tokio::test]
async fn the_control_token_is_asked_for_and_kept_in_a_cookie() {
    let idp = MockIdp::builder().control_token("canary-control").in_process().expect("a server");
    let mut visitor = Visitor { from: "192.0.2.7:1", ..Visitor::new(&idp) };
    let asked = visitor.get("/_inspect/_root").await;
    let page = text(&asked);
    assert!(page.contains("id=\"enter\"") && !page.contains("id=\"clock\""), "{page}");
    let pressed = visitor.post("/_inspect/_root/forget", &[]).await;
    let wrong = visitor.post("/_inspect/_enter", &[("token", "wrong")]).await;
    assert!(text(&wrong).contains("id=\"complaint\""));
    for closed in [&asked, &pressed, &wrong] {
        let challenge = closed.headers().get(WWW_AUTHENTICATE).expect("a challenge").to_str().expect("text");
        assert!(closed.status() == 401 && challenge.starts_with("Bearer "), "{closed:?}");
    }
    let page = visitor.press("/_inspect/_enter", &[("token", "canary-control")]).await;
    assert!(page.contains("id=\"clock\""), "{page}");
    let mut program = Visitor::new(&idp);
    let bearer = Request::get("/_inspect/_root").header(AUTHORIZATION, "Bearer canary-control");
    assert!(text(&program.send(bearer, String::new()).await).contains("id=\"clock\""));
}

#[tokio::test]
async fn the_cookie_is_no_control_token() {
    let server = || MockIdp::builder().control_token("canary-control").in_process().expect("a server");
    let (idp, other) = (server(), server());
    let mut visitor = Visitor::new(&idp);
    visitor.press("/_inspect/_enter", &[("token", "canary-control")]).await;
    let (name, kept) = visitor.cookies[0].clone();
    let plain = BASE64_URL_SAFE_NO_PAD.decode(&kept).expect("base64");
    assert_eq!(plain.len(), 32, "it is a hash");
    for text in [kept.clone(), String::from_utf8_lossy(&plain).into_owned()] {
        assert!(!text.contains("canary"), "{text}");
    }
    let mut thief = Visitor::new(&idp);
    let bearer = Request::get("/_control/health").header(AUTHORIZATION, format!("Bearer {kept}"));
    assert_eq!(thief.send(bearer, String::new()).await.status(), 401);
    assert_eq!(visitor.get("/_control/health").await.status(), 401, "it is for the pages alone");
    assert_eq!(visitor.post("/_inspect/_enter", &[("token", &kept)]).await.status(), 401);
    for (idp, value) in [(&other, kept), (&idp, BASE64_URL_SAFE_NO_PAD.encode("canary-control"))] {
        let mut visitor = Visitor { cookies: vec![(name.clone(), value)], ..Visitor::new(idp) };
        assert_eq!(visitor.get("/_inspect/_root").await.status(), 401);
    }
}

#[tokio::test]
async fn a_tenant_may_be_called_like_a_page() {
    let idp = server();
    idp.tenant("enter");
    let page = Visitor::new(&idp).page("/_inspect/enter").await;
    assert!(page.contains("/enter</code>"), "{page}");
}

#[tokio::test]
async fn a_page_says_how_it_is_asked_for() {
    let idp = server();
    let mut visitor = Visitor::new(&idp);
    for (path, allow) in [
        ("/_try", "GET, HEAD, POST"),
        ("/_try/callback", "GET, HEAD"),
        ("/_inspect", "GET, HEAD"),
        ("/_inspect/_enter", "GET, HEAD, POST"),
        ("/_inspect/_root", "GET, HEAD"),
        ("/_inspect/_root/flows/x", "GET, HEAD"),
        ("/_inspect/_root/forget", "POST"),
    ] {
        for method in ["PUT", "GET", "HEAD", "POST"] {
            let request = Request::builder().method(method).uri(path).header(ORIGIN, format!("http://{HOST}"));
            let answer = visitor.send(request, String::new()).await;
            let told = answer.headers().get(ALLOW).map(|value| value.to_str().expect("text"));
            let wanted = (!allow.split(", ").any(|own| own == method)).then_some(allow);
            assert_eq!((told, answer.status() == 405), (wanted, wanted.is_some()), "{method} {path}");
        }
    }
    let nothing = visitor.send(Request::put("/_inspect/_root/flows"), String::new()).await;
    assert_eq!(nothing.status(), 404);
}

#[tokio::test]
async fn a_form_that_is_too_large_is_refused_as_that() {
    let idp = server();
    for octets in [17_000, 70_000] {
        let answer = Visitor::new(&idp).post("/_inspect/_root/clock", &[("seconds", &"1".repeat(octets))]).await;
        assert_eq!(answer.status(), 413);
        assert!(text(&answer).contains("more than 16384 octets"), "{}", text(&answer));
    }
}

#[tokio::test]
async fn without_the_control_api_there_are_no_such_pages() {
    let idp = MockIdp::builder().without_control().in_process().expect("a server");
    let mut visitor = Visitor::new(&idp);
    for path in ["/_inspect", "/_try"] {
        assert_eq!(visitor.get(path).await.status(), 404, "{path}");
    }
}

#[tokio::test]
async fn what_clients_send_is_no_markup_here() {
    let idp =
        MockIdp::builder().client(Client::public("<b>").any_loopback_redirect()).in_process().expect("a server");
    let hostile = "<script>alert(1)</script>";
    let request = with(with(asking(), "client_id", "<b>"), "login_hint", hostile);
    let path = format!("/authorize?{}", request.encode());
    let mut visitor = Visitor::new(&idp);
    visitor.get(&path).await;
    visitor.get(&format!("/{}", "%3Cscript%3E")).await;
    let form = with(redeeming(hostile), hostile, hostile);
    let request =
        Request::post("/token").header(CONTENT_TYPE, "application/x-www-form-urlencoded").header("x-odd", hostile);
    visitor.send(request, form.encode()).await;
    for flow in idp.journal().flows() {
        let page = visitor.page(&format!("/_inspect/_root/flows/{}?reveal=true", flow.id)).await;
        assert!(!page.contains("<script") && !page.contains("<b>"), "{page}");
    }
    assert!(!visitor.page("/_inspect/_root").await.contains("<script"));
}
