//! Words that are nearly right: names of parameters, and values out of a list.

use oauth_types::Params;
use oauth_types::params::display_name;

use crate::refusal::{Refusal, Rule};

/// Longer words are compared with nothing.
const LONGEST: usize = 64;

/// What other libraries and older documents call a parameter.
const ALIASES: &[(&str, &[&str])] = &[
    ("client_id", &["app_id", "appid", "consumer_key", "api_key", "client"]),
    ("code", &["authorization_code", "auth_code", "device_code", "assertion"]),
    ("code_challenge", &["code_verifier", "challenge", "pkce_challenge"]),
    ("code_verifier", &["code_challenge", "verifier", "pkce_verifier"]),
    ("device_code", &["code", "user_code"]),
    ("grant_type", &["type", "grant"]),
    ("redirect_uri", &["redirect_url", "callback", "callback_url", "return_to", "redirect", "reply_url"]),
    ("refresh_token", &["token", "refresh"]),
    ("response_type", &["type", "grant_type"]),
    ("token", &["access_token", "refresh_token", "id_token"]),
];

/// What programs write where a value is missing.
const PLACEHOLDERS: &[&str] = &["undefined", "null", "none", "nil", "nan", "[object object]", "true", "false"];

/// The refusal of a request without the parameter `name`, which it may have under another name.
pub(crate) fn missing(rule: &'static Rule, params: &Params, name: &str) -> Refusal {
    let aliases = ALIASES.iter().find(|(own, _)| *own == name).map_or(&[][..], |(_, aliases)| *aliases);
    let sent = || params.iter().map(|(sent, _)| sent);
    let plain = |sent: &str| plain(sent.split('[').next().unwrap_or_default());
    if params.raw(name).is_some() {
        return rule.because("It is there, but empty, which counts as left out");
    }
    if sent().any(|sent| sent.trim_start().starts_with('{')) {
        return rule.because("The body is JSON, with the Content-Type of a form: send name=value pairs");
    }
    if let Some(other) = sent().find(|sent| nearest(sent, [name]).is_some() || plain(sent) == self::plain(name)) {
        return rule.because(format!("{} was sent: the name is {name}, without anything more", display_name(other)));
    }
    if let Some(other) = sent().find(|sent| aliases.iter().any(|alias| plain(sent) == self::plain(alias))) {
        return rule.because(format!("{} was sent: what belongs here is {name}", display_name(other)));
    }
    match params.is_empty() {
        true => rule.because("The request has no parameters at all"),
        false => rule.refuse(),
    }
}

/// The one of `known` that `sent` was probably meant to be: differently spelt, or mistyped.
pub(crate) fn nearest<'a>(sent: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if sent.is_empty() || sent.len() > LONGEST {
        return None;
    }
    let sent = plain(sent);
    let distance = |known: &str| strsim::osa_distance(&sent, &plain(known));
    let best = known.into_iter().filter(|known| known.len() <= LONGEST).map(|known| (distance(known), known));
    let (distance, best) = best.min_by_key(|(distance, _)| *distance)?;
    let slips = plain(best).chars().count() / 4;
    (distance <= slips.min(2)).then_some(best)
}

/// `Did you mean code?`, if the word is nearly one of those that are known; else nothing.
pub(crate) fn did_you_mean<'a>(sent: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    nearest(sent, known).map_or_else(String::new, |best| format!("Did you mean {best}? "))
}

/// What was put where a value is missing: by a program, or by whoever wrote an example.
pub(crate) fn placeholder(value: &str) -> Option<&'static str> {
    let lower = value.trim().to_ascii_lowercase();
    if let Some(word) = PLACEHOLDERS.iter().find(|word| **word == lower) {
        return Some(match *word {
            "undefined" => "It is the word undefined: the variable of the client has no value",
            "[object object]" => "It is an object written as text: send a member of it",
            _ => "It is a word for nothing, such as null or None: the variable of the client has no value",
        });
    }
    let framed = |open: &str, close: &str| lower.starts_with(open) && lower.ends_with(close);
    let framed = framed("${", "}") || framed("{{", "}}") || framed("<", ">") || framed("%(", ")s");
    (framed || lower.starts_with("your_") || lower.starts_with("your-"))
        .then_some("It is the placeholder of an example or a template: nothing was put in its place")
}

