//! The challenge has characters that no challenge has: the two of base64 that base64url replaced, letters beyond ASCII,
//! quotes, angle brackets, line feeds, NUL. A server that takes them compares what was normalised on the way, and one
//! that repeats them unescaped lets the attacker write into its pages and headers.

use crate::attack::{Capability, Idea, Inconclusive, On, ServerAttack, story};
use crate::authorization::{Authorization, Grant};
use crate::bench::Bench;
use crate::challenge::s256;
use crate::judge::{Finding, GRANT};
use crate::target::Registration;
use crate::verdict::{Level, Verdict};

/// `as-pkce-challenge-charset`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-pkce-challenge-charset",
        name: "Challenge of other characters",
        story: story!("pkce_challenge_charset.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 7636 section 4.2, RFC 6749 section 10.14",
        steps: &[
            "Ask for codes with a challenge in base64 instead of base64url, with 43 letters beyond ASCII, and with NUL, a line feed, a quote and an angle bracket in it.",
            "If a code comes for the first, redeem it with its verifier.",
            "Look for the characters in pages and headers.",
        ],
        secure: "Each of them is refused with `invalid_request`, and what is said of them is escaped.",
        insecure: "A code comes, or the characters arrive in a page or a header as they were sent.",
        defence: "A challenge has the characters of base64url only, and nothing of it is repeated unescaped.",
        level: Level::Must,
        levels: &[],
    },
    on: On::EachClient,
    needs: &[],
    run: |bench, client| Box::pin(run(bench, client)),
};

/// A header that only an injected line feed can bring.
const INJECTED: &str = "x-injected-by-challenge";

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let request = bench.authorization(client).verifier(APPENDIX_B);
    let challenge = s256(APPENDIX_B).replace('-', "+").replace('_', "/");
    let request = request.set("code_challenge", challenge);
    if let Some(grant) = asked(bench, &request, "a challenge in base64").await? {
        let answer = bench.redemption(client, &grant).send().await?;
        bench.judge_late(Level::Should, &answer, GRANT, "a code whose challenge is in base64");
    }
    let odd = [
        ("letters beyond ASCII", "\u{e9}".repeat(43)),
        ("NUL", format!("{}\0{}", "a".repeat(21), "a".repeat(21))),
        ("a line feed", format!("{}\r\n{INJECTED}: 1", "a".repeat(43))),
        ("a quote", format!("\"><b id={}>", "a".repeat(34))),
        ("an angle bracket", format!("<b id={}>", "a".repeat(36))),
    ];
    for (name, challenge) in odd {
        let request = bench.authorization(client).set("code_challenge", challenge);
        asked(bench, &request, &format!("a challenge with {name}")).await?;
    }
    Ok(())
}

/// Asks for a code, which must be refused, and looks for what was injected.
async fn asked(bench: &Bench, request: &Authorization<'_>, what: &str) -> Result<Option<Grant>, Inconclusive> {
    let answer = request.open().await?;
    let grant = request.grant_in(&answer);
    if answer.headers.contains_key(INJECTED) {
        let because = format!("the server writes {what} into a header, and the line feed with it");
        bench.found(Finding::new(Verdict::Vulnerable, because), Some(&answer));
    } else if answer.body.contains("<b id=a") {
        let because = format!("the server writes {what} into a page unescaped");
        bench.found(Finding::new(Verdict::Vulnerable, because), Some(&answer));
    } else if grant.is_some() {
        request.was_granted(what, Level::Should);
    } else {
        bench.found(request.refusal(&answer, what), Some(&answer));
    }
    Ok(grant)
}

/// The verifier of RFC 7636 Appendix B. Its challenge has one of the two characters that base64 writes otherwise.
const APPENDIX_B: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
