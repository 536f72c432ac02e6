//! What an attack on a client works with: browsers, authorization servers that lie, and a place for findings.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use mock_idp::Entry;

pub use crate::address::Address;
mod findings;
mod servers;

use crate::agent::{Agent, Request, lock};
use crate::attack::{Idea, Inconclusive};
use crate::client::{Ability, ClientUnderTest, Done, Errand, Rejected, Said, Visitor};
use crate::hold::Hold;
use crate::idp::{Idp, shown_params};
use crate::judge::Finding;
use crate::patience::within;
use crate::profile::Profile;
use crate::trace::{Party, Step};
use crate::verdict::Outcome;

/// How long the client under test may take for one answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// The same for one that drives a real browser, which may have to be started.
const WITH_A_BROWSER: Duration = Duration::from_mins(1);

/// The place where one attack is carried out on one client.
pub struct Stage {
    client: Arc<dyn ClientUnderTest>,
    agent: Agent,
    profile: Profile,
    findings: Mutex<Vec<Finding>>,
    refusals: Mutex<BTreeSet<String>>,
    patience: Duration,
}

/// What is known of the client's answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// It answered.
    Said(Said),
    /// It panicked.
    BrokeDown,
}

impl Stage {
    /// A stage without findings. The agent's trace becomes that of the attack.
    pub fn new(client: Arc<dyn ClientUnderTest>, agent: Agent, profile: Profile) -> Self {
        if let Some(secret) = client.registration().secret() {
            agent.keep_secret(secret.expose());
        }
        let patience = if client.drives_a_browser() { WITH_A_BROWSER } else { PATIENCE };
        Self { client, agent, profile, findings: Mutex::default(), refusals: Mutex::default(), patience }
    }

    /// Another stage with the same client, for what is no part of the attack.
    pub(crate) fn aside(&self) -> Self {
        let (client, agent) = (Arc::clone(&self.client), self.agent.aside());
        Self { patience: self.patience, ..Self::new(client, agent, self.profile) }
    }

    /// Asks the client to log a visitor in.
    ///
    /// # Errors
    /// [`Rejected`] if the client does not want to; [`Inconclusive`] inside if nothing can be made of its answer.
    pub async fn begin(&self, visitor: &Visitor, idp: &Idp) -> Result<Result<Address, Rejected>, Inconclusive> {
        match self.ask_to_begin(visitor, idp).await? {
            Some(Ok(url)) if url::Url::parse(&url).is_err() => {
                Err(Inconclusive::new("the client opens what is no address"))
            }
            Some(Ok(url)) => Address::parse(&url).map(Ok),
            Some(Err(rejected)) => Ok(Err(rejected)),
            None => Err(Inconclusive::new("the client broke down when it was asked to begin a login")),
        }
    }

    /// Asks the client to log a visitor in, and gives the address as the client does. `None` means that it broke down.
    ///
    /// # Errors
    /// [`Inconclusive`] when the client does not answer in time.
    pub async fn ask_to_begin(
        &self,
        visitor: &Visitor,
        idp: &Idp,
    ) -> Result<Option<Result<String, Rejected>>, Inconclusive> {
        let (client, own, provider) = (Arc::clone(&self.client), visitor.clone(), idp.provider().clone());
        let held = self.hold(visitor, &[idp]);
        let job = tokio::spawn(async move { client.begin(&own, &provider).await });
        let begun = self.within(self.patience, job, held).await.ok_or_else(|| self.too_late())?;
        idp.tell(&self.agent);
        let told = match &begun {
            None => "broke down".to_owned(),
            Some(Ok(_)) => "sent to the server".to_owned(),
            Some(Err(rejected)) => self.refused(rejected),
        };
        self.note(visitor, "begin a login", Vec::new(), told);
        Ok(begun)
    }

    /// Asks the client to log a visitor in, where it must.
    ///
    /// # Errors
    /// [`Inconclusive`] when the client does not want to.
    pub async fn must_begin(&self, visitor: &Visitor, idp: &Idp) -> Result<Address, Inconclusive> {
        let begun = self.begin(visitor, idp).await?;
        begun.map_err(|rejected| Inconclusive::new(format!("the client begins no login: {}", rejected.shown())))
    }

    /// Opens an authorization request in a browser and returns the address the server sends it back to, for being
    /// altered.
    ///
    /// # Errors
    /// [`Inconclusive`] when it is not sent back, or with a signed response, in which nothing can be altered.
    pub async fn follow(&self, visitor: &Visitor, idp: &Idp, request: &Address) -> Result<Address, Inconclusive> {
        let address = self.follow_as_is(visitor, idp, request).await?;
        match address.params.get("response") {
            None => Ok(address),
            Some(_) => Err(Inconclusive::new("the client does not want responses that can be altered on the way")),
        }
    }

