//! The rules of verdicts: what counts, what does not, and what is kept to oneself.

use std::sync::{Arc, Mutex};

use oauth_attacks::browser::{Browser, Landing, Login, Visit};
use oauth_attacks::{Options, Outcome, Registration, Report, Target, Verdict, run_on_server};

use crate::victims::secrets::told_in;
use crate::victims::server::{Defence, REDIRECT_URIS, SECRET, Victim};

/// A login whose code breaks down.
struct Broken;

impl Login for Broken {
    fn authorize<'a>(&'a self, _browser: &'a Browser, _visit: Visit) -> Landing<'a> {
        Box::pin(async { panic!("a login that breaks down") })
    }
}

async fn outcome(target: &Target, id: &str) -> Outcome {
    run_on_server(target, &Options::new().only([id])).await.outcomes.remove(0)
}

async fn bare_target(victim: &Victim) -> Target {
    Target::discover(victim.issuer()).await.expect("metadata")
}

#[tokio::test]
async fn nothing_counts_for_a_client_whose_unmodified_flow_fails() {
    let victim = Victim::start([]).await;
    let target = bare_target(&victim).await.confidential("web", "another secret", REDIRECT_URIS[0]);
    let report = run_on_server(&target, &Options::new().only(["as-code-replay", "as-pkce-method-case"])).await;
    for outcome in &report.outcomes {
        assert_eq!(outcome.verdict, Verdict::Inconclusive, "{}: {}", outcome.id, outcome.because);
    }
    let because = &report.outcomes[0].because;
    assert!(because.starts_with("the unmodified flow of web failed before the attack"), "{because}");
}

#[tokio::test]
async fn one_client_whose_flow_fails_makes_the_whole_inconclusive() {
    let victim = Victim::start([]).await;
    let target = bare_target(&victim).await.public("app", REDIRECT_URIS[0]);
    let target = target.confidential("web", "another secret", REDIRECT_URIS[0]);
    let outcome = outcome(&target, "as-code-intercept-no-verifier").await;
    assert_eq!(outcome.verdict, Verdict::Inconclusive, "{}", outcome.because);
}

#[tokio::test]
async fn one_client_whose_flow_fails_does_not_hide_that_another_is_vulnerable() {
    let victim = Victim::start([Defence::VerifierRequired]).await;
    let target = bare_target(&victim).await.public("app", REDIRECT_URIS[0]);
    let target = target.confidential("web", "another secret", REDIRECT_URIS[0]);
    let outcome = outcome(&target, "as-code-intercept-no-verifier").await;
    assert_eq!(outcome.verdict, Verdict::Vulnerable, "{}", outcome.because);
    assert!(outcome.because.ends_with("(client app)"), "{}", outcome.because);
}

#[tokio::test]
async fn a_second_client_that_gets_nothing_of_its_own_proves_nothing() {
    let victim = Victim::start([]).await;
    let target = bare_target(&victim).await.public("app", REDIRECT_URIS[0]);
    let target = target.second_client(Registration::public("stranger", REDIRECT_URIS[0]));
    let outcome = outcome(&target, "as-code-other-client").await;
    assert_eq!(outcome.verdict, Verdict::Inconclusive);
    assert!(outcome.because.starts_with("the unmodified flow of stranger failed"), "{}", outcome.because);
}

#[tokio::test]
async fn a_missing_prerequisite_is_named_and_fails() {
    let victim = Victim::start([]).await;
    let target = bare_target(&victim).await.public("app", REDIRECT_URIS[0]);
    let ids =
        ["as-pkce-secret-not-substitute", "as-code-other-client", "as-code-redirect-mismatch", "as-code-replay"];
    let report = run_on_server(&target, &Options::new().only(ids)).await;
    let reasons: Vec<_> = report.failures().into_iter().map(|failure| (failure.id, failure.because)).collect();
    let expected = [
        ("as-pkce-secret-not-substitute", "the target has no confidential client"),
        ("as-code-other-client", "the target has no second client"),
        ("as-code-redirect-mismatch", "the target has no second redirect URI of the client"),
    ];
    assert_eq!(reasons, expected.map(|(id, because)| (id.to_owned(), because.to_owned())));
}

#[tokio::test]
async fn an_excused_outcome_is_no_failure_but_an_excuse_that_does_not_fit_is() {
    const ID: &str = "as-code-other-client";
    let victim = Victim::start([]).await;
    let target = bare_target(&victim).await.public("app", REDIRECT_URIS[0]);
    let excused = Options::new().only([ID]).excuse(ID, Verdict::Inconclusive, "there is one client");
    run_on_server(&target, &excused).await.assert_all_stopped();

    let excused = Options::new().only([ID]).excuse(ID, Verdict::Vulnerable, "it is known");
    let failures = run_on_server(&target, &excused).await.failures();
    assert!(failures[0].because.starts_with("it was excused as VULNERABLE, but came to inconclusive"));
}

