//! What is made of a handle that may say something of itself: its parts exchanged with those of another handle, its
//! signature left out, a character changed.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use mock_idp::jose::Jws;
use serde_json::{Map, Value};

use crate::key::Jwt;

/// A handle that nobody issued.
#[derive(Debug, Clone)]
pub(crate) struct Forgery {
    /// What was done to it, as in "a code <how>".
    pub(crate) how: String,
    /// What it looks like now.
    pub(crate) value: String,
    /// Whether it speaks for whoever the other handle belongs to.
    pub(crate) speaks_for_other: bool,
}

/// What can separate the parts of a handle.
const SEPARATORS: [char; 5] = ['.', ':', '|', '~', '$'];
/// More parts than these are no parts.
const MOST_PARTS: usize = 6;

/// Every forgery of `handle`, for an attacker who has a handle of their own, `own`. Two handles that are made alike
/// have the same forgeries in the same order.
pub(crate) fn forgeries(handle: &str, own: &str) -> Vec<Forgery> {
    let mut all = spliced(handle, own);
    all.extend(retold(handle, own));
    all.extend(unsigned(handle, own));
    all.extend([1, 2, 3].into_iter().filter_map(|quarter| changed(handle, quarter)));
    all
}

/// One part after the other is taken from the other handle: not the longest one, which is what the handle is found by, and
/// would make it the attacker's own. In a JWT no part may be taken.
fn spliced(handle: &str, own: &str) -> Vec<Forgery> {
    let parts = |separator: char| {
        let [one, other] = [handle, own].map(|text| text.split(separator).collect::<Vec<_>>());
        (one.len() == other.len() && (2..=MOST_PARTS).contains(&one.len())).then_some((separator, one, other))
    };
    let Some((separator, one, other)) = SEPARATORS.into_iter().find_map(parts) else { return Vec::new() };
    let longest = (0..one.len()).max_by_key(|at| one[*at].len()).filter(|_| Jws::parse(handle).is_err());
    let places = (0..one.len()).filter(|at| one[*at] != other[*at] && Some(*at) != longest);
    let splice = |at: usize| {
        let mut mixed = one.clone();
        mixed[at] = other[at];
        let how = format!("with part {} of another one", at + 1);
        Forgery { how, value: mixed.join(&separator.to_string()), speaks_for_other: true }
    };
    places.map(splice).collect()
}

/// A handle that is nothing but a JSON object has one member after the other taken from the other handle.
fn retold(handle: &str, own: &str) -> Vec<Forgery> {
    let read = |text: &str| serde_json::from_slice::<Map<String, Value>>(&URL_SAFE_NO_PAD.decode(text).ok()?).ok();
    let (Some(one), Some(other)) = (read(handle), read(own)) else { return Vec::new() };
    let tell = |(name, value): (&String, &Value)| {
        let mut told = one.clone();
        told.insert(name.clone(), value.clone());
        let value = URL_SAFE_NO_PAD.encode(Value::from(told).to_string());
        Forgery { how: format!("whose {name} is another one's"), value, speaks_for_other: true }
    };
    let differing = other.iter().filter(|(name, value)| one.get(*name) != Some(*value));
    differing.take(MOST_PARTS).map(tell).collect()
}

/// A JWT says that it is unsigned, with its own claims and with those of the other one.
fn unsigned(handle: &str, own: &str) -> Vec<Forgery> {
    let (Ok(one), Ok(other)) = (Jws::parse(handle), Jws::parse(own)) else { return Vec::new() };
    let bare = |claims: &Map<String, Value>| {
        let header = one.header().iter().filter(|(name, _)| *name != "alg");
        let jwt = header.fold(Jwt::default(), |jwt, (name, value)| jwt.header(name, value.clone()));
        jwt.claims(claims.clone()).unsigned()
    };
    let mut mixed = one.claims().clone();
    mixed.extend(other.claims().iter().filter(|(name, _)| *name != "jti").map(|(n, v)| (n.clone(), v.clone())));
    vec![
        Forgery { how: "without its signature".to_owned(), value: bare(one.claims()), speaks_for_other: false },
        Forgery {
            how: "without a signature and for another".to_owned(),
            value: bare(&mixed),
            speaks_for_other: true,
        },
    ]
}

/// The character at this quarter is another one.
fn changed(handle: &str, quarter: usize) -> Option<Forgery> {
    let place = handle.len() * quarter / 4;
    let (at, old) = handle.char_indices().skip(place).find(|(_, letter)| letter.is_ascii_alphanumeric())?;
    let new = if old == 'A' { 'B' } else { 'A' };
    let value = format!("{}{new}{}", &handle[..at], &handle[at + 1..]);
    Some(Forgery { how: format!("changed after {quarter} of 4 quarters"), value, speaks_for_other: false })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(handle: &str, own: &str) -> Vec<String> {
        forgeries(handle, own).into_iter().map(|forgery| forgery.value).collect()
    }

    #[test]
    fn an_opaque_handle_is_changed_in_three_places() {
        assert_eq!(values("xxxxxxxx", "yyyyyyyy"), ["xxAxxxxx", "xxxxAxxx", "xxxxxxAx"]);
        assert_eq!(values("AAAAAAAA", ""), ["AABAAAAA", "AAAABAAA", "AAAAAABA"]);
    }

    #[test]
    fn parts_are_exchanged_where_both_have_them() {
        assert_eq!(values("app.1111", "web.2222")[..2], ["web.1111", "apA.1111"]);
        assert_eq!(values("v1:app:1111", "v1:web:2222")[0], "v1:web:1111");
        for own in ["app.2222", "web"] {
            assert_eq!(values("app.1111", own).len(), 3, "{own}");
        }
    }

    #[test]
    fn members_of_an_object_are_exchanged() {
        let told = |text: &str| URL_SAFE_NO_PAD.encode(text);
        let all = values(&told(r#"{"c":"app","k":1}"#), &told(r#"{"c":"web","k":1}"#));
        assert_eq!(all[0], told(r#"{"c":"web","k":1}"#));
        assert_eq!(all.len(), 4);
    }

    #[test]
    fn a_jwt_loses_its_signature() {
        let jwt = |client: &str| {
            Jwt::of_type("JWT").header("alg", "HS256").claim("client_id", client).with_signature(b"signature")
        };
        let all = forgeries(&jwt("app"), &jwt("web"));
        let bare: Vec<_> = all.iter().filter(|forgery| forgery.value.ends_with('.')).collect();
        assert_eq!(bare.len(), 2);
        let client = |at: usize| Jws::parse(&bare[at].value).expect("a JWT").claims()["client_id"].clone();
        assert_eq!((client(0), client(1)), ("app".into(), "web".into()));
        assert!(all[0].how.contains("part 2"), "{}", all[0].how);
    }
}
