//! What an attack is: one idea, told and cited, and the code that carries it out.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use crate::bench::Bench;
use crate::client::Ability;
use crate::profile::Profile;
use crate::stage::Stage;
use crate::target::{Registration, Role};
use crate::verdict::Level;

/// What an attack is about: everything that can be told without running it.
#[derive(Debug, Clone, Copy)]
pub struct Idea {
    /// The stable id, such as `as-code-replay`. It never changes its meaning.
    pub id: &'static str,
    /// The attack in a few words.
    pub name: &'static str,
    /// What the attacker does and gains, in a few sentences.
    pub story: &'static str,
    /// What the attacker must be able to do.
    pub capabilities: &'static [Capability],
    /// The sentences that forbid it, such as `RFC 7636 section 4.6`.
    pub citation: &'static str,
    /// What is sent or said, step by step.
    pub steps: &'static [&'static str],
    /// What a target does that withstands it.
    pub secure: &'static str,
    /// What a target does that does not.
    pub insecure: &'static str,
    /// The one thing that stops it.
    pub defence: &'static str,
    /// How strongly RFC 9700 and what it builds on ask for that. A finding may ask for less.
    pub level: Level,
    /// How strongly other profiles ask for it, where they differ.
    pub levels: &'static [(Profile, Level)],
}

impl Idea {
    /// How strongly `profile` asks for the defence.
    pub fn level_under(&self, profile: Profile) -> Level {
        self.levels.iter().find(|(differing, _)| *differing == profile).map_or(self.level, |(_, level)| *level)
    }
}

/// Attacks that are about the same thing.
#[derive(Debug, Clone, Copy)]
pub struct Family<A: 'static> {
    /// The name of its folder, such as `pkce_challenge`.
    pub name: &'static str,
    /// What they are about, as a title.
    pub title: &'static str,
    /// The same in a sentence.
    pub about: &'static str,
    /// The attacks, in order.
    pub attacks: &'static [A],
}

/// The attackers of RFC 9700 section 3.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Capability {
    /// Runs web sites, browsers, and clients or servers of its own.
    A1,
    /// Controls the network.
    A2,
    /// Reads authorization responses.
    A3,
    /// Reads authorization requests.
    A4,
    /// Has obtained an access or refresh token.
    A5,
}

impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::A1 => "A1",
            Self::A2 => "A2",
            Self::A3 => "A3",
            Self::A4 => "A4",
            Self::A5 => "A5",
        })
    }
}

/// An attack on an authorization server.
#[derive(Debug, Clone, Copy)]
pub struct ServerAttack {
    /// What it is about.
    pub idea: Idea,
    /// As which clients it is tried.
    pub on: On,
    /// What it needs besides such a client.
    pub needs: &'static [Need],
    /// Carries it out as one client. What it finds is recorded on the bench.
    pub run: for<'a> fn(&'a Bench, &'a Registration) -> Job<'a>,
}

/// An attack on a client.
#[derive(Debug, Clone, Copy)]
pub struct ClientAttack {
    /// What it is about.
    pub idea: Idea,
    /// Whether it only looks at what the client sends in logins of its own, which are then its control as well.
    pub only_looks: bool,
    /// What the client must be able to do for it, besides logging in.
    pub needs: &'static [Ability],
    /// Carries it out. What it finds is recorded on the stage.
    pub run: for<'a> fn(&'a Stage) -> Job<'a>,
}

/// The clients as which an attack on a server is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum On {
    /// The public and the confidential client, as far as they are there.
    EachClient,
    /// The public client, or else the confidential one.
    OneClient,
    /// The client with this role.
    Client(Role),
    /// No client: the attack speaks to the server alone, and needs no login.
    Nobody,
}

