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
pub const LEFT_OUT: &[LeftOut] = &[];
