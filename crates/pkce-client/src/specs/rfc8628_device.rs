//! RFC 8628, Device Authorization Grant: a login on a device that has no browser, in the browser of another one.

use std::fmt;
use std::time::Duration;

use oauth_types::{ErrorCode, Params, Secret};
use pkce_core::{Challenge, Verifier};
use serde_json::{Map, Value};
use url::Url;

use crate::asked::Asked;
use crate::claims::Occasion;
use crate::client::Client;
use crate::dice;
use crate::error::{Defect, Error};
use crate::exchange::outcome;
use crate::session::Session;
use crate::specs::rfc8707_resource;
use crate::task::Task;
use crate::token::{members, seconds, text};
use crate::transport::{Endpoint, TransportError};

const ENDPOINT: Endpoint = Endpoint::DeviceAuthorization;
const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// Seconds between two polls, unless the server says otherwise, and what is added when it says `slow_down` (§3.5).
const INTERVAL: u64 = 5;

/// After polls that nobody answered, the next one is at most this far away, in seconds.
const MAX_BACKOFF: u64 = 5 * 60;

/// The longest time such a login may be open, in seconds.
const MAX_LIFETIME: u64 = 24 * 60 * 60;

/// The longest texts of the server that are taken, in octets.
const MAX_USER_CODE: usize = 64;
const MAX_URI: usize = 2048;
const MAX_DEVICE_CODE: usize = 4096;

/// A login on another device, to be.
#[must_use = "call begin() to start the login"]
pub struct DeviceRequest<'a> {
    client: &'a Client,
    asked: Asked,
}

/// A login that waits for somebody to enter a code on another device.
///
/// Show [`DeviceLogin::user_code`] and [`DeviceLogin::verification_uri`], then [`DeviceLogin::wait`].
#[must_use = "show the code to the user, and wait()"]
pub struct DeviceLogin {
    client: Client,
    asked: Asked,
    device_code: Secret,
    verifier: Verifier,
    user_code: String,
    verification_uri: Url,
    verification_uri_complete: Option<Url>,
    expires_at: u64,
    /// Seconds between two polls.
    interval: u64,
    /// How many polls in a row nobody answered.
    unanswered: u32,
    next_poll: u64,
    /// The poll that is under way. It may be the one that spends the code, so it is never abandoned.
    poll: Option<Task<Result<Polled, Error>>>,
    over: bool,
}

/// Why a login on another device has ended without a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DeviceError {
    /// The user refused (`access_denied`).
    #[error("the user refused the login")]
    Denied,
    /// Nobody entered the code in time (`expired_token`).
    #[error("nobody entered the code in time")]
    Expired,
    /// It has ended before, in one way or another.
    #[error("the login has ended before")]
    Over,
}

/// What a poll brought.
enum Polled {
    Granted(Session),
    Pending,
    SlowDown,
    /// Nobody answered, or the server could not.
    Unanswered,
}

impl Client {
    /// Starts to describe a login on another device.
    ///
    /// ```no_run
    /// # async fn example(client: pkce_client::Client) -> Result<(), pkce_client::Error> {
    /// let mut login = client.device().scopes(["openid", "offline_access"]).begin().await?;
    /// println!("Open {} and enter {}", login.verification_uri(), login.user_code());
    /// let session = login.wait().await?;
    /// # let _ = session;
    /// # Ok(())
    /// # }
    /// ```
    pub fn device(&self) -> DeviceRequest<'_> {
        DeviceRequest { client: self, asked: Asked::default() }
    }
}

