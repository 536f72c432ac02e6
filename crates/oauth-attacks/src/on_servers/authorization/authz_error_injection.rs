//! An error page tells the user what was wrong with the request, and quotes it. The attacker puts a script into a
//! parameter, or a line break that ends a header, and sends the link to a user: the script then runs at the server,
//! where the user is logged in.

use crate::answer::Answer;
use crate::attack::{Capability, Idea, Inconclusive, On, ServerAttack, story};
use crate::bench::Bench;
use crate::judge::{Finding, sent_to_client};
use crate::target::Registration;
use crate::verdict::{Level, Verdict};

/// `as-authz-error-injection`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-authz-error-injection",
        name: "Markup and line breaks in errors",
        story: story!("authz_error_injection.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 6749 section 4.1.2.1 and section 10.14",
        steps: &[
            "Put markup into each parameter.",
            "Put a line break and a header into each parameter.",
            "Read the page, the headers and `error_description` of the answer.",
        ],
        secure: "Nothing of it becomes markup or a header, and descriptions keep to their characters.",
        insecure: "The markup is in the page as it was sent, or the header is in the answer.",
        defence: "Whatever is quoted is escaped for where it stands, and errors have their own words.",
        level: Level::Must,
        levels: &[],
    },
    on: On::OneClient,
    needs: &[],
    run: |bench, client| Box::pin(run(bench, client)),
};

/// What would run in a page that does not escape.
const MARKUP: &str = "x\"'><svg onload=canary()>";
/// What would be a header and a page of its own in an answer that is split.
const SPLIT: &str = "x\r\nx-canary: 1\r\n\r\n<svg onload=canary()>";
/// Where it is put.
const PARAMETERS: [&str; 11] = [
    "client_id",
    "redirect_uri",
    "response_type",
    "response_mode",
    "scope",
    "state",
    "nonce",
    "prompt",
    "code_challenge",
    "code_challenge_method",
    "request_uri",
];

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    for name in PARAMETERS {
        for (poison, kind) in [(MARKUP, "markup"), (SPLIT, "a line break")] {
            let what = format!("{kind} in {name}");
            let honest = bench.authorization(client).not_pushed().signed_by(None);
            let sent = honest.set(name, poison).front_channel();
            let answer = bench.browser().open(sent).await?;
            bench.found(judge(client, &answer, &what), Some(&answer));
        }
    }
    Ok(())
}

fn judge(client: &Registration, answer: &Answer, what: &str) -> Finding {
    if answer.status >= 500 {
        let because = format!("the server broke down ({}) at {what}", answer.summary());
        return Finding::new(Verdict::Vulnerable, because);
    }
    if answer.headers.contains_key("x-canary") {
        return Finding::new(Verdict::Vulnerable, format!("{what} becomes a header of the answer"));
    }
    // What is said to be no HTML is not read as such.
    let inert = ["application/json", "text/plain"].contains(&answer.media_type().as_str());
    if !inert && answer.body.contains("<svg onload=canary") {
        return Finding::new(Verdict::Vulnerable, format!("{what} becomes part of the page"));
    }
    let sent = sent_to_client(answer, client.redirect_uri());
    let description = sent.as_ref().and_then(|sent| sent.raw("error_description")).unwrap_or_default();
    // RFC 6749 appendix A.8.
    let legal = |octet: u8| (0x20..=0x7e).contains(&octet) && !matches!(octet, b'"' | b'\\');
    match description.bytes().all(legal) {
        true => Finding::new(Verdict::Stopped, format!("{what} stays where it was")),
        false => Finding::new(Verdict::Tolerated, format!("{what} leads to a description with forbidden characters")),
    }
}
