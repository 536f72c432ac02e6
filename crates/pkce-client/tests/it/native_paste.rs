//! Native logins whose response is pasted, while the listener waits for it as well.

use std::io;
use std::sync::{Arc, Mutex};

use pkce_client::{BoxFuture, ClientBuilder, Endpoint, Error, PasteError, PastePrompt, RejectReason, Secret};
use tokio::sync::mpsc;
use url::Url;

use crate::native::Visit;
use crate::stage::{Stage, response_to};

/// What a user was asked.
type Questions = Arc<Mutex<Vec<(Url, Option<PasteError>)>>>;

/// What a user will paste.
type Texts = Arc<tokio::sync::Mutex<mpsc::UnboundedReceiver<io::Result<String>>>>;

/// A user who pastes what the test says.
struct Person {
    wanted: bool,
    texts: Texts,
    asked: Questions,
}

impl PastePrompt for Person {
    fn is_wanted(&self) -> bool {
        self.wanted
    }

    fn ask(&self, url: &Url, wrong: Option<PasteError>) -> BoxFuture<'static, io::Result<Secret>> {
        self.asked.lock().expect("questions").push((url.clone(), wrong));
        let texts = Arc::clone(&self.texts);
        Box::pin(async move { texts.lock().await.recv().await.expect("the test goes on").map(Secret::new) })
    }
}

/// What the test has of the user.
struct Hand {
    texts: mpsc::UnboundedSender<io::Result<String>>,
    asked: Questions,
    waiting: Texts,
}

impl Hand {
    fn paste(&self, text: impl Into<String>) {
        self.texts.send(Ok(text.into())).expect("the user is there");
    }

    /// Whether somebody waits for a text.
    fn is_asked(&self) -> bool {
        self.waiting.try_lock().is_err()
    }

    fn told(&self) -> Vec<Option<PasteError>> {
        self.asked.lock().expect("questions").iter().map(|(_, wrong)| wrong.clone()).collect()
    }
}

fn person(wanted: bool) -> (Person, Hand) {
    let (sender, texts) = mpsc::unbounded_channel();
    let asked = Questions::default();
    let waiting = Arc::new(tokio::sync::Mutex::new(texts));
    let person = Person { wanted, texts: Arc::clone(&waiting), asked: Arc::clone(&asked) };
    (person, Hand { texts: sender, asked, waiting })
}

async fn visit(stage: &Stage, wanted: bool) -> (Visit, Hand) {
    let (person, hand) = person(wanted);
    (Visit::start(stage, |builder| builder.paste_prompt(person)).await, hand)
}

/// The whole address that the browser ends at.
fn address(visit: &Visit, changes: &[(&str, &str)]) -> String {
    format!("{}?{}", visit.redirect_uri, response_to(&visit.url, changes))
}

/// Complaint 23: no login where the browser cannot reach the listener.
#[tokio::test]
async fn complaint_23_a_pasted_address_ends_the_login() {
    for whole in [true, false] {
        let stage = Stage::new();
        let (visit, hand) = visit(&stage, true).await;
        let text = address(&visit, &[]);
        hand.paste(if whole { text } else { response_to(&visit.url, &[]) });
        assert_eq!(hand.asked.lock().expect("questions")[0].0, visit.url);
        visit.finish().await.expect("a session");
        assert_eq!(stage.seen(Endpoint::Token).len(), 1);
        assert_eq!(stage.clock.waiting(), 0, "no browser is waited for");
    }
}

#[tokio::test]
async fn the_browser_may_be_faster_than_the_hand() {
    let stage = Stage::new();
    let (visit, hand) = visit(&stage, true).await;
    visit.expect("/callback", "400").await;
    assert!(hand.is_asked());
    visit.expect(&visit.callback(&[]), "303").await;
    stage.arrived(Endpoint::Jwks, 1).await;
    assert!(!hand.is_asked(), "not even while the browser comes for the last page");
    visit.expect("/callback/done", "200").await;
    visit.finish().await.expect("a session");
    assert_eq!(hand.told(), [None]);
}

