//! The rules of verdicts on clients: what counts, what does not, and what is kept to oneself.

use std::sync::Arc;

use oauth_attacks::{
    ClientUnderTest, Closures, Options, Provider, Rejected, Report, Said, Verdict, Visitor, run_on_client,
};

use crate::victims::client::{Defence, Victim};

/// A sound client whose answers to what comes back are changed like this.
fn client(change: impl Fn(Said) -> Said + Clone + Send + Sync + 'static) -> impl ClientUnderTest {
    let victim = Arc::new(Victim::new([]));
    let beginning = Arc::clone(&victim);
    Closures::new(
        move |visitor: Visitor, provider: Provider| {
            let victim = Arc::clone(&beginning);
            async move { victim.begin(&visitor, &provider).await }
        },
        move |visitor: Visitor, address: String| {
            let (victim, change) = (Arc::clone(&victim), change.clone());
            async move { change(victim.finish(&visitor, &address).await) }
        },
    )
}

fn assert_inconclusive(report: &Report, because: &str) {
    for outcome in &report.outcomes {
        assert_eq!(outcome.verdict, Verdict::Inconclusive, "{}: {}", outcome.id, outcome.because);
        let cannot =
            ["the client cannot ", "the client does not "].iter().any(|words| outcome.because.starts_with(words));
        assert!(cannot || outcome.because.contains(because), "{}: {}", outcome.id, outcome.because);
    }
}

#[tokio::test]
async fn a_client_that_rejects_everything_has_withstood_nothing() {
    let never = client(|_| Said::Rejected(Rejected::new("never")));
    assert_inconclusive(&run_on_client(never, &Options::new()).await, "an honest login failed");
}

#[tokio::test]
async fn a_client_that_logs_in_somebody_else_has_withstood_nothing() {
    let confused = client(|said| match said {
        Said::Accepted { issuer, .. } => Said::Accepted { issuer, subject: "bob".to_owned() },
        other => other,
    });
    let options = Options::new().only(["rp-state-mismatch", "rp-idt-exp"]);
    assert_inconclusive(&run_on_client(confused, &options).await, "an honest login failed before the attack");
}

#[tokio::test]
async fn a_client_that_breaks_down_has_not_defended_itself() {
    let brittle = client(|said| match said {
        Said::Rejected(_) => panic!("a client that breaks down"),
        other => other,
    });
    let report = run_on_client(brittle, &Options::new().only(["rp-state-mismatch"])).await;
    let outcome = &report.outcomes[0];
    assert_eq!(outcome.verdict, Verdict::Vulnerable);
    assert_eq!(outcome.because, "the client broke down at a response with another state");
}

#[tokio::test]
async fn a_client_that_begins_no_login_has_withstood_nothing() {
    let shy = Closures::new(
        |_: Visitor, _: Provider| async { Err(Rejected::new("not today")) },
        |_: Visitor, _: String| async { Said::Rejected(Rejected::new("never")) },
    );
    assert_inconclusive(&run_on_client(shy, &Options::new()).await, "the client begins no login: not today");
}

#[tokio::test]
async fn a_client_that_starts_over_is_not_logged_in() {
    let restarting = client(|said| match said {
        Said::Rejected(_) => Said::SentOn { url: "/login".to_owned() },
        other => other,
    });
    run_on_client(restarting, &Options::new().only(["rp-state-mismatch", "rp-idt-exp"])).await.assert_all_stopped();
}

#[tokio::test]
async fn an_excuse_is_for_one_side_only() {
    let options = Options::new().only(["rp-state-mismatch", "as-code-replay"]);
    let options = options.excuse("as-code-replay", Verdict::Vulnerable, "it will be mended");
    let report = run_on_client(Victim::new([]), &options).await;
    assert_eq!(report.outcomes.len(), 1);
    report.assert_all_stopped();
}

#[tokio::test]
async fn no_report_tells_a_code_a_verifier_or_a_token() {
    for off in [None, Some(Defence::VerifierKept), Some(Defence::VerifierApartFromState), Some(Defence::S256Chosen)] {
        let victim = Arc::new(Victim::new(off));
        let report = run_on_client(Arc::clone(&victim), &Options::new()).await;
        let told = format!("{}{report}{report:?}", serde_json::to_string(&report).expect("a report"));
        let secrets = victim.secrets();
        assert!(secrets.len() > 100);
        for secret in secrets {
            assert!(!told.contains(&secret), "{secret} is told when {off:?} is off");
        }
    }
}
