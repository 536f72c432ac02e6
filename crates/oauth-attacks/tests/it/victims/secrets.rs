//! Whether a text tells a secret.

use std::collections::HashMap;

/// Secrets are looked for by this many of their first octets.
const HEAD: usize = 8;

/// The first of these secrets that the text tells. The text is gone through once, however many secrets there are: a run
/// of the catalogue has thousands, and its report is long.
pub(crate) fn told_in<'a>(text: &str, secrets: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let mut by_head: HashMap<&[u8], Vec<&str>> = HashMap::new();
    for secret in secrets {
        match secret.as_bytes().get(..HEAD) {
            Some(head) => by_head.entry(head).or_default().push(secret),
            None if text.contains(secret) => return Some(secret),
            None => {}
        }
    }
    let text = text.as_bytes();
    text.windows(HEAD).enumerate().find_map(|(at, head)| {
        let candidates = by_head.get(head)?;
        candidates.iter().copied().find(|secret| text[at..].starts_with(secret.as_bytes()))
    })
}

#[test]
fn a_secret_is_found_wherever_it_is() {
    let secrets = ["a-secret-of-one", "a-secret-of-two", "eight-of", "brief"];
    for (text, told) in [
        ("a-secret-of-two", Some("a-secret-of-two")),
        ("told: a-secret-of-one.", Some("a-secret-of-one")),
        ("at the end: eight-of", Some("eight-of")),
        ("a brief one", Some("brief")),
        ("a-secret-of-", None),
        ("short", None),
        ("", None),
    ] {
        assert_eq!(told_in(text, secrets), told, "{text}");
    }
}
