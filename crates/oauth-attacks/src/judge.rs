//! The verdict rules: what an answer says about the server that gave it.
//!
//! Strict: the status and the error code that the specification asks for, not to be cached, and no token. Tolerated:
//! refused in some other way. Vulnerable: a code or a token came out, or the server crashed, or it told a secret.

use mock_idp::jose::Jws;
use oauth_types::{ErrorCode, Params};

use crate::answer::Answer;
use crate::verdict::{Level, Verdict};

/// One thing that an attack found out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What it came to.
    pub verdict: Verdict,
    /// Why, in one sentence without a full stop.
    pub because: String,
    /// How strongly the specification asks for this, if otherwise than for the attack as a whole.
    pub level: Option<Level>,
}

/// RFC 6749 section 5.2: the grant is wrong, used, expired, or another client's.
pub const GRANT: &[ErrorCode] = &[ErrorCode::InvalidGrant];

/// For verifiers that are missing, malformed or not asked for. RFC 7636 section 4.6 names `invalid_grant` for a
/// mismatch only, RFC 6749 section 5.2 has `invalid_request` for malformed requests, and servers differ.
pub const VERIFIER: &[ErrorCode] = &[ErrorCode::InvalidGrant, ErrorCode::InvalidRequest];

/// RFC 6749 section 5.2: the client is unknown, or did not prove who it is.
pub const CLIENT: &[ErrorCode] = &[ErrorCode::InvalidClient];

/// RFC 6749 section 5.2: authentication that failed, or that is there more than once.
pub const CLIENT_REQUEST: &[ErrorCode] = &[ErrorCode::InvalidClient, ErrorCode::InvalidRequest];

/// RFC 9449 section 5: the proof is missing, or wrong.
pub const PROOF: &[ErrorCode] = &[ErrorCode::InvalidDpopProof];

/// How an authorization request was expected to be refused.
#[derive(Debug, Clone, Copy)]
pub struct RefusedRequest<'a> {
    /// The redirect URI that the client registered.
    pub redirect_uri: &'a str,
    /// The `state` that was sent.
    pub state: &'a str,
    /// The issuer, if the server says that its responses carry it (RFC 9207 section 2.3).
    pub issuer: Option<&'a str>,
    /// Whether a page of the server's own is as good as a redirect.
    pub page_will_do: bool,
    /// The errors that the specification asks for.
    pub errors: &'a [&'a str],
    /// Whether the request was pushed, so that the refusal may be an answer in JSON (RFC 9126 section 2.3).
    pub pushed: bool,
}

impl Finding {
    /// A finding at the level of the attack.
    pub fn new(verdict: Verdict, because: impl Into<String>) -> Self {
        Self { verdict, because: because.into(), level: None }
    }

    /// The same finding at another level.
    #[must_use]
    pub fn at(mut self, level: Level) -> Self {
        self.level = Some(level);
        self
    }

    /// Which of several findings decides: the worst, where not knowing is worse than having withstood.
    pub(crate) fn weight(&self, level_of_attack: Level) -> u8 {
        match (self.verdict, self.level.unwrap_or(level_of_attack)) {
            (Verdict::Vulnerable, Level::Must) => 6,
            (Verdict::Vulnerable, Level::Should) => 5,
            (Verdict::Inconclusive, _) => 4,
            (Verdict::Vulnerable, Level::Info) => 3,
            (Verdict::Tolerated, _) => 2,
            (Verdict::Stopped, _) => 1,
        }
    }
}

/// Judges an answer of the token endpoint to a request, called `what`, that must be refused with one of `allowed`.
///
/// `told` says whether the answer contains a secret.
pub fn token_refusal(answer: &Answer, allowed: &[ErrorCode], what: &str, told: bool) -> Finding {
    let summary = answer.summary();
    if answer.has_tokens() {
        return Finding::new(Verdict::Vulnerable, format!("the server answered {summary} to {what}"));
    }
    if answer.status >= 500 {
        return Finding::new(Verdict::Vulnerable, format!("the server broke down ({summary}) at {what}"));
    }
    if told {
        return Finding::new(Verdict::Vulnerable, format!("the server told a secret when it refused {what}"));
    }
    let error = answer.member("error");
    let Some(error) = error.filter(|_| answer.status < 300 || answer.status >= 400) else {
        return match answer.status {
            400..500 => {
                Finding::new(Verdict::Tolerated, format!("{what} is refused with {summary}, without an error code"))
            }
            _ => Finding::new(Verdict::Inconclusive, format!("the server answered {summary} to {what}")),
        };
    };
    match weak_point(answer, &error, allowed) {
        None => Finding::new(Verdict::Stopped, format!("{what} is refused with {summary}")),
        Some(point) => Finding::new(Verdict::Tolerated, format!("{what} is refused with {summary}, but {point}")),
    }
}

