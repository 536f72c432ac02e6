//! The rules of verdicts on clients: what counts, what does not, and what is kept to oneself.

use std::sync::{Arc, Mutex};

use oauth_attacks::{
    ClientUnderTest, Closures, Options, Provider, Rejected, Report, Said, Verdict, Visitor, run_on_client,
};

use crate::client_matrix::{Run, sound_runs};
use crate::victims::client::{Defence, Victim};
use crate::victims::secrets::told_in;

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
async fn a_client_that_asks_for_no_id_token_is_not_blamed_for_what_is_in_one() {
    let issuer = Arc::new(Mutex::new(String::new()));
    let chosen = Arc::clone(&issuer);
    let without_openid = Closures::new(
        move |_: Visitor, Provider { issuer, client, .. }: Provider| {
            chosen.lock().expect("a lock").clone_from(&issuer);
            let (id, back) = (client.client_id.clone(), client.redirect_uris.concat());
            // The challenge of RFC 7636 appendix B.
            let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256";
            let asked = format!("client_id={id}&redirect_uri={back}&scope=read&state=a-state-of-mine");
            async move { Ok(format!("{issuer}/authorize?response_type=code&{asked}&code_challenge={challenge}")) }
        },
        move |_: Visitor, address: String| {
            let issuer = issuer.lock().expect("a lock").clone();
            async move { redeemed_without_looking(issuer, &address).await }
        },
    );
    let report = run_on_client(without_openid, &Options::new().only(["rp-idt-sig-bitflip"])).await;
    assert_eq!(report.outcomes[0].because, "the client does not ask for an ID token");
}

/// Redeems the code of an address, with the verifier of RFC 7636 appendix B.
async fn redeemed_without_looking(issuer: String, address: &str) -> Said {
    let code = address.split(['?', '&']).find_map(|pair| pair.strip_prefix("code=")).expect("a code");
    let back = address.split('?').next().expect("an address");
    let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    let form = [
        ("grant_type", "authorization_code"),
        ("client_id", "client-under-test"),
        ("code", code),
        ("redirect_uri", back),
        ("code_verifier", verifier),
    ];
    let http = reqwest::Client::builder().tls_certs_only([]).no_proxy().build().expect("a client");
    let answer = http.post(format!("{issuer}/token")).form(&form).send().await.expect("an answer");
    match answer.status().is_success() {
        true => Said::Accepted { issuer, subject: "alice".to_owned() },
        false => Said::Rejected(Rejected::new("no token")),
    }
}

#[tokio::test]
async fn an_excuse_is_for_one_side_only() {
    let options = Options::new().only(["rp-state-mismatch", "as-code-replay"]);
    let options = options.excuse("as-code-replay", Verdict::Vulnerable, "it will be mended");
    let report = run_on_client(Victim::new([]), &options).await;
    assert_eq!(report.outcomes.len(), 1);
    report.assert_all_stopped();
}

/// Fails if the report tells a secret that the client has had.
fn assert_tells_nothing(report: &Report, secrets: &[String], of: &str) {
    let told = format!("{}{report}{report:?}", serde_json::to_string(report).expect("a report"));
    assert!(secrets.len() > 100);
    assert_eq!(told_in(&told, secrets.iter().map(String::as_str)), None, "{of}");
}

#[tokio::test]
async fn no_report_tells_a_code_a_verifier_or_a_token() {
    for Run { registered, report, secrets } in sound_runs().await {
        assert_tells_nothing(report, secrets, &format!("{registered:?}"));
    }
    for off in [Defence::VerifierKept, Defence::VerifierApartFromState, Defence::S256Chosen] {
        let victim = Arc::new(Victim::new([off]));
        let report = run_on_client(Arc::clone(&victim), &Options::new()).await;
        assert_tells_nothing(&report, &victim.secrets(), &format!("without {off:?}"));
    }
}
