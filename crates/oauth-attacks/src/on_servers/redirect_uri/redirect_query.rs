//! The attacker adds a query to the registered redirect URI, such as a code of their own. A server that leaves the
//! query out of the comparison sends the client two codes, and a client that reads the first one logs the victim in
//! with the attacker's.

use crate::attack::{Capability, Idea, Inconclusive, On, ServerAttack, story};
use crate::bench::Bench;
use crate::target::Registration;
use crate::verdict::Level;

use super::astray::try_each;

/// `as-redirect-query`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-redirect-query",
        name: "Query of the redirect URI changed",
        story: story!("redirect_query.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 9700 section 4.1.3",
        steps: &[
            "The victim opens requests whose redirect URI is the registered one with another parameter, with a `code` and a `state` of the attacker's, and with a parameter after a semicolon.",
            "If the registered one has a query, the same with its parameters in another order, and with a character of it encoded.",
        ],
        secure: "Each request is answered with an error page of the server's own (4xx), and the browser is sent nowhere.",
        insecure: "The client is sent a parameter that the attacker chose beside the response.",
        defence: "The query is part of the redirect URI that is compared.",
        level: Level::Must,
        levels: &[],
    },
    on: On::EachClient,
    needs: &[],
    run: |bench, client| Box::pin(run(bench, client)),
};

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let own = client.redirect_uri();
    let more = if own.contains('?') { '&' } else { '?' };
    let added = [
        ("a query with one more parameter", format!("{own}{more}x=1")),
        ("a query with a code of the attacker's", format!("{own}{more}code=EVIL&state=EVIL")),
        ("a parameter after a semicolon", format!("{own};x=1")),
    ];
    try_each(bench, client, added).await?;
    try_each(bench, client, rewritten(own)).await
}

/// The same query written otherwise, if there is one.
fn rewritten(own: &str) -> Vec<(&'static str, String)> {
    let Some((before, query)) = own.split_once('?') else { return Vec::new() };
    let reordered: Vec<_> = query.split('&').rev().collect();
    let mut ways = Vec::new();
    if reordered.len() > 1 {
        ways.push(("a query in another order", format!("{before}?{}", reordered.join("&"))));
    }
    if let Some(at) = query.find(|c: char| c.is_ascii_alphabetic()) {
        let (start, rest) = query.split_at(at);
        let encoded = rest.as_bytes()[0];
        ways.push(("a query with an encoded letter", format!("{before}?{start}%{encoded:02x}{}", &rest[1..])));
    }
    ways
}

#[cfg(test)]
mod tests {
    use super::rewritten;

    #[test]
    fn a_query_is_rewritten_only_if_there_is_one() {
        assert!(rewritten("https://a.example/cb").is_empty());
        let ways: Vec<_> = rewritten("https://a.example/cb?a=1&b=2").into_iter().map(|(_, uri)| uri).collect();
        assert_eq!(ways, ["https://a.example/cb?b=2&a=1", "https://a.example/cb?%61=1&b=2"]);
    }
}
