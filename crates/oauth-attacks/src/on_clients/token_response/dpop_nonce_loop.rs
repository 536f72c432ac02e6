//! The server answers every proof with the demand for another nonce, or with a nonce that cannot be one. A client that
//! obeys each time never stops, and signs whatever text of any length the server would like to have signed.

use mock_idp::Entry;
use oauth_types::fault::{Edit, Fault, Point};
use serde_json::Value;

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::client::Visitor;
use crate::judge::Finding;
use crate::observe;
use crate::stage::Stage;
use crate::verdict::{Level, Verdict};

/// How often a token request may be sent.
const BOUND: usize = 2;

/// How long a nonce may be that a bounded client signs, in octets.
const LONGEST: usize = 16 * 1024;

/// `rp-dpop-nonce-loop`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-dpop-nonce-loop",
        name: "Nonce that is never good",
        story: story!("dpop_nonce_loop.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 9449 sections 8 and 8.1",
        steps: &[
            "A login is begun by a client that uses DPoP, and answered honestly.",
            "The token endpoint answers each request with `use_dpop_nonce` and a nonce.",
            "The same with a nonce of characters that no nonce has, and with one of sixty-four kibibytes.",
            "The token requests are counted, and the nonces in their proofs looked at.",
        ],
        secure: "The client tries once more, and only with a nonce that can be one.",
        insecure: "The client tries again and again, or signs what is no nonce.",
        defence: "A demand for a nonce is answered once, if the nonce is well-formed and of bounded length.",
        level: Level::Should,
        levels: &[],
    },
    only_looks: false,
    needs: &[],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    for (what, nonce) in [
        ("a nonce that is never good", "a-nonce-of-the-server".to_owned()),
        ("a nonce with a quotation mark", "not\\a\"nonce".to_owned()),
        ("a nonce of sixty-four kibibytes", "n".repeat(64 * 1024)),
    ] {
        let idp = stage.idp().await?;
        let demand = Fault::always(Point::TokenResponse, Edit::error("use_dpop_nonce"));
        let _lie = idp.lie(demand.and(Edit::http_header("dpop-nonce", nonce.as_str())));
        let heard = stage.login(&Visitor::new(), &idp).await?;
        let sent = idp.token_requests();
        if !sent.iter().any(|entry| entry.headers.contains_key("dpop")) {
            return Err(Inconclusive::new("the client does not use DPoP"));
        }
        let signed: Vec<_> = sent.iter().filter_map(nonce_of).collect();
        let illegal = |nonce: &String| nonce.contains(['"', '\\']);
        if sent.len() > BOUND {
            stage.violated(format!("the client sends {} token requests after {what}", sent.len()));
        } else if signed.iter().any(illegal) || signed.iter().any(|nonce| nonce.len() > LONGEST) {
            let because = format!("the client signs {what}");
            stage.found(Finding::new(Verdict::Vulnerable, because).at(Level::Should));
        } else {
            stage.must_reject(&heard, what);
        }
    }
    Ok(())
}

/// The nonce in the proof of a request (RFC 9449 section 4.2).
fn nonce_of(entry: &Entry) -> Option<String> {
    let claims = observe::claims(entry.headers.get("dpop")?.to_str().ok()?)?;
    claims.get("nonce").and_then(Value::as_str).map(str::to_owned)
}
