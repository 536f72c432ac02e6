//! The attacker signs a request of their own with a key that the server may mistake for the client's: the client's
//! public key as the secret of a keyed hash, the key of another client, or a key that the object brings along or
//! points to. Where the object says by which key it is verified, everybody is every client.

use crate::attack::{Capability, Idea, Inconclusive, On, ServerAttack, story};
use crate::bench::Bench;
use crate::idp::Idp;
use crate::judge::Finding;
use crate::key::Key;
use crate::public_form::Form;
use crate::target::{ClientAuth, Registration, Role};
use crate::verdict::{Level, Verdict};

use super::canary;
use super::objects::Signer;
use super::refused::{OBJECT, no_code};

/// `as-jar-key-confusion`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-jar-key-confusion",
        name: "Request object with another key",
        story: story!("jar_key_confusion.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 9101 section 10.2, RFC 8725 sections 3.1 and 3.10",
        steps: &[
            "A client that signs its requests is imitated with objects whose HS256 key is its public key, in PEM, in DER and as a JWK.",
            "The same signed with a key of the attacker's that has the name of the client's, and with the key of another client.",
            "The same signed with a key that the header carries as `jwk`, or points to with `jku` or `x5u`.",
        ],
        secure: "Each is refused with `invalid_request_object`, and nobody asks for the key that the header points to.",
        insecure: "A code is issued, or the server fetches what the header points to.",
        defence: "A request object is verified with the keys that its client has registered, each with its own algorithm.",
        level: Level::Must,
        levels: &[],
    },
    on: On::OneClient,
    needs: &[],
    run: |bench, client| Box::pin(run(bench, client)),
};

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let signer = Signer::find(bench, client).await?;
    let broken = |error: mock_idp::jose::UnusableKey| Inconclusive::new(error.to_string());
    let own = Key::fresh().map_err(broken)?;
    let named = || signer.object().header("kid", signer.key.kid());
    let embedded = signer.object().header("jwk", own.bare_jwk()).nameless();
    let mut objects = Vec::new();
    for form in Form::ALL {
        let what = format!("a request object keyed with the public key {}", form.how());
        objects.push((what, named().keyed_with(signer.key.public_as(form)?)?));
    }
    objects.push(("a request object of a foreign key with the client's name".to_owned(), named().signed_by(&own)?));
    objects.push(("a request object with its key in the header".to_owned(), embedded.signed_by(&own)?));
    for role in [Role::Keyed, Role::Second] {
        if let Some(Registration { auth: ClientAuth::PrivateKeyJwt(other), .. }) = bench.target().role(role) {
            objects.push(("a request object of another client's key".to_owned(), signer.object().signed_by(other)?));
            break;
        }
    }
    for (what, object) in objects {
        let answer = signer.open(&object).await?;
        no_code(bench, &answer, OBJECT, &what, None);
    }
    let canary = canary().await?;
    for member in ["jku", "x5u"] {
        pointing(bench, &signer, (&canary, &own), member).await?;
    }
    Ok(())
}

/// An object whose header points to where its key is.
async fn pointing(
    bench: &Bench,
    signer: &Signer<'_>,
    (canary, own): (&Idp, &Key),
    member: &str,
) -> Result<(), Inconclusive> {
    let place = format!("{}/jwks", canary.issuer());
    let object = signer.object().header(member, place).signed_by(own)?;
    let before = canary.journal().len();
    let answer = signer.open(&object).await?;
    let what = format!("a request object with {member}");
    no_code(bench, &answer, OBJECT, &what, None);
    if canary.journal().len() > before {
        let because = format!("the server fetched what {what} points to");
        bench.found(Finding::new(Verdict::Vulnerable, because), Some(&answer));
    }
    Ok(())
}
