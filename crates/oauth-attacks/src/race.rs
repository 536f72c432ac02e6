//! Requests that arrive at the same moment.

use std::sync::Arc;

use oauth_types::Params;
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use crate::agent::{Agent, AgentError, Request};
use crate::answer::Answer;
use crate::attack::Inconclusive;
use crate::bench::Bench;
use crate::redemption::TokenRequest;
use crate::trace::{Party, Step};

/// How many times a race is run: one that is lost is no proof.
pub const ROUNDS: usize = 5;

/// Connections that are open before the race begins.
#[derive(Debug)]
pub struct Lanes(Vec<Agent>);

impl Lanes {
    /// Opens this many connections to the token endpoint.
    ///
    /// # Errors
    /// [`Inconclusive`] when one of them cannot be opened.
    pub async fn open(bench: &Bench, number: usize) -> Result<Self, Inconclusive> {
        let endpoint = bench.target().metadata().token_endpoint.clone().unwrap_or_default();
        let mut opening = JoinSet::new();
        for _ in 0..number {
            let (agent, endpoint) = (bench.agent().on_own_connection()?, endpoint.clone());
            opening.spawn(async move {
                let request = Request::get(Party::Attacker, Party::Server, endpoint, Params::new());
                agent.send(request).await.map(|_| agent)
            });
        }
        Ok(Self(collect(opening).await?))
    }

    /// Sends the requests at once, one on each connection, and returns the answers in the order of the requests.
    ///
    /// # Errors
    /// [`Inconclusive`] when one of them is not answered, or there are more requests than connections.
    pub async fn race(&self, bench: &Bench, requests: &[TokenRequest<'_>]) -> Result<Vec<Answer>, Inconclusive> {
        if requests.len() > self.0.len() {
            return Err(Inconclusive::new("there are more requests than connections"));
        }
        let start = Arc::new(Barrier::new(requests.len()));
        let mut running = JoinSet::new();
        for (number, (agent, request)) in self.0.iter().zip(requests).enumerate() {
            let (agent, request, start) = (agent.clone(), request.request(), Arc::clone(&start));
            running.spawn(async move {
                start.wait().await;
                agent.send(request).await.map(|answer| (number, answer))
            });
        }
        let mut answers = collect(running).await?;
        answers.sort_by_key(|(number, _)| *number);
        let answers: Vec<_> = answers.into_iter().map(|(_, answer)| answer).collect();
        for (request, answer) in requests.iter().zip(&answers) {
            bench.remember(request.client(), answer);
        }
        note(bench, &answers);
        Ok(answers)
    }
}

async fn collect<T: 'static>(mut set: JoinSet<Result<T, AgentError>>) -> Result<Vec<T>, Inconclusive> {
    let mut all = Vec::with_capacity(set.len());
    while let Some(joined) = set.join_next().await {
        all.push(joined.map_err(|error| Inconclusive::new(format!("a racer failed: {error}")))??);
    }
    Ok(all)
}

/// Writes a race down as one step.
fn note(bench: &Bench, answers: &[Answer]) {
    let mut counts: Vec<(String, usize)> = Vec::new();
    for summary in answers.iter().map(Answer::summary) {
        match counts.iter_mut().find(|(known, _)| *known == summary) {
            Some((_, count)) => *count += 1,
            None => counts.push((summary, 1)),
        }
    }
    let counts: Vec<_> = counts.into_iter().map(|(summary, count)| format!("{count} × {summary}")).collect();
    bench.agent().note(Step {
        from: Party::Attacker,
        to: Party::Server,
        message: format!("{} token requests at once", answers.len()),
        parameters: Vec::new(),
        answer: Some(counts.join(", ")),
        remark: None,
        stopped: false,
        exchange: None,
    });
}
