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
    a_record_is_replaced_by_whoever_saw_it_last(make().await).await;
    a_key_is_used_once(make().await).await;
}

fn record(grant: u8, issued: u64, forget: u64) -> Record {
    let authorization = Authorization {
        client_id: "client".to_owned(),
        subject: "alice".to_owned(),
        scope: Scope::parse("openid email").unwrap_or_default(),
        login: None,
        notes: Notes::default(),
    };
    let (grant, notes) = (GrantId([grant; 16]), Arc::default());
    Record { grant, issued, expires: issued + 60, forget, authorization: Arc::new(authorization), notes }
}

fn key(handle: &str) -> Key {
    Key::of(Kind::CODE, "", handle)
}

async fn a_record_is_found_as_it_was_put(store: Arc<dyn Store>) {
    const CHECK: &str = "a record is found as it was put";
    let put = record(1, 1_000, 2_000);
    store.put(key("a"), put.clone()).await.expect(CHECK);
    let found = store.get(key("a")).await.expect(CHECK).expect(CHECK);
    assert_eq!(found.spent, None, "{CHECK}");
    assert_eq!(found.record.grant, put.grant, "{CHECK}");
    assert_eq!((found.record.issued, found.record.expires, found.record.forget), (1_000, 1_060, 2_000), "{CHECK}");
    assert_eq!(found.record.authorization, put.authorization, "{CHECK}");
    for other in [key("b"), Key::of(Kind::REFRESH, "", "a"), Key::of(Kind::CODE, "tenant", "a"), key("A")] {
        assert!(store.get(other).await.expect(CHECK).is_none(), "{CHECK}, and no other");
        assert!(matches!(store.take(other, 1_010).await.expect(CHECK), Taken::Absent), "{CHECK}, and no other");
    }
}

async fn a_record_is_taken_once(store: Arc<dyn Store>) {
    const CHECK: &str = "a record is taken once, and the replay is recognised";
    store.put(key("a"), record(1, 1_000, 2_000)).await.expect(CHECK);
    let Taken::Fresh(taken) = store.take(key("a"), 1_010).await.expect(CHECK) else { panic!("{CHECK}") };
    assert_eq!(taken.authorization.subject, "alice", "{CHECK}");
    for _ in 0..3 {
        let again = store.take(key("a"), 1_010).await.expect(CHECK);
        assert!(matches!(again, Taken::Replayed { grant, spent: 1_010 } if grant == taken.grant), "{CHECK}");
    }
    assert_eq!(store.get(key("a")).await.expect(CHECK).expect(CHECK).spent, Some(1_010), "{CHECK}");
}

async fn one_of_many_takes_it(store: Arc<dyn Store>) {
    const CHECK: &str = "of many who take a record at once, one gets it";
    for round in 0..50 {
        let key = key(&round.to_string());
        store.put(key, record(1, 1_000, 2_000)).await.expect(CHECK);
        let takers: Vec<_> = (0..16)
            .map(|_| {
                let store = store.clone();
                tokio::spawn(async move { matches!(store.take(key, 1_010).await.expect(CHECK), Taken::Fresh(_)) })
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
    assert!(matches!(store.take(key("spent"), 1_010).await.expect(CHECK), Taken::Fresh(_)), "{CHECK}");
    store.drop_grant(GrantId([1; 16]), 1_000, 2_000).await.expect(CHECK);
    store.drop_grant(GrantId([1; 16]), 1_000, 2_000).await.expect(CHECK);
    store.put(key("late"), record(1, 1_000, 2_000)).await.expect(CHECK);
    for dead in ["live", "late"] {
        assert!(store.get(key(dead)).await.expect(CHECK).is_none(), "{CHECK}");
        assert!(matches!(store.take(key(dead), 1_010).await.expect(CHECK), Taken::Absent), "{CHECK}");
    }
    let replay = store.take(key("spent"), 1_010).await.expect(CHECK);
    assert!(matches!(replay, Taken::Replayed { grant, .. } if grant == GrantId([1; 16])), "{CHECK}");
    assert!(matches!(store.take(key("other"), 1_010).await.expect(CHECK), Taken::Fresh(_)), "{CHECK}");
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

async fn a_record_is_replaced_by_whoever_saw_it_last(store: Arc<dyn Store>) {
    const CHECK: &str = "a record is replaced by whoever saw it last, unless it is spent or dead";
    assert!(!store.replace(key("a"), 1, record(1, 1_000, 2_000)).await.expect(CHECK), "{CHECK}");
    store.put(key("a"), record(1, 1_000, 2_000)).await.expect(CHECK);
    let seen = store.get(key("a")).await.expect(CHECK).expect(CHECK).version;
    assert!(store.replace(key("a"), seen, record(1, 1_500, 2_500)).await.expect(CHECK), "{CHECK}");
    assert!(!store.replace(key("a"), seen, record(1, 1_600, 2_600)).await.expect(CHECK), "{CHECK}");
    let found = store.get(key("a")).await.expect(CHECK).expect(CHECK);
    assert_eq!((found.record.issued, found.record.forget), (1_500, 2_500), "{CHECK}");
    store.put(key("a"), record(1, 1_700, 2_700)).await.expect(CHECK);
    assert!(!store.replace(key("a"), found.version, record(1, 1_800, 2_800)).await.expect(CHECK), "{CHECK}");
    let seen = store.get(key("a")).await.expect(CHECK).expect(CHECK).version;
    assert!(matches!(store.take(key("a"), 1_800).await.expect(CHECK), Taken::Fresh(_)), "{CHECK}");
    assert!(!store.replace(key("a"), seen, record(1, 1_900, 2_900)).await.expect(CHECK), "{CHECK}");
    store.put(key("b"), record(2, 1_000, 2_000)).await.expect(CHECK);
    let seen = store.get(key("b")).await.expect(CHECK).expect(CHECK).version;
    store.drop_grant(GrantId([2; 16]), 1_000, 2_000).await.expect(CHECK);
    assert!(!store.replace(key("b"), seen, record(2, 1_100, 2_000)).await.expect(CHECK), "{CHECK}");
}

async fn a_key_is_used_once(store: Arc<dyn Store>) {
    const CHECK: &str = "a key is used once until it may be forgotten";
    for round in 0..20 {
        let key = key(&round.to_string());
        let users: Vec<_> = (0..16)
            .map(|_| {
                let store = store.clone();
                tokio::spawn(async move { store.once(key, 1_000, 2_000).await.expect(CHECK) })
            })
            .collect();
        let mut first = 0;
        for user in users {
            first += u32::from(user.await.expect(CHECK));
        }
        assert_eq!(first, 1, "{CHECK}");
        assert!(!store.once(key, 1_999, 3_000).await.expect(CHECK), "{CHECK}");
        assert!(store.once(key, 2_000, 3_000).await.expect(CHECK), "{CHECK}");
        assert!(!store.once(key, 2_999, 4_000).await.expect(CHECK), "{CHECK}");
        store.sweep(2_999).await.expect(CHECK);
        assert!(!store.once(key, 2_999, 4_000).await.expect(CHECK), "{CHECK}");
        assert!(store.get(key).await.expect(CHECK).is_none(), "{CHECK}, and is no record");
    }
}
