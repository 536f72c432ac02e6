//! A small web application that logs its users in. With every defence on it is sound; each can be switched off alone.

mod accounts;
mod begin;
mod device;
mod finish;
mod id_token;
mod listener;
mod logout;

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use oauth_attacks::client::Answered;
use oauth_attacks::{Ability, ClientUnderTest, Done, Errand, Provider, Rejected, Said, Visitor};
use sha2::{Digest as _, Sha256};
use tokio::sync::oneshot;

/// The cookie that leads to a visitor's session.
const COOKIE: &str = "sid";

/// What stops an attack. Switched off, it leaves a mistake found in the field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Defence {
    /// Off: no challenge is sent.
    ChallengeSent,
    /// Off: plain is used where it is offered.
    S256Chosen,
    /// Off: the method is left out.
    MethodNamed,
    /// Off: the challenge is padded.
    ChallengeUnpadded,
    /// Off: the verifier is not sent.
    VerifierSent,
    /// Off: the verifier is decoded before it is hashed.
    VerifierHashedAsSent,
    /// Off: the verifier has a character of base64 in it.
    VerifierWellFormed,
    /// Off: the verifier is a counter.
    VerifierRandom,
    /// Off: the verifier is a constant.
    VerifierFresh,
    /// Off: a login that ended in an error is begun again as it was.
    FreshAfterError,
    /// Off: the verifier is the state.
    VerifierApartFromState,
    /// Off: the verifier is in the authorization request as well.
    VerifierKept,
    /// Off: an error is answered by asking again without PKCE.
    NoDowngradeAfterError,
    /// Off: a code is sent again without its verifier.
    CodeSentOnce,
    /// Off: the latest login of the session is finished, whatever the state.
    StateCompared,
    /// Off: a missing state is not missed.
    StateRequired,
    /// Off: a login is found by its state in any session.
    LoginsBelongToBrowsers,
    /// Off: a login stays open when it is finished.
    LoginsAreUsedUp,
    /// Off: the issuer of the response is not compared.
    IssuerCompared,
    /// Off: a missing issuer is not missed.
    IssuerRequired,
    /// Off: verifier and nonce are those of the login that was begun last, whoever began it.
    LoginsKeptApart,
    /// Off: the nonce is not compared.
    NonceCompared,
    /// Off: a missing nonce is not missed.
    NonceRequired,
    /// Off: redirects are followed.
    RedirectsNotFollowed,
    /// Off: the algorithm none is taken at its word.
    SignatureRequired,
    /// Off: HS256 is verified with the text of the public key.
    AlgorithmFixed,
    /// Off: the audience is not compared.
    AudienceCompared,
    /// Off: the issuer of the ID token is not compared.
    TokenIssuerCompared,
    /// Off: the time is not looked at.
    ExpiryCompared,
    /// Off: a time that is no number is taken for absent.
    TimesAreNumbers,
    /// Off: where the ID token is no good, UserInfo is asked who it is.
    IdTokenNeeded,
    /// Off: a token in JSON is read as well, and segments to spare are not seen.
    CompactOnly,
    /// Off: an ID token may have any size.
    TokensBounded,
    /// Off: an encrypted token is opened with the client secret, inflated, and believed.
    EncryptedOnlyAsAgreed,
    /// Off: `crit` is not looked at.
    ExtensionsUnderstood,
    /// Off: `typ` is not looked at.
    TypeCompared,
    /// Off: an empty signature is not verified.
    EmptySignatureWrong,
    /// Off: no signature is verified.
    SignatureVerified,
    /// Off: segments are read in every spelling.
    Base64Strict,
    /// Off: of two members of one name the first counts.
    LastMemberCounts,
    /// Off: HS256 is verified with the client secret.
    SecretIsNoKey,
    /// Off: the key of HS256 is looked up by `kid` in files and by SQL.
    KidOnlyNames,
    /// Off: every algorithm will do for which there is a key.
    AlgorithmAgreed,
    /// Off: a signature of zeros fits everything.
    SignatureInRange,
    /// Off: a key in the header is used.
    EmbeddedKeysIgnored,
    /// Off: the address of a key in the header is followed.
    AddressesIgnored,
    /// Off: keys that were fetched once are never forgotten.
    KeysReplaced,
    /// Off: keys are fetched once.
    KeysFetchedAgain,
    /// Off: keys are fetched as often as one is not found.
    KeyFetchesLimited,
    /// Off: `kid` is not looked at.
    KeysChosenByName,
    /// Off: the algorithm of a key is not looked at.
    KeysOfOneAlgorithm,
    /// Off: what a key is for is not looked at, and the first that fits is used.
    KeysForSignatures,
    /// Off: a key set may have any size.
    KeySetsBounded,
    /// Off: `at_hash` is not compared.
    AccessTokenHashCompared,
    /// Off: a subject may be anything.
    SubjectsAreTexts,
    /// Off: an issuer with a gap in it stands for every tenant.
    IssuersAreNoTemplates,
    /// Off: further audiences are not looked at, and neither is who of them it was issued to.
    AudiencesTrusted,
    /// Off: `azp` is not compared.
    AuthorizedPartyCompared,
    /// Off: tokens of the future are accepted.
    NotBeforeCompared,
    /// Off: a missing `iat` is not missed.
    IssuedAtRequired,
    /// Off: nobody looks whether `max_age` was kept.
    AuthTimeCompared,
    /// Off: nobody looks whether the class of the login is the one that was asked for.
    ClassCompared,
    /// Off: nobody looks which tenant a user belongs to.
    TenantCompared,
    /// Off: an account is found by its subject, whatever the issuer.
    AccountsBelongToIssuers,
    /// Off: an account is found by its mail address.
    MailIsNoKey,
    /// Off: it listens on every interface.
    ListensOnLoopbackAlone,
    /// Off: it goes on listening after the response.
    ListenerCloses,
    /// Off: the port of the last time is taken for its own, whoever listens there.
    PortIsOwn,
    /// Off: the first request at the listener is taken for the response.
    NoiseIgnored,
    /// Off: the login page is opened by the application itself.
    BrowserIsExternal,
    /// Off: a device goes on as before when it is told to slow down.
    DeviceSlowsDown,
    /// Off: a device goes on as before when a connection breaks.
    DeviceBacksOff,
    /// Off: a device polls until it is let in.
    DeviceGivesUp,
    /// Off: what a server wants shown is shown.
    TerminalKeptClean,
    /// Off: what a server wants opened is opened.
    OnlyWebAddresses,
    /// Off: a logout token is read and not verified.
    LogoutTokenVerified,
    /// Off: the event of a logout token is not looked at.
    LogoutTokenTellsOfIt,
    /// Off: the nonce of a logout token is not looked at.
    LogoutTokenHasNoNonce,
    /// Off: a logout token may come again.
    LogoutTokenOnce,
    /// Off: any request ends the session of its browser.
    FrontChannelCompared,
    /// Off: whoever comes back from a logout is logged out.
    LogoutStateCompared,
    /// Off: third parties may name any issuer.
    IssuersConfigured,
    /// Off: third parties may name any page to go to.
    TargetsAreOwnPages,
}

