//! A small web application that logs its users in. With every defence on it is sound; each can be switched off alone.

mod accounts;
mod authenticate;
mod begin;
mod body;
mod device;
mod endpoints;
mod finish;
mod id_token;
mod link;
mod listener;
mod logout;
mod pages;
mod prove;
mod push;
mod registered;
mod resource;
mod response;
mod signed_response;
mod token_response;
mod tokens;
mod userinfo;

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use oauth_attacks::client::{Ability, Answered, Done, Door, Errand};
use oauth_attacks::{ClientUnderTest, Key, Provider, Registration, Rejected, Said, Visitor};
use sha2::{Digest as _, Sha256};
use tokio::sync::oneshot;

pub(crate) use registered::Registered;
use resource::{Purpose, SignedIn};

/// The cookie that leads to a visitor's session.
const COOKIE: &str = "sid";

/// What a login asks for.
const SCOPE: &str = "openid profile";

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
    /// Off: HS256 is verified with the octets of the public key.
    KeyOctetsNoSecret,
    /// Off: the audience is not compared.
    AudienceCompared,
    /// Off: the issuer of the ID token is not compared.
    TokenIssuerCompared,
    /// Off: the time is not looked at.
    ExpiryCompared,
    /// Off: a time that is no number is taken for absent.
    TimesAreNumbers,
    /// Off: an empty state is not compared.
    EmptyStateCompared,
    /// Off: the state may be longer, shorter, or written otherwise.
    StateComparedExactly,
    /// Off: of a state with a structure, only the identifier is compared.
    StateComparedAsAWhole,
    /// Off: of a repeated parameter the first one counts.
    RepeatedParametersRefused,
    /// Off: a login stays open for ever.
    LoginsAge,
    /// Off: a browser has one verifier and one nonce, those of its latest login.
    TabsKeptApart,
    /// Off: a response is taken from a browser that began nothing.
    LoginRequired,
    /// Off: the issuer is not compared where the server does not announce it.
    IssuerComparedUnasked,
    /// Off: issuers are compared as addresses.
    IssuerComparedExactly,
    /// Off: an error is dealt with before it is known whose it is.
    ErrorsAreChecked,
    /// Off: a response without a code is redeemed as well.
    CodeRequired,
    /// Off: an error is not seen beside a code.
    ErrorsComeFirst,
    /// Off: the form of the token request is put together without encoding.
    CodeEncoded,
    /// Off: an access token is taken from the front channel.
    FrontChannelTokensIgnored,
    /// Off: a response that comes in the fragment or in a form goes to the latest login.
    ResponseModeFixed,
    /// Off: what a server says of an error is put on the page as it is.
    ErrorsEscaped,
    /// Off: an error response begins the next login at once.
    ErrorsEndLogins,
    /// Off: the ID token beside a code is not looked at.
    FrontChannelHashesCompared,
    /// Off: the page at the redirect URI stays, with a picture from elsewhere.
    CallbackLeadsAway,
    /// Off: a login returns to wherever it was told to.
    ReturnStaysHere,
    /// Off: the type of a token is not looked at.
    TokenTypeChecked,
    /// Off: an error with the status 200 is not seen.
    ErrorsSeenAt200,
    /// Off: an error status is not seen if there is a token.
    StatusSeen,
    /// Off: the media type of a token response is not looked at.
    MediaTypeSeen,
    /// Off: of two members of one name the last one counts.
    MembersRepeatedRefused,
    /// Off: what follows the JSON is not looked at.
    JsonReadWhole,
    /// Off: an access token is used whatever it is.
    TokensAreText,
    /// Off: without an ID token, UserInfo says who it is.
    IdTokenRequired,
    /// Off: the scope is what was asked for, whatever was granted.
    GrantedScopeKept,
    /// Off: a code is sent again when the server fails.
    FailuresEndLogins,
    /// Off: a refused code begins the next login at once.
    RefusalsEndLogins,
    /// Off: a refused client sends its secret in the body.
    WeakerAuthenticationRefused,
    /// Off: the hash of the access token is not compared.
    AccessTokenHashCompared,
    /// Off: being told to wait is no reason to.
    ToldToWait,
    /// Off: UserInfo says who it is.
    UserinfoSubjectCompared,
    /// Off: UserInfo need not be signed as registered.
    UserinfoSigned,
    /// Off: claims are fetched from wherever UserInfo says.
    ClaimSourcesTrusted,
    /// Off: the ID token of a refresh is not looked at.
    RefreshedClaimsCompared,
    /// Off: the first refresh token is kept.
    NewRefreshTokenKept,
    /// Off: where no refresh token comes, an empty one is kept.
    OldRefreshTokenKept,
    /// Off: everybody refreshes at the same time.
    RefreshedOnce,
    /// Off: a refused refresh token is sent again.
    RefusedRefreshTokenDropped,
    /// Off: the scope of a refresh is not looked at.
    RefreshedScopeKept,
    /// Off: the access token is read.
    AccessTokenOpaque,
    /// Off: the signature of a signed response is not looked at.
    ResponseSignatureVerified,
    /// Off: whose a signed response is, for whom and until when is not looked at.
    ResponseClaimsCompared,
    /// Off: each demand for a nonce is obeyed, whatever it is.
    NonceDemandedOnce,
    /// Off: where the ID token is no good, UserInfo is asked who it is.
    IdTokenNeeded,
    /// Off: a token in JSON is read as well, and segments to spare are not seen.
    CompactOnly,
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
    /// Off: neither a state nor a nonce is sent.
    StateSent,
    /// Off: the state is a counter.
    StateRandom,
    /// Off: the state is JSON that anybody can read and write.
    StateOpaque,
    /// Off: no nonce is sent.
    NonceSent,
    /// Off: the nonce is a counter.
    NonceRandom,
    /// Off: the redirect URI is plain http on another host.
    RedirectEncrypted,
    /// Off: the redirect URI is on localhost.
    RedirectLiteral,
    /// Off: the access token is in the query.
    TokenInHeader,
    /// Off: the parameters of the token request are in the query.
    CodeInBody,
    /// Off: the secret is sent in the header and in the body.
    AuthenticatesOnce,
    /// Off: the secret is sent although no method with a secret is offered.
    SecretOnlyWhereOffered,
    /// Off: the application sends a secret that everybody can read in it.
    NoSecretInPublic,
    /// Off: the client is named twice in the token request.
    EachParameterOnce,
    /// Off: an access token is asked for in the front channel.
    CodeAsked,
    /// Off: the token request has a redirect URI with a slash more.
    RedirectRepeated,
    /// Off: the audience of assertions is the token endpoint that the metadata name.
    AssertionForIssuer,
    /// Off: every assertion has the same identifier.
    AssertionsUsedOnce,
    /// Off: assertions are good for an hour.
    AssertionsShortLived,
    /// Off: every proof has the same identifier.
    ProofsUsedOnce,
    /// Off: proofs name the server instead of the endpoint.
    ProofsNameTargets,
    /// Off: proofs do not name the token they come with.
    ProofsNameTokens,
    /// Off: proofs have the whole key in them.
    ProofKeyPublic,
    /// Off: the authorization request does not name the resource.
    ResourceNamed,
    /// Off: the token request does not name the resource.
    ResourceNamedAgain,
    /// Off: what was pushed is in the address as well.
    PushedAlone,
    /// Off: there is no challenge where the metadata promise no PKCE.
    ChallengeUnpromised,
    /// Off: any algorithm of the metadata is taken.
    AlgorithmsNotOfMetadata,
    /// Off: the client does not authenticate where the metadata do not offer its method.
    AssertionKept,
    /// Off: a token is used as what the server says it is.
    BoundTokenExpected,
    /// Off: a request that cannot be pushed goes through the browser.
    PushedAlways,
    /// Off: a response that is not signed is as good.
    SignedResponseRequired,
    /// Off: the redirect URI that a response came to is not compared.
    RedirectCompared,
    /// Off: a login goes on with the server that the response names.
    ServerOfLogin,
    /// Off: a login stays open when its response turns up in another browser.
    ResponsesElsewhereEndLogins,
    /// Off: with an unknown server the client is the same as with a known one.
    RegistrationsKeptByServer,
    /// Off: one key proves at every server.
    KeyForEachServer,
    /// Off: a token is sent to any resource.
    TokensForTheirResources,
    /// Off: the metadata of another resource are as good.
    ResourceCompared,
    /// Off: a resource that redirects takes the token with it.
    TokenStaysAtOrigin,
    /// Off: more scope is asked for as often as the resource wants.
    StepUpBounded,
    /// Off: the metadata of another issuer are as good.
    MetadataIssuerCompared,
    /// Off: endpoints may be http on any host.
    EndpointsEncrypted,
    /// Off: the browser is sent wherever the metadata say.
    AuthorizationEndpointChecked,
    /// Off: the metadata are read again when the login is finished.
    MetadataPinned,
    /// Off: metadata are read where they are said to have moved.
    MetadataNotRedirected,
    /// Off: answers of any length are read.
    AnswersBounded,
    /// Off: metadata that are none end the program.
    MetadataExpectedBroken,
    /// Off: any certificate will do.
    CertificatesVerified,
    /// Off: a certificate may be about anybody.
    HostsVerified,
}

