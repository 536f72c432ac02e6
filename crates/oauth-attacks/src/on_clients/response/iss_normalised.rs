//! The issuer of the response is another text that an address library takes for the same address. Whoever may call
//! themselves almost like an honest server passes for it if issuers are compared as addresses.

use super::altered;

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::stage::Stage;
use crate::verdict::Level;

/// `rp-iss-normalised`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-iss-normalised",
        name: "Issuer that is almost the same",
        story: story!("iss_normalised.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 9207 section 2.4, RFC 3986 section 6.2.1",
        steps: &[
            "A login is begun and answered honestly.",
            "The response reaches the client with a slash behind its issuer.",
            "The same with the scheme in capitals, with a dot segment, and with a zero before the port.",
        ],
        secure: "Each response is rejected, and no token request is sent.",
        insecure: "One of them is taken for a response of the right issuer.",
        defence: "Issuers are compared as texts.",
        level: Level::Must,
        levels: &[],
    },
    only_looks: false,
    needs: &[],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    altered::must_compare_issuers(stage).await?;
    let idp = stage.idp().await?;
    let attempts: [(&str, altered::Rewrite); 4] = [
        ("a response whose issuer has a slash more", |issuer| format!("{issuer}/")),
        ("a response whose issuer has a scheme in capitals", |issuer| issuer.replacen("http", "HTTP", 1)),
        ("a response whose issuer has a dot segment", |issuer| format!("{issuer}/.")),
        ("a response whose issuer has a zero before its port", |issuer| match issuer.rsplit_once(':') {
            Some((place, port)) => format!("{place}:0{port}"),
            None => format!("{issuer}:443"),
        }),
    ];
    for (what, change) in attempts {
        let (visitor, address) = altered::answered(stage, &idp).await?;
        let address = address.set("iss", change(idp.issuer()));
        altered::must_be_rejected(stage, &idp, &visitor, &address, what).await?;
    }
    Ok(())
}
