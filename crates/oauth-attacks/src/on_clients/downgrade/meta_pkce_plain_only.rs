//! The metadata say that the server knows the method plain and no other. A client that follows shows its verifier to
//! everybody who reads the authorization request.

use oauth_types::fault::{Edit, Point};

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::client::Visitor;
use crate::observe;
use crate::stage::Stage;
use crate::verdict::Level;

/// `rp-meta-pkce-plain-only`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-meta-pkce-plain-only",
        name: "Metadata with plain alone",
        story: story!("meta_pkce_plain_only.rs"),
        capabilities: &[Capability::A2, Capability::A4],
        citation: "OAuth 2.1 section 4.1.1, RFC 7636 section 7.2, RFC 9700 section 2.1.1",
        steps: &["The metadata name the method plain alone.", "The client is asked to log somebody in."],
        secure: "The client refuses, or uses S256 all the same.",
        insecure: "The client uses plain, or no challenge at all.",
        defence: "A client that can do S256 uses nothing else.",
        level: Level::Must,
        levels: &[],
    },
    only_looks: false,
    needs: &[],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let idp = observe::lenient(stage).await?;
    let lie = idp.lie_at(Point::Discovery, Edit::set("code_challenge_methods_supported", vec!["plain"]));
    let begun = stage.begin(&Visitor::new(), &idp).await?;
    if !lie.was_told() {
        return Err(Inconclusive::new("the client does not read metadata"));
    }
    if begun.is_err() {
        stage.withstood("no login begins where plain alone is promised");
        return Ok(());
    }
    let login = observe::login(stage, &idp, &Visitor::new()).await?;
    observe::look(stage, &[login], "the client uses S256 where plain alone is promised", |login| {
        let protected = login.challenge().is_ok() && login.asked("code_challenge_method") == "S256";
        Ok((!protected).then(|| "the client gives S256 up where plain alone is promised".to_owned()))
    })
}
