//! Whether a fault or a barrier can do what it says, where it says so.

use super::{Barrier, Edit, Fault, Point, When};

/// The most octets that one answer is blown up to.
const MOST_OCTETS: u64 = 64 * 1024 * 1024;

/// Why a fault or a barrier would not do what it says. Edits are counted from 1.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unfit {
    /// A fault without an edit does nothing.
    #[error("there is no edit: the fault would do nothing")]
    NoEdit,
    /// It acts nought times.
    #[error("when.times is 0: it would never act")]
    Never,
    /// What acts there has nothing to do with a grant type.
    #[error("when.grant_type: nothing that leaves at {0:?} is of a token request")]
    GrantType(Point),
    /// A token is no request that could be held.
    #[error("nothing can be held at {0:?}: hold the answer that carries the token")]
    Token(Point),
    /// An edit has nothing to act on at that point.
    #[error("edit {edit} has nothing to act on at {at:?}")]
    Misplaced {
        /// Which edit.
        edit: usize,
        /// Where.
        at: Point,
    },
    /// A number is out of its bounds.
    #[error("edit {edit}: {what} has to be {least} to {most}")]
    Bounds {
        /// Which edit.
        edit: usize,
        /// Which number.
        what: &'static str,
        /// The least it can be.
        least: u64,
        /// The most it can be.
        most: u64,
    },
    /// A redirect is one of five.
    #[error("edit {edit}: a redirect is 301, 302, 303, 307 or 308")]
    Redirect {
        /// Which edit.
        edit: usize,
    },
    /// A header cannot be written down.
    #[error("edit {edit}: there can be no header {name:?} with this value")]
    Header {
        /// Which edit.
        edit: usize,
        /// Its name.
        name: String,
    },
    /// How long an answer is cannot be said by a header (RFC 9112 §6).
    #[error("edit {edit}: {name} is not for a header edit to say; truncate, stall and endless break the framing")]
    Framing {
        /// Which edit.
        edit: usize,
        /// The header.
        name: String,
    },
    /// The tenant has as many as it can have.
    #[error("there are {0} already")]
    TooMany(usize),
}

impl Fault {
    /// Whether this fault can do what it says.
    ///
    /// # Errors
    /// [`Unfit`] says which part cannot.
    pub fn check(&self) -> Result<(), Unfit> {
        if self.edit.is_empty() {
            return Err(Unfit::NoEdit);
        }
        self.when.check(self.at)?;
        self.edit.iter().zip(1..).try_for_each(|(edit, number)| {
            if !edit.fits(self.at) {
                return Err(Unfit::Misplaced { edit: number, at: self.at });
            }
            edit.check(number)
        })
    }
}

impl Barrier {
    /// Whether this barrier can hold anything.
    ///
    /// # Errors
    /// [`Unfit`] says why not.
    pub fn check(&self) -> Result<(), Unfit> {
        if self.at.is_token() {
            return Err(Unfit::Token(self.at));
        }
        self.when.check(self.at)
    }
}

impl Point {
    /// Whether what leaves here is a token, which travels in an answer that leaves at another point.
    pub fn is_token(self) -> bool {
        matches!(
            self,
            Self::IdToken
                | Self::AccessToken
                | Self::ResponseToken
                | Self::IntrospectionToken
                | Self::UserinfoToken
                | Self::LogoutToken
        )
    }
}

impl When {
    fn check(&self, at: Point) -> Result<(), Unfit> {
        if self.times == Some(0) {
            return Err(Unfit::Never);
        }
        let token_request = matches!(at, Point::TokenResponse | Point::IdToken | Point::AccessToken);
        if self.grant_type.is_some() && !token_request {
            return Err(Unfit::GrantType(at));
        }
        Ok(())
    }
}

impl Edit {
    fn fits(&self, at: Point) -> bool {
        match self {
            Self::Set { .. }
            | Self::Shift { .. }
            | Self::Suffix { .. }
            | Self::Append { .. }
            | Self::Remove { .. } => at != Point::Page,
            Self::Repeat { .. } => at != Point::Page && !at.is_token(),
            Self::JoseHeader { .. } | Self::Sign { .. } => at.is_token(),
            Self::RotateKeys { .. } => at.is_token() || at == Point::Jwks,
            Self::Keys { .. } => at == Point::Jwks,
            _ => !at.is_token(),
        }
    }

    fn check(&self, edit: usize) -> Result<(), Unfit> {
        let within = |what, value: u64, (least, most)| match (least..=most).contains(&value) {
            true => Ok(()),
            false => Err(Unfit::Bounds { edit, what, least, most }),
        };
        match self {
            Self::Status { code } => within("code", u64::from(*code), (200, 999)),
            Self::Error { status, .. } => within("status", u64::from(status.unwrap_or(400)), (200, 999)),
            Self::HttpHeader { name, value } => header(edit, name, value),
            Self::RemoveHttpHeader { name } => header(edit, name, ""),
            Self::Body { content_type, .. } => header(edit, "content-type", content_type),
            Self::Redirect { code, location } => match code {
                301 | 302 | 303 | 307 | 308 => header(edit, "location", location),
                _ => Err(Unfit::Redirect { edit }),
            },
            Self::TooManyRequests { seconds, .. } => within("seconds", *seconds, (0, u64::from(u32::MAX))),
            Self::Delay { milliseconds } => within("milliseconds", *milliseconds, (0, 600_000)),
            Self::Pad { octets } | Self::Truncate { after: octets } | Self::Stall { after: Some(octets) } => {
                within("octets", *octets as u64, (0, MOST_OCTETS))
            }
            Self::Drip { octets, milliseconds } => {
                within("octets", *octets as u64, (1, MOST_OCTETS))?;
                within("milliseconds", *milliseconds, (0, 60_000))
            }
            Self::HeaderBomb { headers, octets } => {
                within("headers", u64::from(*headers), (1, 20_000))?;
                within("octets", *octets as u64, (0, 64 * 1024))?;
                within("headers times octets", u64::from(*headers) * *octets as u64, (0, MOST_OCTETS))
            }
            _ => Ok(()),
        }
    }
}

