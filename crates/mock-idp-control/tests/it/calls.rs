//! Every call, and that there are no others.

use std::collections::BTreeSet;
use std::time::Duration;

use mock_idp_control::Call;
use oauth_types::clock::{Skew, Turn};
use oauth_types::fault::{Barrier, Edit, Fault, Point};
use oauth_types::journal::{Expect, Query};
use oauth_types::mint::Mint;
use oauth_types::scenario::{ClientSetup, NextLogin, Scenario, UserSetup};

use super::server;

#[tokio::test]
async fn the_client_has_the_calls_that_the_server_describes_and_no_others() {
    let (_idp, client) = server().await;
    let document = client.openapi().await.expect("a document");
    let paths = document["paths"].as_object().expect("paths");
    let described: BTreeSet<(String, &str)> = paths
        .iter()
        .flat_map(|(path, calls)| calls.as_object().expect("calls").keys().map(move |verb| (verb, path)))
        .map(|(verb, path)| (verb.to_ascii_uppercase(), path.as_str()))
        .collect();
    let own: BTreeSet<(String, &str)> = Call::ALL.iter().map(|call| (call.method.to_owned(), call.path)).collect();
    assert_eq!(own.difference(&described).collect::<Vec<_>>(), Vec::<&(String, &str)>::new(), "no server has them");
    assert_eq!(
        described.difference(&own).collect::<Vec<_>>(),
        Vec::<&(String, &str)>::new(),
        "the client lacks them"
    );
}

#[tokio::test]
async fn a_server_tells_of_itself() {
    let (idp, client) = server().await;
    client.health().await.expect("it is alive");
    let ready = client.ready().await.expect("it can answer");
    assert_eq!((ready.issuer.as_str(), ready.status.as_str()), (idp.issuer(), "ok"));
    let choices = client.choices().await.expect("choices");
    assert!(choices.profiles.iter().any(|it| it.name == "oidc"));
    assert!(choices.switches.iter().any(|it| it.name == "login-pages"));
    assert!(!choices.amounts.is_empty() && !choices.documents.is_empty());
    assert!(client.calls().await.expect("lines").contains("/_control/openapi.json"));
    assert!(client.schemas().await.expect("names").iter().any(|name| name == "scenario"));
    assert!(client.schema("scenario").await.expect("a schema")["$defs"]["Scenario"].is_object());
    assert!(client.describe_problem("unfit").await.expect("a text").contains("422"));
    let catalogue = client.catalogue().await.expect("faults");
    let named = catalogue.iter().find(|it| it.name == "invalid-iss").expect("a fault");
    assert_eq!(Some(&named.fault), Fault::named("invalid-iss").as_ref());
}

#[tokio::test]
async fn a_tenant_is_made_played_on_frozen_and_taken_away() {
    let (idp, client) = server().await;
    let shop = client.tenant("shop");
    let scenario = Scenario { profile: Some("oidc".to_owned()), token_seconds: Some(60), ..Scenario::default() };
    let made = shop.create(&scenario).await.expect("a tenant");
    assert_eq!((made.name.as_str(), made.description.profile.as_str()), ("shop", "oidc"));
    assert_eq!((made.issuer, made.description.token_seconds), (format!("{}/shop", idp.issuer()), 60));
    let further = Scenario { logins: vec![NextLogin::deny()], users: vec![UserSetup::new("carol")], ..scenario };
    let played = shop.play(&further).await.expect("it can be");
    assert_eq!((played.counts["logins"], played.description.users), (1, vec!["carol".to_owned()]));
    assert!(shop.freeze().await.expect("it stops").frozen && idp.tenant("shop").is_frozen());
    assert!(!shop.thaw().await.expect("it goes on").frozen);
    assert_eq!(shop.reset().await.expect("it is new").counts["logins"], 0);
    let names: Vec<_> = client.tenants().await.expect("tenants").into_iter().map(|it| it.name).collect();
    assert_eq!(names, ["_root", "shop"]);
    shop.destroy().await.expect("it is gone");
    let gone = shop.describe().await.expect_err("it is gone");
    assert!(gone.problem().is_some_and(|problem| problem.is("no-such-tenant")), "{gone}");
}