/// The application.
pub(crate) struct Victim {
    off: BTreeSet<Defence>,
    http: reqwest::Client,
    sessions: Mutex<HashMap<String, Session>>,
    latest: Mutex<Option<Login>>,
    keys: Mutex<HashMap<String, id_token::Known>>,
    accounts: Mutex<Vec<accounts::Account>>,
    logged_in: Mutex<HashMap<String, logout::LoggedIn>>,
    /// The names of the logout tokens that came.
    used_up: Mutex<BTreeSet<String>>,
    /// The providers it was asked to log in at, by issuer.
    configured: Mutex<HashMap<String, Provider>>,
    /// What its listeners wait for, by the state.
    waiting: Mutex<HashMap<String, oneshot::Receiver<String>>>,
    /// The port it listened on last.
    port: Mutex<Option<u16>>,
    /// Every secret ever had, for looking for them where they must not be.
    secrets: Mutex<Vec<String>>,
    serial: AtomicU64,
}

/// What belongs to one browser.
#[derive(Default)]
struct Session {
    open: Vec<Login>,
    /// Read only where [`Defence::FreshAfterError`] is off.
    failed: Option<Login>,
}

/// A login that was begun.
#[derive(Clone)]
struct Login {
    provider: Provider,
    metadata: oauth_types::ProviderMetadata,
    state: String,
    nonce: String,
    verifier: Option<String>,
}

