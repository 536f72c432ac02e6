//! Somebody on the way answers in the server's place, with a certificate that no authority the client trusts has
//! signed, that is about another host, or that has expired. A client that takes it talks to the attacker about
//! everything.

use mock_idp::MockIdp;
use mock_idp::tls::{Flaw, Tls};

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::client::Visitor;
use crate::idp::Idp;
use crate::stage::Stage;
use crate::verdict::Level;

/// `rp-tls-invalid`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-tls-invalid",
        name: "A certificate of nobody",
        story: story!("tls_invalid.rs"),
        capabilities: &[Capability::A2],
        citation: "RFC 6749 sections 1.6 and 10.9, OpenID Connect Core section 16.17",
        steps: &[
            "A server shows a certificate of an authority that was made for this attack, and the client is asked to log somebody in there.",
            "If the client trusts an authority that it is given, further servers show certificates of that authority: about another host, and expired.",
        ],
        secure: "The client breaks the connection off before it has sent a request.",
        insecure: "A request arrives over that connection.",
        defence: "The certificate of the server is verified: who signed it, whom it is about, and until when it is good.",
        level: Level::Must,
        levels: &[],
    },
    only_looks: false,
    needs: &[],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let unknown = stage.idp_of(MockIdp::builder().tls(Tls::generated())).await?.untrusted();
    must_break_off(stage, &unknown, "of an unknown authority").await?;
    let good = stage.idp_of(MockIdp::builder().tls(Tls::generated())).await?;
    if stage.begin(&Visitor::new(), &good).await?.is_err() {
        // It cannot be given an authority to trust, so that every certificate of ours is as good as the first.
        return Ok(());
    }
    for (flaw, what) in [(Flaw::OtherHost, "about another host"), (Flaw::Expired, "that has expired")] {
        let idp = stage.idp_of(MockIdp::builder().tls(Tls::generated().flawed(flaw))).await?;
        must_break_off(stage, &idp, what).await?;
    }
    Ok(())
}

async fn must_break_off(stage: &Stage, idp: &Idp, what: &str) -> Result<(), Inconclusive> {
    let begun = stage.ask_to_begin(&Visitor::new(), idp).await?;
    match (idp.journal().first(), begun) {
        (_, None) => stage.violated(format!("the client broke down at a certificate {what}")),
        (Some(entry), _) => {
            stage.violated(format!("{} {} is sent to a server with a certificate {what}", entry.method, entry.path))
        }
        (None, Some(Ok(_))) => {
            return Err(Inconclusive::new("the client does not ask the server before it begins a login"));
        }
        (None, Some(Err(_))) => stage.withstood(format!("nothing is sent to a server with a certificate {what}")),
    };
    Ok(())
}