    /// The same for an address that is delivered as it is, or with nothing but its signed response altered.
    ///
    /// # Errors
    /// [`Inconclusive`] when the browser is not sent back.
    pub async fn follow_as_is(
        &self,
        visitor: &Visitor,
        idp: &Idp,
        request: &Address,
    ) -> Result<Address, Inconclusive> {
        let opened = Request::get(visitor.party(), idp.party(), &request.base, request.params.clone());
        let answer = self.agent.send(opened).await?;
        let in_fragment = |to: &str| to.split_once('#').is_some_and(|(_, fragment)| fragment.contains('='));
        let address = match answer.location() {
            Some(location) if in_fragment(location) => Address::parse_fragment(location)?,
            Some(location) => Address::parse(location)?,
            None => Address::in_form(request, &answer).ok_or_else(|| {
                Inconclusive::new(format!("the authorization request was answered {}", answer.summary()))
            })?,
        };
        for secret in ["code", "response"].into_iter().filter_map(|name| address.params.get(name)) {
            self.agent.keep_secret(secret);
        }
        Ok(address)
    }

    /// Writes down that a browser opened `request` at `idp`, where nothing of it was kept but where it led.
    pub(crate) fn note_redirect(&self, idp: &Idp, request: &Address, answer: &str) {
        self.agent.note(Step {
            from: Party::Browser,
            to: idp.party(),
            message: "GET /authorize".to_owned(),
            parameters: shown_params(&self.agent, &request.params),
            answer: Some(answer.to_owned()),
            remark: None,
            stopped: false,
            exchange: None,
        });
    }

    /// Brings a visitor's browser back to the client.
    ///
    /// # Errors
    /// [`Inconclusive`] when the client does not answer in time.
    pub async fn deliver(&self, visitor: &Visitor, address: &Address, idps: &[&Idp]) -> Result<Heard, Inconclusive> {
        let heard = self.deliver_within(visitor, address, idps, self.patience).await?;
        heard.ok_or_else(|| self.too_late())
    }

    /// The same with this much patience. `None` means that it was not enough.
    ///
    /// # Errors
    /// [`Inconclusive`] when nothing can be made of it.
    pub async fn deliver_within(
        &self,
        visitor: &Visitor,
        address: &Address,
        idps: &[&Idp],
        patience: Duration,
    ) -> Result<Option<Heard>, Inconclusive> {
        let (client, own, url) = (Arc::clone(&self.client), visitor.clone(), address.to_string());
        let held = self.hold(visitor, idps);
        let job = tokio::spawn(async move { client.finish(&own, &url).await });
        let heard = self.within(patience, job, held).await.map(|said| match said {
            None | Some(Said::BrokeDown) => Heard::BrokeDown,
            Some(said) => Heard::Said(said),
        });
        for verifier in idps.iter().flat_map(|idp| idp.token_requests()).filter_map(|entry| verifier_of(&entry)) {
            self.agent.keep_secret(&verifier);
        }
        for idp in idps {
            idp.tell(&self.agent);
        }
        if let Some(Heard::Said(Said::Rejected(rejected))) = &heard {
            self.refused(rejected);
        }
        let told = heard.as_ref().map_or_else(|| "no answer".to_owned(), ToString::to_string);
        let told = self.agent.conceal(&told);
        self.note(visitor, "come back", shown_params(&self.agent, &address.params), told);
        Ok(heard)
    }

    /// Whether the client can do this.
    pub fn can(&self, ability: Ability) -> bool {
        self.client.can(ability)
    }

    /// Asks the client to do something for a visitor, and writes down what these servers were asked meanwhile. `None`
    /// means that it broke down.
    ///
    /// # Errors
    /// [`Inconclusive`] when the client does not answer in time.
    pub async fn ask(
        &self,
        visitor: &Visitor,
        errand: Errand,
        idps: &[&Idp],
    ) -> Result<Option<Result<Done, Rejected>>, Inconclusive> {
        let done = self.ask_within(visitor, errand, idps, self.patience).await?;
        done.ok_or_else(|| self.too_late())
    }

    /// The same with this much patience. `None` outside means that it was not enough.
    ///
    /// # Errors
    /// [`Inconclusive`] when nothing can be made of it.
    pub async fn ask_within(
        &self,
        visitor: &Visitor,
        errand: Errand,
        idps: &[&Idp],
        patience: Duration,
    ) -> Result<Option<Option<Result<Done, Rejected>>>, Inconclusive> {
        let what = errand.summary();
        let (client, own) = (Arc::clone(&self.client), visitor.clone());
        let held = self.hold(visitor, idps);
        let job = tokio::spawn(async move { client.run(&own, &errand).await });
        let done = self.within(patience, job, held).await;
        for idp in idps {
            idp.tell(&self.agent);
        }
        let told = match &done {
            None => "no answer".to_owned(),
            Some(None) => "broke down".to_owned(),
            Some(Some(Err(rejected))) => self.refused(rejected),
            Some(Some(Ok(done))) => {
                if let Done::Is(Said::Rejected(rejected)) = done {
                    self.refused(rejected);
                }
                self.agent.conceal(&done.summary())
            }
        };
        self.note(visitor, what, Vec::new(), told);
        Ok(done)
    }