impl DeviceRequest<'_> {
    /// Asks for these scopes, besides those asked for before. With `openid` among them it is an OpenID Connect login.
    pub fn scopes<S: AsRef<str>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        self.asked.for_scopes(scopes);
        self
    }

    /// Says which resource the access token will be used at (RFC 8707 §2), besides those said before.
    pub fn resource(mut self, resource: impl Into<String>) -> Self {
        self.asked.resources.push(resource.into());
        self
    }

    /// Asks the server for a pair of codes (§3.1).
    ///
    /// The request is bound to a code verifier as in RFC 7636: whoever reads the device code cannot redeem it at a server
    /// that verifies the challenge. Other servers ignore it.
    ///
    /// # Errors
    /// [`Error::NoEndpoint`] if the server has no such endpoint; [`Error::Config`] if a scope or a resource is unusable;
    /// [`Error::Entropy`]; [`Error::Transport`], [`Error::OAuth`] or [`Error::Protocol`].
    pub async fn begin(self) -> Result<DeviceLogin, Error> {
        let Self { client, asked } = self;
        asked.judge()?;
        let verifier = dice::verifier(&*client.inner.dice)?;
        let mut params = Params::new()
            .with("code_challenge", verifier.challenge().as_str())
            .with("code_challenge_method", Challenge::METHOD);
        asked.say(&mut params);
        let now = client.inner.clock.now();
        let mut members = members(ENDPOINT, client.post(ENDPOINT, params).await?)?;
        let read = DeviceLogin::read(client, (asked, verifier), now, &mut members);
        read.map_err(|defect| Error::Protocol { endpoint: ENDPOINT, defect })
    }
}

impl DeviceLogin {
    /// §3.2
    fn read(
        client: &Client,
        (asked, verifier): (Asked, Verifier),
        now: u64,
        members: &mut Map<String, Value>,
    ) -> Result<Self, Defect> {
        let of_code = |octet: u8| matches!(octet, 0x20..=0x7e);
        let device_code = required(members, "device_code", MAX_DEVICE_CODE)?;
        if !device_code.expose().bytes().all(of_code) {
            return Err(Defect::Member("device_code"));
        }
        let user_code = required(members, "user_code", MAX_USER_CODE)?.expose().to_owned();
        if !user_code.bytes().all(of_code) {
            return Err(Defect::Member("user_code"));
        }
        let uri = required(members, "verification_uri", MAX_URI)?;
        let complete = text(members, "verification_uri_complete")?;
        let complete = complete.map(|uri| page(client, &uri).ok_or(Defect::Member("verification_uri_complete")));
        let lifetime = seconds(members, "expires_in")?.ok_or(Defect::Missing("expires_in"))?;
        let interval = seconds(members, "interval")?.unwrap_or(INTERVAL).max(1);
        Ok(Self {
            client: client.clone(),
            asked,
            device_code,
            verifier,
            user_code,
            verification_uri: page(client, uri.expose()).ok_or(Defect::Member("verification_uri"))?,
            verification_uri_complete: complete.transpose()?,
            expires_at: now.saturating_add(lifetime.min(MAX_LIFETIME)),
            interval,
            unanswered: 0,
            next_poll: now.saturating_add(interval),
            poll: None,
            over: false,
        })
    }

    /// What the user enters: at most 64 characters of printable ASCII.
    pub fn user_code(&self) -> &str {
        &self.user_code
    }

    /// Where the user enters it: an https address, or http on a loopback address if the issuer is.
    pub fn verification_uri(&self) -> &Url {
        &self.verification_uri
    }

    /// The same with the code in it, for a QR code. Show the code all the same, so that the user can compare (§3.3.1).
    pub fn verification_uri_complete(&self) -> Option<&Url> {
        self.verification_uri_complete.as_ref()
    }

    /// When the codes expire, in seconds since 1970-01-01T00:00:00Z.
    pub fn expires_at(&self) -> u64 {
        self.expires_at
    }

    /// Polls until the user has decided, as often as the server allows (§3.4, §3.5).
    ///
    /// Each `slow_down` adds five seconds to the time between polls, for good. Polls that nobody answers are repeated after
    /// twice the time each. It may be cancelled and called again: a poll that is under way is finished and its outcome kept.
    ///
    /// # Errors
    /// [`Error::Device`] if the user refused or nobody entered the code in time; [`Error::OAuth`], [`Error::Protocol`],
    /// [`Error::Transport`] or [`Error::IdToken`] otherwise. The login has ended then.
    pub async fn wait(&mut self) -> Result<Session, Error> {
        if self.over {
            return Err(DeviceError::Over.into());
        }
        loop {
            let polled = match self.poll().await {
                Ok(Polled::Granted(session)) => Ok(session),
                Ok(pending) => {
                    self.schedule(&pending);
                    continue;
                }
                Err(error) => Err(error),
            };
            self.over = true;
            return polled;
        }
    }

