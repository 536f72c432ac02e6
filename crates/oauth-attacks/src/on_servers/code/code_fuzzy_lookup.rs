//! The server looks a code up in a database, and the database is generous: it ignores case, cuts spaces, stops at a
//! NUL or takes a percent sign for anything. Each of these makes codes shorter than they look, and the last one finds
//! a code without knowing it.

use oauth_types::ErrorCode;

use crate::attack::{Capability, Idea, Inconclusive, On, ServerAttack, story};
use crate::authorization::Grant;
use crate::bench::Bench;
use crate::target::Registration;
use crate::verdict::Level;

/// `as-code-fuzzy-lookup`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-code-fuzzy-lookup",
        name: "Codes that are found by something like them",
        story: story!("code_fuzzy_lookup.rs"),
        capabilities: &[Capability::A3],
        citation: "RFC 6749 section 10.10",
        steps: &[
            "The client gets a code.",
            "Something like it is redeemed: in the other case, longer or shorter by a character, with a space, a NUL or a wildcard; each with a fresh code.",
        ],
        secure: "Every request is refused with `invalid_grant`.",
        insecure: "Something that is not the code brings tokens.",
        defence: "A code is compared octet by octet.",
        level: Level::Must,
        levels: &[],
    },
    on: On::OneClient,
    needs: &[],
    run: |bench, client| Box::pin(run(bench, client)),
};

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    for (how, alike) in LIKE_IT {
        let grant = bench.grant(client).await?;
        let code = alike(grant.code.expose());
        if code == grant.code.expose() {
            continue;
        }
        let answer = bench.redemption(client, &Grant { code: code.into(), ..grant }).send().await?;
        bench.judge(&answer, UNKNOWN, &format!("a code {how}"));
    }
    Ok(())
}

/// An unknown code is an invalid grant; octets that no code has make a request invalid.
const UNKNOWN: &[ErrorCode] = &[ErrorCode::InvalidGrant, ErrorCode::InvalidRequest];

/// What is like a code, and how.
type Alike = (&'static str, fn(&str) -> String);

const LIKE_IT: [Alike; 9] = [
    ("in the other case", swapped),
    ("without its last character", |code| shortened(code).to_owned()),
    ("with a character more", |code| format!("{code}x")),
    ("with a space before it", |code| format!(" {code}")),
    ("with a line break after it", |code| format!("{code}\n")),
    ("with a NUL and more after it", |code| format!("{code}\0x")),
    ("that ends in a percent sign", |code| format!("{}%", shortened(code))),
    ("that is a percent sign", |_| "%".to_owned()),
    ("that is an asterisk", |_| "*".to_owned()),
];

fn swapped(code: &str) -> String {
    let swap = |letter: char| match letter.is_ascii_lowercase() {
        true => letter.to_ascii_uppercase(),
        false => letter.to_ascii_lowercase(),
    };
    code.chars().map(swap).collect()
}

fn shortened(code: &str) -> &str {
    code.char_indices().next_back().map_or("", |(last, _)| &code[..last])
}
