//! The ID token names a key that is not in the key set. A client has to look once whether it is new, but one that looks
//! as often as it is asked can be made to flood the server, and one that takes another key instead has not understood
//! the name.

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::client::Visitor;
use crate::judge::Finding;
use crate::on_clients::lying_token;
use crate::stage::Stage;
use crate::verdict::Level;
use crate::verdict::Verdict;
use oauth_types::fault::{Edit, Fault, Point, Signature, When};

/// `rp-idt-kid-unknown`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-idt-kid-unknown",
        name: "ID token of a key nobody knows",
        story: story!("idt_kid_unknown.rs"),
        capabilities: &[Capability::A1],
        citation: "OpenID Connect Core section 10.1.1, RFC 8725 section 3.10, OpenID Connect Core section 3.1.3.7",
        steps: &[
            "Let somebody log in at a server that lies in the token response.",
            "Give it an ID token with an unknown kid, signed by a published key and then by one that is not.",
            "Repeat that twenty times and count how often the key set is fetched.",
            "Watch whether the client logs somebody in or uses the access token that came along.",
        ],
        secure: "The client fetches the key set once more, rejects the token, and does not fetch again for some time.",
        insecure: "The client verifies with some other key, or fetches the key set for every such token.",
        defence: "A key is chosen by its name, and a name that is not there is looked for once in a while.",
        level: Level::Must,
        levels: &[],
    },
    only_looks: false,
    needs: &[],
    run: |stage| Box::pin(run(stage)),
};

/// How many tokens with unknown keys are tried.
const TOKENS: usize = 20;

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let idp = stage.idp().await?;
    let unknown = || Edit::jose_header("kid", "nobody-knows-this-key");
    let before = idp.requests("/jwks").len();
    lying_token::signature_must_be_rejected(stage, &idp, vec![unknown()], "an ID token of an unknown key").await?;
    let at_once = idp.requests("/jwks").len() - before;
    if at_once > 2 {
        stage.violated(format!("the client fetched the keys {at_once} times for one ID token"));
    }
    let forged = vec![unknown(), Edit::sign(Signature::UnpublishedKey)];
    lying_token::signature_must_be_rejected(stage, &idp, forged, "a forged ID token of an unknown key").await?;
    let aside = stage.aside();
    let before = idp.requests("/jwks").len();
    aside.login(&Visitor::new(), &idp).await?;
    if idp.requests("/jwks").len() > before {
        stage.withstood("the client keeps no keys, and fetches them for every login");
        return Ok(());
    }
    let before = idp.requests("/jwks").len();
    let lie = idp.lie(Fault { at: Point::IdToken, when: When::default(), edit: vec![unknown()] });
    for _ in 0..TOKENS {
        aside.login(&Visitor::new(), &idp).await?;
    }
    drop(lie);
    let fetched = idp.requests("/jwks").len() - before;
    let (verdict, because) = match fetched < TOKENS {
        true => (Verdict::Stopped, format!("{TOKENS} ID tokens of unknown keys made it fetch {fetched} times")),
        false => (Verdict::Vulnerable, format!("the client fetched the keys {fetched} times for {TOKENS} ID tokens")),
    };
    stage.found(Finding::new(verdict, because).at(Level::Should));
    Ok(())
}
