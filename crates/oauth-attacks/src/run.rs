//! Runs attacks side by side and says what they came to.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use oauth_types::Params;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::agent::{Agent, Request, Tls};
use crate::attack::{ClientAttack, Idea, Inconclusive, Need, On, ServerAttack};
use crate::baseline::Baseline;
use crate::bench::Bench;
use crate::catalogue;
use crate::client::{ClientUnderTest, Said, Visitor};
use crate::judge::Finding;
use crate::outcomes::{Excuse, Report};
use crate::profile::Profile;
use crate::stage::{Heard, Stage};
use crate::target::{Registration, Role, Target};
use crate::time::{SystemTime, Time as _};
use crate::trace::{Party, Trace};
use crate::verdict::{Outcome, Verdict};

/// How many attacks run at a time unless told otherwise.
const SERVERS_SIDE_BY_SIDE: usize = 8;
/// Clients get their attacks one at a time: whatever a careless client mixes up must be the attack's doing.
const CLIENTS_SIDE_BY_SIDE: usize = 1;
/// How long one attack may take unless told otherwise.
const PATIENCE: Duration = Duration::from_mins(1);
/// The same for an attack on a client that drives a real browser.
const WITH_A_BROWSER: Duration = Duration::from_mins(10);
/// How long a server that had stopped answering is waited for before the next attack.
const SIGN_OF_LIFE: Duration = Duration::from_secs(2);
/// After how many times in a row it is no longer waited for.
const SIGNS_MISSED: usize = 4;

/// Which attacks run, how, and what is expected of them.
#[derive(Clone, Default)]
pub struct Options {
    pub(crate) only: Option<Vec<String>>,
    pub(crate) excuses: Vec<Excuse>,
    pub(crate) known: Vec<Excuse>,
    pub(crate) side_by_side: Option<usize>,
    pub(crate) watch: Option<Watch>,
    pub(crate) profile: Profile,
    pub(crate) permitted: bool,
    pub(crate) patience: Option<Duration>,
}

/// Called with every outcome as soon as it is there.
type Watch = Arc<dyn Fn(&Outcome) + Send + Sync>;

impl Options {
    /// Every attack, none excused.
    pub fn new() -> Self {
        Self::default()
    }

    /// Only the attacks with these ids.
    #[must_use]
    pub fn only<I: Into<String>>(mut self, ids: impl IntoIterator<Item = I>) -> Self {
        self.only = Some(ids.into_iter().map(Into::into).collect());
        self
    }

    /// Expects that this attack comes to `verdict`, for a reason. It fails if it comes to anything else, better or
    /// worse: an excuse that is no longer needed must go.
    #[must_use]
    pub fn excuse(mut self, id: impl Into<String>, verdict: Verdict, reason: impl Into<String>) -> Self {
        self.excuses.push(Excuse { id: id.into(), verdict, reason: reason.into(), expired: None });
        self
    }

    /// Expects the outcomes of a file, as far as these attacks run. An entry whose last day has passed counts as a
    /// failure.
    #[must_use]
    pub fn baseline(mut self, baseline: Baseline) -> Self {
        self.known.extend(baseline.excuses(SystemTime.now()));
        self
    }

    /// At most this many attacks at a time. Without this: eight on a server, one on a client.
    #[must_use]
    pub fn side_by_side(mut self, attacks: usize) -> Self {
        self.side_by_side = Some(attacks.max(1));
        self
    }

    /// Judges by the rules of this profile instead of RFC 9700.
    #[must_use]
    pub fn profile(mut self, profile: Profile) -> Self {
        self.profile = profile;
        self
    }

    /// Runs attacks as well that may harm a server in operation: very large requests, many guesses, requests that
    /// make the server call others.
    #[must_use]
    pub fn permit_harm(mut self) -> Self {
        self.permitted = true;
        self
    }

    /// Gives up on an attack after this time. Without this: after a minute, or ten with a real browser.
    #[must_use]
    pub fn patience(mut self, time: Duration) -> Self {
        self.patience = Some(time);
        self
    }

    /// Calls this with every outcome as soon as it is there, in no particular order.
    #[must_use]
    pub fn watch(mut self, watch: impl Fn(&Outcome) + Send + Sync + 'static) -> Self {
        self.watch = Some(Arc::new(watch));
        self
    }

