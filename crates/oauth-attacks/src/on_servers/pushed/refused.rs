//! What every attack of this family asks: whether a request that must be refused brings a code or a reference.

use oauth_types::ErrorCode;
use url::Url;

use crate::answer::Answer;
use crate::attack::{Inconclusive, Need};
use crate::authorization::Authorization;
use crate::bench::Bench;
use crate::judge::{Finding, sent_to_client};
use crate::user_agent::forms_of;
use crate::verdict::{Level, Verdict};

/// Where requests are pushed.
pub(super) const PAR: Need = Need::Endpoint("pushed_authorization_request_endpoint");

/// For a reference that is used up, expired, unknown or somebody else's. RFC 9101 section 7 names `invalid_request_uri`
/// where RFC 9126 section 4 names no error.
pub(super) const REFERENCE: &[&str] = &["invalid_request_uri", "invalid_request", "invalid_request_object"];

/// For a request object that is not the client's, or not valid (RFC 9101 section 7).
pub(super) const OBJECT: &[&str] = &["invalid_request_object"];

/// Pushes an honest request (RFC 9126 section 2.1), and returns the reference to it.
///
/// # Errors
/// [`Inconclusive`] when there is none.
pub(super) async fn push(request: &Authorization<'_>) -> Result<String, Inconclusive> {
    let answer = request.push().send().await?;
    let reference = answer.member("request_uri").filter(|_| answer.status == 201);
    let missing = || Inconclusive::new(format!("an honest pushed request was answered {}", answer.summary()));
    reference.ok_or_else(missing)
}

/// Judges an answer of the authorization endpoint to a request, called `what`, that must bring no code. It is refused
/// on a page, or with one of these errors.
pub(super) fn no_code(
    bench: &Bench,
    answer: &Answer,
    errors: &[&str],
    what: &str,
    level: impl Into<Option<Level>>,
) -> Verdict {
    let finding = Finding { level: level.into(), ..judged(answer, errors, (what, endpoint(bench))) };
    bench.found(finding, Some(answer))
}

fn judged(answer: &Answer, errors: &[&str], (what, endpoint): (&str, &str)) -> Finding {
    let summary = answer.summary();
    if answer.status >= 500 {
        return Finding::new(Verdict::Vulnerable, format!("the server broke down ({summary}) at {what}"));
    }
    if brings_code(answer, endpoint) {
        return Finding::new(Verdict::Vulnerable, format!("the server answered {what} with a code"));
    }
    let sent = answer.location().and_then(|location| sent_to_client(answer, before_query(location)));
    let told = sent.and_then(|sent| Some(sent.get("error")?.to_owned()));
    match told.or_else(|| answer.member("error")) {
        Some(error) if !errors.contains(&error.as_str()) => Finding::new(
            Verdict::Tolerated,
            format!("{what} is refused with {summary}, but the error should be {}", errors.join(" or ")),
        ),
        Some(_) => Finding::new(Verdict::Stopped, format!("{what} is refused with {summary}")),
        None if (400..500).contains(&answer.status) => {
            Finding::new(Verdict::Stopped, format!("{what} is refused on a page with {summary}"))
        }
        None => Finding::new(Verdict::Inconclusive, format!("{what} led to a page that nobody can read ({summary})")),
    }
}

/// Whether an answer brings a code, wherever it goes to.
pub(super) fn has_code(bench: &Bench, answer: &Answer) -> bool {
    brings_code(answer, endpoint(bench))
}

fn endpoint(bench: &Bench) -> &str {
    bench.target().metadata().authorization_endpoint.as_deref().unwrap_or_default()
}

/// A form that the server asks its users with may have a field for some other code.
fn brings_code(answer: &Answer, endpoint: &str) -> bool {
    let sent = answer.location().and_then(|location| sent_to_client(answer, before_query(location)));
    let origin = |url: &str| Url::parse(url).ok().map(|url| url.origin());
    let leaves = |action: &str| origin(action) != origin(endpoint);
    let forms = if answer.status == 200 { forms_of(endpoint, answer) } else { Vec::new() };
    sent.is_some_and(|sent| sent.raw("code").is_some())
        || forms.iter().any(|form| leaves(&form.action) && form.value("code").is_some())
}

fn before_query(location: &str) -> &str {
    location.split(['?', '#']).next().unwrap_or_default()
}

/// Judges an answer of the pushed authorization request endpoint to a request, called `what`, that must bring no
/// reference (RFC 9126 section 2.3).
pub(super) fn no_reference(bench: &Bench, answer: &Answer, errors: &[ErrorCode], what: &str) -> Verdict {
    if has_reference(answer) {
        let because = format!("the server answered {what} with a reference");
        return bench.found(Finding::new(Verdict::Vulnerable, because), Some(answer));
    }
    bench.judge(answer, errors, what)
}

/// Whether an answer brings a reference.
pub(super) fn has_reference(answer: &Answer) -> bool {
    answer.member("request_uri").is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict_of(answer: &Answer) -> Verdict {
        judged(answer, REFERENCE, ("it", "https://as/authorize")).verdict
    }

    #[test]
    fn a_code_is_found_wherever_it_goes() {
        for location in ["https://a/cb?code=1", "https://b/?state=2&code=1", "https://a/cb#code=1"] {
            assert_eq!(
                verdict_of(&Answer::of(302, &[("location", location)], "")),
                Verdict::Vulnerable,
                "{location}"
            );
        }
        let page = |form| verdict_of(&Answer::of(200, &[("content-type", "text/html")], form));
        let form = r#"<form action="https://a/cb" method="post"><input name="code" value="1"></form>"#;
        assert_eq!(page(form), Verdict::Vulnerable);
        let second_factor = r#"<form action="/second" method="post"><input name="code"></form>"#;
        assert_eq!(page(second_factor), Verdict::Inconclusive);
    }

    #[test]
    fn a_refusal_comes_on_a_page_by_redirect_or_in_json() {
        assert_eq!(verdict_of(&Answer::of(400, &[], "no")), Verdict::Stopped);
        let redirect = |location| verdict_of(&Answer::of(302, &[("location", location)], ""));
        assert_eq!(redirect("https://a/cb?error=invalid_request_uri"), Verdict::Stopped);
        assert_eq!(redirect("https://a/cb?error=server_error"), Verdict::Tolerated);
        assert_eq!(redirect("https://as/login"), Verdict::Inconclusive);
        let json = [("content-type", "application/json")];
        assert_eq!(verdict_of(&Answer::of(400, &json, r#"{"error":"invalid_request"}"#)), Verdict::Stopped);
        assert_eq!(verdict_of(&Answer::of(500, &[], "")), Verdict::Vulnerable);
        assert_eq!(verdict_of(&Answer::of(200, &[], "")), Verdict::Inconclusive);
    }
}
