//! The verifier has characters that no verifier has, and its challenge is right all the same. Where such verifiers are
//! taken, what they stand for depends on who hashes them: as UTF-8, as Latin-1, or with a question mark for whatever is
//! not ASCII, and then many verifiers fit one challenge.

use oauth_types::Params;

use crate::attack::{Capability, Idea, Inconclusive, On, ServerAttack, story};
use crate::bench::Bench;
use crate::challenge::s256;
use crate::dice::fresh;
use crate::judge::VERIFIER;
use crate::target::Registration;
use crate::verdict::Level;

/// `as-pkce-verifier-charset`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-pkce-verifier-charset",
        name: "Verifier of other characters",
        story: story!("pkce_verifier_charset.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 7636 sections 4.1 and 4.2",
        steps: &[
            "Ask for codes with the challenges of verifiers that have one odd character each: those of base64, quotes, spaces, line feeds, NUL, letters and digits beyond ASCII, in UTF-8 and in Latin-1.",
            "Redeem each with its verifier.",
            "Ask for a code with the challenge of a verifier that ends in a question mark, and redeem it with one that ends in a letter beyond ASCII.",
        ],
        secure: "The codes are refused, with `invalid_grant` or `invalid_request`.",
        insecure: "A code is redeemed.",
        defence: "The characters of a verifier are looked at before it is hashed.",
        level: Level::Should,
        levels: &[],
    },
    on: On::EachClient,
    needs: &[],
    run: |bench, client| Box::pin(run(bench, client)),
};

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    for (what, alter) in ODD {
        let verifier = alter(&fresh());
        let grant = bench.authorization(client).verifier(&verifier).grant().await?;
        let answer = bench.redemption(client, &grant).send().await?;
        bench.judge(&answer, VERIFIER, &format!("a verifier with {what}"));
    }
    in_latin_1(bench, client).await?;

    let stem = shortened(&fresh());
    let grant = bench.authorization(client).verifier(&format!("{stem}?")).grant().await?;
    let answer = bench.redemption(client, &grant).verifier(&format!("{stem}\u{e9}")).send().await?;
    bench.judge(&answer, VERIFIER, "a verifier with a letter beyond ASCII for the question mark that was hashed");
    Ok(())
}

/// What is odd, and how it gets into a verifier.
type Odd = (&'static str, fn(&str) -> String);

const ODD: &[Odd] = &[
    ("a plus", |verifier| shortened(verifier) + "+"),
    ("a slash", |verifier| shortened(verifier) + "/"),
    ("a colon", |verifier| shortened(verifier) + ":"),
    ("a quote", |verifier| shortened(verifier) + "\""),
    ("a backslash", |verifier| shortened(verifier) + "\\"),
    ("a percent sign", |verifier| shortened(verifier) + "%"),
    ("padding", |verifier| format!("{verifier}=")),
    ("a space in the middle", |verifier| format!("{} {}", &verifier[..21], &verifier[22..])),
    ("a space at the beginning", |verifier| format!(" {verifier}")),
    ("a line feed at the end", |verifier| format!("{verifier}\r\n")),
    ("NUL at the end", |verifier| format!("{verifier}\0")),
    ("a letter beyond ASCII", |verifier| shortened(verifier) + "\u{e9}"),
    ("a fullwidth letter", |verifier| shortened(verifier) + "\u{ff21}"),
    ("digits beyond ASCII", |_| "\u{661}".repeat(43)),
];

/// A verifier without its last character.
fn shortened(verifier: &str) -> String {
    verifier.chars().take(42).collect()
}

/// One octet for a letter beyond ASCII, in the hash and in the form.
async fn in_latin_1(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let stem = shortened(&fresh());
    let octets = [stem.as_bytes(), b"\xe9"].concat();
    let grant = bench.authorization(client).set("code_challenge", s256(octets)).grant().await?;
    let redemption = bench.redemption(client, &grant).verifier(&format!("{stem}\u{e9}"));
    let write = |form: &Params| form.encode().replace("%C3%A9", "%E9").into_bytes();
    let answer = redemption.written("application/x-www-form-urlencoded", write).send().await?;
    bench.judge(&answer, VERIFIER, "a verifier with a letter in Latin-1");
    Ok(())
}
