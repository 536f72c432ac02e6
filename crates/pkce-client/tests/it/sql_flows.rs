//! Begun logins in databases: what is said here of one holds for the others.

use pkce_client::flow_store_conformance::check;
use pkce_client::{FlowStore, SqlFlows};

use crate::flow_store::{LIFETIME, put, take};
use crate::stage::TestClock;

/// What every such store does, `open` being another process on the same database.
pub(crate) async fn keeps_logins(open: impl AsyncFn(u32, TestClock) -> SqlFlows) {
    let clock = TestClock::new();
    let (store, other) = (open(1000, clock.clone()).await, open(1000, clock.clone()).await);
    check(&store).await.expect("conforms");
    put(&store, "a", "1", LIFETIME).await;
    put(&store, "b", "2", LIFETIME).await;
    assert_eq!(take(&other, "a").await.as_deref(), Some("1"), "another process takes it");
    assert_eq!(take(&store, "a").await, None, "and it is gone for all");
    clock.advance(60);
    assert_eq!(take(&store, "b").await, None);
    assert!(format!("{store:?}").starts_with("SqlFlows"));
}

/// `open` begins with nothing in it.
pub(crate) async fn forgets_what_is_too_much(open: impl AsyncFn(u32, TestClock) -> SqlFlows) {
    let clock = TestClock::new();
    let store = open(4, clock.clone()).await;
    put(&store, "expired", "x", LIFETIME).await;
    clock.advance(60);
    for number in 0..15_u32 {
        // The longest first.
        put(&store, &format!("n{number}"), "x", LIFETIME * (20 - number)).await;
    }
    let mut found = Vec::new();
    for number in 0..15 {
        if take(&store as &dyn FlowStore, &format!("n{number}")).await.is_some() {
            found.push(number);
        }
    }
    assert_eq!(found, [0, 1, 2, 3], "those that would expire last");
}

#[cfg(feature = "sqlite")]
mod sqlite {
    use super::*;
    use crate::token_store::Scratch;

    #[tokio::test]
    async fn a_sqlite_database_keeps_begun_logins() {
        let scratch = Scratch::new("sqlite-flows");
        let open = async |most, clock| SqlFlows::sqlite(scratch.file(), most).await.expect("a database").clock(clock);
        keeps_logins(open).await;
        let nowhere = SqlFlows::sqlite(scratch.0.join("no/database"), 1).await;
        assert!(nowhere.is_err());
    }

    #[tokio::test]
    async fn a_sqlite_database_forgets_what_is_too_much() {
        let scratch = Scratch::new("sqlite-surplus");
        let open = async |most, clock| SqlFlows::sqlite(scratch.file(), most).await.expect("a database").clock(clock);
        forgets_what_is_too_much(open).await;
    }
}
