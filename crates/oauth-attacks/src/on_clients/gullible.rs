//! A client for the tests of attacks: it asks as it is told, and believes whatever comes back.

use std::future::Future;
use std::sync::Arc;

use crate::agent::{Agent, Tls};
use crate::client::{Closures, Provider, Rejected, Said, Visitor};
use crate::profile::Profile;
use crate::stage::Stage;

/// A stage with a client whose authorization requests have these parameters besides, and that makes this of what comes
/// back.
pub(super) fn stage<F, Y>(query: &'static str, finish: F) -> Stage
where
    F: Fn(Visitor, String) -> Y + Send + Sync + 'static,
    Y: Future<Output = Said> + Send + 'static,
{
    let begin = move |_: Visitor, provider: Provider| async move {
        let fixed = "state=a&nonce=b&scope=openid&redirect_uri=http%3A%2F%2F127.0.0.1%3A9%2Fcallback\
            &code_challenge_method=S256&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
        let Provider { issuer, client, .. } = provider;
        Ok::<_, Rejected>(format!("{issuer}/authorize?client_id={}&{query}&{fixed}", client.client_id))
    };
    let agent = Agent::new(Tls::Any).expect("an agent");
    Stage::new(Arc::new(Closures::new(begin, finish)), agent, Profile::Bcp)
}

/// Believes what comes back, and asks nobody.
pub(super) async fn believe(_: Visitor, _: String) -> Said {
    Said::Accepted { issuer: "https://a".to_owned(), subject: "alice".to_owned() }
}
