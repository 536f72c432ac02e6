//! The server and the client of this workspace withstand every attack of the catalogue.

use std::sync::Arc;

use mock_idp::MockIdp;
use oauth_attacks::attack::Need;
use oauth_attacks::key::Key;
use oauth_attacks::mock::Cast;
use oauth_attacks::{
    Options, Outcome, PkceClientNative, PkceClientWeb, Profile, Registration, Report, Verdict, catalogue,
    run_on_client, run_on_server,
};
use oauth_types::Algorithm;
use pkce_client::SigningKey;
use serde_json::{Value, json};

use crate::victims::pages::{by_forms, with_pages};

/// By which rules a server of each profile is judged.
const PROFILES: [(mock_idp::Profile, Profile); 6] = [
    (mock_idp::Profile::Strict, Profile::Bcp),
    (mock_idp::Profile::Oauth21, Profile::Oauth21),
    (mock_idp::Profile::Oidc, Profile::Bcp),
    (mock_idp::Profile::Fapi2, Profile::Fapi2),
    (mock_idp::Profile::Fapi2MessageSigning, Profile::Fapi2),
    (mock_idp::Profile::Mcp, Profile::Mcp),
];

/// How a reason begins that says what is not there, and not what went wrong.
const HAS_NOT: [&str; 6] = [
    "the target has no ",
    "the server has no ",
    "the server does not ",
    "the server issues no ",
    "the client cannot ",
    "the client does not ",
];

/// The attacks that a target is not about, each with what it has not.
fn not_about(report: &Report) -> impl Iterator<Item = (&'static str, &str)> {
    let unknown = report.outcomes.iter().filter(|outcome| outcome.verdict == Verdict::Inconclusive);
    unknown.map(|outcome| (outcome.id, outcome.because.as_str()))
}

/// Everything is stopped, or is not what this target is about, as fixtures/attacks/`name`.json has it.
pub(crate) fn assert_as_recorded(name: &str, report: &Report) {
    let explained = |because: &str| HAS_NOT.iter().any(|words| because.starts_with(words));
    let as_it_should = |outcome: &&Outcome| match outcome.verdict {
        Verdict::Inconclusive => explained(&outcome.because),
        verdict => verdict == Verdict::Stopped,
    };
    let others = report.outcomes.iter().filter(|outcome| !as_it_should(outcome));
    let others: Vec<_> = others.map(|other| format!("{} {}: {}", other.id, other.verdict, other.because)).collect();
    assert!(others.is_empty(), "{name}: {others:#?}");
    let entries =
        not_about(report).map(|(id, because)| json!({ "id": id, "verdict": "inconclusive", "reason": because }));
    assert_written(name, &entries.collect::<Vec<_>>().into());
}

/// The attacks are refused by these errors of the client, as fixtures/attacks/`name`.json has it: exactly these, and
/// every refusal by one of them or by what the application itself has to do.
fn assert_refusals_as_recorded(name: &str, report: &Report) {
    let refused = report.outcomes.iter().filter(|outcome| !outcome.refusals.is_empty());
    let refused = refused.map(|outcome| (outcome.id.to_owned(), json!(outcome.refusals)));
    assert_written(name, &Value::Object(refused.collect()));
}

/// The file says this. With `WRITE_DOCUMENTS` in the environment it is written.
fn assert_written(name: &str, content: &Value) {
    let text = serde_json::to_string_pretty(content).expect("JSON") + "\n";
    let file = format!("{}/../../fixtures/attacks/{name}.json", env!("CARGO_MANIFEST_DIR"));
    if std::env::var_os("WRITE_DOCUMENTS").is_some() {
        std::fs::write(&file, &text).expect("the file is written");
    }
    let recorded = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(recorded == text, "{name}.json says otherwise: `cargo xtask codegen` writes it\n{text}");
}

#[tokio::test]
async fn the_mock_server_stops_every_attack_strictly_under_each_profile() {
    for (profile, judged_by) in PROFILES {
        let cast = Cast::new(profile).expect("keys");
        let idp = cast.enter(MockIdp::builder()).start().await.expect("a server");
        let target = cast.target(&idp).await.expect("a target");
        let report = run_on_server(&target, &Options::new().profile(judged_by).permit_harm()).await;
        assert_as_recorded(&format!("mock-idp-{profile}"), &report);
        assert_eq!(report.outcomes.len(), catalogue::server_attacks().count());
    }
}

/// What a client is not about unless it listens.
const ON_THE_LISTENER: [&str; 4] =
    ["rp-loopback-bind", "rp-loopback-port-squat", "rp-loopback-noise", "rp-embedded-browser"];

#[tokio::test]
async fn the_client_withstands_what_is_done_to_its_listener() {
    let report = run_on_client(PkceClientNative::default(), &Options::new().only(ON_THE_LISTENER)).await;
    report.assert_all_stopped();
    for outcome in &report.outcomes {
        assert_eq!(outcome.verdict, Verdict::Stopped, "{}: {}", outcome.id, outcome.because);
    }
    assert_eq!(report.outcomes.len(), ON_THE_LISTENER.len());
}

#[tokio::test]
async fn the_pages_of_the_mock_server_stop_every_attack_on_forms_under_each_profile() {
    let on_forms = || catalogue::server_attacks().filter(|attack| attack.needs.contains(&Need::Forms));
    for (profile, judged_by) in PROFILES {
        let cast = Cast::new(profile).expect("keys");
        let idp = with_pages(cast.enter(MockIdp::builder())).start().await.expect("a server");
        let target = by_forms(cast.target(&idp).await.expect("a target"));
        let options = Options::new().profile(judged_by).only(on_forms().map(|attack| attack.idea.id));
        let report = run_on_server(&target, &options).await;
        for (id, because) in not_about(&report) {
            assert!(HAS_NOT.iter().any(|words| because.starts_with(words)), "{profile}: {id}: {because}");
            assert!(!because.contains("forms"), "{profile}: {id}: {because}");
        }
        for outcome in &report.outcomes {
            let stopped = matches!(outcome.verdict, Verdict::Stopped | Verdict::Inconclusive);
            assert!(stopped, "{profile}: {}: {} {}", outcome.id, outcome.verdict, outcome.because);
        }
        assert_eq!(report.outcomes.len(), on_forms().count());
    }
}

