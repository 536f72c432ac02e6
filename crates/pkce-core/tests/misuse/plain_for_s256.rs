//! What was read as plain is not taken where S256 is needed.
use pkce_core::plain::{PlainChallenge, read_authorization_request};
use pkce_core::{Policy, check_token_request};

fn main() {
    let text = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    let plain = PlainChallenge::parse(text).unwrap();
    let _ = check_token_request(Some(&plain), [("code_verifier", text)], Policy::Required);
    let any = read_authorization_request([("code_challenge", text)], Policy::Required).unwrap();
    let _ = check_token_request(any.as_ref(), [("code_verifier", text)], Policy::Required);
}
