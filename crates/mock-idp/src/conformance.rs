//! What every store has to do. A backend is right if it passes.

use std::sync::Arc;

use crate::memory::{Authorization, Notes, Scope};
use crate::ports::store::{GrantId, Key, Kind, Record, Store, Taken};

/// Runs every check against stores that `make` gives, a fresh one for each.
///
/// # Panics
/// If a store does not do what it has to. The message names the check.
pub async fn check<F>(make: impl Fn() -> F)
where
    F: Future<Output = Arc<dyn Store>>,
{
    a_record_is_found_as_it_was_put(make().await).await;
    a_record_is_taken_once(make().await).await;
    one_of_many_takes_it(make().await).await;
    a_dropped_family_is_dead(make().await).await;
    a_dropped_family_stays_dead_until_it_may_be_forgotten(make().await).await;
    what_is_old_is_forgotten(make().await).await;
}

fn record(grant: u8, issued: u64, forget: u64) -> Record {
    let authorization = Authorization {
        client_id: "client".to_owned(),
        subject: "alice".to_owned(),
        scope: Scope::parse("openid email").unwrap_or_default(),
        auth_time: issued,
        notes: Notes::default(),
    };
    let (grant, code_notes) = (GrantId([grant; 16]), Arc::default());
    Record { grant, issued, expires: issued + 60, forget, authorization: Arc::new(authorization), code_notes }
}

fn key(handle: &str) -> Key {
    Key::of(Kind::Code, "", handle)
}

async fn a_record_is_found_as_it_was_put(store: Arc<dyn Store>) {
    const CHECK: &str = "a record is found as it was put";
    let put = record(1, 1_000, 2_000);
    store.put(key("a"), put.clone()).await.expect(CHECK);
    let found = store.get(key("a")).await.expect(CHECK).expect(CHECK);
    assert!(!found.spent, "{CHECK}");
    assert_eq!(found.record.grant, put.grant, "{CHECK}");
    assert_eq!((found.record.issued, found.record.expires, found.record.forget), (1_000, 1_060, 2_000), "{CHECK}");
    assert_eq!(found.record.authorization, put.authorization, "{CHECK}");
    for other in [key("b"), Key::of(Kind::Refresh, "", "a"), Key::of(Kind::Code, "tenant", "a"), key("A")] {
        assert!(store.get(other).await.expect(CHECK).is_none(), "{CHECK}, and no other");
        assert!(matches!(store.take(other).await.expect(CHECK), Taken::Absent), "{CHECK}, and no other");
    }
}

async fn a_record_is_taken_once(store: Arc<dyn Store>) {
    const CHECK: &str = "a record is taken once, and the replay is recognised";
    store.put(key("a"), record(1, 1_000, 2_000)).await.expect(CHECK);
    let Taken::Fresh(taken) = store.take(key("a")).await.expect(CHECK) else { panic!("{CHECK}") };
    assert_eq!(taken.authorization.subject, "alice", "{CHECK}");
    for _ in 0..3 {
        let again = store.take(key("a")).await.expect(CHECK);
        assert!(matches!(again, Taken::Replayed(grant) if grant == taken.grant), "{CHECK}");
    }
    assert!(store.get(key("a")).await.expect(CHECK).expect(CHECK).spent, "{CHECK}");
}

async fn one_of_many_takes_it(store: Arc<dyn Store>) {
    const CHECK: &str = "of many who take a record at once, one gets it";
    for round in 0..50 {
        let key = key(&round.to_string());
        store.put(key, record(1, 1_000, 2_000)).await.expect(CHECK);
        let takers: Vec<_> = (0..16)
            .map(|_| {
                let store = store.clone();
                tokio::spawn(async move { matches!(store.take(key).await.expect(CHECK), Taken::Fresh(_)) })
            })
            .collect();
        let mut fresh = 0;
        for taker in takers {
            fresh += u32::from(taker.await.expect(CHECK));
        }
        assert_eq!(fresh, 1, "{CHECK}");
    }
}

async fn a_dropped_family_is_dead(store: Arc<dyn Store>) {
    const CHECK: &str = "a dropped family is dead, what comes later included, and its replays stay recognisable";
    store.put(key("spent"), record(1, 1_000, 2_000)).await.expect(CHECK);
    store.put(key("live"), record(1, 1_000, 2_000)).await.expect(CHECK);
    store.put(key("other"), record(2, 1_000, 2_000)).await.expect(CHECK);
    assert!(matches!(store.take(key("spent")).await.expect(CHECK), Taken::Fresh(_)), "{CHECK}");
    store.drop_grant(GrantId([1; 16]), 1_000, 2_000).await.expect(CHECK);
    store.drop_grant(GrantId([1; 16]), 1_000, 2_000).await.expect(CHECK);
    store.put(key("late"), record(1, 1_000, 2_000)).await.expect(CHECK);
    for dead in ["live", "late"] {
        assert!(store.get(key(dead)).await.expect(CHECK).is_none(), "{CHECK}");
        assert!(matches!(store.take(key(dead)).await.expect(CHECK), Taken::Absent), "{CHECK}");
    }
    let replay = store.take(key("spent")).await.expect(CHECK);
    assert!(matches!(replay, Taken::Replayed(grant) if grant == GrantId([1; 16])), "{CHECK}");
    assert!(matches!(store.take(key("other")).await.expect(CHECK), Taken::Fresh(_)), "{CHECK}");
}

async fn a_dropped_family_stays_dead_until_it_may_be_forgotten(store: Arc<dyn Store>) {
    const CHECK: &str = "a dropped family stays dead until it may be forgotten";
    store.drop_grant(GrantId([1; 16]), 1_000, 9_000).await.expect(CHECK);
    store.sweep(8_999).await.expect(CHECK);
    store.put(key("late"), record(1, 8_000, 10_000)).await.expect(CHECK);
    assert!(store.get(key("late")).await.expect(CHECK).is_none(), "{CHECK}");
}

async fn what_is_old_is_forgotten(store: Arc<dyn Store>) {
    const CHECK: &str = "what may be forgotten is forgotten, and nothing else";
    store.put(key("old"), record(1, 1_000, 2_000)).await.expect(CHECK);
    store.put(key("new"), record(2, 1_000, 3_000)).await.expect(CHECK);
    store.sweep(1_999).await.expect(CHECK);
    assert!(store.get(key("old")).await.expect(CHECK).is_some(), "{CHECK}");
    store.sweep(2_000).await.expect(CHECK);
    assert!(store.get(key("old")).await.expect(CHECK).is_none(), "{CHECK}");
    assert!(store.get(key("new")).await.expect(CHECK).is_some(), "{CHECK}");
}