fn header(edit: usize, name: &str, value: &str) -> Result<(), Unfit> {
    let token = |octet: u8| octet.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&octet);
    let text = |octet: u8| octet == b'\t' || (octet >= b' ' && octet != 0x7f);
    if name.is_empty() || name.len() > 256 || !name.bytes().all(token) || !value.bytes().all(text) {
        return Err(Unfit::Header { edit, name: name.to_owned() });
    }
    let framing = ["content-length", "transfer-encoding", "trailer", "upgrade"];
    match framing.iter().any(|own| name.eq_ignore_ascii_case(own)) {
        true => Err(Unfit::Framing { edit, name: name.to_owned() }),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Signature;
    use super::*;

    fn judged(at: Point, edit: Edit) -> Result<(), Unfit> {
        Fault::always(at, edit).check()
    }

    #[test]
    fn an_edit_acts_where_it_has_something_to_act_on() {
        let misplaced = |at| Err(Unfit::Misplaced { edit: 1, at });
        let sign = Edit::sign(Signature::Stripped);
        assert_eq!(judged(Point::IdToken, sign.clone()), Ok(()));
        assert_eq!(judged(Point::TokenResponse, sign), misplaced(Point::TokenResponse));
        assert_eq!(judged(Point::LogoutToken, Edit::Reset), misplaced(Point::LogoutToken));
        assert_eq!(judged(Point::Logout, Edit::Reset), Ok(()));
        assert_eq!(judged(Point::Page, Edit::remove("x")), misplaced(Point::Page));
        let keys = Edit::Keys { with: super::super::KeySet::Empty };
        assert_eq!(judged(Point::Jwks, keys.clone()), Ok(()));
        assert_eq!(judged(Point::Discovery, keys), misplaced(Point::Discovery));
    }

    #[test]
    fn numbers_have_bounds() {
        for (edit, what) in [
            (Edit::Status { code: 101 }, "code"),
            (Edit::Delay { milliseconds: 600_001 }, "milliseconds"),
            (Edit::Pad { octets: usize::MAX }, "octets"),
            (Edit::Drip { octets: 0, milliseconds: 1 }, "octets"),
            (Edit::Drip { octets: 1, milliseconds: 60_001 }, "milliseconds"),
            (Edit::HeaderBomb { headers: 20_001, octets: 1 }, "headers"),
            (Edit::HeaderBomb { headers: 1, octets: 65_537 }, "octets"),
            (Edit::HeaderBomb { headers: 20_000, octets: 65_536 }, "headers times octets"),
            (Edit::TooManyRequests { headers: super::super::RateLimit::RetryAfter, seconds: u64::MAX }, "seconds"),
        ] {
            let refused = judged(Point::Jwks, edit.clone());
            assert!(
                matches!(refused, Err(Unfit::Bounds { what: named, .. }) if named == what),
                "{edit:?} {refused:?}"
            );
        }
    }

    #[test]
    fn headers_can_be_written_and_do_not_say_how_long_an_answer_is() {
        assert_eq!(judged(Point::Jwks, Edit::http_header("Retry-After", "7")), Ok(()));
        for (name, value) in [("", "x"), ("a b", "x"), ("x", "a\r\nb: c")] {
            let refused = judged(Point::Jwks, Edit::http_header(name, value));
            assert_eq!(refused, Err(Unfit::Header { edit: 1, name: name.to_owned() }));
        }
        let refused = judged(Point::Jwks, Edit::http_header("Content-Length", "5"));
        assert_eq!(refused, Err(Unfit::Framing { edit: 1, name: "Content-Length".to_owned() }));
        let redirect = |code| Edit::Redirect { code, location: "http://127.0.0.1:1/".to_owned() };
        assert_eq!(judged(Point::Jwks, redirect(308)), Ok(()));
        assert_eq!(judged(Point::Jwks, redirect(304)), Err(Unfit::Redirect { edit: 1 }));
    }

    #[test]
    fn what_would_never_act_is_no_fault_and_no_barrier() {
        let none = Fault { at: Point::Jwks, when: When::default(), edit: Vec::new() };
        assert_eq!(none.check(), Err(Unfit::NoEdit));
        assert_eq!(Fault::always(Point::Jwks, Edit::Reset).times(0).check(), Err(Unfit::Never));
        let granted = Fault::always(Point::Jwks, Edit::Reset).for_grant("refresh_token");
        assert_eq!(granted.check(), Err(Unfit::GrantType(Point::Jwks)));
        assert_eq!(Barrier::at(Point::IdToken).check(), Err(Unfit::Token(Point::IdToken)));
        assert_eq!(Barrier::at(Point::TokenResponse).for_grant("refresh_token").before().check(), Ok(()));
    }
}
