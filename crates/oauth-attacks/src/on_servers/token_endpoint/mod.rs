//! The token endpoint. What else the token endpoint may be sent.

mod token_cacheable;
mod token_cc_public;
mod token_duplicate;
mod token_error_detail;
mod token_get;
mod token_grant_unknown;
mod token_method_override;
mod token_oversize;
mod token_ropc;

use crate::answer::Answer;
use crate::attack::{Family, ServerAttack};
use crate::judge::Finding;
use crate::verdict::Verdict;

/// What else the token endpoint may be sent.
pub const FAMILY: Family<ServerAttack> = Family {
    name: "token_endpoint",
    title: "The token endpoint",
    about: "What else the token endpoint may be sent.",
    attacks: &[
        token_get::ATTACK,
        token_duplicate::ATTACK,
        token_grant_unknown::ATTACK,
        token_ropc::ATTACK,
        token_cc_public::ATTACK,
        token_cacheable::ATTACK,
        token_oversize::ATTACK,
        token_error_detail::ATTACK,
        token_method_override::ATTACK,
    ],
};

/// Judges the answer to a request, called `what`, that is none of those the token endpoint takes, and so is to be
/// refused with one of these statuses, whatever the error.
fn not_served(answer: &Answer, statuses: &[u16], what: &str) -> Finding {
    let (status, summary) = (answer.status, answer.summary());
    if answer.has_tokens() {
        return Finding::new(Verdict::Vulnerable, format!("the server answered {summary} to {what}"));
    }
    match status {
        500.. => Finding::new(Verdict::Vulnerable, format!("the server broke down ({summary}) at {what}")),
        _ if statuses.contains(&status) => {
            Finding::new(Verdict::Stopped, format!("{what} is refused with {summary}"))
        }
        300..500 => {
            let expected: Vec<_> = statuses.iter().map(u16::to_string).collect();
            let because =
                format!("{what} is refused with {summary}, but the status should be {}", expected.join(" or "));
            Finding::new(Verdict::Tolerated, because)
        }
        _ => Finding::new(Verdict::Inconclusive, format!("the server answered {summary} to {what}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_served_is_refused_by_its_status() {
        let verdict = |status, body: &str| {
            not_served(&Answer::of(status, &[("content-type", "application/json")], body), &[405], "it").verdict
        };
        assert_eq!(verdict(405, ""), Verdict::Stopped);
        assert_eq!(verdict(404, ""), Verdict::Tolerated);
        assert_eq!(verdict(302, ""), Verdict::Tolerated);
        assert_eq!(verdict(200, ""), Verdict::Inconclusive);
        assert_eq!(verdict(503, ""), Verdict::Vulnerable);
        assert_eq!(verdict(405, r#"{"access_token":"a"}"#), Verdict::Vulnerable);
    }
}
