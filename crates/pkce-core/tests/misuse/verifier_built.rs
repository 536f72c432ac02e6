//! Only the constructors make a verifier.
fn main() {
    let _ = pkce_core::Verifier("short");
}