/// What is around a value or on it: the value without it, and what it is.
pub(crate) fn dressed(value: &str) -> Option<(String, &'static str)> {
    let trimmed = value.trim();
    if trimmed != value {
        let lines = value.contains(['\n', '\r']);
        let what =
            if lines { "There is a line end around it (printf, not echo)" } else { "There is white space around it" };
        return Some((trimmed.to_owned(), what));
    }
    for quote in ['"', '\''] {
        if let Some(inner) = value.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote)) {
            return Some((inner.to_owned(), "There are quotation marks around it"));
        }
    }
    let decoded = percent_encoding::percent_decode_str(value).decode_utf8().ok()?;
    (decoded != value).then(|| (decoded.into_owned(), "It was percent-encoded once too often"))
}

/// `in use 12 seconds ago` and the like: how long ago `then` was.
pub(crate) fn ago(now: u64, then: u64) -> String {
    match now.saturating_sub(then) {
        0 => "less than a second ago".to_owned(),
        1 => "1 second ago".to_owned(),
        seconds => format!("{seconds} seconds ago"),
    }
}

/// What is wrong with a list that has to have one space between its elements.
pub(crate) fn list(text: &str) -> Option<&'static str> {
    if text.starts_with('[') || text.contains('"') {
        Some("It is JSON: send the elements themselves, with one space between them")
    } else if text.contains(',') || text.contains(';') {
        Some("The elements are separated by spaces, not by commas or semicolons")
    } else if text.trim() != text {
        Some("There is white space around it")
    } else if text.contains("  ") {
        Some("There are two spaces in a row")
    } else if text.contains('+') || text.contains('%') {
        Some("It was percent-encoded once too often")
    } else if !text.is_ascii() || text.contains(char::is_control) {
        Some("It has a character that is not printable ASCII")
    } else {
        None
    }
}

/// A word without what is written in different ways: capitals, and what is between letters.
fn plain(word: &str) -> String {
    word.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::documents;
    use oauth_types::ErrorCode;

    static RULE: Rule = Rule {
        id: "test-missing",
        document: &documents::RFC6749,
        section: "4.1.3",
        error: ErrorCode::InvalidRequest,
        says: "it is needed",
    };

    #[test]
    fn a_word_is_recognised_by_its_letters() {
        let grants = ["authorization_code", "refresh_token", "client_credentials"];
        for (sent, meant) in [
            ("authorization-code", Some("authorization_code")),
            ("AuthorizationCode", Some("authorization_code")),
            ("authorisation_code", Some("authorization_code")),
            ("client_credential", Some("client_credentials")),
            ("refersh_token", Some("refresh_token")),
            ("password", None),
            ("", None),
        ] {
            assert_eq!(nearest(sent, grants), meant, "{sent}");
        }
        assert_eq!(nearest("cod", ["code"]), Some("code"));
        assert_eq!(nearest("mode", ["me"]), None);
        assert_eq!(nearest(&"a".repeat(65), ["a"]), None);
    }

    #[test]
    fn a_parameter_is_found_under_another_name() {
        let told = |text: &str, name: &str| {
            let params = Params::parse(text).expect("parameters");
            missing(&RULE, &params, name).hint.map_or_else(String::new, |hint| hint.into_owned())
        };
        assert!(told("code=", "code").contains("empty"));
        assert!(told("codeVerifier=x", "code_verifier").contains("codeVerifier was sent"));
        assert!(told("redirect_uris=x", "redirect_uri").contains("redirect_uris was sent"));
        assert!(told("code%5B%5D=x", "code").contains("the name is code"));
        assert!(told("code%5B0%5D=x", "code").contains("the name is code"));
        assert!(told("authorization_code=x", "code").contains("authorization_code was sent"));
        assert!(told("%7B%22code%22:1%7D", "code").contains("JSON"));
        assert!(told("", "code").contains("no parameters"));
        assert_eq!(told("state=x", "code"), "");
    }

    #[test]
    fn what_is_around_a_value_is_taken_off() {
        let bare = |text: &str| dressed(text).map(|(bare, _)| bare);
        assert_eq!(bare(" a\n").as_deref(), Some("a"));
        assert_eq!(bare("\"a\"").as_deref(), Some("a"));
        assert_eq!(bare("a%2Bb").as_deref(), Some("a+b"));
        assert_eq!(bare("a+b"), None);
    }
}
