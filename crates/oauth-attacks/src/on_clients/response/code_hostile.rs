//! The code has in it what would end a parameter, a header or a path: line breaks, a null, further parameters, a
//! mebibyte of letters. Anybody can open such a response. A client that puts its token request together from pieces of
//! text lets them write it.

use mock_idp::Entry;

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::client::Visitor;
use crate::judge::Finding;
use crate::observe;
use crate::stage::{Heard, Stage};
use crate::verdict::{Level, Verdict};

/// How long a form may be that a bounded client sends, in octets.
const BOUND: usize = 512 * 1024;

/// `rp-code-hostile`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-code-hostile",
        name: "Code that is more than a code",
        story: story!("code_hostile.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 6749 section 10.14 and appendix B",
        steps: &[
            "A login is begun and answered with a code that goes on with `&redirect_uri=` and an address of the attacker.",
            "The same with line breaks and a header, with a null, with a path that leads upwards, and with a mebibyte of letters.",
            "The token requests are looked at.",
        ],
        secure: "A token request has each parameter once, and the code in one of them, or there is none.",
        insecure: "A token request has parameters that the client did not mean to send.",
        defence: "A code is encoded as one value, and is not longer than codes are.",
        level: Level::Must,
        levels: &[],
    },
    only_looks: false,
    needs: &[],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let idp = stage.idp().await?;
    let attempts = [
        ("a code with further parameters", "x&redirect_uri=https://attacker.example/&grant_type=password".to_owned()),
        ("a code with line breaks", "x\r\nAuthorization: Basic eDp5\r\n\r\nGET /hidden HTTP/1.1".to_owned()),
        ("a code with a null", "x\0y".to_owned()),
        ("a code that is a path", "../../../etc/passwd".to_owned()),
        ("a code of a mebibyte", "x".repeat(1 << 20)),
    ];
    for (what, code) in attempts {
        let visitor = Visitor::new();
        let begun = idp.journal().len();
        let request = stage.must_begin(&visitor, &idp).await?;
        let asked = observe::asked(&request, &idp.journal().split_off(begun));
        let redirect_uri = asked.get("redirect_uri").unwrap_or_default();
        let address = stage.follow(&visitor, &idp, &request).await?;
        let before = idp.journal().len();
        let heard = stage.deliver(&visitor, &address.set("code", &code), &[&idp]).await?;
        let sent = idp.journal().split_off(before);
        if heard == Heard::BrokeDown {
            stage.violated(format!("the client broke down at {what}"));
        } else if let Some(wrong) = sent.iter().find_map(|entry| defect(entry, &code, redirect_uri)) {
            stage.violated(format!("the token request for {what} {wrong}"));
        } else if code.len() > BOUND && !sent.is_empty() {
            let because = format!("the client sends {what} on");
            stage.found(Finding::new(Verdict::Vulnerable, because).at(Level::Should));
        } else {
            stage.withstood(format!("{what} leads to no other parameters"));
        }
    }
    Ok(())
}

/// What is wrong with a request that carries a code.
fn defect(entry: &Entry, code: &str, redirect_uri: &str) -> Option<&'static str> {
    if entry.path == "/hidden" {
        return Some("is followed by another one");
    }
    if entry.path != "/token" {
        return None;
    }
    if entry.params.duplicate(&[]).is_some() {
        return Some("has a parameter twice");
    }
    if entry.params.raw("redirect_uri").is_some_and(|sent| sent != redirect_uri) {
        return Some("has another redirect URI");
    }
    // A request that was too long to be read has no parameters.
    let other = entry.params.raw("code").is_some_and(|sent| sent != code);
    other.then_some("carries another code")
}