    /// How many of the attacks with these ids run.
    pub fn count<'a>(&self, ids: impl IntoIterator<Item = &'a str>) -> usize {
        ids.into_iter().filter(|id| self.includes(id)).count()
    }

    /// What a run with these options came to that was ended before its time: the outcomes that there were by then, and
    /// what was expected of these.
    #[must_use]
    pub fn cut_short(&self, mut outcomes: Vec<Outcome>) -> Report {
        outcomes.sort_by_key(|outcome| catalogue::ideas().position(|idea| idea.id == outcome.id));
        let tried: Vec<_> = outcomes.iter().map(|outcome| outcome.id).collect();
        Report::new(outcomes, self, &tried)
    }

    /// Whether the attack with this id runs.
    pub(crate) fn includes(&self, id: &str) -> bool {
        self.only.as_ref().is_none_or(|only| only.iter().any(|wanted| wanted == id))
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("only", &self.only)
            .field("excuses", &self.excuses)
            .field("side_by_side", &self.side_by_side)
            .finish_non_exhaustive()
    }
}

/// Attacks a server with everything in the catalogue, or with what the options name.
///
/// Before and after each attack the same client runs the unmodified flow. If it does not reach tokens, nothing that
/// was refused counts.
pub async fn run_on_server(target: &Target, options: &Options) -> Report {
    let all = || catalogue::server_attacks().filter(|attack| options.includes(attack.idea.id));
    let agent = Agent::new(target.tls());
    let gone = Arc::new(AtomicUsize::new(0));
    let jobs = |alone: bool| {
        let attacks = all().enumerate().filter(move |(_, attack)| {
            attack.needs.iter().any(|need| matches!(need, Need::Clock | Need::Alone)) == alone
        });
        attacks.map(|(number, attack)| {
            let job: Pending = match &agent {
                Ok(agent) => {
                    let bench = Bench::new(target.clone(), agent.another(), options.profile);
                    Box::pin(carry_out_if_there(attack, bench, options.clone(), Arc::clone(&gone)))
                }
                Err(error) => Box::pin(std::future::ready(not_tried(&attack.idea, options, &error.to_string()))),
            };
            (number, job)
        })
    };
    let broken = |attack: &'static ServerAttack| not_tried(&attack.idea, options, "the attack itself broke down");
    let mut outcomes: Vec<_> = all().map(broken).collect();
    let usually = options.side_by_side.unwrap_or(SERVERS_SIDE_BY_SIDE);
    side_by_side(jobs(false).collect(), options, usually, &mut outcomes).await;
    // When one of these moves the clock or is locked out, nobody else may be in the middle of something.
    side_by_side(jobs(true).collect(), options, 1, &mut outcomes).await;
    Report::new(outcomes, options, &catalogue::server_attacks().map(|attack| attack.idea.id).collect::<Vec<_>>())
}

/// Attacks a client with everything in the catalogue, or with what the options name.
///
/// Each attack has mock servers of its own, on the loopback interface. Before and after it, an honest login must
/// succeed; otherwise nothing that was rejected counts.
pub async fn run_on_client(client: impl ClientUnderTest + 'static, options: &Options) -> Report {
    let client: Arc<dyn ClientUnderTest> = Arc::new(client);
    let browsing = client.drives_a_browser().then_some(WITH_A_BROWSER);
    let options = &Options { patience: options.patience.or(browsing), ..options.clone() };
    let all = || catalogue::client_attacks().filter(|attack| options.includes(attack.idea.id));
    let agent = Agent::new(Tls::Any);
    let jobs = all().enumerate().map(|(number, attack)| {
        let job: Pending = match &agent {
            Ok(agent) => {
                let stage = Stage::new(Arc::clone(&client), agent.another(), options.profile);
                let options = options.clone();
                Box::pin(async move { within(&attack.idea, &options, play(attack, stage)).await })
            }
            Err(error) => Box::pin(std::future::ready(not_tried(&attack.idea, options, &error.to_string()))),
        };
        (number, job)
    });
    let broken = |attack: &'static ClientAttack| not_tried(&attack.idea, options, "the attack itself broke down");
    let mut outcomes: Vec<_> = all().map(broken).collect();
    let usually = options.side_by_side.unwrap_or(CLIENTS_SIDE_BY_SIDE);
    side_by_side(jobs.collect(), options, usually, &mut outcomes).await;
    Report::new(outcomes, options, &catalogue::client_attacks().map(|attack| attack.idea.id).collect::<Vec<_>>())
}