#[tokio::test]
async fn a_wrong_text_is_told_and_asked_for_again() {
    let stage = Stage::new();
    let (visit, hand) = visit(&stage, true).await;
    hand.paste("code-1");
    hand.paste(visit.url.as_str());
    hand.paste(address(&visit, &[("state", "forged")]));
    hand.paste(address(&visit, &[("iss", "https://evil.example")]));
    hand.paste(address(&visit, &[]));
    let host = visit.redirect_uri.clone();
    visit.finish().await.unwrap_or_else(|error| panic!("{host}: {error}"));
    let rejected = |reason| Some(PasteError::Rejected(reason));
    let told = [
        None,
        Some(PasteError::NotAResponse),
        Some(PasteError::Beginning),
        rejected(RejectReason::StateMismatch),
        rejected(RejectReason::IssuerMismatch),
    ];
    assert_eq!(hand.told(), told);
    let [request] = &stage.seen(Endpoint::Token)[..] else { panic!("one request") };
    assert_eq!(request.params.get("code"), Some("code-1"));
}

#[tokio::test]
async fn five_wrong_texts_end_the_login() {
    let stage = Stage::new();
    let (visit, hand) = visit(&stage, true).await;
    for text in ["", "a", "https://evil.example/?code=x&state=y", "b", "c"] {
        hand.paste(text);
    }
    let Err(Error::Pasted(error)) = visit.finish().await else { panic!("the end") };
    assert_eq!((error, hand.told().len()), (PasteError::NotAResponse, 5));
    assert!(stage.seen(Endpoint::Token).is_empty());
}

#[tokio::test]
async fn a_refusal_that_is_pasted_ends_the_login() {
    let stage = Stage::new();
    let (visit, hand) = visit(&stage, true).await;
    hand.paste(address(&visit, &[("error", "access_denied"), ("code", "")]));
    assert!(matches!(visit.finish().await, Err(Error::Rejected(RejectReason::Denied(_)))));
}

#[tokio::test]
async fn forged_requests_do_not_keep_the_user_from_pasting() {
    let stage = Stage::new();
    let (visit, hand) = visit(&stage, true).await;
    visit.expect(&visit.callback(&[("state", "forged")]), "400").await;
    hand.paste("wrong");
    visit.expect(&visit.callback(&[("iss", "https://evil.example")]), "400").await;
    hand.paste(address(&visit, &[]));
    visit.finish().await.expect("a session");
}

fn broken(builder: ClientBuilder) -> ClientBuilder {
    builder.user_agent(|_: Url| std::future::ready(Err(io::Error::other("no browser"))))
}

#[tokio::test]
async fn a_user_without_a_browser_is_asked_and_one_with_a_browser_is_not() {
    let stage = Stage::new();
    let (visit, hand) = visit(&stage, false).await;
    visit.expect("/callback", "400").await;
    assert!(hand.told().is_empty());
    visit.come_back().await;
    visit.finish().await.expect("a session");
    let (person, hand) = person(false);
    let client = stage.client_of(broken(stage.builder()).paste_prompt(person));
    let login = tokio::spawn(async move { client.login_native(["openid"]).await });
    while hand.told().is_empty() {
        tokio::task::yield_now().await;
    }
    let url = hand.asked.lock().expect("questions")[0].0.clone();
    stage.visit_url(&url);
    hand.paste(response_to(&url, &[]));
    login.await.expect("no panic").expect("a session");
}

#[tokio::test]
async fn where_nobody_can_be_asked_it_is_the_browser_or_nothing() {
    let stage = Stage::new();
    let (visit, hand) = visit(&stage, true).await;
    hand.texts.send(Err(io::ErrorKind::UnexpectedEof.into())).expect("the user is there");
    visit.expect("/callback", "400").await;
    visit.come_back().await;
    visit.finish().await.expect("a session");
    let (person, hand) = person(false);
    hand.texts.send(Err(io::ErrorKind::UnexpectedEof.into())).expect("the user is there");
    let client = stage.client_of(broken(stage.builder()).paste_prompt(person));
    let Err(Error::UserAgent(error)) = client.login_native(["openid"]).await else { panic!("no browser") };
    assert_eq!(error.to_string(), "no browser");
}

#[tokio::test]
async fn a_user_who_pastes_has_five_minutes_too() {
    let stage = Stage::new();
    let (visit, hand) = visit(&stage, true).await;
    stage.clock.advance(299);
    hand.paste("wrong");
    visit.expect("/callback", "400").await;
    stage.clock.advance(1);
    assert!(matches!(visit.finish().await, Err(Error::LoginTimeout)));
    assert!(!hand.is_asked());
}

#[tokio::test]
async fn a_cancelled_login_asks_nobody_any_more() {
    let stage = Stage::new();
    let (visit, hand) = visit(&stage, true).await;
    visit.login.abort();
    assert!(visit.login.await.expect_err("cancelled").is_cancelled());
    assert!(!hand.is_asked());
}
