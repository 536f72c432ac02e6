//! A server cannot pass the stored text where a challenge is needed.
fn main() {
    let stored = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
    let params = [("code_verifier", "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")];
    let _ = pkce_core::check_token_request(Some(&stored), params, pkce_core::Policy::Required);
}
