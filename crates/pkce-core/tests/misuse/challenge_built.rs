//! Only a checked text becomes a challenge.
fn main() {
    let _ = pkce_core::Challenge([b'A'; 43]);
}
