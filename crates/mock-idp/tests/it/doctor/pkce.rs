//! Mistakes with PKCE (RFC 7636), of which facts are told in row 25 of the demands: "Tell me WHY PKCE failed".

use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE, BASE64_URL_SAFE_NO_PAD};
use oauth_types::Params;
use sha2::{Digest, Sha256};

use super::{assert_silent, assert_told, server};
use crate::browser::{Browser, CHALLENGE, VERIFIER, asking, redeeming, with, without};
use crate::signer::{encoded, hashed};

fn digest() -> Vec<u8> {
    Sha256::digest(VERIFIER).to_vec()
}

fn hex() -> String {
    digest().iter().map(|octet| format!("{octet:02x}")).collect()
}

/// The challenge of a client that hashes something else than its verifier.
fn of(octets: impl AsRef<[u8]>) -> String {
    encoded(Sha256::digest(octets))
}

/// The right pair, after the wrong one.
async fn control(browser: &Browser<'_>) {
    let code = browser.code(&asking()).await;
    assert_eq!(browser.token(&redeeming(&code)).await.status, 200);
}

#[tokio::test]
async fn row_25_a_wrong_verifier_is_told_why() {
    let standard = VERIFIER.replace('-', "+").replace('_', "/");
    let upper = VERIFIER.to_uppercase();
    let utf16: Vec<u8> = VERIFIER.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let decoded = BASE64_URL_SAFE_NO_PAD.decode(VERIFIER).expect("base64url");
    let long = format!("{VERIFIER}0123456789");
    let (wrong, malformed) = ("rfc7636-verifier-wrong", "rfc7636-verifier-malformed");
    for (challenge, verifier, rule, words) in [
        (CHALLENGE.to_owned(), CHALLENGE, wrong, "both are the same"),
        (VERIFIER.to_owned(), VERIFIER, wrong, "both are the same"),
        (CHALLENGE.to_owned(), &*format!("{VERIFIER}="), malformed, "= padding of code_verifier"),
        (of(format!("{VERIFIER}=")), VERIFIER, wrong, "= padding of code_verifier"),
        (of(&standard), VERIFIER, wrong, "base64url alphabet"),
        (CHALLENGE.to_owned(), &standard, malformed, "base64url alphabet"),
        (of(digest()), VERIFIER, wrong, "hash of a hash"),
        (of(CHALLENGE), VERIFIER, wrong, "hash of a hash"),
        (of(hex()), VERIFIER, wrong, "hash of a hash"),
        (of(format!("{VERIFIER}\n")), VERIFIER, wrong, "line end"),
        (of(format!("{VERIFIER}\0")), VERIFIER, wrong, "NUL"),
        (of(format!("\"{VERIFIER}\"")), VERIFIER, wrong, "JSON text"),
        (of(format!("\u{feff}{VERIFIER}")), VERIFIER, wrong, "byte order mark"),
        (of(utf16), VERIFIER, wrong, "UTF-16"),
        (of(decoded), VERIFIER, wrong, "not the octets it encodes"),
        (of(VERIFIER.to_lowercase()), VERIFIER, wrong, "letter case"),
        (of(&upper), VERIFIER, wrong, "letter case"),
        (CHALLENGE.to_owned(), &format!(" {VERIFIER}"), malformed, "white space"),
        (CHALLENGE.to_owned(), &format!("{VERIFIER}\r\n"), malformed, "white space"),
        (CHALLENGE.to_owned(), &format!("\"{VERIFIER}\""), malformed, "quotation marks"),
        (of(format!("{VERIFIER}~")), &format!("{VERIFIER}%7E"), malformed, "Percent-encode the value once"),
        (CHALLENGE.to_owned(), &VERIFIER[..42], malformed, "lacks a character"),
        (of(&long), &long[..52], wrong, "lacks a character"),
        (CHALLENGE.to_owned(), &format!("{VERIFIER}x"), wrong, "characters too many"),
        (
            encoded("0123456789abcdef0123456789abcdef"),
            "0123456789abcdef0123456789abcdef",
            malformed,
            "before encoding",
        ),
        (CHALLENGE.to_owned(), "tooshort", malformed, "fewer than 43"),
        (CHALLENGE.to_owned(), &"a".repeat(129), malformed, "more than 128"),
        (CHALLENGE.to_owned(), "2SmKENwv1c1g3PjqRGqwTiZqNfgYY1OZ0vOsQ0lHfOE", wrong, "no code_challenge"),
    ] {
        let idp = server();
        let browser = Browser::new(&idp);
        let code = browser.code(&with(asking(), "code_challenge", &challenge)).await;
        let answer = browser.token(&with(redeeming(&code), "code_verifier", verifier)).await;
        assert_told(&idp, &answer, rule, words);
        assert_silent(&idp, &answer, &[verifier, &code]);
        control(&browser).await;
    }
}

