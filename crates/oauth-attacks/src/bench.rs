//! What an attack on a server works with: the flow in single steps that can be altered, and a place for findings.

use std::sync::{Mutex, PoisonError};

use oauth_types::{ErrorCode, Params, Secret};

use crate::agent::{Agent, AgentError, Request, lock};
use crate::answer::Answer;
use crate::attack::Inconclusive;
use crate::authorization::{Authorization, Grant};
use crate::browser::Browser;
use crate::judge::{Finding, token_refusal};
use crate::redemption::TokenRequest;
use crate::target::{Registration, Target};
use crate::trace::{Party, Trace};
use crate::verdict::{Level, Verdict};

/// How often a state that should have changed is looked at, for servers whose parts agree with a delay.
const LOOKS: u8 = 3;

/// The place where one attack is carried out on one server.
#[derive(Debug)]
pub struct Bench {
    target: Target,
    agent: Agent,
    findings: Mutex<Vec<Finding>>,
    issued: Mutex<Vec<(Registration, Secret)>>,
}

/// The tokens of one redemption.
#[derive(Debug, Clone)]
pub struct Tokens {
    /// The access token.
    pub access: Secret,
    /// The refresh token, if there is one.
    pub refresh: Option<Secret>,
}

impl Bench {
    /// A bench without findings. The agent's trace becomes that of the attack.
    pub fn new(target: Target, agent: Agent) -> Self {
        for client in [&target.public, &target.confidential, &target.second].into_iter().flatten() {
            if let Some(secret) = client.secret() {
                agent.keep_secret(secret.expose());
            }
        }
        Self { target, agent, findings: Mutex::default(), issued: Mutex::default() }
    }

    /// Another bench at the same server, for what is no part of the attack.
    pub(crate) fn aside(&self) -> Self {
        let (target, agent) = (self.target.clone(), self.agent.aside());
        Self { target, agent, findings: Mutex::default(), issued: Mutex::default() }
    }

    /// The server under test.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// The HTTP of the attacker.
    pub fn agent(&self) -> &Agent {
        &self.agent
    }

    /// A browser without cookies.
    pub fn browser(&self) -> Browser {
        Browser::new(self.agent.clone())
    }

    /// An honest authorization request of `client`, to be altered before it is opened.
    pub fn authorization<'a>(&'a self, client: &'a Registration) -> Authorization<'a> {
        Authorization::new(self, client)
    }

    /// A fresh code for `client`, bound to a fresh verifier.
    ///
    /// # Errors
    /// [`Inconclusive`] when the server issues none.
    pub async fn grant(&self, client: &Registration) -> Result<Grant, Inconclusive> {
        self.authorization(client).grant().await
    }

    /// The honest redemption of `grant` by `client`, to be altered before it is sent.
    pub fn redemption<'a>(&'a self, client: &'a Registration, grant: &Grant) -> TokenRequest<'a> {
        TokenRequest::of_code(self, client, grant)
    }

    /// The use of a refresh token by `client`.
    pub fn refresh<'a>(&'a self, client: &'a Registration, token: &Secret) -> TokenRequest<'a> {
        TokenRequest::of_refresh_token(self, client, token)
    }

    /// The tokens of a fresh, honest flow of `client`, and the grant they came from.
    ///
    /// # Errors
    /// [`Inconclusive`] when the flow does not reach tokens.
    pub async fn tokens(&self, client: &Registration) -> Result<(Tokens, Grant), Inconclusive> {
        let grant = self.grant(client).await?;
        let answer = self.redemption(client, &grant).from(Party::Client).send().await?;
        Ok((self.tokens_of(&answer)?, grant))
    }

    /// The tokens in an answer.
    ///
    /// # Errors
    /// [`Inconclusive`] when there is no access token.
    pub fn tokens_of(&self, answer: &Answer) -> Result<Tokens, Inconclusive> {
        let access = answer.member("access_token").filter(|_| answer.status == 200);
        let access = access.ok_or_else(|| {
            Inconclusive::new(format!("an honest request for tokens was answered {}", answer.summary()))
        })?;
        Ok(Tokens { access: access.into(), refresh: answer.member("refresh_token").map(Secret::from) })
    }

