//! The attacks that are in the list of known ones and not in the catalogue, each with its reason.

/// Why an attack is not in the catalogue.
#[derive(Debug, Clone, Copy)]
pub struct LeftOut {
    /// Its id.
    pub id: &'static str,
    /// The reason, as a sentence.
    pub reason: &'static str,
}

/// Every attack that is left out.
pub const LEFT_OUT: &[LeftOut] = &[LeftOut {
    id: "as-pkce-timing",
    reason: "How long a comparison takes shows in the statistics of many thousand requests alone, so that no verdict on it \
             would be the same twice; with S256 nobody can steer the digest that is compared, and pkce-core compares in \
             constant time.",
}];
