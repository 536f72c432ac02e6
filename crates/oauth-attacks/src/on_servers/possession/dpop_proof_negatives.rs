//! The attacker has a code or an access token, and not the key that belongs to it, and shows something that looks like
//! a proof: unsigned, of another type, for another request, or made long ago. Every check that is left out is a proof
//! that proves nothing.

use crate::attack::{Capability, Idea, Inconclusive, Need, On, ServerAttack, story};
use crate::bench::Bench;
use crate::dice::fresh;
use crate::judge::PROOF;
use crate::key::{Jwt, Key};
use crate::public_form::Form;
use crate::target::{Registration, Role};
use crate::verdict::Level;

use super::shown::{REFUSED, at_resource, key_of, other_key, show};

/// `as-dpop-proof-negatives`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-dpop-proof-negatives",
        name: "Something that looks like a proof",
        story: story!("dpop_proof_negatives.rs"),
        capabilities: &[Capability::A5],
        citation: "RFC 9449 sections 4.3 and 7.1",
        steps: &[
            "Redeem codes with proofs that are wrong in one point each: type, algorithm, signature, key, claims, time.",
            "Redeem one with two proofs in two headers.",
            "Show an access token with the same proofs.",
        ],
        secure: "Each is refused with invalid_dpop_proof.",
        insecure: "One of them is taken for a proof.",
        defence: "Every point of a proof is checked: type, algorithm, signature, key, method, address and time.",
        level: Level::Must,
        levels: &[],
    },
    on: On::Client(Role::SenderConstrained),
    needs: &[Need::Metadata("dpop_signing_alg_values_supported")],
    run: |bench, client| Box::pin(run(bench, client)),
};

/// An hour, in seconds.
const HOUR: u64 = 3600;

/// What it is called, and how it is made of an honest proof, with the client's key and another one.
type Wrong = (&'static str, fn(Jwt, &Scene<'_>) -> Result<String, Inconclusive>);

/// What a wrong proof is made with.
struct Scene<'a> {
    key: &'a Key,
    other: &'a Key,
    now: u64,
}

const WRONGS: &[Wrong] = &[
    ("a proof without a type", |proof, at| proof.without_header("typ").signed_by(at.key)),
    ("a proof of type JWT", |proof, at| proof.header("typ", "JWT").signed_by(at.key)),
    ("an unsigned proof", |proof, _| Ok(proof.unsigned())),
    ("a proof keyed with its public key in PEM", |proof, at| proof.keyed_with(at.key.public_as(Form::Pem)?)),
    ("a proof keyed with its public key in DER", |proof, at| proof.keyed_with(at.key.public_as(Form::Der)?)),
    ("a proof keyed with its public key as a JWK", |proof, at| proof.keyed_with(at.key.public_as(Form::Jwk)?)),
    ("a proof signed by another key", |proof, at| proof.header("alg", "ES256").signed_by(at.other)),
    ("a proof with a private key in it", |proof, at| {
        let mut jwk = at.key.bare_jwk();
        jwk["d"] = fresh().into();
        proof.header("jwk", jwk).signed_by(at.key)
    }),
    ("a proof without a key", |proof, at| proof.without_header("jwk").signed_by(at.key)),
    ("a proof without jti", |proof, at| proof.without("jti").signed_by(at.key)),
    ("a proof without htm", |proof, at| proof.without("htm").signed_by(at.key)),
    ("a proof without htu", |proof, at| proof.without("htu").signed_by(at.key)),
    ("a proof without iat", |proof, at| proof.without("iat").signed_by(at.key)),
    ("a proof for another method", |proof, at| proof.claim("htm", "PUT").signed_by(at.key)),
    ("a proof for another address", |proof, at| proof.claim("htu", "https://other.example/token").signed_by(at.key)),
    ("a proof of an hour ago", |proof, at| proof.claim("iat", at.now - HOUR).signed_by(at.key)),
    ("a proof of an hour ahead", |proof, at| proof.claim("iat", at.now + HOUR).signed_by(at.key)),
    ("a proof that is no JWT", |_, _| Ok("nonsense".to_owned())),
];

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let (key, other) = (key_of(client)?, other_key()?);
    let scene = || Scene { key, other: &other, now: bench.now() };
    let endpoint = bench.endpoint("token_endpoint")?;
    for (what, wrong) in WRONGS {
        let grant = bench.grant(client).await?;
        let proof = wrong(bench.proof(key, "POST", endpoint, None), &scene())?;
        let answer = bench.redemption(client, &grant).proving(None).header("dpop", proof).send().await?;
        bench.judge(&answer, PROOF, what);
    }
    let two = |method, url, access| -> Result<Vec<String>, Inconclusive> {
        (0..2).map(|_| bench.proof(key, method, url, access).signed_by(key)).collect()
    };
    let grant = bench.grant(client).await?;
    let request = bench.redemption(client, &grant).proving(None);
    let proofs = two("POST", endpoint, None)?;
    let request = proofs.into_iter().fold(request, |request, proof| request.header("dpop", proof));
    bench.judge(&request.send().await?, PROOF, "a request with two proofs");

    let Some((tokens, url)) = at_resource(bench, client).await? else { return Ok(()) };
    let shown = ("DPoP", &tokens.access);
    for (what, wrong) in WRONGS {
        let proof = wrong(bench.proof(key, "GET", url, Some(&tokens.access)), &scene())?;
        let answer = show(bench.agent(), url, shown, &[proof]).await?;
        bench.judge_resource(&answer, REFUSED, &format!("an access token with {what}"));
    }
    let proofs = two("GET", url, Some(&tokens.access))?;
    let answer = show(bench.agent(), url, shown, &proofs).await?;
    bench.judge_resource(&answer, REFUSED, "an access token with two proofs");
    Ok(())
}
