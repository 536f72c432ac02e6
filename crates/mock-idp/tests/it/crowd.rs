//! A thousand tenants in one process: each has its own time and its own lies, and none hears of another.

use std::sync::Arc;

use mock_idp::{MockIdp, Tenant, User};
use oauth_types::Algorithm;
use oauth_types::fault::{Edit, Fault, Point};

use crate::browser::{Browser, asking, decode, redeeming, with};

const TENANTS: u64 = 1_000;
/// Flows at each of them, at once.
const FLOWS: usize = 100;
/// Codes and tokens that live, the journal, keys, and the rest.
const MOST_MIB_PER_TENANT: f64 = 1.5;

/// The time at the tenant of this number.
fn time(number: u64) -> u64 {
    1_000_000_000 + number * 100_000
}

/// A tenant with its own time, its own person and its own lie.
fn crowded(idp: &MockIdp, number: u64) -> Tenant {
    let person = User::new(format!("person-{number}"));
    let description = MockIdp::builder().alg(Algorithm::Es256).user(person);
    let tenant = idp.create(&format!("tenant-{number}"), description).expect("a tenant");
    tenant.clock().set(time(number));
    tenant
}

/// A flow, of which everything has to be the tenant's own.
async fn flow(browser: &Browser<'_>, tenant: &Tenant, number: u64) {
    let state = format!("state-{number}");
    let answer = browser.authorize(&with(asking(), "state", &state)).await.redirected();
    assert_eq!((answer.get("state"), answer.get("iss")), (Some(state.as_str()), Some(tenant.issuer())));
    let code = answer.get("code").expect("a code");
    let tokens = browser.token(&redeeming(code)).await.tokens();
    for name in ["access_token", "id_token"] {
        let (_, claims) = decode(&tokens[name]);
        assert_eq!((&claims["iss"], &claims["iat"]), (&tenant.issuer().into(), &time(number).into()), "{name}");
        assert_eq!(claims["sub"], format!("person-{number}"), "{name}");
    }
    assert_eq!(decode(&tokens["id_token"]).1["lie"], number);
}

async fn tenant(idp: Arc<MockIdp>, number: u64) {
    let tenant = crowded(&idp, number);
    let lie = tenant.mount(Fault::always(Point::IdToken, Edit::set("lie", number)));
    let base = format!("/{}", tenant.name());
    let browser = Browser { idp: &idp, base: &base };
    let mut flows: Vec<_> = (0..FLOWS).map(|_| Box::pin(flow(&browser, &tenant, number))).collect();
    std::future::poll_fn(|context| {
        flows.retain_mut(|flow| flow.as_mut().poll(context).is_pending());
        if flows.is_empty() { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
    assert_eq!(lie.fired() as usize, FLOWS);
    // What one hands out is worth nothing at the next.
    let next = format!("/tenant-{}", (number + 1) % TENANTS);
    let code = browser.code(&asking()).await;
    let elsewhere = Browser { idp: &idp, base: &next };
    assert_eq!(elsewhere.token(&redeeming(&code)).await.status, 400);
    assert_eq!(browser.token(&redeeming(&code)).await.status, 200);
}

/// What this process takes of the memory, in MiB.
fn resident() -> f64 {
    let text = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("a line");
    line.trim().trim_end_matches(" kB").trim().parse::<f64>().expect("a number") / 1024.0
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_tenants_do_not_hear_of_each_other() {
    let idp = Arc::new(MockIdp::builder().in_process().expect("a server"));
    for number in 0..TENANTS {
        crowded(&idp, number);
    }
    let before = resident();
    let tasks: Vec<_> = (0..TENANTS).map(|number| tokio::spawn(tenant(idp.clone(), number))).collect();
    for task in tasks {
        task.await.expect("a tenant");
    }
    let each = (resident() - before) / TENANTS as f64;
    say(&format!("{TENANTS} tenants, {FLOWS} flows each: {each:.2} MiB a tenant"));
    assert!(each < MOST_MIB_PER_TENANT, "{each:.2} MiB a tenant");
    assert_eq!(idp.tenants().len() as u64, TENANTS);
    assert!(idp.journal().is_empty(), "nothing of it happened at the root");
    idp.reset_all();
    assert!(idp.tenants().is_empty());
}

#[expect(clippy::print_stdout, reason = "the figure is what the test is for")]
fn say(text: &str) {
    println!("{text}");
}
