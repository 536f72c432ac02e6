//! Barriers hold requests until a test lets them go on: the honest way to see what a client does meanwhile.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Response, StatusCode};
use mock_idp::MockIdp;
use oauth_types::Params;
use oauth_types::fault::{Barrier, Edit, Fault, Hold, Point, Unfit};
use oauth_types::journal::Ending;
use serde_json::Value;
use tokio::sync::Mutex;
use tokio::task::JoinSet;

use crate::browser::{Browser, asking, redeeming, refreshing, with};
use crate::wire::{Wire, get, post, until, within, written};

fn server() -> Arc<MockIdp> {
    Arc::new(MockIdp::builder().in_process().expect("nothing can fail"))
}

/// Sends the same token request so many times at once.
fn at_once(idp: &Arc<MockIdp>, params: &Params, times: usize) -> JoinSet<Response<Bytes>> {
    let mut sent = JoinSet::new();
    for _ in 0..times {
        let (idp, request) = (idp.clone(), post("/token", params));
        sent.spawn(async move { idp.call(request).await });
    }
    sent
}

async fn successes(sent: JoinSet<Response<Bytes>>) -> usize {
    let answers = within(sent.join_all()).await;
    answers.iter().filter(|answer| answer.status() == StatusCode::OK).count()
}

fn keys() -> Barrier {
    Barrier::at(Point::Jwks)
}

/// Asks for the keys in a task of its own.
fn fetch(idp: &Arc<MockIdp>) -> tokio::task::JoinHandle<Response<Bytes>> {
    let idp = idp.clone();
    tokio::spawn(async move { idp.call(get("/jwks")).await })
}

/// peers §3 row 5: hold a refresh in flight to test client concurrency.
#[tokio::test]
async fn peers_row_5_ten_refreshes_at_once_are_told_from_a_single_flight() {
    let idp = server();
    let token = Browser::new(&idp).log_in().await["refresh_token"].clone();
    let held = idp.hold(Barrier::at(Point::TokenResponse).for_grant("refresh_token"));

    // A client that refreshes once, whoever asks: the others wait for the first.
    let flight: Arc<Mutex<Option<Value>>> = Arc::default();
    let mut asking = JoinSet::new();
    for _ in 0..10 {
        let (idp, flight, token) = (idp.clone(), flight.clone(), token.clone());
        asking.spawn(async move {
            let mut flight = flight.lock().await;
            if flight.is_none() {
                *flight = Some(Browser::new(&idp).token(&refreshing(&token)).await.tokens());
            }
            flight.as_ref().map(|tokens| tokens["refresh_token"].clone())
        });
    }
    assert_eq!(within(held.arrived(1)).await, 1);
    held.release();
    let got = within(asking.join_all()).await;
    assert!(got.iter().all(|token| *token == got[0]) && got[0].is_some());
    assert_eq!(idp.barriers().list()[0].arrived, 1, "one request, whoever asked");

    // A client that does not: all of them are in flight at once, and the first takes the token from the others.
    let held = idp.hold(Barrier::at(Point::TokenResponse).for_grant("refresh_token"));
    let token = got[0].clone().expect("a refresh token");
    let sent = at_once(&idp, &refreshing(&token), 10);
    assert_eq!(within(held.arrived(10)).await, 10);
    held.release();
    assert_eq!(successes(sent).await, 1);
}

#[tokio::test]
async fn a_code_that_is_submitted_twice_at_once_is_redeemed_once() {
    let idp = server();
    let code = Browser::new(&idp).code(&asking()).await;
    let held = idp.hold(Barrier::at(Point::TokenResponse).before().for_grant("authorization_code"));
    let sent = at_once(&idp, &redeeming(&code), 2);
    assert_eq!(within(held.arrived(2)).await, 2);
    assert_eq!(idp.journal().iter().filter(|entry| entry.path == "/token").count(), 0, "neither is judged yet");
    held.release();
    assert_eq!(successes(sent).await, 1);
}