/// What an attack on a server needs besides the client it is tried as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Another client, registered with [`crate::Target::playing`].
    Client(Role),
    /// A second redirect URI of the same client.
    SecondRedirectUri,
    /// A second user, who logs in when `login_hint` names them, or by the forms of the login.
    SecondUser,
    /// A second scope value that the client may ask for.
    SecondScope,
    /// Two resources for RFC 8707.
    Resources,
    /// An endpoint, by its member of the metadata, such as `userinfo_endpoint`.
    Endpoint(&'static str),
    /// A member of the metadata other than an endpoint.
    Metadata(&'static str),
    /// A second issuer of the same installation that knows the same clients.
    SecondIssuer,
    /// Login and consent by forms that the attack can get its hands on.
    Forms,
    /// A clock that can be moved. Such an attack runs alone, after the others.
    Clock,
    /// Nobody else at work: the attack moves the clock if that can be done, or changes what others rely on.
    Alone,
    /// The permission to do what may harm a server in operation.
    Permission,
}

impl fmt::Display for On {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EachClient | Self::OneClient => f.write_str("client"),
            Self::Client(role) => write!(f, "{role}"),
            Self::Nobody => f.write_str("server alone"),
        }
    }
}

impl fmt::Display for Need {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Client(role) => return write!(f, "{role}"),
            Self::SecondRedirectUri => "second redirect URI of the client",
            Self::SecondUser => "second user",
            Self::SecondScope => "second scope value",
            Self::Resources => "two resources",
            Self::Endpoint(member) => return write!(f, "{}", member.replace('_', " ")),
            Self::Metadata(member) => return write!(f, "`{member}` in its metadata"),
            Self::SecondIssuer => "second issuer",
            Self::Forms => "way to handle its forms",
            Self::Clock => "clock that can be moved",
            Self::Alone => "time for itself alone",
            Self::Permission => "permission for attacks that may do harm",
        })
    }
}

/// The work of an attack. It ends early, with the reason, when nothing can be said.
pub type Job<'a> = Pin<Box<dyn Future<Output = Result<(), Inconclusive>> + Send + 'a>>;

/// Why nothing can be said about an attack.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Inconclusive(pub String);

impl Inconclusive {
    /// A reason, in one sentence without a full stop.
    pub fn new(reason: impl Into<String>) -> Self {
        Self(reason.into())
    }
}

/// The most octets a story may have.
pub(crate) const STORY_CAPACITY: usize = 1024;

/// The first paragraph of the module documentation at the head of `source`, on one line, and its length.
///
/// A story is told once, where the attack is. [`story!`] makes it a value.
pub(crate) const fn first_paragraph(source: &str) -> ([u8; STORY_CAPACITY], usize) {
    let text = source.as_bytes();
    let mut story = [0; STORY_CAPACITY];
    let (mut length, mut at) = (0, 0);
    while at + 4 <= text.len()
        && text[at] == b'/'
        && text[at + 1] == b'/'
        && text[at + 2] == b'!'
        && text[at + 3] == b' '
    {
        if length > 0 {
            story[length] = b' ';
            length += 1;
        }
        at += 4;
        while at < text.len() && text[at] != b'\n' {
            story[length] = text[at];
            length += 1;
            at += 1;
        }
        at += 1;
    }
    (story, length)
}

/// The story of the attack whose file has this name: the first paragraph of its module documentation.
macro_rules! story {
    ($file:literal) => {{
        const STORY: &([u8; $crate::attack::STORY_CAPACITY], usize) =
            &$crate::attack::first_paragraph(include_str!($file));
        match std::str::from_utf8(STORY.0.split_at(STORY.1).0) {
            Ok(story) => story,
            Err(_) => panic!("a story is UTF-8"),
        }
    }};
}
pub(crate) use story;

#[cfg(test)]
mod tests {
    use super::first_paragraph;

    #[test]
    fn a_story_is_the_first_paragraph_of_the_module_documentation() {
        let source = "//! One.\n//! Two.\n//!\n//! Not this.\n\nuse x;\n";
        let (story, length) = first_paragraph(source);
        assert_eq!(&story[..length], b"One. Two.");
        assert_eq!(first_paragraph("use x;\n//! No.").1, 0);
    }
}