#[tokio::test]
async fn a_disposable_tenant_runs_out() {
    let (idp, client) = server().await;
    let own = client.disposable(&Scenario { lives_seconds: Some(5), ..Scenario::default() }).await.expect("a tenant");
    let other = client.disposable(&Scenario::default()).await.expect("a tenant");
    assert_ne!(own.name(), other.name());
    assert!(own.describe().await.expect("it is there").ends_at.is_some());
    idp.clock().advance(Duration::from_secs(6));
    assert!(own.describe().await.is_err());
    assert!(other.describe().await.is_ok(), "it has ten minutes");
    client.reset().await.expect("all is new");
    assert!(other.describe().await.is_err());
}

#[tokio::test]
async fn the_clock_is_turned() {
    let (idp, client) = server().await;
    let root = client.root();
    assert_eq!(root.turn(Turn::Set { seconds: 1_000 }).await.expect("a time").now, 1_000);
    let reading = root.advance(Duration::from_secs(3_600)).await.expect("a time");
    assert_eq!((reading.now, reading.frozen), (4_600, true));
    assert_eq!(root.clock().await.expect("a time"), idp.clock().reading());
    assert!(!root.turn(Turn::Skew { by: Skew::Ahead }).await.expect("a time").frozen);
    let refused = root.advance(Duration::from_secs(u64::MAX / 2)).await.expect_err("there is no such year");
    assert!(refused.problem().is_some_and(|problem| problem.is("unfit")));
}

#[tokio::test]
async fn people_and_clients_come_and_go() {
    let (_idp, client) = server().await;
    let root = client.root();
    root.login("bob").await.expect("a login");
    let queue = root.login(NextLogin::deny()).await.expect("a login");
    assert_eq!(queue, [NextLogin::user("bob"), NextLogin::deny()]);
    root.forget_logins().await.expect("forgotten");
    assert!(root.logins().await.expect("a queue").is_empty());

    let before = root.users().await.expect("users").len();
    // A sub may be anything, also what means something in a path.
    let odd = UserSetup { password: Some("pw".into()), ..UserSetup::new("a/b?c#d%2e é") };
    assert_eq!(root.add_user(odd).await.expect("users").len(), before + 1);
    let shown = root.users().await.expect("users");
    assert!(shown.iter().any(|user| user.sub == "a/b?c#d%2e é" && user.password == Some("<redacted>".into())));
    root.remove_user("a/b?c#d%2e é").await.expect("gone");
    assert_eq!(root.users().await.expect("users").len(), before);

    let before = root.clients().await.expect("clients").len();
    let text = r#"{"client_id":"https://a.example/x?y","redirect_uris":["https://a.example/callback"]}"#;
    let setup: ClientSetup = serde_json::from_str(text).expect("a client");
    assert_eq!(root.add_client(&setup).await.expect("clients").len(), before + 1);
    root.remove_client("https://a.example/x?y").await.expect("gone");
    assert_eq!(root.clients().await.expect("clients").len(), before);
}

#[tokio::test]
async fn keys_are_announced_used_and_retired() {
    let (_idp, client) = server().await;
    let root = client.root();
    let first = root.keys().await.expect("keys");
    let announced = root.announce_keys().await.expect("keys");
    assert_eq!(announced.signing, first.signing);
    assert!(announced.published.len() > first.published.len());
    let rotated = root.rotate_keys().await.expect("keys");
    assert_ne!(rotated.signing, first.signing);
    let retired = root.retire_keys().await.expect("keys");
    assert!(retired.published.len() < rotated.published.len());
    assert!(root.rotate_keys().await.expect_err("none").problem().is_some_and(|problem| problem.is("conflict")));
}

#[tokio::test]
async fn faults_are_mounted_counted_and_taken_off() {
    let (_idp, client) = server().await;
    let root = client.root();
    let fault = root.fault(Fault::always(Point::Userinfo, Edit::Status { code: 503 })).await.expect("a fault");
    let named = root.fault_named("invalid-iss").await.expect("a fault");
    assert_ne!(fault.id(), named.id());
    assert_eq!(fault.fired().await.expect("a number"), 0);
    assert_eq!(root.faults().await.expect("faults").len(), 2);
    let taken = named.clone().take_off().await.expect("it is mounted");
    assert_eq!((Some(taken.fault), taken.matched), (Fault::named("invalid-iss"), 0));
    assert!(named.fired().await.expect_err("it is off").problem().is_some_and(|it| it.is("nothing-there")));
    root.clear_faults().await.expect("all are off");
    assert!(root.faults().await.expect("faults").is_empty());
    let unknown = root.fault_named("invalid-is").await.expect_err("there is none").to_string();
    assert!(unknown.contains("invalid-iss"), "{unknown}");
}

