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

    /// Adds the documents that no new client should speak.
    pub(crate) fn legacy(&mut self) {
        self.specs.extend(specs::legacy());
    }

    /// Takes a document out, by its short name.
    ///
    /// # Errors
    /// The names that could have been taken out, if `name` is none of them.
    pub(crate) fn without(&mut self, name: &str) -> Result<(), String> {
        let before = self.specs.len();
        self.specs.retain(|spec| !(spec.optional() && spec.name() == name));
        if self.specs.len() < before {
            return Ok(());
        }
        let optional = self.specs.iter().filter(|spec| spec.optional()).map(|spec| spec.name());
        Err(optional.collect::<Vec<_>>().join(", "))
    }

    /// Turns a switch on, or sets an amount, by its name.
    ///
    /// # Errors
    /// The names that could have been chosen, if `name` is none of them.
    pub(crate) fn choose(&mut self, name: &str, value: Option<u64>) -> Result<(), String> {
        let switches: Vec<_> = self.specs.iter().flat_map(|spec| spec.switches()).collect();
        let amounts: Vec<_> = self.specs.iter().flat_map(|spec| spec.amounts()).collect();
        let switch = switches.iter().find(|switch| switch.name == name);
        let amount = amounts.iter().find(|amount| amount.name == name);
        match (value, switch, amount) {
            (None, Some(switch), _) => self.policy.switch(switch, true),
            (Some(value), _, Some(amount)) => self.policy.amount(amount, value),
            (None, None, _) => return Err(switches.iter().map(|own| own.name).collect::<Vec<_>>().join(", ")),
            (Some(_), _, None) => return Err(amounts.iter().map(|own| own.name).collect::<Vec<_>>().join(", ")),
        }
        Ok(())
    }
}
