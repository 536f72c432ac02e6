//! What an attack on a server works with: the flow in single steps that can be altered, and a place for findings.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use oauth_types::{ErrorCode, Params, Secret};

use crate::agent::{Agent, AgentError, Request, lock};
use crate::answer::Answer;
use crate::attack::Inconclusive;
use crate::authorization::{Authorization, Grant};
use crate::browser::Browser;
use crate::challenge::s256;
use crate::dice::fresh;
use crate::judge::{Finding, resource_refusal, token_refusal};
use crate::key::{Jwt, Key};
use crate::profile::Profile;
use crate::redemption::TokenRequest;
use crate::target::{Registration, Role, Target};
use crate::trace::{Party, Trace};
use crate::user_agent::Forms;
use crate::verdict::{Level, Verdict};

/// How often a state that should have changed is looked at, for servers whose parts agree with a delay.
const LOOKS: u8 = 3;
/// How long a client assertion is good for.
const ASSERTION_SECONDS: u64 = 60;

/// The place where one attack is carried out on one server.
#[derive(Debug)]
pub struct Bench {
    target: Target,
    agent: Agent,
    profile: Profile,
    findings: Mutex<Vec<Finding>>,
    issued: Mutex<Vec<(Registration, Secret)>>,
    /// The latest DPoP nonce of each origin.
    nonces: Arc<Mutex<HashMap<String, String>>>,
}

/// The tokens of one redemption.
#[derive(Debug, Clone)]
pub struct Tokens {
    /// The access token.
    pub access: Secret,
    /// The key it is bound to by DPoP, if it is.
    pub bound_to: Option<Key>,
    /// The ID token, if there is one.
    pub id_token: Option<Secret>,
    /// The refresh token, if there is one.
    pub refresh: Option<Secret>,
}

impl Bench {
    /// A bench without findings. The agent's trace becomes that of the attack.
    pub fn new(target: Target, agent: Agent, profile: Profile) -> Self {
        for client in target.cast.values() {
            if let Some(secret) = client.secret() {
                agent.keep_secret(secret.expose());
            }
        }
        let (findings, issued, nonces) = (Mutex::default(), Mutex::default(), Arc::default());
        Self { target, agent, profile, findings, issued, nonces }
    }

    /// Another bench at the same server, for what is no part of the attack.
    pub(crate) fn aside(&self) -> Self {
        let nonces = Arc::clone(&self.nonces);
        Self { nonces, ..Self::new(self.target.clone(), self.agent.aside(), self.profile) }
    }

    /// Another bench at the second issuer of the target, which adds to the same trace.
    ///
    /// # Errors
    /// [`Inconclusive`] when there is none.
    pub fn elsewhere(&self) -> Result<Self, Inconclusive> {
        let other = self.target.second_issuer.as_deref().cloned();
        let other = other.ok_or_else(|| Inconclusive::new("the target has no second issuer"))?;
        Ok(Self::new(other, self.agent.clone(), self.profile))
    }

    /// The rules the server is judged by.
    pub fn profile(&self) -> Profile {
        self.profile
    }

    /// What time it is for the server, in seconds since 1970-01-01T00:00:00Z.
    pub fn now(&self) -> u64 {
        self.target.time.now()
    }

    /// Lets time pass for the server.
    ///
    /// # Errors
    /// [`Inconclusive`] when its clock cannot be moved.
    pub async fn let_pass(&self, by: Duration) -> Result<(), Inconclusive> {
        self.target.time.pass(by).await
    }

    /// The client with this role.
    ///
    /// # Errors
    /// [`Inconclusive`] when the target has none.
    pub fn role(&self, role: Role) -> Result<&Registration, Inconclusive> {
        self.target.role(role).ok_or_else(|| Inconclusive::new(format!("the target has no {role}")))
    }

    /// An endpoint, by its member of the metadata.
    ///
    /// # Errors
    /// [`Inconclusive`] when the server has none.
    pub fn endpoint(&self, member: &'static str) -> Result<&str, Inconclusive> {
        let missing = || Inconclusive::new(format!("the server has no {}", member.replace('_', " ")));
        self.target.endpoint(member).ok_or_else(missing)
    }

