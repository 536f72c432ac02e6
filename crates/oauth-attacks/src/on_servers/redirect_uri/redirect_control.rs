//! The attacker puts line breaks, a tab or a NUL into the redirect URI. A check that looks at the first line, or that
//! ends at the NUL, takes it; and where a line break gets into the `Location` header unharmed, what follows is a
//! header of the attacker's, such as a cookie.

use crate::attack::{Capability, Idea, Inconclusive, On, ServerAttack, story};
use crate::bench::Bench;
use crate::judge::Finding;
use crate::target::Registration;
use crate::verdict::{Level, Verdict};

use super::address::Address;
use super::astray::judge;

/// `as-redirect-control`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-redirect-control",
        name: "Control characters in the redirect URI",
        story: story!("redirect_control.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 6749 section 10.14",
        steps: &[
            "The victim opens requests whose redirect URI is the registered one with a line break and a header behind it.",
            "The same with a tab inside its host, and with a NUL and more text behind it.",
        ],
        secure: "Each request is answered with an error page of the server's own (4xx), and the browser is sent nowhere.",
        insecure: "The address is taken, or the answer has a header that the attacker wrote.",
        defence: "A redirect URI with a control character is refused.",
        level: Level::Must,
        levels: &[],
    },
    on: On::EachClient,
    needs: &[],
    run: |bench, client| Box::pin(run(bench, client)),
};

/// The cookie that is smuggled in.
const COOKIE: &str = "smuggled=1";

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let own = client.redirect_uri();
    let mut addresses = vec![
        ("a redirect URI with a line break", format!("{own}\r\nSet-Cookie: {COOKIE}")),
        ("a redirect URI with a line feed", format!("{own}\nSet-Cookie: {COOKIE}")),
        ("a redirect URI with a NUL", format!("{own}\0.evil")),
    ];
    if let Some(address) = Address::parse(own) {
        let (start, rest) = address.host.split_at(address.host.len() / 2);
        addresses.push(("a redirect URI with a tab", address.at_host(format!("{start}\t{rest}")).to_string()));
    }
    for (what, address) in addresses {
        let answer = bench.authorization(client).set("redirect_uri", &address).open().await?;
        judge(bench, client, &answer, (&address, what));
        let mut cookies = answer.headers.get_all("set-cookie").iter();
        if cookies.any(|cookie| cookie.as_bytes().starts_with(COOKIE.as_bytes())) {
            let because = format!("{what} brings a header of the attacker's");
            bench.found(Finding::new(Verdict::Vulnerable, because), Some(&answer));
        }
    }
    Ok(())
}