/// Where a refusal differs from RFC 6749 section 5.2.
fn weak_point(answer: &Answer, error: &str, allowed: &[ErrorCode]) -> Option<String> {
    if !allowed.iter().any(|code| code.as_str() == error) {
        let names: Vec<_> = allowed.iter().map(|code| code.as_str()).collect();
        return Some(format!("the error should be {}", names.join(" or ")));
    }
    // RFC 6749 section 5.2: `invalid_client` may be told with 401, and must be if a header was used.
    let failed_client = answer.status == 401 && error == ErrorCode::InvalidClient.as_str();
    if answer.status != 400 && !failed_client {
        return Some("the status should be 400".to_owned());
    }
    if answer.media_type() != "application/json" {
        return Some("the body should be application/json".to_owned());
    }
    let cached = answer.header("cache-control").unwrap_or_default().to_ascii_lowercase();
    (!cached.contains("no-store")).then(|| "Cache-Control: no-store is missing".to_owned())
}

/// Judges the answer of a protected resource to a request, called `what`, that must be refused with one of `allowed`
/// (RFC 6750 section 3.1).
pub fn resource_refusal(answer: &Answer, allowed: &[&str], what: &str) -> Finding {
    let (status, summary) = (answer.status, answer.summary());
    match status {
        200..300 => return Finding::new(Verdict::Vulnerable, format!("the server answered {summary} to {what}")),
        500.. => return Finding::new(Verdict::Vulnerable, format!("the server broke down ({summary}) at {what}")),
        400..500 => {}
        _ => return Finding::new(Verdict::Inconclusive, format!("the server answered {summary} to {what}")),
    }
    let told = answer.headers.get_all("www-authenticate").iter().filter_map(|value| value.to_str().ok());
    let told = told.collect::<Vec<_>>().join(", ");
    let error = told.split_once("error=\"").and_then(|(_, rest)| rest.split('"').next()).unwrap_or_default();
    let expected = match error {
        "invalid_request" => 400,
        "insufficient_scope" => 403,
        _ => 401,
    };
    let point = if told.is_empty() {
        Some("WWW-Authenticate is missing".to_owned())
    } else if !allowed.contains(&error) {
        Some(format!("the error should be {}", allowed.join(" or ")))
    } else {
        (status != expected).then(|| format!("the status should be {expected}"))
    };
    match point {
        None => Finding::new(Verdict::Stopped, format!("{what} is refused with {status} {error}")),
        Some(point) => Finding::new(Verdict::Tolerated, format!("{what} is refused with {summary}, but {point}")),
    }
}

/// Judges an answer of the authorization endpoint to a request, called `what`, that must be refused.
pub fn authorization_refusal(answer: &Answer, expected: RefusedRequest<'_>, what: &str) -> Finding {
    let summary = answer.summary();
    if answer.status >= 500 {
        return Finding::new(Verdict::Vulnerable, format!("the server broke down ({summary}) at {what}"));
    }
    if let Some(error) = answer.member("error").filter(|_| expected.pushed && answer.location().is_none()) {
        let errors = expected.errors;
        return match errors.contains(&error.as_str()) && answer.status == 400 {
            true => Finding::new(Verdict::Stopped, format!("{what} is refused with {summary} when it is pushed")),
            false => Finding::new(
                Verdict::Tolerated,
                format!("{what} is refused with {summary}, but it should be 400 {}", errors.join(" or ")),
            ),
        };
    }
    let Some(sent) = sent_to_client(answer, expected.redirect_uri) else {
        return match (answer.status, answer.location().is_some()) {
            (400..500, _) if expected.page_will_do => {
                Finding::new(Verdict::Stopped, format!("{what} is refused on a page with {summary}"))
            }
            (400..500, _) => Finding::new(
                Verdict::Tolerated,
                format!("{what} is refused on a page with {summary}, but the client should be told"),
            ),
            (_, true) => Finding::new(Verdict::Inconclusive, format!("{what} led to a page that nobody opened")),
            (_, false) => Finding::new(Verdict::Inconclusive, format!("{what} led to a page that nobody can read")),
        };
    };
    if sent.raw("code").is_some() || sent.raw("access_token").is_some() {
        return Finding::new(Verdict::Vulnerable, format!("the server answered {what} with a code"));
    }
    let Some(error) = sent.get("error") else {
        return Finding::new(Verdict::Tolerated, format!("{what} is answered with neither a code nor an error"));
    };
    let point = if !expected.errors.contains(&error) {
        Some(format!("the error should be {}", expected.errors.join(" or ")))
    } else if !matches!(answer.status, 302 | 303) {
        Some("the status should be 302 or 303".to_owned())
    } else if sent.raw("state") != Some(expected.state) {
        Some("the state is not returned".to_owned())
    } else if expected.issuer.is_some() && sent.raw("iss") != expected.issuer {
        Some("the issuer is not named".to_owned())
    } else {
        None
    };
    match point {
        None => Finding::new(Verdict::Stopped, format!("{what} is refused with {summary}")),
        Some(point) => Finding::new(Verdict::Tolerated, format!("{what} is refused with {summary}, but {point}")),
    }
}

