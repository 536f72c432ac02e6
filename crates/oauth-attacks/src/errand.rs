//! What a client under test may be asked to do besides beginning and finishing a login.

use std::fmt;

use crate::client::{Provider, Said};

/// What a client may be able to do besides beginning and finishing a login.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ability {
    /// [`Errand::Refresh`]
    Refresh,
    /// [`Errand::Call`]
    Call,
    /// [`Errand::BeginFor`]
    BeginFor,
    /// [`Errand::WhoAmI`]
    WhoAmI,
    /// [`Errand::Scope`]
    Scope,
    /// [`Errand::LetPass`]
    LetPass,
    /// [`Errand::TakeForm`]
    TakeForm,
    /// [`Errand::Link`]
    Link,
    /// [`Errand::Logout`], and coming back from it by [`Errand::Open`].
    Logout,
    /// [`Errand::Notify`]
    Notify,
    /// [`Errand::Device`]
    Device,
    /// [`Errand::Open`]: the client has addresses of its own that a browser can open.
    Open,
    /// It shows pages, which [`Visitor::page`](crate::Visitor::page) keeps.
    Pages,
    /// It listens on the loopback interface itself for what comes back.
    Listen,
    /// What it prints is known: [`Visitor::page`](crate::Visitor::page) keeps it.
    Print,
    /// It does several errands for one visitor at the same time.
    AtOnce,
    /// It opens browsers itself: [`Visitor::opened`](crate::Visitor::opened) keeps what it wanted opened.
    OpenBrowser,
}

/// Something that a client is asked to do besides beginning and finishing a login.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Errand {
    /// Get a new access token with the refresh token of the visitor's session (RFC 6749 section 6).
    Refresh,
    /// Call a protected resource with the access token of the visitor's session.
    Call {
        /// The resource.
        url: String,
    },
    /// Begin a login for a protected resource, with whatever its metadata says (RFC 9728). Done as [`Done::Sent`].
    BeginFor {
        /// The resource.
        resource: String,
    },
    /// Say who is logged in. Done as [`Done::Is`].
    WhoAmI,
    /// Say what the tokens of the visitor's session are good for, as far as the client knows. Done as [`Done::Scope`].
    Scope,
    /// Move the clock that the client has for the visitor's logins forward.
    LetPass {
        /// By how many seconds.
        seconds: u64,
    },
    /// Take an authorization response that the visitor's browser posts as a form (OAuth 2.0 Form Post Response Mode
    /// section 2). Done as [`Done::Is`].
    TakeForm {
        /// The body of the form.
        form: String,
    },
    /// Begin to link the visitor's account at this provider to the session they have. Done as [`Done::Sent`].
    Link {
        /// The provider.
        provider: Provider,
    },
    /// Log the visitor out at the provider as well (OpenID Connect RP-Initiated Logout 1.0). Done as [`Done::Sent`].
    Logout,
    /// Take a logout token that a server sends (OpenID Connect Back-Channel Logout 1.0 section 2.5). Done as
    /// [`Done::Answered`].
    Notify {
        /// The logout token.
        logout_token: String,
    },
    /// Log in as a device and wait for the tokens (RFC 8628). Done as [`Done::Is`].
    Device {
        /// The provider.
        provider: Provider,
    },
    /// Open an address of the client in the visitor's browser, as a link on another site would. Done as
    /// [`Done::Sent`] if it leads elsewhere, or as [`Done::Answered`].
    Open {
        /// Which of its addresses.
        door: Door,
        /// The parameters in the query.
        params: Vec<(String, String)>,
    },
}

/// An address of the client under test that a browser can open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Door {
    /// Where a login begins, at the provider where the visitor began one last. What it takes as the page to return to is
    /// `return_to`; where it then leads is on the [page](crate::Visitor::page) that is shown after the login.
    Login,
    /// Where third parties begin logins (OpenID Connect Core section 4).
    InitiateLogin,
    /// Where a server's page reports the end of a session (OpenID Connect Front-Channel Logout 1.0 section 2).
    FrontChannelLogout,
    /// Where the browser comes back to after logging out (OpenID Connect RP-Initiated Logout 1.0 section 3).
    LoggedOut,
}

/// What came of an errand.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Done {
    /// It is done, and there is nothing to tell.
    Done,
    /// The browser is sent to this address.
    Sent {
        /// That address.
        url: String,
    },
    /// There was an answer with this status.
    Answered {
        /// The status.
        status: u16,
    },
    /// This is who is logged in, or why nobody is.
    Is(Said),
    /// This is what the tokens are good for.
    Scope(Vec<String>),
}

/// What a browser was shown, or a terminal.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page {
    /// The status; 0 on a terminal.
    pub status: u16,
    /// The headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
    /// What was printed, on a terminal or in a log.
    pub printed: String,
}

impl Page {
    /// Whether the text is to be read, on the page or in what was printed.
    pub fn says(&self, text: &str) -> bool {
        self.body.contains(text) || self.printed.contains(text)
    }
}

impl fmt::Display for Ability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Refresh => "refresh its tokens",
            Self::Call => "call a resource",
            Self::BeginFor => "begin a login for a resource",
            Self::WhoAmI => "say who is logged in",
            Self::Scope => "say what its tokens are good for",
            Self::LetPass => "have its clock moved",
            Self::TakeForm => "take responses that are posted",
            Self::Link => "link accounts",
            Self::Logout => "log out",
            Self::Notify => "take logout tokens",
            Self::Device => "log in as a device",
            Self::Open => "be opened by a link",
            Self::Pages => "show pages",
            Self::Listen => "listen on the loopback interface",
            Self::Print => "have its output read",
            Self::AtOnce => "do several things at the same time",
            Self::OpenBrowser => "open browsers",
        })
    }
}

impl Errand {
    /// The errand in a few words, fit for "the client does not …".
    pub fn summary(&self) -> &'static str {
        match self {
            Self::Refresh => "refresh its tokens",
            Self::Call { .. } => "call a resource",
            Self::BeginFor { .. } => "begin a login for a resource",
            Self::WhoAmI => "say who is logged in",
            Self::Scope => "say what its tokens are good for",
            Self::LetPass { .. } => "let time pass",
            Self::TakeForm { .. } => "take a response that is posted",
            Self::Link { .. } => "begin to link an account",
            Self::Logout => "log out",
            Self::Notify { .. } => "take a logout token",
            Self::Device { .. } => "log in as a device",
            Self::Open { door: Door::Login, .. } => "open its login page",
            Self::Open { door: Door::InitiateLogin, .. } => "begin a login for a third party",
            Self::Open { door: Door::FrontChannelLogout, .. } => "open its front-channel logout page",
            Self::Open { door: Door::LoggedOut, .. } => "open its page for those who have logged out",
        }
    }
}

impl Done {
    /// What came of it, in a few words.
    pub fn summary(&self) -> String {
        match self {
            Self::Done => "done".to_owned(),
            Self::Sent { .. } => "sent on".to_owned(),
            Self::Answered { status } => status.to_string(),
            Self::Is(Said::Accepted { subject, .. }) => format!("logged in as {subject}"),
            Self::Is(Said::Rejected(rejected)) => format!("not logged in: {}", rejected.shown()),
            Self::Is(Said::SentOn { .. }) => "sent on".to_owned(),
            Self::Scope(scope) => format!("good for {}", scope.join(" ")),
            Self::Is(Said::BrokeDown) => "broke down".to_owned(),
        }
    }
}