#[tokio::test]
async fn barriers_hold_and_let_go() {
    let (idp, client) = server().await;
    let root = client.root();
    let barrier = root.hold(Barrier::at(Point::Discovery)).await.expect("a barrier");
    assert_eq!(barrier.arrived(1, Duration::ZERO).await.expect("a number"), 0);
    assert!(!barrier.release_one().await.expect("it stands"));
    let url = format!("{}/.well-known/openid-configuration", idp.issuer());
    let asking = || tokio::spawn(reqwest::get(url.clone()));
    let (first, second) = (asking(), asking());
    assert_eq!(barrier.arrived(2, Duration::from_secs(45)).await.expect("a number"), 2);
    assert_eq!(root.barriers().await.expect("barriers").len(), 1);
    assert!(barrier.release_one().await.expect("it stands"));
    assert_eq!(barrier.waiting().await.expect("a number"), 1);
    barrier.release().await.expect("it stands");
    for answer in [first, second] {
        assert_eq!(answer.await.expect("a task").expect("an answer").status(), 200);
    }
    assert_eq!(barrier.arrived(9, Duration::from_secs(45)).await.expect("it is released"), 0);
    let taken = barrier.take_off().await.expect("it stands");
    assert_eq!((taken.arrived, taken.waiting, taken.released), (2, 0, true));
    root.hold(Barrier::at(Point::Jwks)).await.expect("a barrier");
    root.clear_barriers().await.expect("all are gone");
    assert!(root.barriers().await.expect("barriers").is_empty());
}

#[tokio::test]
async fn the_journal_is_read_in_every_form() {
    let (idp, client) = server().await;
    let root = client.root();
    let token = root.mint(&Mint::access_token("alice").scope("openid")).await.expect("a token");
    let http = reqwest::Client::new();
    for bearer in [token.expose(), "canary-value"] {
        http.get(format!("{}/userinfo", idp.issuer())).bearer_auth(bearer).send().await.expect("an answer");
    }
    let all = root.journal(&Query::any()).await.expect("entries");
    assert_eq!(all.iter().map(|entry| entry.response.status).collect::<Vec<_>>(), [200, 401]);
    let refused = Query { refused: Some(true), status: Some(401), since: Some(1), ..Query::at(Point::Userinfo) };
    assert_eq!(root.journal(&refused).await.expect("entries"), all[1..]);
    let written = |entries| serde_json::to_string(&entries).expect("JSON");
    assert!(!written(all).contains("canary-value"));
    assert!(written(root.revealed(&refused).await.expect("entries")).contains("canary-value"));
    let har = root.har(&Query::any()).await.expect("an archive");
    assert_eq!(har["log"]["entries"].as_array().map(Vec::len), Some(2));
    assert_eq!(root.jsonl(&Query::any()).await.expect("lines").lines().count(), 2);

    root.expect(Expect::userinfo().times(2)).await.expect("it is so");
    let unmet = root.expect(refused.clone()).await.map(|()| Expect::userinfo().refused(true).never());
    let unmet = root.expect(unmet.expect("it is so")).await.expect_err("it is not so");
    assert!(unmet.problem().is_some_and(|problem| problem.is("conflict")), "{unmet}");
    assert!(unmet.to_string().contains("/userinfo"), "the journal is told: {unmet}");

    for flow in root.flows().await.expect("flows") {
        assert_eq!(root.flow(&flow.id).await.expect("a flow"), flow);
    }
    assert!(root.flow("nobody's").await.expect_err("none").problem().is_some_and(|it| it.is("nothing-there")));
    root.clear_journal().await.expect("forgotten");
    assert!(root.journal(&Query::any()).await.expect("entries").is_empty());
}