#[tokio::test]
async fn what_is_held_before_is_judged_when_it_is_let_go_on() {
    let idp = server();
    let code = Browser::new(&idp).code(&asking()).await;
    for (barrier, status) in
        [(Barrier::at(Point::TokenResponse), 200), (Barrier::at(Point::TokenResponse).before(), 400)]
    {
        let code = match barrier.hold {
            Hold::After => code.clone(),
            Hold::Before => Browser::new(&idp).code(&asking()).await,
        };
        let held = idp.hold(barrier);
        let mut sent = at_once(&idp, &redeeming(&code), 1);
        within(held.arrived(1)).await;
        idp.clock().advance(Duration::from_secs(601));
        held.release();
        let answer = within(sent.join_next()).await.expect("one").expect("no panic");
        assert_eq!(answer.status(), status, "{answer:?}");
    }
}

#[tokio::test]
async fn a_barrier_holds_what_it_says() {
    let idp = server();
    let held = idp.hold(Barrier::at(Point::TokenResponse).for_client("other").before());
    let nth = idp.hold(keys().nth(2));
    let browser = Browser::new(&idp);
    browser.log_in().await;
    assert_eq!((browser.fetch("/jwks").await.status, held.waiting()), (200, 0), "the first passes");
    let second = fetch(&idp);
    assert_eq!(within(nth.arrived(1)).await, 1);
    assert_eq!(browser.fetch("/jwks").await.status, 200, "the third passes");
    nth.release();
    assert_eq!(within(second).await.expect("no panic").status(), 200);
    let params = with(redeeming("x"), "client_id", "other");
    let sent = at_once(&idp, &params, 1);
    within(held.arrived(1)).await;
    drop(held);
    assert_eq!(successes(sent).await, 0);
    let basic = idp.hold(Barrier::at(Point::TokenResponse).for_client("con:fidential").before());
    let own = idp.clone();
    let named = crate::browser::basic("con%3Afidential", "secret");
    let sent = tokio::spawn(async move {
        Browser::new(&own).post("/token", "grant_type=client_credentials".to_owned(), Some(&named)).await.status
    });
    within(basic.arrived(1)).await;
    drop(basic);
    assert_eq!(within(sent).await.expect("no panic"), 401);
}

#[tokio::test]
async fn requests_are_released_one_by_one_in_the_order_they_came() {
    let idp = server();
    let held = idp.hold(keys());
    assert!(!held.release_one(), "nobody waits");
    let first = fetch(&idp);
    within(held.arrived(1)).await;
    let second = fetch(&idp);
    within(held.arrived(2)).await;
    assert!(held.release_one());
    within(first).await.expect("no panic");
    assert_eq!((held.waiting(), second.is_finished()), (1, false));
    held.release();
    within(second).await.expect("no panic");
    assert_eq!(Browser::new(&idp).fetch("/jwks").await.status, 200, "it holds nothing further");
}

#[tokio::test]
async fn a_call_that_is_given_up_does_not_wait_and_is_written_down() {
    let idp = server();
    let code = Browser::new(&idp).code(&asking()).await;
    let held = idp.hold(Barrier::at(Point::TokenResponse));
    let mut sent = at_once(&idp, &redeeming(&code), 1);
    within(held.arrived(1)).await;
    sent.abort_all();
    assert!(within(sent.join_next()).await.expect("one").is_err());
    assert_eq!(held.waiting(), 0);
    let entry = idp.journal().pop().expect("an entry");
    assert_eq!((entry.path.as_ref(), entry.status, entry.ending), ("/token", 200, Ending::GaveUp));
    assert!(entry.to_string().contains("the client gave up"), "{entry}");
    drop(held);
    let answer = Browser::new(&idp).token(&redeeming(&code)).await;
    assert_eq!(answer.json()["error"], "invalid_grant", "what was done to the code stays done");

    let held = idp.hold(Barrier::at(Point::TokenResponse).before());
    let mut sent = at_once(&idp, &redeeming("x"), 1);
    within(held.arrived(1)).await;
    sent.abort_all();
    assert!(within(sent.join_next()).await.expect("one").is_err());
    let entry = idp.journal().pop().expect("an entry");
    assert_eq!((entry.params.get("code"), entry.status, entry.ending), (Some("x"), 0, Ending::GaveUp));
}