    /// Asks the client to do what it must be able to.
    ///
    /// # Errors
    /// [`Inconclusive`] when it does not.
    pub async fn must(&self, visitor: &Visitor, errand: Errand, idps: &[&Idp]) -> Result<Done, Inconclusive> {
        let what = errand.summary();
        match self.ask(visitor, errand, idps).await? {
            Some(Ok(done)) => Ok(done),
            Some(Err(rejected)) => Err(Inconclusive::new(format!(
                "the client does not {what}: {}",
                self.agent.conceal(rejected.shown())
            ))),
            None => Err(Inconclusive::new(format!("the client broke down when it was asked to {what}"))),
        }
    }

    /// The rules the client is judged by.
    pub fn profile(&self) -> Profile {
        self.profile
    }

    /// A whole login of a visitor.
    ///
    /// # Errors
    /// [`Inconclusive`] when it does not get as far as the client's answer.
    pub async fn login(&self, visitor: &Visitor, idp: &Idp) -> Result<Heard, Inconclusive> {
        let request = self.must_begin(visitor, idp).await?;
        let address = self.follow_as_is(visitor, idp, &request).await?;
        self.deliver(visitor, &address, &[idp]).await
    }

    /// The HTTP of the browsers.
    pub fn agent(&self) -> &Agent {
        &self.agent
    }

    /// What became of it.
    pub(crate) fn outcome(self, idea: &'static Idea) -> Outcome {
        let findings = self.findings.into_inner().unwrap_or_else(PoisonError::into_inner);
        let refusals = self.refusals.into_inner().unwrap_or_else(PoisonError::into_inner);
        let outcome = Outcome::of(idea, self.profile, &findings, self.agent.trace());
        Outcome { refusals: refusals.into_iter().collect(), ..outcome }
    }

    /// Writes down why the client refused, and says it as it may be shown.
    fn refused(&self, rejected: &Rejected) -> String {
        lock(&self.refusals).insert(self.agent.conceal(&rejected.code));
        self.agent.conceal(rejected.shown())
    }

    /// Keeps a real browser from going where these servers send it, if the client drives one.
    fn hold<'a>(&self, visitor: &Visitor, idps: &[&'a Idp]) -> Option<Hold<'a>> {
        self.client.drives_a_browser().then(|| Hold::new(visitor, idps))
    }

    /// What a job comes to while the browser is held, if there is one. That takes its time as well.
    async fn within<T>(
        &self,
        patience: Duration,
        job: tokio::task::JoinHandle<T>,
        held: Option<Hold<'_>>,
    ) -> Option<Option<T>> {
        let Some(hold) = held else { return within(patience, job).await };
        tokio::select! {
            ended = within(patience.max(self.patience), job) => ended,
            () = hold.watch() => None,
        }
    }

    fn too_late(&self) -> Inconclusive {
        let time = if self.client.drives_a_browser() { "a minute" } else { "ten seconds" };
        Inconclusive::new(format!("the client did not answer within {time}"))
    }

    fn note(&self, visitor: &Visitor, message: &str, parameters: Vec<(String, String)>, answer: String) {
        self.agent.note(Step {
            from: visitor.party(),
            to: Party::Client,
            message: message.to_owned(),
            parameters,
            answer: Some(answer),
            remark: None,
            stopped: false,
            exchange: None,
        });
    }
}

impl std::fmt::Debug for Stage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stage").field("agent", &self.agent).field("findings", &self.findings).finish_non_exhaustive()
    }
}

impl std::fmt::Display for Heard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::BrokeDown | Self::Said(Said::BrokeDown) => f.write_str("broke down"),
            Self::Said(Said::Accepted { subject, .. }) => write!(f, "logged in as {subject}"),
            Self::Said(Said::Rejected(rejected)) => write!(f, "not logged in: {}", rejected.shown()),
            Self::Said(Said::SentOn { .. }) => f.write_str("sent on"),
        }
    }
}

/// The verifier of a token request, if there is one.
fn verifier_of(entry: &Entry) -> Option<String> {
    entry.params.get("code_verifier").map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::Tls;
    use crate::client::{Closures, Provider};

    #[tokio::test]
    async fn a_client_that_never_answers_is_inconclusive() {
        let client = Closures::new(
            |_: Visitor, _: Provider| std::future::pending(),
            |_: Visitor, _: String| std::future::pending(),
        );
        let agent = Agent::new(Tls::Untrusted).expect("an agent");
        let stage = Stage { patience: Duration::ZERO, ..Stage::new(Arc::new(client), agent, Profile::Bcp) };
        let idp = stage.idp().await.expect("a server");
        let reason = stage.begin(&Visitor::new(), &idp).await.expect_err("no answer");
        assert_eq!(reason.0, "the client did not answer within ten seconds");
        let address = Address::parse("http://a/cb").expect("an address");
        assert!(stage.deliver(&Visitor::new(), &address, &[&idp]).await.is_err());
    }
}