#[tokio::test]
async fn a_verifier_of_another_flow_is_told_from_one_that_was_used_before() {
    let idp = server();
    let browser = Browser::new(&idp);
    let other = "a".repeat(43);
    let begun = browser.code(&with(asking(), "code_challenge", &hashed(&other))).await;
    let code = browser.code(&asking()).await;
    let answer = browser.token(&with(redeeming(&code), "code_verifier", &other)).await;
    assert_told(&idp, &answer, "rfc7636-verifier-wrong", "another pending flow");
    assert_eq!(browser.token(&with(redeeming(&begun), "code_verifier", &other)).await.status, 200);
    let answer = browser.token(&with(redeeming(&code), "code_verifier", &other)).await;
    assert_told(&idp, &answer, "rfc7636-verifier-wrong", "finished before: make a new one for each flow");
    assert_silent(&idp, &answer, &[&other, &code]);
    assert_eq!(browser.token(&redeeming(&code)).await.status, 200);
}

#[tokio::test]
async fn a_missing_verifier_is_looked_for() {
    let idp = server();
    let browser = Browser::new(&idp);
    let code = browser.code(&asking()).await;
    let bare = || without(redeeming(&code), "code_verifier");
    for (params, words) in [
        (bare(), "keep the code_verifier"),
        (bare().with("code_verifier", ""), "empty"),
        (bare().with("codeVerifier", VERIFIER), "codeVerifier was sent"),
        (bare().with("code_verifer", VERIFIER), "code_verifer was sent"),
        (bare().with("code_verifier[]", VERIFIER), "the name is code_verifier"),
        (bare().with("code_challenge", CHALLENGE), "code_challenge was sent"),
        (bare().with("verifier", VERIFIER), "verifier was sent"),
    ] {
        let answer = browser.token(&params).await;
        assert_told(&idp, &answer, "rfc7636-verifier-missing", words);
        assert_silent(&idp, &answer, &[VERIFIER, &code]);
    }
    assert_eq!(browser.token(&redeeming(&code)).await.status, 200);
}

#[tokio::test]
async fn a_wrong_challenge_is_told_why() {
    let challenge = |text: &str| with(asking(), "code_challenge", text);
    let method = |text: &str| with(asking(), "code_challenge_method", text);
    let bare = || without(asking(), "code_challenge");
    let naked = || without(bare(), "code_challenge_method");
    let swapped = with(challenge("S256"), "code_challenge_method", CHALLENGE);
    let (malformed, missing) = ("rfc7636-challenge-malformed", "rfc7636-challenge-missing");
    let (alone, unknown) = ("rfc7636-method-without-challenge", "rfc7636-method-unknown");
    let rows: Vec<(Params, &str, &str)> = vec![
        (challenge(&BASE64_URL_SAFE.encode(digest())), malformed, "= padding"),
        (challenge(&BASE64_STANDARD.encode(digest())), malformed, "base64url alphabet"),
        (challenge(&hex()), malformed, "hex digest"),
        (challenge(&encoded(hex())), malformed, "base64url of hex"),
        (challenge(&encoded(CHALLENGE)), malformed, "Encode the digest once"),
        (challenge(&format!("\"{CHALLENGE}\"")), malformed, "quotation marks"),
        (challenge(&format!("{CHALLENGE}\n")), malformed, "white space"),
        (challenge(&format!("{CHALLENGE}%3D")), malformed, "Percent-encode the value once"),
        (challenge(&CHALLENGE[..41]), malformed, "cut off"),
        (challenge(&CHALLENGE.replace(['-', '_'], "")), malformed, "instead of deleting"),
        (challenge(&format!("{VERIFIER}.verifier~")), malformed, "looks like code_verifier itself"),
        (challenge(&encoded(&digest()[..20])), malformed, "another hash"),
        (swapped, unknown, "are swapped"),
        (method("s256"), unknown, "Did you mean S256"),
        (method("SHA256"), unknown, "Did you mean S256"),
        (method("SHA-256"), unknown, "Did you mean S256"),
        (method("S256 "), unknown, "Did you mean S256"),
        (method("RS256"), unknown, "Did you mean S256"),
        (method("plain"), "rfc7636-plain", "--plain"),
        (without(asking(), "code_challenge_method"), "rfc7636-method-omitted", "code_challenge_method=S256"),
        (
            without(asking(), "code_challenge_method").with("codeChallengeMethod", "S256"),
            "rfc7636-method-omitted",
            "codeChallengeMethod was sent",
        ),
        (bare().with("code_verifier", VERIFIER), alone, "code_verifier was sent"),
        (naked().with("code_verifier", VERIFIER), missing, "code_verifier was sent"),
        (naked().with("code_challange", CHALLENGE), missing, "code_challange was sent"),
        (naked().with("code_challenge", ""), missing, "empty"),
    ];
    for (params, rule, words) in rows {
        let idp = server();
        let browser = Browser::new(&idp);
        let answer = browser.authorize(&params).await;
        assert_told(&idp, &answer, rule, words);
        assert_silent(&idp, &answer, &[VERIFIER]);
        control(&browser).await;
    }
}
