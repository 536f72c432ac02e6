//! What can be wrong, which sentence forbids it, and what a server answers. No error holds any part of a value.

use core::error::Error;
use core::fmt;

/// Why a text is not a `code_verifier`. Both counts are in octets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum VerifierError {
    /// Fewer than 43 octets.
    TooShort {
        /// How many there are.
        octets: usize,
    },
    /// More than 128 octets.
    TooLong {
        /// How many there are.
        octets: usize,
    },
    /// A character that is not a letter, a digit, `-`, `.`, `_` or `~`.
    InvalidCharacter {
        /// Where the first one starts, counted from 0.
        at: usize,
    },
}

impl VerifierError {
    /// The document and section of the sentence that is broken.
    pub const fn section(&self) -> &'static str {
        "RFC 7636 §4.1"
    }
}

impl fmt::Display for VerifierError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooShort { octets } => write!(f, "code_verifier has {octets} octets, fewer than 43"),
            Self::TooLong { octets } => write!(f, "code_verifier has {octets} octets, more than 128"),
            Self::InvalidCharacter { at } => {
                write!(f, "code_verifier has a character at octet {at} that is not unreserved")
            }
        }
    }
}

impl Error for VerifierError {}

/// Why a text is not a `code_challenge`. All counts are in octets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ChallengeError {
    /// Fewer than 43 octets, which no method allows.
    TooShort {
        /// How many there are.
        octets: usize,
    },
    /// More than 128 octets, which no method allows.
    TooLong {
        /// How many there are.
        octets: usize,
    },
    /// Ends in `=`, but base64url is used without padding here.
    Padded,
    /// A character that is not base64url (for `plain`: not unreserved).
    InvalidCharacter {
        /// Where the first one starts, counted from 0.
        at: usize,
    },
    /// 44 to 128 legal characters: not the 43 of an S256 challenge.
    WrongLength {
        /// How many there are.
        octets: usize,
    },
    /// 43 base64url characters, the last of which has bits set that 32 octets cannot have.
    NonCanonical,
}

impl ChallengeError {
    /// The document and section of the sentence that is broken.
    pub const fn section(&self) -> &'static str {
        match self {
            Self::TooShort { .. }
            | Self::TooLong { .. }
            | Self::InvalidCharacter { .. }
            | Self::WrongLength { .. } => "RFC 7636 §4.2",
            Self::Padded => "RFC 7636 §3",
            Self::NonCanonical => "RFC 4648 §3.5",
        }
    }
}

impl fmt::Display for ChallengeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooShort { octets } => write!(f, "code_challenge has {octets} octets, fewer than 43"),
            Self::TooLong { octets } => write!(f, "code_challenge has {octets} octets, more than 128"),
            Self::Padded => f.write_str("code_challenge ends in base64 padding"),
            Self::InvalidCharacter { at } => write!(f, "code_challenge has an illegal character at octet {at}"),
            Self::WrongLength { octets } => {
                write!(f, "code_challenge has {octets} octets, but an S256 challenge has 43")
            }
            Self::NonCanonical => f.write_str("the last character of code_challenge is not canonical base64url"),
        }
    }
}

impl Error for ChallengeError {}

/// Why an authorization request is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AuthorizationError {
    /// PKCE is required and there is neither a challenge nor a method.
    ChallengeMissing,
    /// `code_challenge` occurs more than once.
    ChallengeRepeated,
    /// `code_challenge_method` occurs more than once.
    MethodRepeated,
    /// There is a method but no challenge.
    MethodWithoutChallenge,
    /// There is a challenge but no method, which means `plain`, which is refused.
    MethodOmitted,
    /// The method is `plain`, which is refused.
    PlainRefused,
    /// The method is `S256` or `plain` in other letter case.
    MethodMiscased,
    /// The method is none of RFC 7636.
    MethodUnknown,
    /// The challenge is malformed for its method.
    ChallengeMalformed(ChallengeError),
}

