//! A verifier is used for one flow, once.
fn main() {
    let verifier = pkce_core::Verifier::parse("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk").unwrap();
    let _ = verifier.clone();
}