/// The application.
pub(crate) struct Victim {
    off: BTreeSet<Defence>,
    registration: Registration,
    /// The providers it was asked to log in at, the first one first.
    providers: Mutex<Vec<Provider>>,
    /// The keys for DPoP, by issuer.
    keys: Mutex<HashMap<String, Key>>,
    /// The nonces that servers want in proofs, by issuer.
    nonces: Mutex<HashMap<String, String>>,
    http: reqwest::Client,
    sessions: Mutex<HashMap<String, Session>>,
    latest: Mutex<Option<Login>>,
    /// The keys of each server, by the address of its key set.
    key_sets: Mutex<HashMap<String, id_token::Known>>,
    accounts: Mutex<Vec<accounts::Account>>,
    logged_in: Mutex<HashMap<String, logout::LoggedIn>>,
    /// The names of the logout tokens that came.
    used_up: Mutex<BTreeSet<String>>,
    /// What its listeners wait for, by the state.
    waiting: Mutex<HashMap<String, (String, oneshot::Receiver<String>)>>,
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
    /// Read only where [`Defence::TabsKeptApart`] is off.
    latest: Option<Login>,
    /// Where the latest login was begun.
    provider: Option<Provider>,
    /// What the next page says of an error.
    notice: Option<String>,
    /// Where the browser is led after the login.
    leads_to: Option<String>,
    held: Option<Arc<tokens::Held>>,
    /// By how much the clock of this session was moved, in seconds.
    later: u64,
    signed_in: Option<SignedIn>,
    /// How often more scope was asked for.
    step_ups: u32,
}