impl Victim {
    /// An application with these defences off.
    pub(crate) fn new(off: impl IntoIterator<Item = Defence>) -> Self {
        let off: BTreeSet<_> = off.into_iter().collect();
        let http = reqwest::Client::builder().tls_certs_only([]).no_proxy();
        let http = match off.contains(&Defence::RedirectsNotFollowed) {
            true => http,
            false => http.redirect(reqwest::redirect::Policy::none()),
        };
        let http = http.build().expect("an HTTP client");
        let (sessions, latest, secrets) = (Mutex::default(), Mutex::default(), Mutex::default());
        let (keys, accounts) = (Mutex::default(), Mutex::default());
        let (logged_in, used_up, configured) = (Mutex::default(), Mutex::default(), Mutex::default());
        let (waiting, port) = (Mutex::default(), Mutex::default());
        let serial = AtomicU64::new(1);
        Self {
            off,
            http,
            sessions,
            latest,
            keys,
            accounts,
            logged_in,
            used_up,
            configured,
            waiting,
            port,
            secrets,
            serial,
        }
    }

    fn on(&self, defence: Defence) -> bool {
        !self.off.contains(&defence)
    }

    fn sessions(&self) -> MutexGuard<'_, HashMap<String, Session>> {
        self.sessions.lock().expect("nobody panics with the sessions in hand")
    }

    fn latest(&self) -> MutexGuard<'_, Option<Login>> {
        self.latest.lock().expect("nobody panics with the login in hand")
    }

    /// The keys of each server, by the address of its key set.
    fn keys(&self) -> MutexGuard<'_, HashMap<String, id_token::Known>> {
        self.keys.lock().expect("nobody panics with the keys in hand")
    }

    /// Who is logged in, by the cookie.
    fn logged_in(&self) -> MutexGuard<'_, HashMap<String, logout::LoggedIn>> {
        self.logged_in.lock().expect("nobody panics with the sessions in hand")
    }

    fn configured(&self) -> MutexGuard<'_, HashMap<String, Provider>> {
        self.configured.lock().expect("nobody panics with the providers in hand")
    }

    fn keep(&self, secret: impl Into<String>) {
        self.secrets.lock().expect("nobody panics with the secrets in hand").push(secret.into());
    }

    /// Every secret it ever had.
    pub(crate) fn secrets(&self) -> Vec<String> {
        self.secrets.lock().expect("nobody panics with the secrets in hand").clone()
    }

    /// A text that nobody who does not know the key can guess. A test has no need of more.
    fn fresh(&self) -> String {
        let number = self.serial.fetch_add(1, Ordering::Relaxed);
        URL_SAFE_NO_PAD.encode(Sha256::digest(format!("{:p} and a key {number}", self)))
    }

    async fn json(&self, request: reqwest::RequestBuilder) -> Result<(u16, serde_json::Value), Rejected> {
        let response = request.send().await.map_err(|_| Rejected::new("no answer"))?;
        let (status, body) = (response.status().as_u16(), response.bytes().await);
        let body = body.map_err(|_| Rejected::new("no answer"))?;
        Ok((status, serde_json::from_slice(&body).unwrap_or_default()))
    }
}

impl ClientUnderTest for Victim {
    fn begin<'a>(&'a self, visitor: &'a Visitor, provider: &'a Provider) -> Answered<'a, Result<String, Rejected>> {
        Box::pin(self.begin_login(visitor, provider))
    }

    fn finish<'a>(&'a self, visitor: &'a Visitor, address: &'a str) -> Answered<'a, Said> {
        Box::pin(async move { self.finish_login(visitor, address).await.unwrap_or_else(Said::Rejected) })
    }

    fn can(&self, ability: Ability) -> bool {
        use Ability::{Device, Listen, Logout, Notify, Open, Print, WhoAmI};
        matches!(ability, Device | Listen | Logout | Notify | Open | Print | WhoAmI)
    }

    fn run<'a>(&'a self, visitor: &'a Visitor, errand: &'a Errand) -> Answered<'a, Result<Done, Rejected>> {
        Box::pin(async move {
            match errand {
                Errand::WhoAmI => Ok(self.who_is(visitor)),
                Errand::Logout => self.log_out(visitor),
                Errand::Notify { logout_token } => self.notified(logout_token).await,
                Errand::Device { provider } => self.device(visitor, provider).await,
                Errand::Open { door, params } => self.open(visitor, *door, params).await,
                _ => Err(Rejected::new("the application cannot do that")),
            }
        })
    }
}

fn s256(octets: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(octets))
}
