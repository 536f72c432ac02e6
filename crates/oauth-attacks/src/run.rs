//! Runs attacks side by side and says what they came to.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::agent::{Agent, Tls};
use crate::attack::{ClientAttack, Idea, Inconclusive, Need, On, ServerAttack};
use crate::bench::Bench;
use crate::catalogue;
use crate::client::{ClientUnderTest, Said, Visitor};
use crate::judge::Finding;
use crate::outcomes::{Excuse, Report};
use crate::stage::{Heard, Stage};
use crate::target::{Registration, Target};
use crate::trace::Trace;
use crate::verdict::{Outcome, Verdict};

/// How many attacks run at a time unless told otherwise.
const SERVERS_SIDE_BY_SIDE: usize = 8;
/// Clients get their attacks one at a time: whatever a careless client mixes up must be the attack's doing.
const CLIENTS_SIDE_BY_SIDE: usize = 1;

/// Which attacks run, how, and what is expected of them.
#[derive(Clone, Default)]
pub struct Options {
    pub(crate) only: Option<Vec<String>>,
    pub(crate) excuses: Vec<Excuse>,
    pub(crate) side_by_side: Option<usize>,
    pub(crate) watch: Option<Watch>,
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
        self.excuses.push(Excuse { id: id.into(), verdict, reason: reason.into() });
        self
    }

    /// At most this many attacks at a time. Without this: eight on a server, one on a client.
    #[must_use]
    pub fn side_by_side(mut self, attacks: usize) -> Self {
        self.side_by_side = Some(attacks.max(1));
        self
    }

    /// Calls this with every outcome as soon as it is there, in no particular order.
    #[must_use]
    pub fn watch(mut self, watch: impl Fn(&Outcome) + Send + Sync + 'static) -> Self {
        self.watch = Some(Arc::new(watch));
        self
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
    let attacks = catalogue::SERVER_ATTACKS.iter().filter(|attack| options.includes(attack.idea.id));
    let agent = Agent::new(target.tls());
    let jobs = attacks.map(|attack| {
        let job: Pending = match &agent {
            Ok(agent) => Box::pin(carry_out(attack, Bench::new(target.clone(), agent.another()))),
            Err(error) => Box::pin(std::future::ready(not_tried(&attack.idea, &error.to_string()))),
        };
        (not_tried(&attack.idea, "the attack itself broke down"), job)
    });
    let outcomes = side_by_side(jobs.collect(), options, SERVERS_SIDE_BY_SIDE).await;
    Report::new(outcomes, options, &catalogue::SERVER_ATTACKS.iter().map(|attack| attack.idea.id).collect::<Vec<_>>())
}

/// Attacks a client with everything in the catalogue, or with what the options name.
///
/// Each attack has mock servers of its own, on the loopback interface. Before and after it, an honest login must
/// succeed; otherwise nothing that was rejected counts.
pub async fn run_on_client(client: impl ClientUnderTest + 'static, options: &Options) -> Report {
    let client: Arc<dyn ClientUnderTest> = Arc::new(client);
    let attacks = catalogue::CLIENT_ATTACKS.iter().filter(|attack| options.includes(attack.idea.id));
    let agent = Agent::new(Tls::Untrusted);
    let jobs = attacks.map(|attack| {
        let job: Pending = match &agent {
            Ok(agent) => Box::pin(play(attack, Stage::new(Arc::clone(&client), agent.another()))),
            Err(error) => Box::pin(std::future::ready(not_tried(&attack.idea, &error.to_string()))),
        };
        (not_tried(&attack.idea, "the attack itself broke down"), job)
    });
    let outcomes = side_by_side(jobs.collect(), options, CLIENTS_SIDE_BY_SIDE).await;
    Report::new(outcomes, options, &catalogue::CLIENT_ATTACKS.iter().map(|attack| attack.idea.id).collect::<Vec<_>>())
}

/// An attack on its way.
type Pending = Pin<Box<dyn Future<Output = Outcome> + Send>>;

/// Runs the jobs, a few at a time. Each comes with what to say if it breaks down.
async fn side_by_side(jobs: Vec<(Outcome, Pending)>, options: &Options, usually: usize) -> Vec<Outcome> {
    let gate = Arc::new(Semaphore::new(options.side_by_side.unwrap_or(usually)));
    let (mut outcomes, jobs): (Vec<_>, Vec<_>) = jobs.into_iter().unzip();
    let mut running = JoinSet::new();
    for (number, job) in jobs.into_iter().enumerate() {
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
        if let Ok((number, outcome)) = joined {
            outcomes[number] = outcome;
        }
    }
    outcomes
}

/// The outcome of an attack of which nothing can be said.
fn not_tried(idea: &Idea, reason: &str) -> Outcome {
    Outcome::of(idea, &[Finding::new(Verdict::Inconclusive, reason)], Trace::default())
}

/// One attack, as each of the clients it is tried as.
async fn carry_out(attack: &'static ServerAttack, bench: Bench) -> Outcome {
    let clients = clients(attack.on, bench.target());
    for client in &clients {
        let since = bench.finding_count();
        if let Err(reason) = carry_out_as(attack, &bench, client).await {
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
    Outcome::of(&attack.idea, &findings, trace)
}

async fn carry_out_as(attack: &ServerAttack, bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    if let Some(need) = attack.needs.iter().find(|need| !bench.target().has(**need, client)) {
        return Err(Inconclusive::new(format!("the target has no {need}")));
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
    let second = bench.target().second.as_ref().filter(|_| attack.needs.contains(&Need::SecondClient));
    let aside = bench.aside();
    let mut result = Ok(());
    for client in [Some(client), second].into_iter().flatten() {
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

/// One attack on a client.
async fn play(attack: &'static ClientAttack, stage: Stage) -> Outcome {
    if let Err(reason) = play_through(attack, &stage).await {
        stage.found(inconclusive(&reason));
    }
    let (findings, trace) = stage.into_parts();
    Outcome::of(&attack.idea, &findings, trace)
}

async fn play_through(attack: &ClientAttack, stage: &Stage) -> Result<(), Inconclusive> {
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
    let (public, confidential) = (target.public.clone(), target.confidential.clone());
    match on {
        On::EachClient => public.into_iter().chain(confidential).collect(),
        On::OneClient => public.or(confidential).into_iter().collect(),
        On::PublicClient => public.into_iter().collect(),
        On::ConfidentialClient => confidential.into_iter().collect(),
    }
}

fn inconclusive(reason: &Inconclusive) -> Finding {
    Finding::new(Verdict::Inconclusive, reason.to_string())
}