/// A login that was begun.
#[derive(Clone)]
struct Login {
    provider: Provider,
    metadata: oauth_types::ProviderMetadata,
    state: String,
    nonce: String,
    verifier: Option<String>,
    /// When, in seconds since 1970.
    begun: u64,
    return_to: Option<String>,
    redirect_uri: String,
    purpose: Purpose,
}

impl Victim {
    /// An application with these defences off, registered without keys and secrets.
    pub(crate) fn new(off: impl IntoIterator<Item = Defence>) -> Self {
        Self::registered(Registered::Public, off)
    }

    /// An application with these defences off, registered like this.
    pub(crate) fn registered(registered: Registered, off: impl IntoIterator<Item = Defence>) -> Self {
        let off: BTreeSet<_> = off.into_iter().collect();
        let http = reqwest::Client::builder().tls_certs_only([]).no_proxy();
        let http = http.tls_danger_accept_invalid_certs(off.contains(&Defence::CertificatesVerified));
        let http = match off.contains(&Defence::RedirectsNotFollowed) {
            true => http,
            false => http.redirect(reqwest::redirect::Policy::none()),
        };
        let http = http.build().expect("an HTTP client");
        let (sessions, latest, secrets) = (Mutex::default(), Mutex::default(), Mutex::default());
        let (providers, keys, nonces) = (Mutex::default(), Mutex::default(), Mutex::default());
        let registration = registered.registration(&off);
        let serial = AtomicU64::new(1);
        let (key_sets, accounts, logged_in) = (Mutex::default(), Mutex::default(), Mutex::default());
        let (used_up, waiting, port) = (Mutex::default(), Mutex::default(), Mutex::default());
        Self {
            off,
            registration,
            providers,
            keys,
            nonces,
            http,
            sessions,
            latest,
            key_sets,
            accounts,
            logged_in,
            used_up,
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

    fn key_sets(&self) -> MutexGuard<'_, HashMap<String, id_token::Known>> {
        self.key_sets.lock().expect("nobody panics with the keys in hand")
    }

    /// Who is logged in, by the cookie.
    fn logged_in(&self) -> MutexGuard<'_, HashMap<String, logout::LoggedIn>> {
        self.logged_in.lock().expect("nobody panics with the sessions in hand")
    }

