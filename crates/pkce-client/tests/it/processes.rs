//! Processes that share one session through a file, against the mock authorization server. They are real ones: this
//! program starts itself again to play them, and kills them in the middle.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use mock_idp::MockIdp;
use mock_idp::clock::{AdjustableClock, Clock as _};
use oauth_types::fault::{Barrier, Point};
use pkce_client::{
    BoxFuture, Client, ClientBuilder, Clock, Endpoint, Error, FileStore, HttpClient, HttpRequest, Lease, Replace,
    Session, StoreError, TokenSet, TokenStore, TransportError, Version,
};

use crate::mock_idp::{REDIRECT_URI, Shared, login};
use crate::token_store::Scratch;

const ISSUER: &str = "PKCE_CLIENT_TEST_ISSUER";
const FILE: &str = "PKCE_CLIENT_TEST_FILE";
const NOW: &str = "PKCE_CLIENT_TEST_NOW";
const STOP: &str = "PKCE_CLIENT_TEST_STOP";

/// Where a process stops for ever, to be killed there.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Stop {
    Never,
    /// With the lease, before its request leaves.
    BeforeRequest,
    /// With the answer, before it is stored.
    BeforeStore,
}

impl Stop {
    const fn name(self) -> &'static str {
        match self {
            Self::Never => "never",
            Self::BeforeRequest => "before-request",
            Self::BeforeStore => "before-store",
        }
    }

    /// Stops if this is the place.
    async fn here(self, wanted: &str) {
        if wanted == self.name() {
            say("stopped");
            std::future::pending::<()>().await;
        }
    }
}

/// One line to the test that started this process.
fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "\n> {line}").and_then(|()| out.flush()).expect("the test reads");
}

/// The time of the server when the process was started.
struct Standing(u64);

impl Clock for Standing {
    fn now(&self) -> u64 {
        self.0
    }
}

/// The bundled transport, behind a place to stop at.
struct Stopping {
    transport: reqwest::Client,
    stop: String,
}

impl HttpClient for Stopping {
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<http::Response<Vec<u8>>, TransportError>> {
        Box::pin(async move {
            if request.endpoint == Endpoint::Token {
                Stop::BeforeRequest.here(&self.stop).await;
            }
            let request = request.request.try_into().map_err(TransportError::connection)?;
            let answer = self.transport.execute(request).await.map_err(TransportError::connection)?;
            let mut response = http::Response::builder().status(answer.status());
            for (name, value) in answer.headers() {
                response = response.header(name, value);
            }
            let body = answer.bytes().await.map_err(TransportError::connection)?;
            response.body(body.to_vec()).map_err(TransportError::connection)
        })
    }
}

/// A store in a file, behind a place to stop at.
struct StoppingStore {
    file: FileStore,
    stop: String,
}

impl TokenStore for StoppingStore {
    fn load(&self) -> BoxFuture<'_, Result<Option<(Version, TokenSet)>, StoreError>> {
        self.file.load()
    }

    fn replace<'a>(
        &'a self,
        expected: Option<&'a Version>,
        new: Option<&'a TokenSet>,
    ) -> BoxFuture<'a, Result<Replace, StoreError>> {
        Box::pin(async move {
            Stop::BeforeStore.here(&self.stop).await;
            self.file.replace(expected, new).await
        })
    }

    fn lease(&self) -> BoxFuture<'_, Result<Option<Lease>, StoreError>> {
        self.file.lease()
    }
}

/// What a process does that the other tests start: it restores the session and asks for an access token. Without their
/// variables it is nobody.
#[tokio::test]
async fn the_process() {
    let variable = |name| std::env::var(name).ok();
    let (Some(issuer), Some(file), Some(now)) = (variable(ISSUER), variable(FILE), variable(NOW)) else { return };
    let stop = variable(STOP).expect("a place to stop at");
    let transport = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build();
    let http = Stopping { transport: transport.expect("a transport"), stop: stop.clone() };
    let clock = Standing(now.parse().expect("a time"));
    let client = Client::builder(&issuer, "public").http(http).clock(clock).discover().await.expect("a client");
    let store = StoppingStore { file: FileStore::in_plain_text(file), stop };
    let session = Session::restore(&client, store).await.expect("a store").expect("a session");
    say("restored");
    match session.access_token().await {
        Ok(_) => say("token"),
        Err(error) => say(&format!("{error:?}")),
    }
}