    /// The next poll, when its time has come.
    async fn poll(&mut self) -> Result<Polled, Error> {
        let poll = match &mut self.poll {
            Some(under_way) => under_way,
            None => {
                let clock = &self.client.inner.clock;
                let wait = self.next_poll.min(self.expires_at).saturating_sub(clock.now());
                if wait > 0 {
                    clock.wait(Duration::from_secs(wait)).await;
                }
                if clock.now() >= self.expires_at {
                    return Err(DeviceError::Expired.into());
                }
                let params = Params::new()
                    .with("grant_type", GRANT_TYPE)
                    .with("device_code", self.device_code.expose())
                    .with("code_verifier", self.verifier.expose());
                self.poll.insert(Task::start(ask(self.client.clone(), params, self.asked.clone())))
            }
        };
        let done = poll.await;
        self.poll = None;
        outcome(Endpoint::Token, done)
    }

    fn schedule(&mut self, polled: &Polled) {
        self.unanswered = if matches!(polled, Polled::Unanswered) { self.unanswered.saturating_add(1) } else { 0 };
        if matches!(polled, Polled::SlowDown) {
            self.interval = self.interval.saturating_add(INTERVAL);
        }
        let doubled = self.interval.saturating_mul(1 << self.unanswered.min(16));
        let delay = doubled.min(MAX_BACKOFF.max(self.interval));
        self.next_poll = self.client.inner.clock.now().saturating_add(delay);
    }
}

/// One poll (§3.4), and what its answer means (§3.5).
async fn ask(client: Client, mut params: Params, asked: Asked) -> Result<Polled, Error> {
    rfc8707_resource::name(&mut params, &asked.resources);
    let mut response = match client.token(params).await {
        Ok(response) => response,
        Err(error) => return judge(error),
    };
    // The code is spent from here on, so nothing that fails now is tried again.
    let claims = match asked.scopes.iter().any(|scope| scope == "openid") {
        false => None,
        true => Some(client.verify(&mut response, Occasion::WithoutBrowser).await?),
    };
    Ok(Polled::Granted(Session::new(client, asked, response, claims)))
}

fn judge(error: Error) -> Result<Polled, Error> {
    match &error {
        Error::OAuth { error: said, .. } => match ErrorCode::from_wire(said.code()) {
            Some(ErrorCode::AuthorizationPending) => Ok(Polled::Pending),
            Some(ErrorCode::SlowDown) => Ok(Polled::SlowDown),
            Some(ErrorCode::AccessDenied) => Err(DeviceError::Denied.into()),
            Some(ErrorCode::ExpiredToken) => Err(DeviceError::Expired.into()),
            _ => Err(error),
        },
        // §3.5 asks for a retry, at a slower pace.
        Error::Transport { source: TransportError::Timeout | TransportError::Connection(_), .. } => {
            Ok(Polled::Unanswered)
        }
        Error::Protocol { defect: Defect::Status(500..), .. } => Ok(Polled::Unanswered),
        _ => Err(error),
    }
}

/// A text that has to be there and fits.
fn required(members: &mut Map<String, Value>, name: &'static str, limit: usize) -> Result<Secret, Defect> {
    let text = text(members, name)?.map(Secret::new).ok_or(Defect::Missing(name))?;
    if (1..=limit).contains(&text.expose().len()) { Ok(text) } else { Err(Defect::Member(name)) }
}

/// A page that the user may be sent to. A fragment is the page's own business.
fn page(client: &Client, text: &str) -> Option<Url> {
    if text.len() > MAX_URI || !text.bytes().all(|octet| octet.is_ascii_graphic()) {
        return None;
    }
    let issuer = Url::parse(client.issuer()).ok()?;
    client.inner.addresses.endpoint(&issuer, text.split('#').next()?).ok()?;
    Url::parse(text).ok()
}

impl fmt::Debug for DeviceRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeviceRequest").field("scopes", &self.asked.scopes).finish_non_exhaustive()
    }
}

impl fmt::Debug for DeviceLogin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeviceLogin").field("expires_at", &self.expires_at).finish_non_exhaustive()
    }
}
