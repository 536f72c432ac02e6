//! A small authorization server. With every defence on it is sound; each can be switched off alone.

mod authorize;
mod store;
mod token;

use std::collections::BTreeSet;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, MutexGuard};

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::serve::ListenerExt as _;
use axum::{Json, Router};
use oauth_attacks::{Registration, Target};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

pub(crate) use store::Store;

/// The redirect URIs of every client.
pub(crate) const REDIRECT_URIS: [&str; 2] = ["http://127.0.0.1:9/callback", "http://127.0.0.1:9/other-callback"];
/// The secret of the confidential client.
pub(crate) const SECRET: &str = "secret-of-the-web-client";

/// What stops an attack, or mends the behaviour a warning is about. Switched off, it leaves a mistake found in the
/// field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Defence {
    /// Off: the verifier is checked if there is one.
    VerifierRequired,
    /// Off: any well-formed verifier will do.
    VerifierCompared,
    /// Off: a failed S256 comparison is followed by a plain one.
    BoundMethodOnly,
    /// Off: challenge and method of the token request win.
    TokenRequestHasNoSay,
    /// Off: the method plain is known.
    PlainRefused,
    /// Off: challenge and method are an optional pair; half of it is none.
    MethodRequired,
    /// Off: methods are compared without case.
    MethodExact,
    /// Off: every other method is plain.
    MethodKnown,
    /// Off: a public client needs no challenge.
    ChallengeRequired,
    /// Off: an empty challenge satisfies the requirement and is then none.
    EmptyChallengeIsNone,
    /// Off: the last of several values wins.
    RepeatedParametersRefused,
    /// Off: a verifier without a challenge is ignored.
    UnsolicitedVerifierRefused,
    /// Off: the challenge is deleted before the comparison.
    FailureKeepsChallenge,
    /// Off: an empty verifier skips the comparison.
    EmptyVerifierIsNone,
    /// Off: the length of a verifier is not looked at.
    VerifierLength,
    /// Off: spaces around the verifier are cut.
    VerifierUnaltered,
    /// Off: a verifier in the query wins.
    BodyOnly,
    /// Off: the verifier may match any challenge of the client.
    ChallengeOfThisCode,
    /// Off: the client's secret stands in for the verifier.
    SecretIsNoSubstitute,
    /// Off: a browser with a session gets a code without its challenge.
    EveryPathStoresChallenge,
    /// Off: codes can be redeemed again.
    CodesAreSpent,
    /// Off: a replay is refused but revokes nothing.
    ReplayRevokes,
    /// Off: any request with a spent code revokes.
    ChecksBeforeRevocation,
    /// Off: other requests get in between the check and the spending.
    SpendingIsAtomic,
    /// Off: a comparison that succeeded is remembered with the code.
    OwnVerdictOnly,
    /// Off: codes are found without looking at the client.
    CodesBelongToClients,
    /// Off: the redirect URI of the token request is not compared.
    RedirectUriCompared,
    /// Off: rotated refresh tokens go on working.
    RotatedTokensRefused,
    /// Off: the reuse of a refresh token revokes nothing.
    ReuseRevokes,
}

/// A running server.
pub(crate) struct Victim {
    issuer: String,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

/// What every handler has.
pub(crate) struct Shared {
    issuer: String,
    off: BTreeSet<Defence>,
    store: Mutex<Store>,
}

impl Victim {
    /// Starts a server with these defences off.
    pub(crate) async fn start(off: impl IntoIterator<Item = Defence>) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
        let issuer = format!("http://{}", listener.local_addr().expect("an address"));
        let shared = Shared { issuer: issuer.clone(), off: off.into_iter().collect(), store: Mutex::default() };
        let shared = Arc::new(shared);
        let router = Router::new()
            .route("/authorize", get(authorize::get).post(authorize::post))
            .route("/token", post(token::token))
            .route("/revoke", post(token::revoke))
            .route("/userinfo", get(token::userinfo))
            .route("/.well-known/oauth-authorization-server", get(metadata))
            .with_state(Arc::clone(&shared));
        let task = tokio::spawn(async move {
            let listener = listener.tap_io(|stream| stream.set_nodelay(true).expect("a socket without delay"));
            axum::serve(listener, router).await.expect("a server that runs until it is dropped");
        });
        Self { issuer, shared, task }
    }

    /// The issuer.
    pub(crate) fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The server as a target, with everything an attack may need.
    pub(crate) async fn target(&self) -> Target {
        let [first, second] = REDIRECT_URIS;
        Target::discover(&self.issuer)
            .await
            .expect("metadata")
            .public("app", first)
            .confidential("web", SECRET, first)
            .second_redirect_uri(second)
            .second_client(Registration::public("other", first))
            .second_user("bob")
    }

    /// What the server knows.
    pub(crate) fn store(&self) -> MutexGuard<'_, Store> {
        self.shared.store()
    }
}

impl Drop for Victim {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Shared {
    fn on(&self, defence: Defence) -> bool {
        !self.off.contains(&defence)
    }

    fn store(&self) -> MutexGuard<'_, Store> {
        self.store.lock().expect("no handler panics")
    }
}

/// RFC 8414 section 2.
async fn metadata(axum::extract::State(shared): axum::extract::State<Arc<Shared>>) -> Json<Value> {
    let issuer = &shared.issuer;
    Json(json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/token"),
        "userinfo_endpoint": format!("{issuer}/userinfo"),
        "revocation_endpoint": format!("{issuer}/revoke"),
        "response_types_supported": ["code"],
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": true,
    }))
}

/// RFC 6749 section 5.2.
fn refusal(error: &str) -> Response {
    json_answer(StatusCode::BAD_REQUEST, json!({ "error": error }))
}

fn json_answer(status: StatusCode, body: Value) -> Response {
    (status, [(header::CACHE_CONTROL, "no-store")], Json(body)).into_response()
}
