//! The attacker adds a second redirect URI to the client's request, before it, after it, or in the query of a request
//! whose body has the first. Where one part of a server checks one of the two and another part uses the other, the
//! code goes to the attacker.

use crate::attack::{Capability, Idea, Inconclusive, On, ServerAttack, story};
use crate::bench::Bench;
use crate::target::Registration;
use crate::verdict::Level;

use super::astray::{FOREIGN, judge};

/// `as-redirect-duplicate`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-redirect-duplicate",
        name: "Two redirect URIs",
        story: story!("redirect_duplicate.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 6749 section 3.1",
        steps: &[
            "The victim opens a request with the registered redirect URI and a foreign one behind it.",
            "The same with the foreign one before it.",
            "The same as a POST with the foreign one in the query.",
        ],
        secure: "Each request is answered with an error page of the server's own (4xx), and the browser is sent nowhere.",
        insecure: "The browser is sent to the foreign address.",
        defence: "A request with a repeated parameter is refused.",
        level: Level::Must,
        levels: &[],
    },
    on: On::EachClient,
    needs: &[],
    run: |bench, client| Box::pin(run(bench, client)),
};

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let foreign = format!("https://{FOREIGN}/cb");
    let request = || bench.authorization(client);
    let mut tries =
        vec![("a foreign redirect URI in the query", request().posted().outside("redirect_uri", &foreign))];
    // The claims of a request object have one value each.
    if client.signs.is_none() {
        tries.push(("a foreign redirect URI behind the registered one", request().also("redirect_uri", &foreign)));
        tries.push(("a foreign redirect URI before the registered one", request().first("redirect_uri", &foreign)));
    }
    for (what, request) in tries {
        let answer = request.open().await?;
        judge(bench, client, &answer, (&foreign, what));
    }
    Ok(())
}