    /// Whether the UserInfo endpoint takes an access token.
    ///
    /// # Errors
    /// [`Inconclusive`] when the server does not say.
    pub async fn is_live(&self, access: &Secret) -> Result<bool, Inconclusive> {
        let url = self.target.metadata().userinfo_endpoint.clone();
        let url = url.ok_or_else(|| Inconclusive::new("the server has no UserInfo endpoint"))?;
        let mut request = Request::get(Party::Client, Party::Resource, url, Params::new());
        let header = http::HeaderValue::from_str(&format!("Bearer {}", access.expose()));
        let header = header.map_err(|_| Inconclusive::new("the access token does not fit into a header"))?;
        request.headers.insert(http::header::AUTHORIZATION, header);
        let answer = self.agent.send(request).await?;
        match answer.status {
            200 => Ok(true),
            400 | 401 | 403 => Ok(false),
            status => Err(Inconclusive::new(format!("the UserInfo endpoint answered {status}"))),
        }
    }

    /// Whether an access token is refused by now, looking a few times.
    ///
    /// # Errors
    /// [`Inconclusive`] when the server does not say.
    pub async fn is_dead(&self, access: &Secret) -> Result<bool, Inconclusive> {
        for _ in 0..LOOKS {
            if !self.is_live(access).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Judges the token endpoint's answer to a request, called `what`, that must be refused with one of `allowed`.
    pub fn judge(&self, answer: &Answer, allowed: &[ErrorCode], what: &str) -> Verdict {
        self.judge_at(None, answer, allowed, what)
    }

    /// As [`Bench::judge`], where the specification asks for the refusal less strongly than for the attack's defence.
    pub fn judge_at(
        &self,
        level: impl Into<Option<Level>>,
        answer: &Answer,
        allowed: &[ErrorCode],
        what: &str,
    ) -> Verdict {
        let finding = Finding { level: level.into(), ..self.refusal(answer, allowed, what) };
        self.found(finding, Some(answer))
    }

    /// As [`Bench::judge_at`], for a code that should not have been issued: a refusal is tolerated at best.
    pub fn judge_late(
        &self,
        level: impl Into<Option<Level>>,
        answer: &Answer,
        allowed: &[ErrorCode],
        what: &str,
    ) -> Verdict {
        let mut finding = Finding { level: level.into(), ..self.refusal(answer, allowed, what) };
        if finding.verdict == Verdict::Stopped {
            finding.verdict = Verdict::Tolerated;
            finding.because.push_str(", but there should have been no code");
        }
        self.found(finding, Some(answer))
    }

    fn refusal(&self, answer: &Answer, allowed: &[ErrorCode], what: &str) -> Finding {
        let told = self.agent.conceal(&answer.body) != answer.body;
        token_refusal(answer, allowed, what, told)
    }

    /// Records a finding, and marks where the attack was stopped, if it was: at `answer`, or else at the last step.
    pub fn found(&self, finding: Finding, answer: Option<&Answer>) -> Verdict {
        let verdict = finding.verdict;
        if verdict.withstood() {
            self.agent.stopped_at(answer);
        }
        lock(&self.findings).push(finding);
        verdict
    }

    /// Remembers what an answer handed out: it is never shown, and revoked at the end.
    pub(crate) fn remember(&self, client: &Registration, answer: &Answer) {
        let names = ["access_token", "refresh_token", "id_token"];
        for token in names.iter().filter_map(|name| answer.member(name)) {
            self.agent.keep_secret(&token);
        }
        let longest_lived = answer.member("refresh_token").or_else(|| answer.member("access_token"));
        if let Some(token) = longest_lived {
            lock(&self.issued).push((client.clone(), token.into()));
        }
    }

    /// Revokes every token that was handed out (RFC 7009), if the server can.
    pub(crate) async fn clean_up(&self) {
        let issued = std::mem::take(&mut *lock(&self.issued));
        let endpoint = self.target.metadata().other.get("revocation_endpoint");
        let Some(endpoint) = endpoint.and_then(|endpoint| endpoint.as_str()) else { return };
        for (client, token) in issued {
            let request = TokenRequest::of_revocation(self, &client, &token).to(endpoint).aside();
            // A token that cannot be revoked expires; the verdict does not depend on it.
            let _ = request.send().await;
        }
    }

    /// Adds to what was found since there were `since` findings which client it was found as.
    pub(crate) fn name_client(&self, since: usize, client: &Registration) {
        for finding in lock(&self.findings).iter_mut().skip(since) {
            finding.because = format!("{} (client {})", finding.because, client.client_id);
        }
    }

    /// How many findings there are.
    pub(crate) fn finding_count(&self) -> usize {
        lock(&self.findings).len()
    }

    /// The findings and what was said.
    pub(crate) fn into_parts(self) -> (Vec<Finding>, Trace) {
        (self.findings.into_inner().unwrap_or_else(PoisonError::into_inner), self.agent.trace())
    }
}

impl From<AgentError> for Inconclusive {
    fn from(error: AgentError) -> Self {
        Self(error.to_string())
    }
}