/// An attack on its way.
type Pending = Pin<Box<dyn Future<Output = Outcome> + Send>>;

/// Runs the jobs, a few at a time, and puts each outcome in its place. The place of one that breaks down is left as it
/// is.
async fn side_by_side(jobs: Vec<(usize, Pending)>, options: &Options, at_once: usize, outcomes: &mut [Outcome]) {
    let gate = Arc::new(Semaphore::new(at_once));
    let mut running = JoinSet::new();
    for (number, job) in jobs {
        let (gate, watch) = (Arc::clone(&gate), options.watch.clone());
        running.spawn(async move {
            // The gate is never closed, so everybody gets through it in the end.
            let _pass = gate.acquire().await;
            let outcome = job.await;
            if let Some(watch) = watch {
                watch(&outcome);
            }
            (number, outcome)
        });
    }
    while let Some(joined) = running.join_next().await {
        if let Ok((number, outcome)) = joined
            && let Some(place) = outcomes.get_mut(number)
        {
            *place = outcome;
        }
    }
}

/// The outcome of an attack of which nothing can be said.
fn not_tried(idea: &'static Idea, options: &Options, reason: &str) -> Outcome {
    let findings = [Finding::new(Verdict::Inconclusive, reason)];
    Outcome::of(idea, options.profile, &findings, Trace::default())
}

/// One attack, unless the server has stopped answering: then there is no point in waiting again and again.
async fn carry_out_if_there(
    attack: &'static ServerAttack,
    bench: Bench,
    options: Options,
    gone: Arc<AtomicUsize>,
) -> Outcome {
    let patience = options.patience.unwrap_or(PATIENCE).min(SIGN_OF_LIFE);
    let is_gone = async |bench: &Bench| {
        let sign = tokio::time::timeout(patience, alive(bench, "before")).await;
        !matches!(sign, Ok(Ok(())))
    };
    let missed = gone.load(Ordering::Relaxed);
    if missed >= SIGNS_MISSED || (missed > 0 && is_gone(&bench).await) {
        gone.fetch_add(1, Ordering::Relaxed);
        return not_tried(&attack.idea, &options, "the server has stopped answering");
    }
    gone.store(0, Ordering::Relaxed);
    let probe = bench.aside();
    let outcome = within(&attack.idea, &options, carry_out(attack, bench, options.clone())).await;
    if outcome.verdict == Verdict::Inconclusive && is_gone(&probe).await {
        gone.fetch_add(1, Ordering::Relaxed);
    }
    outcome
}

/// The outcome of an attack, or that it took too long.
async fn within(idea: &'static Idea, options: &Options, job: impl Future<Output = Outcome>) -> Outcome {
    let patience = options.patience.unwrap_or(PATIENCE);
    let late =
        |_| not_tried(idea, options, &format!("it did not come to an end within {} s", patience.as_secs_f32()));
    tokio::time::timeout(patience, job).await.unwrap_or_else(late)
}

/// One attack, as each of the clients it is tried as.
async fn carry_out(attack: &'static ServerAttack, bench: Bench, options: Options) -> Outcome {
    let clients = clients(attack.on, bench.target());
    for client in &clients {
        let since = bench.finding_count();
        if let Err(reason) = carry_out_as(attack, &bench, client, &options).await {
            bench.found(inconclusive(&reason), None);
        }
        if clients.len() > 1 {
            bench.name_client(since, client);
        }
    }
    bench.clean_up().await;
    let (mut findings, trace) = bench.into_parts();
    if clients.is_empty() {
        findings.push(inconclusive(&Inconclusive::new(format!("the target has no {}", attack.on))));
    }
    Outcome::of(&attack.idea, options.profile, &findings, trace)
}

