//! The metadata says that S256 is what the server knows, and the server does otherwise: it takes plain, or any other
//! name, or lists S256 and compares nothing. A client that chose its method by the metadata is protected by less than
//! it was told.

use crate::attack::{Capability, Idea, Inconclusive, Need, On, ServerAttack, story};
use crate::bench::Bench;
use crate::dice::fresh;
use crate::judge::{GRANT, VERIFIER};
use crate::target::Registration;
use crate::verdict::Level;

/// `as-pkce-metadata-lies`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-pkce-metadata-lies",
        name: "Metadata that lies about the methods",
        story: story!("pkce_metadata_lies.rs"),
        capabilities: &[Capability::A1, Capability::A4],
        citation: "RFC 8414 section 2, RFC 9700 section 2.1.1",
        steps: &[
            "Read `code_challenge_methods_supported`.",
            "Ask for codes with plain, without a method, and with a method that nobody knows, as far as these are not listed, and redeem what comes with the challenge as verifier.",
            "If S256 is listed, redeem codes with another verifier, with the challenge as verifier, and without a verifier.",
        ],
        secure: "What is not listed is refused, and what is listed is enforced.",
        insecure: "A method that is not listed brings tokens, or a listed one is ignored.",
        defence: "One list of methods is both published and enforced.",
        level: Level::Must,
        levels: &[],
    },
    on: On::EachClient,
    needs: &[Need::Metadata("code_challenge_methods_supported")],
    run: |bench, client| Box::pin(run(bench, client)),
};

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let listed = bench.target().metadata().code_challenge_methods_supported.clone().unwrap_or_default();
    let lists = |method: &str| listed.iter().any(|own| own == method);
    // Without a method it is plain (RFC 7636 section 4.3).
    for (what, method) in [("the method plain", Some("plain")), ("no method", None)] {
        if !lists("plain") {
            not_listed(bench, client, what, method).await?;
        }
    }
    not_listed(bench, client, "a method that nobody knows", Some("S512")).await?;
    if lists("S256") {
        enforced(bench, client).await?;
    }
    Ok(())
}

/// A method that is not listed brings no tokens. Where the code is refused and not the request, that is as good here.
async fn not_listed(
    bench: &Bench,
    client: &Registration,
    what: &str,
    method: Option<&str>,
) -> Result<(), Inconclusive> {
    let request = bench.authorization(client);
    let verifier = request.current_verifier().expose().to_owned();
    let request = request.set("code_challenge", verifier).without("code_challenge_method");
    let request = method.into_iter().fold(request, |request, method| request.set("code_challenge_method", method));
    if let Some(grant) = request.must_be_refused(&format!("{what}, which is not listed,")).await? {
        let answer = bench.redemption(client, &grant).send().await?;
        bench.judge(&answer, VERIFIER, &format!("a code of {what}, which is not listed,"));
    }
    Ok(())
}

/// S256 is listed, so the verifier is asked for, hashed and compared.
async fn enforced(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let grant = bench.grant(client).await?;
    let answer = bench.redemption(client, &grant).verifier(&fresh()).send().await?;
    bench.judge(&answer, GRANT, "a guessed verifier where S256 is listed");

    let grant = bench.grant(client).await?;
    let answer = bench.redemption(client, &grant).verifier(&grant.challenge()).send().await?;
    bench.judge(&answer, GRANT, "the challenge as verifier where S256 is listed");

    let grant = bench.grant(client).await?;
    let answer = bench.redemption(client, &grant).without_verifier().send().await?;
    bench.judge(&answer, VERIFIER, "a code without a verifier where S256 is listed");
    Ok(())
}
