//! The client lets its users come back over plain http, or to a name that the computer resolves as it likes. Somebody
//! on the way, or whoever answers to the name, reads the code.

use url::{Host, Url};

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::judge::Finding;
use crate::observe::{self, Login};
use crate::stage::Stage;
use crate::verdict::{Level, Verdict};

/// `rp-redirect-insecure`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-redirect-insecure",
        name: "Redirect URI that anybody can listen to",
        story: story!("redirect_insecure.rs"),
        capabilities: &[Capability::A2],
        citation: "RFC 9700 section 2.6, RFC 8252 section 8.3",
        steps: &["The client begins a login.", "The scheme and the host of its redirect URI are looked at."],
        secure: "The redirect URI is https, a scheme of the application, or http on a loopback address.",
        insecure: "The redirect URI is http on another host, or on the name localhost.",
        defence: "Responses come back over https, or to a literal loopback address.",
        level: Level::Must,
        levels: &[],
    },
    only_looks: true,
    needs: &[],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let idp = observe::lenient(stage).await?;
    let logins = observe::logins(stage, &idp, 1).await?;
    if logins.iter().any(|login| host(login) == Some(Host::Domain("localhost".to_owned()))) {
        let because = "the redirect URI is on localhost, which need not be this computer";
        stage.found(Finding::new(Verdict::Vulnerable, because).at(Level::Should));
        return Ok(());
    }
    observe::look(stage, &logins, "nobody on the way can read the response", |login| {
        let loopback = match host(login) {
            None => true,
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            Some(Host::Domain(_)) => false,
        };
        Ok((!loopback).then(|| "the redirect URI is http on another host than this computer".to_owned()))
    })
}

/// The host of a redirect URI over plain http.
fn host(login: &Login) -> Option<Host> {
    let uri = Url::parse(login.asked("redirect_uri")).ok()?;
    if uri.scheme() == "http" { uri.host().map(|host| host.to_owned()) } else { None }
}