    /// The forms by which users log in.
    ///
    /// # Errors
    /// [`Inconclusive`] when there are none, or nobody knows them.
    pub fn forms(&self) -> Result<&Forms, Inconclusive> {
        let forms = self.target.login.forms();
        forms.ok_or_else(|| Inconclusive::new("the target has no way to handle its forms"))
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

    /// The introspection of a token by `client` (RFC 7662).
    pub fn introspection<'a>(&'a self, client: &'a Registration, token: &Secret) -> TokenRequest<'a> {
        TokenRequest::of_introspection(self, client, token)
    }

    /// The revocation of a token by `client` (RFC 7009).
    pub fn revocation<'a>(&'a self, client: &'a Registration, token: &Secret) -> TokenRequest<'a> {
        TokenRequest::of_revocation(self, client, token)
    }

    /// Any other request of `client` to an endpoint where clients authenticate, by its member of the metadata.
    pub fn request<'a>(&'a self, client: &'a Registration, endpoint: &'static str, form: Params) -> TokenRequest<'a> {
        TokenRequest::new(self, client, endpoint, form)
    }

    /// An honest client assertion of this client, to be signed (RFC 7523 section 3).
    pub fn client_assertion(&self, client_id: &str) -> Jwt {
        let now = self.now();
        Jwt::of_type("JWT")
            .claim("iss", client_id)
            .claim("sub", client_id)
            .claim("aud", self.target.metadata().issuer.as_str())
            .claim("jti", fresh())
            .claim("iat", now)
            .claim("exp", now + ASSERTION_SECONDS)
    }

    /// An honest DPoP proof for a request, to be signed with the same key (RFC 9449 section 4.2). For a protected
    /// resource it names the hash of the access token.
    pub fn proof(&self, key: &Key, method: &str, url: &str, access: Option<&Secret>) -> Jwt {
        let proof = Jwt::of_type("dpop+jwt")
            .header("jwk", key.bare_jwk())
            .nameless()
            .claim("jti", fresh())
            .claim("htm", method)
            .claim("htu", url)
            .claim("iat", self.now());
        let proof = match lock(&self.nonces).get(&origin(url)) {
            None => proof,
            Some(nonce) => proof.claim("nonce", nonce.as_str()),
        };
        match access {
            None => proof,
            Some(access) => proof.claim("ath", s256(access.expose())),
        }
    }

    /// Remembers the nonce that an answer of this place brought. Returns whether it is another than before.
    pub(crate) fn note_nonce(&self, place: &str, answer: &Answer) -> bool {
        let Some(nonce) = answer.header("dpop-nonce") else { return false };
        let before = lock(&self.nonces).insert(origin(place), nonce.to_owned());
        before.as_deref() != Some(nonce)
    }

    /// The tokens of a fresh, honest flow of `client`, and the grant they came from.
    ///
    /// # Errors
    /// [`Inconclusive`] when the flow does not reach tokens.
    pub async fn tokens(&self, client: &Registration) -> Result<(Tokens, Grant), Inconclusive> {
        let grant = self.grant(client).await?;
        let answer = self.redemption(client, &grant).from(Party::Client).send().await?;
        Ok((self.tokens_of(client, &answer)?, grant))
    }

    /// The tokens in an answer to `client`.
    ///
    /// # Errors
    /// [`Inconclusive`] when there is no access token.
    pub fn tokens_of(&self, client: &Registration, answer: &Answer) -> Result<Tokens, Inconclusive> {
        let access = answer.member("access_token").filter(|_| answer.status == 200);
        let access = access.ok_or_else(|| {
            Inconclusive::new(format!("an honest request for tokens was answered {}", answer.summary()))
        })?;
        let refresh = answer.member("refresh_token").map(Secret::from);
        let id_token = answer.member("id_token").map(Secret::from);
        Ok(Tokens { access: access.into(), bound_to: client.proves.clone(), id_token, refresh })
    }

    /// What the UserInfo endpoint answers to an access token, shown as its kind asks (RFC 6750, RFC 9449 section 7).
    ///
    /// # Errors
    /// [`Inconclusive`] when there is no such endpoint, or no answer.
    pub async fn userinfo(&self, tokens: &Tokens) -> Result<Answer, Inconclusive> {
        let url = self.endpoint("userinfo_endpoint")?;
        let (access, request) =
            (tokens.access.expose(), Request::get(Party::Client, Party::Resource, url, Params::new()));
        let Some(key) = &tokens.bound_to else {
            let request = request.with_header("authorization", &format!("Bearer {access}"));
            return Ok(self.agent.send(request).await?);
        };
        let request = request.with_header("authorization", &format!("DPoP {access}"));
        let proved = || -> Result<Request, Inconclusive> {
            let proof = self.proof(key, "GET", url, Some(&tokens.access)).signed_by(key)?;
            Ok(request.clone().with_header("dpop", &proof))
        };
        let answer = self.agent.send(proved()?).await?;
        let fresh = self.note_nonce(url, &answer);
        if !fresh || answer.status != 401 {
            return Ok(answer);
        }
        Ok(self.agent.send(proved()?).await?)
    }

    /// Whether the UserInfo endpoint takes an access token.
    ///
    /// # Errors
    /// [`Inconclusive`] when the server does not say.
    pub async fn is_live(&self, tokens: &Tokens) -> Result<bool, Inconclusive> {
        match self.userinfo(tokens).await?.status {
            200 => Ok(true),
            400 | 401 | 403 => Ok(false),
            status => Err(Inconclusive::new(format!("the UserInfo endpoint answered {status}"))),
        }
    }

    /// Whether an access token is refused by now, looking a few times.
    ///
    /// # Errors
    /// [`Inconclusive`] when the server does not say.
    pub async fn is_dead(&self, tokens: &Tokens) -> Result<bool, Inconclusive> {
        for _ in 0..LOOKS {
            if !self.is_live(tokens).await? {
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

    /// As [`Bench::judge`], where any success is the attacker's, whether it brings a token or not.
    pub fn judge_closed(&self, answer: &Answer, allowed: &[ErrorCode], what: &str) -> Verdict {
        if !(200..300).contains(&answer.status) {
            return self.judge(answer, allowed, what);
        }
        let because = format!("the server answered {} to {what}", answer.summary());
        self.found(Finding::new(Verdict::Vulnerable, because), Some(answer))
    }

    /// Judges a protected resource's answer to a request, called `what`, that must be refused with one of `allowed`.
    pub fn judge_resource(&self, answer: &Answer, allowed: &[&str], what: &str) -> Verdict {
        self.found(resource_refusal(answer, allowed, what), Some(answer))
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
        if self.target.endpoint("revocation_endpoint").is_none() {
            return;
        }
        for (client, token) in issued {
            // A token that cannot be revoked expires; the verdict does not depend on it.
            let _ = self.revocation(&client, &token).aside().send().await;
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

/// Scheme, host and port of a URL, under which a server's nonces are kept.
fn origin(url: &str) -> String {
    url::Url::parse(url).map_or_else(|_| url.to_owned(), |url| url.origin().ascii_serialization())
}

impl From<AgentError> for Inconclusive {
    fn from(error: AgentError) -> Self {
        Self(error.to_string())
    }
}
