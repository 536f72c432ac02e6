//! There is no verifier without entropy.
fn default<T: Default>() -> T {
    T::default()
}

fn main() {
    let _ = default::<pkce_core::Verifier>();
}
