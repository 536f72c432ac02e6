//! Mistakes in DPoP proofs (RFC 9449).

use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE};
use http::Method;
use mock_idp::MockIdp;
use sha2::{Digest, Sha256};

use super::{assert_silent, assert_told, server};
use crate::browser::{Browser, asking, redeeming};
use crate::signer::{Draft, Signer, encoded, hashed, posting, proven, userinfo};

type Mistake = (&'static str, &'static str, fn(&MockIdp, Draft) -> Draft);

const AT_TOKEN: &[Mistake] = &[
    ("rfc9449-proof-htu", "scheme alone", |idp, draft| {
        draft.claim("htu", format!("{}/token", idp.issuer().replace("http:", "https:")))
    }),
    ("rfc9449-proof-htu", "trailing slash", |idp, draft| draft.claim("htu", format!("{}/token/", idp.issuer()))),
    ("rfc9449-proof-htu", "'htu' is the issuer", |idp, draft| draft.claim("htu", idp.issuer())),
    ("rfc9449-proof-htu", "'htu' is a path", |_, draft| draft.claim("htu", "/token")),
    ("rfc9449-proof-htm", "capitals", |_, draft| draft.claim("htm", "post")),
    ("rfc9449-proof-htm", "for another", |_, draft| draft.claim("htm", "GET")),
    ("rfc9449-proof-iat", "milliseconds", |_, draft| {
        let seconds = draft.claims["iat"].as_u64().expect("a number");
        draft.claim("iat", seconds * 1000)
    }),
    ("rfc9449-proof-iat", "seconds ago", |_, draft| {
        let seconds = draft.claims["iat"].as_u64().expect("a number");
        draft.claim("iat", seconds - 3600)
    }),
    ("rfc9449-proof-key", "private key", |_, draft| {
        let mut jwk = draft.header["jwk"].clone();
        jwk["d"] = encoded([1; 32]).into();
        draft.member("jwk", jwk)
    }),
    ("rfc9449-proof-typ", "another kind", |_, draft| draft.member("typ", "JWT")),
];

#[tokio::test]
async fn a_proof_that_is_wrong_is_told_why() {
    let (idp, key) = (server(), Signer::new());
    let browser = Browser::new(&idp);
    let code = browser.code(&asking()).await;
    for (rule, words, mistake) in AT_TOKEN {
        let proof = key.sign(&mistake(&idp, key.proof(&idp, &Method::POST, "/token")));
        let answer = browser.send(proven(posting("/token", &redeeming(&code)), &proof)).await;
        assert_told(&idp, &answer, rule, words);
        assert_silent(&idp, &answer, &[&proof, &code]);
    }
    let proof = key.at_token(&idp);
    let answer = browser.send(proven(posting("/token", &redeeming(&code)), &proof)).await;
    assert_eq!(answer.status, 200);
    let other = browser.code(&asking()).await;
    let answer = browser.send(proven(posting("/token", &redeeming(&other)), &proof)).await;
    assert_told(&idp, &answer, "rfc9449-proof-replayed", "new proof");
}

#[tokio::test]
async fn the_hash_of_a_token_that_is_wrong_is_told_why() {
    let (idp, key) = (server(), Signer::new());
    let browser = Browser::new(&idp);
    let code = browser.code(&asking()).await;
    let tokens = browser.send(proven(posting("/token", &redeeming(&code)), &key.at_token(&idp))).await.tokens();
    let token = tokens["access_token"].as_str().expect("a token").to_owned();
    let digest = Sha256::digest(&token);
    let hex: String = digest.iter().map(|octet| format!("{octet:02x}")).collect();
    let ath = "rfc9449-ath-wrong";
    let standard = BASE64_STANDARD.encode(digest);
    let alphabet = if standard.contains(['+', '/']) { "another alphabet" } else { "It has = padding" };
    for (sent, words) in [
        (token.clone(), "It is the token itself. It is the SHA-256"),
        (BASE64_URL_SAFE.encode(digest), "It has = padding"),
        (standard.clone(), alphabet),
        (hex.clone(), "It is a hex digest"),
        (encoded(&hex), "base64url of a hex digest"),
        (hashed(&format!("DPoP {token}")), "word before the token"),
        (encoded(&digest[..16]), "half of the hash"),
        (hashed("another"), "Is it of another token?"),
    ] {
        let proof = key.sign(&key.proof(&idp, &Method::GET, "/userinfo").claim("ath", sent));
        let answer = browser.send(proven(userinfo(&token), &proof)).await;
        assert_told(&idp, &answer, ath, words);
        assert_silent(&idp, &answer, &[&token, &proof]);
    }
    let stranger = Signer::new();
    let answer = browser.send(proven(userinfo(&token), &stranger.at_userinfo(&idp, &token))).await;
    assert_told(&idp, &answer, "rfc9449-token-other-key", "signed with another key");
    let answer = browser.userinfo(&token).await;
    assert_told(&idp, &answer, "rfc9449-token-as-bearer", "write DPoP in place of Bearer");
    assert_eq!(browser.send(proven(userinfo(&token), &key.at_userinfo(&idp, &token))).await.status, 200);
}
