//! Certificates that are wrong on purpose.

/// What is wrong with a certificate that clients must not take, although its authority is one they trust.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Flaw {
    /// It was good until a day ago.
    Expired,
    /// It is about `elsewhere.example` alone.
    OtherHost,
}

impl Flaw {
    /// Whom the certificate is about, if not the server.
    pub(super) fn host(self) -> Option<String> {
        (self == Self::OtherHost).then(|| "elsewhere.example".to_owned())
    }
}
