//! A verifier reaches no log by accident.
fn main() {
    let verifier = pkce_core::Verifier::parse("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk").unwrap();
    println!("{verifier}");
}
