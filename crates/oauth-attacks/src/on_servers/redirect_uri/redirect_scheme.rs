//! The attacker keeps the host and the path of the registered redirect URI and changes its scheme, or uses one that
//! runs code in the browser. With `http` for `https` the code crosses the network in the clear; a scheme of the
//! attacker's own opens their application; `javascript` and `data` run in the context of the server.

use crate::attack::{Capability, Idea, Inconclusive, On, ServerAttack, story};
use crate::bench::Bench;
use crate::target::Registration;
use crate::verdict::Level;

use super::address::Address;
use super::astray::try_each;

/// `as-redirect-scheme`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-redirect-scheme",
        name: "Other scheme of the redirect URI",
        story: story!("redirect_scheme.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 9700 sections 2.6 and 4.1.3, RFC 8252 section 7.1",
        steps: &[
            "The victim opens requests whose redirect URI begins with `javascript:`, `data:` or `vbscript:`.",
            "The same with the registered redirect URI under another scheme, and under one of an application of the attacker's.",
            "If the registered one has a scheme of the client's own, the same with two slashes more or less.",
        ],
        secure: "Each request is answered with an error page of the server's own (4xx), and the browser is sent nowhere.",
        insecure: "The browser is sent to an address with such a scheme.",
        defence: "The scheme is part of the redirect URI that is compared.",
        level: Level::Must,
        levels: &[],
    },
    on: On::EachClient,
    needs: &[],
    run: |bench, client| Box::pin(run(bench, client)),
};

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let dangerous = [
        ("a redirect URI that is a script", "javascript:alert(1)//".to_owned()),
        ("a redirect URI that is a page", "data:text/html,<script>alert(1)</script>".to_owned()),
        ("a redirect URI that is an old script", "vbscript:msgbox(1)".to_owned()),
    ];
    try_each(bench, client, dangerous).await?;
    try_each(bench, client, changed(client.redirect_uri())).await
}

/// The same address under other schemes.
fn changed(own: &str) -> Vec<(&'static str, String)> {
    if let Some(address) = Address::parse(own).filter(|address| ["http", "https"].contains(&address.scheme.as_str()))
    {
        let other = if address.scheme == "https" { "http" } else { "https" };
        return vec![
            ("the address under another scheme", address.by_scheme(other).to_string()),
            (
                "the address under the scheme of another application",
                address.by_scheme("com.example.evil").to_string(),
            ),
        ];
    }
    let Some((scheme, rest)) = own.split_once(':') else { return Vec::new() };
    let slashes = match rest.strip_prefix("//") {
        Some(rest) => format!("{scheme}:/{}", rest.trim_start_matches('/')),
        None => format!("{scheme}://{}", rest.trim_start_matches('/')),
    };
    vec![
        ("a scheme of the client's own with other slashes", slashes),
        ("the address under the scheme of another application", format!("com.example.evil:{rest}")),
    ]
}

#[cfg(test)]
mod tests {
    use super::changed;

    #[test]
    fn schemes_are_changed_and_nothing_else() {
        let changed = |uri| changed(uri).into_iter().map(|(_, uri)| uri).collect::<Vec<_>>();
        assert_eq!(changed("https://a.example/cb"), ["http://a.example/cb", "com.example.evil://a.example/cb"]);
        assert_eq!(changed("com.example.app:/cb"), ["com.example.app://cb", "com.example.evil:/cb"]);
        assert_eq!(changed("com.example.app://cb"), ["com.example.app:/cb", "com.example.evil://cb"]);
    }
}
