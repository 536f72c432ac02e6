//! A plain challenge is the verifier, and reaches no log by accident.
fn main() {
    let challenge = pkce_core::plain::PlainChallenge::parse("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk").unwrap();
    println!("{challenge}");
}
