//! HTTP: the only place that knows axum and hyper, and the only one that knows faults.

pub(crate) mod address;
pub(crate) mod attended;
pub(crate) mod barriers;
#[cfg(feature = "control")]
pub(crate) mod control;
pub(crate) mod date;
pub(crate) mod departure;
pub(crate) mod encode;
pub(crate) mod extract;
pub(crate) mod journal;
pub(crate) mod ledger;
pub(crate) mod lever;
pub(crate) mod lies;
pub(crate) mod mint;
pub(crate) mod notices;
pub(crate) mod outgoing;
pub(crate) mod patience;
pub(crate) mod router;
pub(crate) mod serve;
pub(crate) mod tap;
pub(crate) mod tenants;
#[cfg(feature = "tls")]
pub(crate) mod tls;
