//! What attacks on tokens in use have in common: ways to find out whether a token is alive, and what may be said of it.

use crate::answer::Answer;
use crate::attack::Inconclusive;
use crate::bench::{Bench, Tokens};
use crate::judge::{CLIENT, Finding};
use crate::target::Registration;
use crate::verdict::{Level, Verdict};

/// Whether an access token is alive: by the UserInfo endpoint, or else by introspection.
pub(super) async fn is_alive(bench: &Bench, client: &Registration, tokens: &Tokens) -> Result<bool, Inconclusive> {
    if bench.target().endpoint("userinfo_endpoint").is_some() {
        return bench.is_live(tokens).await;
    }
    if client.is_public() || bench.target().endpoint("introspection_endpoint").is_none() {
        return Err(Inconclusive::new("the server has no endpoint that says whether a token is alive"));
    }
    Ok(is_active(&bench.introspection(client, &tokens.access).send().await?))
}

/// Whether an answer of introspection says that a token is alive.
pub(super) fn is_active(answer: &Answer) -> bool {
    answer.object().is_some_and(|members| members.get("active") == Some(&true.into()))
}

/// Judges an answer of introspection about a token, called `what`, of which nothing may be said (RFC 7662 section 2.2).
pub(super) fn judge_silence(bench: &Bench, level: impl Into<Option<Level>>, answer: &Answer, what: &str) -> Verdict {
    if answer.status != 200 {
        return bench.judge_at(level, answer, CLIENT, what);
    }
    let members = answer.object().unwrap_or_default();
    let silent = members.get("active") == Some(&false.into());
    let finding = match (silent, members.len()) {
        (true, 1) => Finding::new(Verdict::Stopped, format!("{what} is answered with active false")),
        (true, _) => Finding::new(Verdict::Tolerated, format!("{what} is answered with more than active false")),
        (false, _) if is_active(answer) => {
            Finding::new(Verdict::Vulnerable, format!("the server answers {what} with active true"))
        }
        (false, _) => Finding::new(Verdict::Inconclusive, format!("{what} is answered without active")),
    };
    bench.found(Finding { level: level.into(), ..finding }, Some(answer))
}