    fn keep(&self, secret: impl Into<String>) {
        let secret = secret.into();
        // A server may say nothing, and nothing is no secret.
        if !secret.is_empty() {
            self.secrets.lock().expect("nobody panics with the secrets in hand").push(secret);
        }
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
        self.read(response).await
    }

    async fn read(&self, response: reqwest::Response) -> Result<(u16, serde_json::Value), Rejected> {
        let status = response.status().as_u16();
        Ok((status, self.parse(&self.body(response).await?)))
    }
}

impl ClientUnderTest for Victim {
    fn begin<'a>(&'a self, visitor: &'a Visitor, provider: &'a Provider) -> Answered<'a, Result<String, Rejected>> {
        Box::pin(self.begin_login(visitor, provider))
    }

    fn finish<'a>(&'a self, visitor: &'a Visitor, address: &'a str) -> Answered<'a, Said> {
        Box::pin(self.come_back(visitor, address))
    }

    fn can(&self, ability: Ability) -> bool {
        !matches!(ability, Ability::OpenBrowser)
    }

    fn run<'a>(&'a self, visitor: &'a Visitor, errand: &'a Errand) -> Answered<'a, Result<Done, Rejected>> {
        Box::pin(async move {
            match errand {
                Errand::Refresh => self.refresh(visitor).await,
                Errand::Scope => self.scope(visitor),
                Errand::LetPass { seconds } => {
                    self.of(visitor, |session| session.later += seconds);
                    Ok(Done::Done)
                }
                Errand::TakeForm { form } => self.take_form(visitor, form).await.map(Done::Is),
                Errand::Open { door: Door::Login, params } => self.open_login(visitor, params).await,
                Errand::WhoAmI => Ok(self.who_is(visitor)),
                Errand::Logout => self.log_out(visitor),
                Errand::Notify { logout_token } => self.notified(logout_token).await,
                Errand::Device { provider } => self.device(visitor, provider).await,
                Errand::Open { door, params } => self.open(visitor, *door, params).await,
                Errand::Call { url } => self.call(visitor, url).await,
                Errand::BeginFor { resource } => self.begin_for(visitor, resource).await,
                Errand::Link { provider } => self.link(visitor, provider).await,
                _ => Err(Rejected::new("the application cannot do that")),
            }
        })
    }

    fn registration(&self) -> Registration {
        self.registration.clone()
    }
}

#[expect(clippy::disallowed_methods, reason = "the victim has a clock of its own, which is the system's")]
fn seconds_since_1970() -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    now.expect("a clock after 1970").as_secs()
}

fn s256(octets: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(octets))
}