async fn carry_out_as(
    attack: &ServerAttack,
    bench: &Bench,
    client: &Registration,
    options: &Options,
) -> Result<(), Inconclusive> {
    if let Some(need) = attack.needs.iter().find(|need| !bench.target().has(**need, Some(client))) {
        return Err(Inconclusive::new(format!("the target has no {need}")));
    }
    if attack.needs.contains(&Need::Permission) && !options.permitted {
        return Err(Inconclusive::new("it may do harm, and is not permitted"));
    }
    control(attack, bench, client, "before").await?;
    (attack.run)(bench, client).await?;
    control(attack, bench, client, "after").await
}

/// The unmodified flow. What is refused to a client that gets nothing anyway was not stopped.
async fn control(
    attack: &ServerAttack,
    bench: &Bench,
    client: &Registration,
    when: &str,
) -> Result<(), Inconclusive> {
    if attack.on == On::Nobody {
        return alive(bench, when).await;
    }
    let second = bench.target().role(Role::Second).filter(|_| attack.needs.contains(&Need::Client(Role::Second)));
    let aside = bench.aside();
    let mut result = Ok(());
    // A client that may not use codes has no flow of this kind, and a device need not have one.
    let codeless = matches!(attack.on, On::Client(Role::WithoutCode | Role::Device));
    let client = (!codeless).then_some(client);
    for client in [client, second].into_iter().flatten() {
        let tokens = aside.tokens(client).await;
        result = result.and(tokens.map(|_| ()).map_err(|reason| {
            Inconclusive::new(format!(
                "the unmodified flow of {} failed {when} the attack: {reason}",
                client.client_id
            ))
        }));
    }
    aside.clean_up().await;
    result
}

/// A server that is asked without a client must at least be there.
async fn alive(bench: &Bench, when: &str) -> Result<(), Inconclusive> {
    let url = bench.target().metadata().authorization_endpoint.as_deref().unwrap_or_default();
    let request = Request::get(Party::Attacker, Party::Server, url, Params::new());
    let answer = bench.agent().aside().send(request).await;
    let answer =
        answer.map_err(|error| Inconclusive::new(format!("the server was gone {when} the attack: {error}")))?;
    if answer.status >= 500 {
        return Err(Inconclusive::new(format!("the server was broken {when} the attack ({})", answer.status)));
    }
    Ok(())
}

/// One attack on a client.
async fn play(attack: &'static ClientAttack, stage: Stage) -> Outcome {
    if let Err(reason) = play_through(attack, &stage).await {
        stage.found(inconclusive(&reason));
    }
    stage.outcome(&attack.idea)
}

async fn play_through(attack: &ClientAttack, stage: &Stage) -> Result<(), Inconclusive> {
    if let Some(ability) = attack.needs.iter().find(|ability| !stage.can(**ability)) {
        return Err(Inconclusive::new(format!("the client cannot {ability}")));
    }
    if attack.only_looks {
        return (attack.run)(stage).await;
    }
    honest_login(stage, "before").await?;
    (attack.run)(stage).await?;
    honest_login(stage, "after").await
}

/// A client that rejects every response has not recognised the forged one.
async fn honest_login(stage: &Stage, when: &str) -> Result<(), Inconclusive> {
    let aside = stage.aside();
    let idp = aside.idp().await?;
    let heard = aside.login(&Visitor::new(), &idp).await;
    let expected = Said::Accepted { issuer: idp.issuer().to_owned(), subject: "alice".to_owned() };
    match heard {
        Ok(Heard::Said(said)) if said == expected => Ok(()),
        Ok(heard) => Err(Inconclusive::new(format!("an honest login failed {when} the attack: {heard}"))),
        Err(reason) => Err(Inconclusive::new(format!("an honest login failed {when} the attack: {reason}"))),
    }
}

fn clients(on: On, target: &Target) -> Vec<Registration> {
    let role = |role| target.role(role).cloned();
    let (public, confidential) = (role(Role::Public), role(Role::Confidential));
    match on {
        On::EachClient => public.into_iter().chain(confidential).collect(),
        On::OneClient => public.or(confidential).into_iter().collect(),
        On::Client(one) => role(one).into_iter().collect(),
        On::Nobody => vec![Registration::public("nobody", "http://127.0.0.1:9/nobody")],
    }
}

fn inconclusive(reason: &Inconclusive) -> Finding {
    Finding::new(Verdict::Inconclusive, reason.to_string())
}