impl AuthorizationError {
    /// The error code of the authorization response: `invalid_request` in every case (RFC 7636 §4.4.1).
    pub const fn oauth_error(&self) -> &'static str {
        "invalid_request"
    }

    /// The document and section of the sentence that is broken.
    pub const fn section(&self) -> &'static str {
        match self {
            Self::ChallengeMissing | Self::MethodUnknown => "RFC 7636 §4.4.1",
            Self::ChallengeRepeated | Self::MethodRepeated => "RFC 6749 §3.1",
            Self::MethodWithoutChallenge | Self::MethodOmitted => "RFC 7636 §4.3",
            Self::PlainRefused => "RFC 7636 §4.2",
            Self::MethodMiscased => "RFC 7636 §6.2.1",
            Self::ChallengeMalformed(error) => error.section(),
        }
    }
}

impl fmt::Display for AuthorizationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ChallengeMissing => "code_challenge is required",
            Self::ChallengeRepeated => "code_challenge occurs more than once",
            Self::MethodRepeated => "code_challenge_method occurs more than once",
            Self::MethodWithoutChallenge => "code_challenge_method without code_challenge",
            Self::MethodOmitted => "code_challenge without code_challenge_method means plain; only S256 is accepted",
            Self::PlainRefused => "code_challenge_method plain is refused; only S256 is accepted",
            Self::MethodMiscased => "code_challenge_method is in wrong letter case; the names are S256 and plain",
            Self::MethodUnknown => "code_challenge_method is none that RFC 7636 defines",
            Self::ChallengeMalformed(error) => return error.fmt(f),
        })
    }
}

impl Error for AuthorizationError {}

/// Why a token request is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TokenError {
    /// `code_verifier` occurs more than once.
    VerifierRepeated,
    /// The code is bound to a challenge, and there is no verifier.
    VerifierMissing,
    /// The code is bound to no challenge, and yet there is a verifier: the challenge was taken out on the way.
    VerifierUnsolicited,
    /// The verifier is not 43 to 128 unreserved characters.
    VerifierMalformed(VerifierError),
    /// The verifier does not belong to the challenge.
    VerifierMismatch,
    /// PKCE is required, and the code is bound to no challenge.
    ChallengeMissing,
}

impl TokenError {
    /// The error code of the token response (RFC 6749 §5.2, RFC 7636 §4.6): `invalid_request` for a verifier that
    /// is repeated, malformed or not asked for, `invalid_grant` for one that is missing or wrong.
    pub const fn oauth_error(&self) -> &'static str {
        match self {
            Self::VerifierRepeated | Self::VerifierUnsolicited | Self::VerifierMalformed(_) => "invalid_request",
            Self::VerifierMissing | Self::VerifierMismatch | Self::ChallengeMissing => "invalid_grant",
        }
    }

    /// The document and section of the sentence that is broken.
    pub const fn section(&self) -> &'static str {
        match self {
            Self::VerifierRepeated => "RFC 6749 §3.2",
            Self::VerifierMissing => "RFC 7636 §4.5",
            Self::VerifierUnsolicited => "RFC 9700 §4.8.2",
            Self::VerifierMalformed(error) => error.section(),
            Self::VerifierMismatch => "RFC 7636 §4.6",
            Self::ChallengeMissing => "RFC 9700 §2.1.1",
        }
    }
}

impl fmt::Display for TokenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::VerifierRepeated => "code_verifier occurs more than once",
            Self::VerifierMissing => "code_verifier is missing, but the code is bound to a code_challenge",
            Self::VerifierUnsolicited => "code_verifier is present, but the code is bound to no code_challenge",
            Self::VerifierMalformed(error) => return error.fmt(f),
            Self::VerifierMismatch => "code_verifier does not belong to the code_challenge",
            Self::ChallengeMissing => "the code is bound to no code_challenge, which is required",
        })
    }
}

impl Error for TokenError {}

/// The operating system gave no randomness.
#[cfg(feature = "getrandom")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EntropyError(pub(crate) getrandom::Error);

#[cfg(feature = "getrandom")]
impl fmt::Display for EntropyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the operating system gave no randomness: {}", self.0)
    }
}

#[cfg(feature = "getrandom")]
impl Error for EntropyError {}
