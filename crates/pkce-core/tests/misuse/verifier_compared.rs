//! Comparing verifiers is nobody's task, and `==` would tell how far they agree.
fn main() {
    let parse = pkce_core::Verifier::parse;
    let one = parse("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk").unwrap();
    let other = parse("2SmKENGwc1g33EvYXaxkGw887yekfl1TpU8vP1svz_o").unwrap();
    assert!(one == other);
}