/// A process that was started, and what it says.
struct Process {
    child: Child,
    lines: Option<BufReader<ChildStdout>>,
}

impl Process {
    fn start(stage: &Stage, stop: Stop) -> Self {
        let mut child = Command::new(std::env::current_exe().expect("this program"))
            .args(["processes::the_process", "--exact", "--nocapture"])
            .env(ISSUER, stage.idp.issuer())
            .env(FILE, stage.scratch.file())
            .env(NOW, stage.clock.now().to_string())
            .env(STOP, stop.name())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a process");
        let lines = child.stdout.take().map(BufReader::new);
        Self { child, lines }
    }

    /// The next line it says; nothing once it has ended.
    async fn says(&mut self) -> Option<String> {
        let mut lines = self.lines.take().expect("nobody else reads");
        let read = tokio::task::spawn_blocking(move || {
            let said = (&mut lines)
                .lines()
                .map_while(Result::ok)
                .find_map(|line| line.strip_prefix("> ").map(str::to_owned));
            (said, lines)
        });
        let (said, lines) = read.await.expect("no panic");
        self.lines = Some(lines);
        said
    }

    /// Ends it as `kill -9` does: nothing of it runs any more.
    fn kill(&mut self) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("it ends");
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A server, and a session in a file whose access token has expired.
struct Stage {
    idp: MockIdp,
    clock: Arc<AdjustableClock>,
    scratch: Scratch,
}

impl Stage {
    /// `grace` is how long the server takes a rotated refresh token again, in seconds.
    async fn new(name: &str, grace: u64) -> Self {
        let clock = Arc::new(AdjustableClock::new());
        let builder = MockIdp::builder().clock(Arc::clone(&clock)).amount("refresh-grace-seconds", grace);
        let idp = builder.start().await.expect("a server");
        let stage = Self { idp, clock, scratch: Scratch::new(name) };
        let session = login(&stage.client().await).await.expect("a session");
        session.keep_in(stage.scratch.store()).await.expect("kept");
        stage.clock.advance(Duration::from_secs(3600));
        stage
    }

    async fn client(&self) -> Client {
        let builder: ClientBuilder = Client::builder(self.idp.issuer(), "public").redirect_uri(REDIRECT_URI);
        builder.clock(Shared(Arc::clone(&self.clock))).discover().await.expect("a client")
    }

    /// The session, in this process.
    async fn session(&self) -> Session {
        Session::restore(&self.client().await, self.scratch.store()).await.expect("a store").expect("a session")
    }

    fn holds(&self) -> mock_idp::Held {
        self.idp.hold(Barrier::at(Point::TokenResponse).for_grant("refresh_token"))
    }

    /// How many refreshes the server has answered.
    fn refreshes(&self) -> usize {
        self.idp.journal().iter().filter(|entry| entry.path == "/token").count() - 1
    }

    /// The session goes on: its tokens are taken, and can be refreshed again and again.
    async fn goes_on(&self) {
        for _ in 0..2 {
            let session = self.session().await;
            session.access_token().await.expect("a token");
            session.userinfo().await.expect("userinfo");
            self.clock.advance(Duration::from_secs(3600));
        }
    }

    /// The user has to log in again, is told so, and can.
    async fn is_lost(&self) {
        let before = self.kept();
        let session = self.session().await;
        assert!(matches!(session.access_token().await, Err(Error::ReauthRequired)));
        assert_eq!(self.kept(), before, "nothing untrue was stored");
        let again = login(&self.client().await).await.expect("a session");
        again.keep_in(self.scratch.store()).await.expect("kept");
        self.goes_on().await;
    }

