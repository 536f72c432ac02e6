//! What each step costs: here, in other crates, and at least.
//!
//! The floor of making a verifier is 32 octets from the operating system; that of everything that hashes is one
//! SHA-256 of 43 octets. The other crates draw from a generator in the thread's memory, which is seeded by the operating
//! system now and then; pkce-core asks the operating system each time.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use oauth2::{PkceCodeChallenge, PkceCodeVerifier};
use pkce_core::{Challenge, Policy, Verifier, check_token_request, read_authorization_request};
use sha2::{Digest, Sha256};

/// RFC 7636 Appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
/// RFC 7636 Appendix B.
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

fn generate(c: &mut Criterion) {
    let mut group = c.benchmark_group("generate");
    group.bench_function("floor: 32 octets of entropy", |b| {
        b.iter(|| {
            let mut octets = [0; 32];
            getrandom::fill(&mut octets).expect("entropy");
            octets
        });
    });
    group.bench_function("pkce-core", |b| b.iter(|| Verifier::generate().expect("entropy")));
    group.bench_function("pkce-core, entropy given", |b| b.iter(|| Verifier::from_entropy(black_box(&mut [7; 32]))));
    group.bench_function("pkce", |b| b.iter(|| pkce::code_verifier(43)));
    group.bench_function("pkce-std", |b| {
        b.iter(|| pkce_std::Verifier::generate_encode(pkce_std::Count::new(32).expect("legal")));
    });
    group.bench_function("oauth2, with its challenge", |b| b.iter(PkceCodeChallenge::new_random_sha256));
    group.bench_function("pkce-core, with its challenge", |b| {
        b.iter(|| {
            let verifier = Verifier::generate().expect("entropy");
            (verifier.challenge(), verifier)
        });
    });
    group.finish();
}

fn challenge(c: &mut Criterion) {
    let mut group = c.benchmark_group("challenge");
    group.bench_function("floor: SHA-256 of 43 octets", |b| b.iter(|| Sha256::digest(black_box(VERIFIER))));
    let verifier = Verifier::parse(VERIFIER).expect("legal");
    group.bench_function("pkce-core", |b| b.iter(|| black_box(&verifier).challenge()));
    group.bench_function("pkce", |b| b.iter(|| pkce::code_challenge(black_box(VERIFIER.as_bytes()))));
    let verifier = pkce_std::Verifier::borrowed(VERIFIER).expect("legal");
    group.bench_function("pkce-std", |b| b.iter(|| black_box(&verifier).challenge()));
    let verifier = PkceCodeVerifier::new(VERIFIER.to_owned());
    group.bench_function("oauth2", |b| {
        b.iter(|| PkceCodeChallenge::from_code_verifier_sha256(black_box(&verifier)));
    });
    group.finish();
}

/// From the text of a token request to the verdict; `pkce` and `oauth2` have no such function.
fn verify(c: &mut Criterion) {
    let mut group = c.benchmark_group("verify");
    group.bench_function("floor: SHA-256 of 43 octets", |b| b.iter(|| Sha256::digest(black_box(VERIFIER))));
    let stored = Challenge::parse(CHALLENGE).expect("canonical");
    group.bench_function("pkce-core", |b| b.iter(|| black_box(&stored).verify(black_box(VERIFIER))));
    let stored = pkce_std::Verifier::borrowed(VERIFIER).expect("legal").challenge();
    group.bench_function("pkce-std", |b| {
        b.iter(|| {
            pkce_std::Verifier::borrowed(black_box(VERIFIER))
                .is_ok_and(|verifier| verifier.verify(black_box(&stored)))
        });
    });
    group.finish();
}

fn server(c: &mut Criterion) {
    let authorization = [
        ("response_type", "code"),
        ("client_id", "cli"),
        ("redirect_uri", "http://127.0.0.1:8080/callback"),
        ("scope", "openid"),
        ("state", "af0ifjsldkj"),
        ("nonce", "n-0S6_WzA2Mj"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    let token = [
        ("grant_type", "authorization_code"),
        ("code", "SplxlOBeZQQYbYS6WxSbIA"),
        ("redirect_uri", "http://127.0.0.1:8080/callback"),
        ("client_id", "cli"),
        ("code_verifier", VERIFIER),
    ];
    let mut group = c.benchmark_group("server");
    group.bench_function("read_authorization_request", |b| {
        b.iter(|| read_authorization_request(black_box(authorization), Policy::Required));
    });
    let stored = Challenge::parse(CHALLENGE).expect("canonical");
    group.bench_function("check_token_request", |b| {
        b.iter(|| check_token_request(black_box(Some(&stored)), black_box(token), Policy::Required));
    });
    group.finish();
}

criterion_group!(benches, generate, challenge, verify, server);
criterion_main!(benches);