#[tokio::test]
async fn the_client_withstands_every_attack() {
    let report = run_on_client(PkceClientWeb::default(), &Options::new()).await;
    assert_as_recorded("pkce-client", &report);
    assert_refusals_as_recorded("pkce-client-errors", &report);
    assert_eq!(report.outcomes.len(), catalogue::client_attacks().count());
}

/// What a client is not about unless it has keys, or asks for something that is signed.
const WITH_KEYS: [&str; 10] = [
    "rp-assertion-hygiene",
    "rp-dpop-hygiene",
    "rp-par-only-params",
    "rp-auth-method-downgrade",
    "rp-dpop-downgrade",
    "rp-jarm-par-downgrade",
    "rp-jarm-invalid",
    "rp-audience-injection",
    "rp-dpop-key-shared",
    "rp-dpop-nonce-loop",
];

#[tokio::test]
async fn the_client_withstands_every_attack_on_keys() {
    let pem = include_str!("../../../../fixtures/keys/es256.pem");
    let key = Key::from_pem(Algorithm::Es256, "k1", pem).expect("a key");
    let signs = SigningKey::from_pem(Algorithm::Es256, pem).expect("a key").with_kid("k1");
    let client = PkceClientWeb::new(move |builder| {
        builder.private_key_jwt(signs.clone()).dpop_with_new_key().pushed_requests().signed_responses()
    });
    let client = client.registered(Registration::keyed("client-under-test", key, "http://127.0.0.1:9/callback"));
    let report = run_on_client(client, &Options::new().only(WITH_KEYS)).await;
    report.assert_all_stopped();
    assert_refusals_as_recorded("pkce-client-with-keys-errors", &report);
    assert_eq!(report.outcomes.len(), WITH_KEYS.len());
}

#[tokio::test]
async fn the_client_withstands_every_attack_with_a_secret_under_each_profile() {
    let secret = "a-secret-that-only-this-test-knows";
    let client = Registration::confidential("client-under-test", secret, "http://127.0.0.1:9/callback");
    let client = Arc::new(PkceClientWeb::default().registered(client));
    let about = |id: &str, report: &Report| not_about(report).all(|(other, _)| other != id);
    let first = run_on_client(Arc::clone(&client), &Options::new()).await;
    assert_as_recorded("pkce-client-with-a-secret", &first);
    // What a profile changes is how strongly something is asked for, so only what is asked for differently is run again.
    for profile in [Profile::Oauth21, Profile::Fapi2, Profile::Mcp] {
        let differing = catalogue::client_attacks().map(|attack| &attack.idea);
        let differing = differing.filter(|idea| !idea.levels.is_empty() && about(idea.id, &first));
        let options = Options::new().profile(profile).only(differing.map(|idea| idea.id));
        let report = run_on_client(Arc::clone(&client), &options).await;
        for outcome in &report.outcomes {
            let withstood = outcome.verdict == Verdict::Stopped;
            assert!(withstood, "{profile}: {}: {} {}", outcome.id, outcome.verdict, outcome.because);
        }
    }
}

/// What our own client is not about, however it is configured, and why that is right.
const NEVER_ABOUT: [(&str, &str); 5] = [
    ("rp-state-tampered", "state is random and opaque, and no parameter: where to return to is kept elsewhere"),
    ("rp-hybrid-chash", "the hybrid flow is not there: codes alone come through the browser"),
    ("rp-mixup-per-as-redirect", "servers are told apart by iss, not by redirect URIs"),
    (
        "rp-tenant-claim",
        "hd is a hint of one provider; tenants are told apart by IssuerPolicy, see rp-idt-iss-template",
    ),
    ("rp-init-login-csrf", "logins that third parties begin are not there"),
];

/// What the configurations of this module and the next, as recorded, leave out.
#[test]
fn every_attack_is_about_some_configuration_of_the_client() {
    if std::env::var_os("WRITE_DOCUMENTS").is_some() {
        // They are being written, and it is looked at what they say afterwards.
        return;
    }
    let recorded = ["pkce-client", "pkce-client-with-a-secret", "pkce-client-web"].map(|name| {
        let file = format!("{}/../../fixtures/attacks/{name}.json", env!("CARGO_MANIFEST_DIR"));
        let entries = std::fs::read_to_string(&file).expect("a file");
        serde_json::from_str::<Vec<Value>>(&entries).expect("entries")
    });
    let leaves_out = |entries: &Vec<Value>, id: &str| entries.iter().any(|entry| entry["id"] == id);
    let left = catalogue::client_attacks().map(|attack| attack.idea.id).filter(|id| {
        let elsewhere = WITH_KEYS.contains(id) || ON_THE_LISTENER.contains(id);
        !elsewhere && recorded.iter().all(|entries| leaves_out(entries, id))
    });
    assert_eq!(left.collect::<Vec<_>>(), NEVER_ABOUT.map(|(id, _)| id));
}

#[tokio::test]
async fn the_client_asks_for_more_scope_before_it_gives_up() {
    let options = Options::new().only(["rp-insufficient-scope-loop"]);
    let report = run_on_client(PkceClientWeb::default(), &options).await;
    assert_eq!(report.outcomes[0].because, "the client asks for more scope 2 times and gives up");
}
