//! A filter in front of the server knows one path and one method. The attacker says with a header that a GET is to be
//! taken for a POST, or writes the path in another way: with a slash more, with a parameter after a semicolon. If the
//! server behind finds the token endpoint all the same, the filter has been passed.

use http::Method;

use super::not_served;
use crate::attack::{Capability, Idea, Inconclusive, On, ServerAttack, story};
use crate::bench::Bench;
use crate::target::Registration;
use crate::verdict::Level;

/// `as-token-method-override`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-token-method-override",
        name: "Ways around the token endpoint",
        story: story!("token_method_override.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 6749 section 3.2",
        steps: &[
            "A code is redeemed by a GET with X-HTTP-Method-Override, and with _method.",
            "A code is redeemed at the path with a slash before it, a slash after it, and a semicolon after it; each with a fresh code.",
        ],
        secure: "The requests are refused with 404 or 405.",
        insecure: "One of them brings tokens.",
        defence: "The token endpoint has one path and one method.",
        level: Level::Must,
        levels: &[],
    },
    on: On::OneClient,
    needs: &[],
    run: |bench, client| Box::pin(run(bench, client)),
};

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let grant = bench.grant(client).await?;
    for header in ["x-http-method-override", "x-method-override", "x-http-method"] {
        let request = bench.redemption(client, &grant).method(Method::GET).header(header, "POST");
        let answer = request.send().await?;
        bench.found(not_served(&answer, NOT_THERE, &format!("a GET with {header}")), Some(&answer));
    }
    let request = bench.redemption(client, &grant).method(Method::GET).in_query("_method", "POST");
    let answer = request.send().await?;
    bench.found(not_served(&answer, NOT_THERE, "a GET with _method in the query"), Some(&answer));
    let endpoint = bench.endpoint("token_endpoint")?;
    let (base, path) = endpoint.rsplit_once('/').unwrap_or((endpoint, ""));
    // No document says how servers write their paths: that is worth a note to whoever filters by path.
    for (what, url) in [
        ("a path with a slash after it", format!("{endpoint}/")),
        ("a path with a slash before it", format!("{base}//{path}")),
        ("a path with a semicolon after it", format!("{endpoint};x")),
    ] {
        let grant = bench.grant(client).await?;
        let answer = bench.redemption(client, &grant).to(url).send().await?;
        bench.found(not_served(&answer, NOT_THERE, what).at(Level::Info), Some(&answer));
    }
    Ok(())
}

/// There is no such path, or no such method, or the request lacks what it needs.
const NOT_THERE: &[u16] = &[404, 405, 400];