#[tokio::test]
async fn an_excuse_that_is_no_longer_needed_fails() {
    const ID: &str = "as-code-replay";
    let victim = Victim::start([]).await;
    let excused = Options::new().only([ID]).excuse(ID, Verdict::Vulnerable, "it will be mended");
    let failures = run_on_server(&victim.target().await, &excused).await.failures();
    assert_eq!(failures.len(), 1);
    assert!(failures[0].because.starts_with("it was excused as VULNERABLE, but came to stopped"));
}

#[tokio::test]
async fn ids_that_no_attack_has_and_excuses_that_do_not_run_fail() {
    let victim = Victim::start([]).await;
    let options = Options::new().only(["as-code-replay", "as-nonsense"]);
    let options = options.excuse("as-refresh-replay", Verdict::Vulnerable, "it is known");
    let failures = run_on_server(&victim.target().await, &options).await.failures();
    let told: Vec<_> = failures.iter().map(|failure| (failure.id.as_str(), failure.because.as_str())).collect();
    let expected =
        [("as-refresh-replay", "it was excused, but did not run"), ("as-nonsense", "no attack has this id")];
    assert_eq!(told, expected);
}

#[tokio::test]
#[should_panic(expected = "✗ as-code-intercept-no-verifier")]
async fn the_assertion_panics_with_a_table() {
    let victim = Victim::start([Defence::VerifierRequired]).await;
    let options = Options::new().only(["as-code-intercept-no-verifier", "as-code-replay"]);
    run_on_server(&victim.target().await, &options).await.assert_all_stopped();
}

#[tokio::test]
async fn an_attack_that_breaks_down_is_inconclusive() {
    let victim = Victim::start([]).await;
    let target = victim.target().await.login(Broken);
    let outcome = outcome(&target, "as-code-replay").await;
    assert_eq!((outcome.verdict, outcome.because.as_str()), (Verdict::Inconclusive, "the attack itself broke down"));
}

#[tokio::test]
async fn a_server_that_is_gone_is_inconclusive() {
    let victim = Victim::start([]).await;
    let target = victim.target().await;
    drop(victim);
    let outcome = outcome(&target, "as-code-replay").await;
    assert_eq!(outcome.verdict, Verdict::Inconclusive, "{}", outcome.because);
}

#[tokio::test]
async fn tokens_are_revoked_after_a_success() {
    let victim = Victim::start([Defence::VerifierRequired]).await;
    let outcome = outcome(&victim.target().await, "as-code-intercept-no-verifier").await;
    assert_eq!(outcome.verdict, Verdict::Vulnerable);
    let store = victim.store();
    assert!(!store.access.is_empty());
    assert!(store.access.keys().all(|token| !store.is_live(token)));
}

/// Fails if the report tells a secret that the server has had.
fn assert_tells_nothing(report: &Report, victim: &Victim) {
    let told = format!("{}{report}{report:?}", serde_json::to_string(report).expect("a report"));
    let store = victim.store();
    let secrets = store.secrets.iter().map(String::as_str).chain([SECRET]);
    // What an attack made shorter than a verifier may be is no secret, and occurs by chance.
    assert_eq!(told_in(&told, secrets.filter(|secret| secret.len() > 8)), None);
}

#[tokio::test]
async fn no_report_tells_a_code_a_verifier_a_token_or_a_client_secret() {
    let careless = [Defence::VerifierCompared, Defence::PlainRefused, Defence::BodyOnly];
    let victim = Victim::start(careless).await;
    let report = run_on_server(&victim.target().await, &Options::new()).await;
    assert!(
        report.outcomes.iter().filter(|outcome| outcome.verdict == Verdict::Vulnerable).count() >= careless.len()
    );
    assert_tells_nothing(&report, &victim);
}

#[tokio::test]
async fn every_outcome_is_told_as_soon_as_it_is_there_but_no_secret() {
    let victim = Victim::start([]).await;
    let seen = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&seen);
    let options = Options::new().side_by_side(2).watch(move |outcome| told.lock().unwrap().push(outcome.id));
    let report = run_on_server(&victim.target().await, &options).await;
    assert_tells_nothing(&report, &victim);
    let mut seen = seen.lock().unwrap().clone();
    seen.sort_unstable();
    let mut ids: Vec<_> = report.outcomes.iter().map(|outcome| outcome.id).collect();
    ids.sort_unstable();
    assert_eq!(seen, ids);
}
