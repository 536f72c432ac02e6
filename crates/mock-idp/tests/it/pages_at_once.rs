//! Pages that are answered twice at once.

use std::sync::Arc;

use mock_idp::store::{BoxFuture, GrantId, Kept, Key, MemoryStore, Record, Store, StoreError, Taken};
use mock_idp::{MockIdp, User};

use crate::browser::{Answer, asking};
use crate::person::{Person, title};

/// A store that lets others in before it takes or replaces anything.
#[derive(Debug, Default)]
struct Slow(MemoryStore);

impl Store for Slow {
    fn put(&self, key: Key, record: Record) -> BoxFuture<'_, Result<(), StoreError>> {
        self.0.put(key, record)
    }

    fn get(&self, key: Key) -> BoxFuture<'_, Result<Option<Kept>, StoreError>> {
        self.0.get(key)
    }

    fn take(&self, key: Key, now: u64) -> BoxFuture<'_, Result<Taken, StoreError>> {
        Box::pin(async move {
            tokio::task::yield_now().await;
            self.0.take(key, now).await
        })
    }

    fn replace(&self, key: Key, version: u64, record: Record) -> BoxFuture<'_, Result<bool, StoreError>> {
        Box::pin(async move {
            tokio::task::yield_now().await;
            self.0.replace(key, version, record).await
        })
    }

    fn once(&self, key: Key, now: u64, until: u64) -> BoxFuture<'_, Result<bool, StoreError>> {
        self.0.once(key, now, until)
    }

    fn drop_grant(&self, grant: GrantId, now: u64, forget: u64) -> BoxFuture<'_, Result<(), StoreError>> {
        self.0.drop_grant(grant, now, forget)
    }

    fn sweep(&self, now: u64) -> BoxFuture<'_, Result<(), StoreError>> {
        self.0.sweep(now)
    }
}

#[tokio::test]
async fn who_agrees_twice_at_once_is_answered_once() {
    let idp = MockIdp::builder().on("login-pages").store(Arc::new(Slow::default())).in_process().expect("a server");
    let person = Person::new(&idp);
    let page = person.asks(&asking()).await;
    let page = person.is(&page, "alice").await;
    let (one, other) = tokio::join!(person.agrees(&page), person.agrees(&page));
    let (first, second) = if one.location.is_some() { (one, other) } else { (other, one) };
    assert!(first.redirected().get("code").is_some());
    assert_eq!((second.status, second.location.as_deref()), (400, None));
    assert!(second.body.contains("<code id=\"rule\">rfc6749-interaction-used</code>"), "{}", second.body);
}

#[tokio::test]
async fn of_two_codes_that_are_sent_at_once_one_is_judged() {
    let alice = User::new("alice").one_time_code("123456");
    let builder = MockIdp::builder().user(alice).on("login-pages").store(Arc::new(Slow::default()));
    let idp = builder.in_process().expect("a server");
    let person = Person::new(&idp);
    let page = person.asks(&asking()).await;
    let page = person.is(&page, "alice").await;
    let wrong = || person.submits(&page, "otp-form", &[("otp", "1")]);
    let (one, other) = tokio::join!(wrong(), wrong());
    let judged = |page: &Answer| page.body.contains("This code is wrong.");
    let passed_over = |page: &Answer| page.body.contains("Another code was sent at the same time.");
    assert!(judged(&one) && passed_over(&other) || judged(&other) && passed_over(&one), "{one:?} {other:?}");
    let right = person.submits(&page, "otp-form", &[("otp", "123456")]).await;
    assert_eq!(title(&right), "Do you agree?");
}
