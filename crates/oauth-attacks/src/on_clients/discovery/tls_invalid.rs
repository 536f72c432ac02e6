//! Somebody on the way answers in the server's place, with a certificate that no authority the client trusts has
//! signed. A client that takes it talks to the attacker about everything.

use mock_idp::MockIdp;
use mock_idp::tls::Tls;

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::client::Visitor;
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
            "A server shows a certificate of an authority that was made for this attack.",
            "The client is asked to log somebody in there.",
        ],
        secure: "The client breaks the connection off before it has sent a request.",
        insecure: "A request arrives over that connection.",
        defence: "The certificate of the server is verified, up to an authority that the client trusts.",
        level: Level::Must,
        levels: &[],
    },
    only_looks: false,
    needs: &[],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let idp = stage.idp_of(MockIdp::builder().tls(Tls::generated())).await?;
    let begun = stage.ask_to_begin(&Visitor::new(), &idp).await?;
    let sent = idp.journal();
    if begun.is_none() {
        stage.violated("the client broke down at a certificate of an unknown authority");
    } else if let Some(entry) = sent.first() {
        stage.violated(format!("{} {} went to a server with a certificate of nobody", entry.method, entry.path));
    } else if matches!(begun, Some(Ok(_))) {
        return Err(Inconclusive::new("the client does not ask the server before it begins a login"));
    } else {
        stage.withstood("nothing is sent to a server with a certificate of an unknown authority");
    }
    Ok(())
}