    fn kept(&self) -> String {
        std::fs::read_to_string(self.scratch.file()).expect("tokens")
    }
}

async fn says(process: &mut Process, expected: &[&str]) {
    for line in expected {
        assert_eq!(process.says().await.as_deref(), Some(*line));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_tasks_cause_one_refresh() {
    let stage = Stage::new("tasks", 0).await;
    let (session, held) = (stage.session().await, stage.holds());
    let start = Arc::new(tokio::sync::Barrier::new(100));
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..100 {
        let (session, start) = (session.clone(), Arc::clone(&start));
        tasks.spawn(async move {
            start.wait().await;
            session.access_token().await.expect("a token").expose().to_owned()
        });
    }
    assert_eq!(held.arrived(1).await, 1);
    held.release();
    let mut tokens = tasks.join_all().await;
    tokens.dedup();
    assert_eq!((tokens.len(), stage.refreshes()), (1, 1));
    stage.goes_on().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_cause_one_refresh() {
    let stage = Stage::new("processes", 0).await;
    let held = stage.holds();
    let mut one = Process::start(&stage, Stop::Never);
    says(&mut one, &["restored"]).await;
    assert_eq!(held.arrived(1).await, 1);
    // The other one asks while the answer to the first is on its way.
    let mut other = Process::start(&stage, Stop::Never);
    says(&mut other, &["restored"]).await;
    held.release();
    says(&mut one, &["token"]).await;
    says(&mut other, &["token"]).await;
    assert_eq!(stage.refreshes(), 1);
    stage.goes_on().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_processes_cause_one_refresh() {
    let stage = Stage::new("many", 0).await;
    let mut processes: Vec<Process> = (0..4).map(|_| Process::start(&stage, Stop::Never)).collect();
    for process in &mut processes {
        says(process, &["restored", "token"]).await;
    }
    assert_eq!(stage.refreshes(), 1);
    stage.goes_on().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_is_killed_before_its_request_loses_nothing() {
    let stage = Stage::new("before-request", 0).await;
    let mut one = Process::start(&stage, Stop::BeforeRequest);
    says(&mut one, &["restored", "stopped"]).await;
    let mut other = Process::start(&stage, Stop::Never);
    says(&mut other, &["restored"]).await;
    one.kill();
    says(&mut other, &["token"]).await;
    assert_eq!(stage.refreshes(), 1);
    stage.goes_on().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_is_killed_before_the_server_judges_its_request_loses_nothing() {
    let stage = Stage::new("before-judgement", 0).await;
    let held = stage.idp.hold(Barrier::at(Point::TokenResponse).before().for_grant("refresh_token"));
    let mut one = Process::start(&stage, Stop::Never);
    says(&mut one, &["restored"]).await;
    assert_eq!(held.arrived(1).await, 1);
    one.kill();
    // Its connection is closed, and the server forgets the request that it has not judged.
    while held.waiting() > 0 {
        tokio::task::yield_now().await;
    }
    held.release();
    stage.goes_on().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_grace_a_process_that_is_killed_while_the_server_holds_the_answer_loses_nothing() {
    let stage = Stage::new("held-grace", 30).await;
    killed_while_held(&stage).await;
    stage.goes_on().await;
}

/// The server has spent the refresh token, and nobody has heard the new one.
#[tokio::test(flavor = "multi_thread")]
async fn without_grace_an_answer_that_nobody_heard_is_lost() {
    let stage = Stage::new("held", 0).await;
    killed_while_held(&stage).await;
    stage.is_lost().await;
}

async fn killed_while_held(stage: &Stage) {
    let held = stage.holds();
    let mut one = Process::start(stage, Stop::Never);
    says(&mut one, &["restored"]).await;
    assert_eq!(held.arrived(1).await, 1);
    let before = stage.kept();
    one.kill();
    held.release();
    assert_eq!(stage.kept(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn with_grace_a_process_that_is_killed_before_it_stores_loses_nothing() {
    let stage = Stage::new("before-store-grace", 30).await;
    killed_before_it_stores(&stage).await;
    stage.goes_on().await;
}

/// The answer that nobody stored is lost.
#[tokio::test(flavor = "multi_thread")]
async fn without_grace_an_answer_that_nobody_stored_is_lost() {
    let stage = Stage::new("before-store", 0).await;
    killed_before_it_stores(&stage).await;
    stage.is_lost().await;
}

/// Grace ends: what came too late is a refresh token used twice.
#[tokio::test(flavor = "multi_thread")]
async fn after_the_grace_an_answer_that_nobody_stored_is_lost() {
    let stage = Stage::new("after-grace", 30).await;
    killed_before_it_stores(&stage).await;
    stage.clock.advance(Duration::from_secs(30));
    stage.is_lost().await;
}

async fn killed_before_it_stores(stage: &Stage) {
    let before = stage.kept();
    let mut one = Process::start(stage, Stop::BeforeStore);
    says(&mut one, &["restored", "stopped"]).await;
    assert_eq!((stage.refreshes(), stage.kept()), (1, before));
    one.kill();
}
