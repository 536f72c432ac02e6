//! The metadata say that ID tokens are not signed, or only with a key that everybody knows. A client that takes its
//! algorithms from there believes an ID token that the attacker wrote.

use oauth_types::fault::{Edit, Point, Signature};

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::client::Visitor;
use crate::on_clients::lying_token;
use crate::stage::Stage;
use crate::verdict::Level;

/// `rp-alg-downgrade-metadata`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-alg-downgrade-metadata",
        name: "Metadata with weak algorithms",
        story: story!("alg_downgrade_metadata.rs"),
        capabilities: &[Capability::A1, Capability::A2],
        citation: "RFC 8725 section 3.1, OpenID Connect Core section 3.1.3.7",
        steps: &[
            "The metadata name none and HS256 as the algorithms of ID tokens.",
            "The ID token of one login has no signature, that of another is keyed with the public key of the server.",
        ],
        secure: "The client keeps to the algorithm it was configured for, and rejects both.",
        insecure: "The client believes one of the ID tokens.",
        defence: "The algorithms that a client believes are its own choice.",
        level: Level::Must,
        levels: &[],
    },
    only_looks: false,
    needs: &[],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let lies = [
        (Signature::AlgNone, "an ID token without a signature, as the metadata promise it"),
        (Signature::Hs256PublicKey, "an ID token keyed with the public key, as the metadata promise it"),
    ];
    for (with, what) in lies {
        let idp = stage.idp().await?;
        let offered = Edit::set("id_token_signing_alg_values_supported", vec!["none", "HS256"]);
        let _offered = idp.lie_at(Point::Discovery, offered);
        match stage.begin(&Visitor::new(), &idp).await? {
            Ok(_) => lying_token::signature_must_be_rejected(stage, &idp, vec![Edit::sign(with)], what).await?,
            Err(_) => {
                stage.withstood("no login begins where no good algorithm is promised");
            }
        }
    }
    Ok(())
}
