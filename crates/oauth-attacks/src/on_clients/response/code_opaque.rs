//! The code is long and has characters in it that mean something in forms and addresses. It is for the server alone to
//! read. A client that decodes it once too often, or writes it down without encoding it, sends another code than it
//! got, and sometimes another parameter.

use super::altered;

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::judge::Finding;
use crate::stage::Stage;
use crate::verdict::{Level, Verdict};

/// `rp-code-opaque`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-code-opaque",
        name: "Code with odd characters",
        story: story!("code_opaque.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 6749 sections 4.1.2 and 4.1.3, and appendices A.11 and B",
        steps: &[
            "A login is begun and answered with a code that has plus signs, percent signs, ampersands and spaces in it.",
            "The same with letters beyond ASCII, and with four thousand characters.",
            "The token requests are looked at.",
        ],
        secure: "Each token request carries exactly the code of its response.",
        insecure: "A token request carries another code.",
        defence: "A code is passed on as it came, encoded anew.",
        level: Level::Must,
        levels: &[],
    },
    only_looks: false,
    needs: &[],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let idp = stage.idp().await?;
    let odd = "a+b/c%25d~e=f&g;h i%2B";
    let attempts = [
        ("a code with odd characters", odd.to_owned()),
        ("a code with letters beyond ASCII", "caf\u{e9}-\u{65e5}\u{672c}".to_owned()),
        ("a code of four thousand characters", odd.repeat(200).chars().take(4000).collect()),
    ];
    for (what, code) in attempts {
        let (visitor, address) = altered::answered(stage, &idp).await?;
        let before = idp.token_requests().len();
        stage.agent().keep_secret(&code);
        stage.deliver(&visitor, &address.set("code", &code), &[&idp]).await?;
        let sent = idp.token_requests().split_off(before);
        match sent.first() {
            None => stage.found(
                Finding::new(Verdict::Vulnerable, format!("the client does not redeem {what}")).at(Level::Should),
            ),
            Some(entry) if entry.params.all("code").eq([code.as_str()]) => {
                stage.withstood(format!("{what} is sent as it came"))
            }
            Some(_) => stage.violated(format!("the client sends something else than {what}")),
        };
    }
    Ok(())
}
