//! The application opens the login page in a window of its own instead of the browser of the user. It can read along
//! whatever is typed there, and the user cannot tell whose page it is.

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::client::Visitor;
use crate::stage::Stage;
use crate::verdict::Level;

/// `rp-embedded-browser`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-embedded-browser",
        name: "Browser inside the application",
        story: story!("embedded_browser.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 8252 section 8.12",
        steps: &[
            "Let the client begin a login, and open the authorization request in the browser of the user.",
            "See whether the server was asked for the page by anybody else, and by what.",
        ],
        secure: "The client hands the address to the browser and asks for nothing there itself.",
        insecure: "The client opens the login page itself.",
        defence: "The authorization request is made by an external browser.",
        level: Level::Must,
        levels: &[],
    },
    only_looks: false,
    needs: &[],
    run: |stage| Box::pin(run(stage)),
};

/// What embedded browsers call themselves.
const EMBEDDED: [&str; 4] = ["; wv)", "electron", "webview", "cefsharp"];

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let idp = stage.idp().await?;
    let visitor = Visitor::new();
    let request = stage.must_begin(&visitor, &idp).await?;
    let own = idp.requests("/authorize");
    if let Some(entry) = own.first() {
        let agent = entry.headers.get("user-agent").and_then(|value| value.to_str().ok()).unwrap_or_default();
        let agent = agent.to_lowercase();
        let how =
            if EMBEDDED.iter().any(|name| agent.contains(name)) { " in an embedded browser" } else { " itself" };
        stage.violated(format!("the client opens the login page{how}"));
        return Ok(());
    }
    let address = stage.follow(&visitor, &idp, &request).await?;
    stage.deliver(&visitor, &address, &[&idp]).await?;
    match idp.requests("/authorize").len() {
        1 => stage.withstood("only the browser of the user opens the login page"),
        _ => stage.violated("the client opens the login page itself"),
    };
    Ok(())
}
