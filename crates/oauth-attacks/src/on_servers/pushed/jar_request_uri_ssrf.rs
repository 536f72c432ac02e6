//! The attacker writes a link whose `request_uri` points to where they would like to look: into the server's own
//! network, at what a cloud tells its machines, at a file, or at a page that redirects there. A server that opens it
//! becomes their scanner, and one that reads without an end is brought down by a page that never finishes.

use oauth_types::fault::{Edit, Point};

use crate::answer::Answer;
use crate::attack::{Capability, Idea, Inconclusive, Need, On, ServerAttack, story};
use crate::bench::Bench;
use crate::idp::Idp;
use crate::judge::Finding;
use crate::target::Registration;
use crate::verdict::{Level, Verdict};

use super::canary;
use super::refused::{has_code, no_code};

/// `as-jar-request-uri-ssrf`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-jar-request-uri-ssrf",
        name: "Server sent to fetch",
        story: story!("jar_request_uri_ssrf.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 9101 sections 5.2 and 10.4",
        steps: &[
            "A browser opens requests whose `request_uri` is an address of the attacker's on loopback, by `http`: one that answers, one that redirects, one that sends an octet now and then, and one that never ends.",
            "The same with the address where clouds describe a machine, and with a file.",
        ],
        secure: "Each is refused with `invalid_request_uri`, at once, and nobody asks at the attacker's address.",
        insecure: "The server asks at an address that the client has not registered.",
        defence: "A `request_uri` is fetched only if the client has registered it, by `https`, within bounds and without following redirects.",
        level: Level::Must,
        levels: &[],
    },
    on: On::OneClient,
    needs: &[Need::Permission],
    run: |bench, client| Box::pin(run(bench, client)),
};

/// How a reference is refused that leads elsewhere, or is none that the server takes (OpenID Connect Core section 6.3,
/// RFC 9101 section 7). Where only pushed requests are taken, that may be all there is to say.
const REFUSED: &[&str] = &["invalid_request_uri", "request_uri_not_supported", "invalid_request"];

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    for place in ["http://169.254.169.254/latest/meta-data/", "file:///etc/passwd"] {
        let answer = asked(bench, client, place).await?;
        judged(bench, &answer, &format!("a request_uri at {place}"));
    }
    let behind = canary().await?;
    let location = format!("{}/jwks", behind.issuer());
    let lies = [
        ("that answers", None),
        ("that redirects", Some(Edit::Redirect { code: 302, location })),
        ("that drips", Some(Edit::Drip { octets: 3, milliseconds: 1000 })),
        ("that never ends", Some(Edit::Endless)),
    ];
    for (how, lie) in lies {
        let canary = canary().await?;
        let _lie = lie.map(|edit| canary.lie_at(Point::Jwks, edit));
        let answer = asked(bench, client, &format!("{}/jwks", canary.issuer())).await?;
        let what = format!("a request_uri on loopback {how}");
        judged(bench, &answer, &what);
        fetched(bench, &canary, &format!("the server asked at {what}"));
    }
    fetched(bench, &behind, "the server followed a redirect of a request_uri");
    Ok(())
}

/// Opens an honest request that has a `request_uri` as well, straight at the authorization endpoint.
async fn asked(bench: &Bench, client: &Registration, place: &str) -> Result<Answer, Inconclusive> {
    let request = bench.authorization(client).not_pushed().signed_by(None);
    Ok(request.set("request_uri", place).open().await?)
}

/// A server that knows nothing of `request_uri` may ignore it (RFC 6749 section 3.1).
fn judged(bench: &Bench, answer: &Answer, what: &str) {
    if has_code(bench, answer) {
        bench.found(Finding::new(Verdict::Stopped, format!("{what} is ignored")), Some(answer));
    } else {
        no_code(bench, answer, REFUSED, what, None);
    }
}

/// Records that somebody was at the canary.
fn fetched(bench: &Bench, canary: &Idp, because: &str) {
    if !canary.journal().is_empty() {
        bench.found(Finding::new(Verdict::Vulnerable, because), None);
    }
}