#[tokio::test]
async fn a_barrier_holds_requests_over_sockets_and_ends_with_the_server() {
    let idp = MockIdp::start().await;
    let address = idp.address().expect("a socket");
    let held = idp.hold(Barrier::at(Point::TokenResponse).before());
    let mut wire = Wire::connect(address).await;
    wire.send(written("/token", &redeeming("x")).as_bytes()).await.expect("the server reads");
    assert_eq!(within(held.arrived(1)).await, 1);
    assert_eq!(Wire::connect(address).await.exchange("GET /jwks HTTP/1.1\r\nHost: x\r\n\r\n").await.status, 200);

    let mut gone = Wire::connect(address).await;
    gone.send(written("/token", &redeeming("x")).as_bytes()).await.expect("the server reads");
    assert_eq!(within(held.arrived(2)).await, 2);
    drop(gone);
    until(|| held.waiting() == 1).await;
    within(idp.stop()).await;
    assert_eq!(wire.receive().await.expect("an answer").status, 400);
}

#[tokio::test]
async fn a_barrier_of_one_tenant_does_not_hold_another() {
    let idp = server();
    let acme = idp.tenant("acme");
    let held = acme.hold(keys());
    assert_eq!(Browser::new(&idp).fetch("/jwks").await.status, 200);
    let own = idp.clone();
    let sent = tokio::spawn(async move { own.call(get("/acme/jwks")).await });
    within(held.arrived(1)).await;
    acme.reset();
    assert_eq!(within(sent).await.expect("no panic").status(), 200, "a reset lets everything go on");
    assert!(acme.barriers().list().is_empty());
    held.unmount();
}

#[tokio::test]
async fn barriers_are_listed_released_and_taken_off_by_their_ids() {
    let idp = server();
    let barriers = idp.barriers();
    let (one, two) = (barriers.add(keys()).expect("room"), barriers.add(keys().before()).expect("room"));
    let sent = fetch(&idp);
    until(|| barriers.list()[1].waiting == 1).await;
    let standing: Vec<_> = barriers.list().iter().map(|gated| (gated.id, gated.waiting, gated.arrived)).collect();
    assert_eq!(standing, [(one, 0, 0), (two, 1, 1)]);
    assert!(barriers.release_one(two) && !barriers.release_one(two));
    until(|| barriers.list()[0].waiting == 1).await;
    assert!(barriers.release(one) && barriers.list()[0].released);
    within(sent).await.expect("no panic");
    assert_eq!(barriers.take_off(one).map(|gated| gated.arrived), Some(1));
    assert_eq!((barriers.take_off(one), barriers.release(one)), (None, false));
    barriers.clear();
    assert!(barriers.list().is_empty());
    let ids: Vec<u64> = (0..1000).map(|_| barriers.add(keys()).expect("room")).collect();
    assert!(ids[0] > two, "no id is used again");
    assert_eq!(barriers.add(keys()), Err(Unfit::TooMany(1000)));
}

#[tokio::test]
async fn a_barrier_that_nothing_arrives_at_fails_the_test() {
    let idp = server();
    let dropped = catch_unwind(AssertUnwindSafe(|| drop(idp.hold(keys()))));
    let message = dropped.expect_err("nothing arrived");
    let message = message.downcast_ref::<String>().expect("a message");
    assert!(message.starts_with("nothing ever arrived at the barrier at Jwks"), "{message}");
    idp.hold(keys()).unmount();
    let refused = catch_unwind(AssertUnwindSafe(|| idp.hold(Barrier::at(Point::IdToken))));
    assert!(refused.is_err(), "a token cannot be held");
    assert!(idp.barriers().list().is_empty());
}

#[tokio::test]
async fn a_fault_acts_before_its_answer_is_held() {
    let idp = server();
    let fault = idp.mount(Fault::always(Point::Jwks, Edit::Status { code: 503 }));
    let held = idp.hold(keys());
    let sent = fetch(&idp);
    within(held.arrived(1)).await;
    assert_eq!(fault.fired(), 1);
    held.release();
    assert_eq!(within(sent).await.expect("no panic").status(), 503);
}
