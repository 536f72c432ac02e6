//! Fewer than 256 bits of entropy cannot be passed.
fn main() {
    let _ = pkce_core::Verifier::from_entropy(&mut [0; 16]);
}
