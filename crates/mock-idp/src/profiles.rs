//! Which documents are in force, and what the server decides where they leave it a choice.
//!
//! A profile is data: a list of documents and a policy. Every relaxation of the default has a name.

use std::sync::Arc;

use crate::spec::Spec;
use crate::specs;
use crate::world::Policy;

/// A list of documents and a policy.
#[derive(Debug)]
pub(crate) struct Profile {
    pub(crate) specs: Vec<Arc<dyn Spec>>,
    pub(crate) policy: Policy,
}

impl Profile {
    /// Every document, and the strictest policy.
    pub(crate) fn strict() -> Self {
        Self { specs: specs::all(), policy: Policy::default() }
    }

    /// Takes a document out, by its short name.
    ///
    /// # Errors
    /// The names that could have been taken out, if `name` is none of them.
    pub(crate) fn without(&mut self, name: &str) -> Result<(), String> {
        let before = self.specs.len();
        self.specs.retain(|spec| !(spec.optional() && spec.document().name == name));
        if self.specs.len() < before {
            return Ok(());
        }
        let optional = self.specs.iter().filter(|spec| spec.optional()).map(|spec| spec.document().name);
        Err(optional.collect::<Vec<_>>().join(", "))
    }
}