/// What a redirect to exactly `redirect_uri` carries, in its query or its fragment, or in the JWT there (JARM section
/// 2.3). In a query, a question mark is a character like others (RFC 3986 section 3.4).
pub(crate) fn sent_to_client(answer: &Answer, redirect_uri: &str) -> Option<Params> {
    let rest = answer.location()?.strip_prefix(redirect_uri)?;
    let sent = match rest.chars().next() {
        None => Params::new(),
        Some('?' | '#' | '&') => Params::parse(&rest[1..].replace('#', "&")).ok()?,
        Some(_) => return None,
    };
    let Some(Ok(response)) = sent.get("response").map(Jws::parse) else { return Some(sent) };
    let claims = response.claims().iter();
    Some(claims.filter_map(|(name, value)| Some((name.as_str(), value.as_str()?))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const REFUSED: RefusedRequest<'_> = RefusedRequest {
        redirect_uri: "https://a.example/cb",
        state: "s1",
        issuer: Some("https://as.example"),
        page_will_do: false,
        errors: &["invalid_request"],
        pushed: false,
    };

    fn refusal(status: u16, body: &str) -> Answer {
        Answer::of(status, &[("content-type", "application/json"), ("cache-control", "no-store")], body)
    }

    fn verdict_of(answer: &Answer) -> Verdict {
        token_refusal(answer, GRANT, "a code", false).verdict
    }

    fn redirect(location: &str) -> Verdict {
        authorization_refusal(&Answer::of(302, &[("location", location)], ""), REFUSED, "a request").verdict
    }

    #[test]
    fn a_value_in_a_query_may_hold_a_question_mark() {
        let location = [("location", "https://a.example/cb?state=a?b%26c#error=x")];
        let sent = sent_to_client(&Answer::of(302, &location, ""), "https://a.example/cb").expect("a response");
        assert_eq!((sent.get("state"), sent.get("error")), (Some("a?b&c"), Some("x")));
    }

    #[test]
    fn the_refusal_of_the_specification_is_strict() {
        assert_eq!(verdict_of(&refusal(400, r#"{"error":"invalid_grant"}"#)), Verdict::Stopped);
    }

    #[test]
    fn either_error_is_strict_for_verifiers() {
        for error in ["invalid_grant", "invalid_request"] {
            let answer = refusal(400, &format!(r#"{{"error":"{error}"}}"#));
            assert_eq!(token_refusal(&answer, VERIFIER, "a code", false).verdict, Verdict::Stopped);
        }
    }

    #[test]
    fn another_error_code_or_status_is_tolerated() {
        assert_eq!(verdict_of(&refusal(400, r#"{"error":"invalid_client"}"#)), Verdict::Tolerated);
        assert_eq!(verdict_of(&refusal(401, r#"{"error":"invalid_grant"}"#)), Verdict::Tolerated);
        assert_eq!(verdict_of(&refusal(200, r#"{"error":"invalid_grant"}"#)), Verdict::Tolerated);
        assert_eq!(verdict_of(&refusal(403, "no")), Verdict::Tolerated);
    }

    #[test]
    fn a_refusal_that_may_be_cached_or_is_not_json_is_tolerated() {
        let body = r#"{"error":"invalid_grant"}"#;
        let cached = Answer::of(400, &[("content-type", "application/json")], body);
        assert_eq!(verdict_of(&cached), Verdict::Tolerated);
        let text = Answer::of(400, &[("content-type", "text/plain"), ("cache-control", "no-store")], body);
        assert_eq!(verdict_of(&text), Verdict::Tolerated);
    }

    #[test]
    fn a_token_in_a_400_is_a_vulnerability() {
        let answer = refusal(400, r#"{"error":"invalid_grant","access_token":"a"}"#);
        assert_eq!(verdict_of(&answer), Verdict::Vulnerable);
    }

    #[test]
    fn a_crash_is_a_vulnerability() {
        assert_eq!(verdict_of(&refusal(500, "")), Verdict::Vulnerable);
        let crash = authorization_refusal(&Answer::of(502, &[], ""), REFUSED, "a request");
        assert_eq!(crash.verdict, Verdict::Vulnerable);
    }

    #[test]
    fn a_told_secret_is_a_vulnerability() {
        let answer = refusal(400, r#"{"error":"invalid_grant"}"#);
        assert_eq!(token_refusal(&answer, GRANT, "a code", true).verdict, Verdict::Vulnerable);
    }

    #[test]
    fn an_answer_that_says_nothing_is_inconclusive() {
        assert_eq!(verdict_of(&refusal(200, "{}")), Verdict::Inconclusive);
        assert_eq!(verdict_of(&Answer::of(302, &[("location", "/login")], "")), Verdict::Inconclusive);
    }

    #[test]
    fn a_client_that_fails_to_authenticate_may_be_told_with_401() {
        let answer = refusal(401, r#"{"error":"invalid_client"}"#);
        assert_eq!(token_refusal(&answer, CLIENT, "a request", false).verdict, Verdict::Stopped);
    }

    #[test]
    fn a_resource_says_in_its_challenge_what_is_wrong_with_a_token() {
        let verdict = |status, challenge: &str| {
            let answer = Answer::of(status, &[("www-authenticate", challenge)], "");
            resource_refusal(&answer, &["invalid_token"], "a token").verdict
        };
        assert_eq!(verdict(401, r#"Bearer realm="a", error="invalid_token""#), Verdict::Stopped);
        assert_eq!(verdict(401, r#"Bearer error="insufficient_scope""#), Verdict::Tolerated);
        assert_eq!(verdict(400, r#"Bearer error="invalid_token""#), Verdict::Tolerated);
        assert_eq!(verdict(200, ""), Verdict::Vulnerable);
        assert_eq!(verdict(503, ""), Verdict::Vulnerable);
        assert_eq!(verdict(302, ""), Verdict::Inconclusive);
        let silent = resource_refusal(&Answer::of(401, &[], ""), &["invalid_token"], "a token");
        assert_eq!(silent.verdict, Verdict::Tolerated);
    }

    #[test]
    fn a_refused_authorization_request_returns_state_and_issuer() {
        let good = "https://a.example/cb?error=invalid_request&state=s1&iss=https%3A%2F%2Fas.example";
        assert_eq!(redirect(good), Verdict::Stopped);
        for worse in [
            "https://a.example/cb?error=invalid_scope&state=s1&iss=https%3A%2F%2Fas.example",
            "https://a.example/cb?error=invalid_request&state=s2&iss=https%3A%2F%2Fas.example",
            "https://a.example/cb?error=invalid_request&state=s1&iss=https%3A%2F%2Fother.example",
        ] {
            assert_eq!(redirect(worse), Verdict::Tolerated, "{worse}");
        }
    }

    #[test]
    fn a_code_beside_an_error_is_a_vulnerability() {
        let location = "https://a.example/cb?error=invalid_request&state=s1&iss=https%3A%2F%2Fas.example&code=a";
        assert_eq!(redirect(location), Verdict::Vulnerable);
    }

    #[test]
    fn a_page_counts_only_where_a_page_will_do() {
        let page = Answer::of(400, &[], "no");
        assert_eq!(authorization_refusal(&page, REFUSED, "a request").verdict, Verdict::Tolerated);
        let expected = RefusedRequest { page_will_do: true, ..REFUSED };
        assert_eq!(authorization_refusal(&page, expected, "a request").verdict, Verdict::Stopped);
    }

    #[test]
    fn a_login_page_says_nothing() {
        assert_eq!(redirect("https://as.example/login"), Verdict::Inconclusive);
        assert_eq!(redirect("https://a.example/cb-other?error=invalid_request&state=s1"), Verdict::Inconclusive);
        let page = authorization_refusal(&Answer::of(200, &[], "<html>"), REFUSED, "a request");
        assert_eq!(page.verdict, Verdict::Inconclusive);
    }

    #[test]
    fn the_worst_finding_decides_and_not_knowing_is_worse_than_having_withstood() {
        let weight = |verdict, level| Finding::new(verdict, "").at(level).weight(Level::Must);
        let order = [
            weight(Verdict::Stopped, Level::Must),
            weight(Verdict::Tolerated, Level::Must),
            weight(Verdict::Vulnerable, Level::Info),
            weight(Verdict::Inconclusive, Level::Must),
            weight(Verdict::Vulnerable, Level::Should),
            weight(Verdict::Vulnerable, Level::Must),
        ];
        assert!(order.is_sorted_by(|a, b| a < b));
    }
}
