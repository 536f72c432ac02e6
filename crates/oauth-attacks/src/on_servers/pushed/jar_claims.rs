//! The attacker has a request object of the client that was signed for another server, for another time or in another
//! name, and uses it here. An object whose claims nobody looks at is good everywhere and for ever, and a token that
//! was signed for something else may pass for one.

use crate::attack::{Capability, Idea, Inconclusive, On, ServerAttack, story};
use crate::bench::Bench;
use crate::key::Jwt;
use crate::profile::Profile;
use crate::target::Registration;
use crate::verdict::Level;

use super::objects::Signer;
use super::refused::{OBJECT, has_code, no_code};

/// `as-jar-claims`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-jar-claims",
        name: "Request object with wrong claims",
        story: story!("jar_claims.rs"),
        capabilities: &[Capability::A4],
        citation: "RFC 9101 sections 4, 5 and 6.3, RFC 7519 section 4.1, FAPI 2.0 Message Signing section 5.3.1",
        steps: &[
            "A client signs requests for another audience, with another issuer, in the name of another client, after their end, before their time, and with an end in ten years.",
            "It signs requests without each of these claims. OpenID Connect Core section 6.1 lets them out, so that counts against a server only by the rules of FAPI 2.0.",
        ],
        secure: "Each is refused with `invalid_request_object`.",
        insecure: "A code is issued.",
        defence: "The issuer, the audience, the client and the times of a request object are checked.",
        level: Level::Must,
        levels: &[],
    },
    on: On::OneClient,
    needs: &[],
    run: |bench, client| Box::pin(run(bench, client)),
};

/// Ten years, in seconds.
const FAR: u64 = 10 * 365 * 24 * 3600;

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let signer = Signer::find(bench, client).await?;
    let now = bench.now();
    let expired = |jwt: Jwt| jwt.claim("iat", now - 120).claim("nbf", now - 120).claim("exp", now - 60);
    let early = |jwt: Jwt| jwt.claim("nbf", now + 600).claim("exp", now + 660);
    let strictly = if bench.profile() == Profile::Fapi2 { Level::Must } else { Level::Info };
    let wrong: [(&str, Jwt, Level); 6] = [
        ("for another audience", signer.object().claim("aud", "https://other-server.example"), Level::Must),
        ("with another issuer", signer.object().claim("iss", "another-client"), Level::Should),
        ("in the name of another client", signer.object().claim("client_id", "another-client"), Level::Must),
        ("after its end", expired(signer.object()), Level::Must),
        ("before its time", early(signer.object()), Level::Must),
        ("with an end in ten years", signer.object().claim("exp", now + FAR), strictly),
    ];
    for (how, object, level) in wrong {
        let answer = signer.open(&object.signed_by(signer.key)?).await?;
        no_code(bench, &answer, OBJECT, &format!("a request object {how}"), level);
    }
    for claim in ["aud", "iss", "client_id", "exp", "nbf"] {
        let object = signer.object().without(claim).signed_by(signer.key)?;
        let answer = signer.open(&object).await?;
        if bench.profile() == Profile::Fapi2 || !has_code(bench, &answer) {
            no_code(bench, &answer, OBJECT, &format!("a request object without {claim}"), None);
        }
    }
    Ok(())
}
