//! Where the server is as its visitor sees it: what browsers call it, and what its issuer is called then.

use std::sync::Arc;

use http::StatusCode;

use super::{Visit, Wrong};
use crate::http::address;
use crate::http::tenants::Live;
use crate::refusal::Refusal;
use crate::request::Seen;

/// Where a browser finds these pages.
pub(super) struct Outside {
    /// The scheme and the host: `https://idp.example`.
    pub(super) origin: String,
    /// What all paths begin with there: nothing, or `/oauth`.
    pub(super) prefix: String,
}

impl Outside {
    /// Where the visitor is, as far as the choices of a tenant let the request say that.
    pub(super) fn of(visit: &Visit<'_>, tenant: &str) -> Result<Self, Wrong> {
        let live = live(visit, tenant);
        let named = address::named(&live.place, &live.world.policy, visit.parts, &Seen::default());
        let (origin, prefix) = named.map_err(|refusal| refused(&refusal))?;
        Ok(Self { origin, prefix })
    }

    /// `Secure` for a cookie, where browsers come by TLS (RFC 6265 §5.2.5).
    pub(super) fn secure(&self) -> &'static str {
        if self.origin.starts_with("https://") { "; Secure" } else { "" }
    }
}

/// What a tenant is called where the visitor came to.
pub(super) fn issuer(visit: &Visit<'_>, tenant: &str) -> Result<String, Wrong> {
    let live = live(visit, tenant);
    let place = address::place(&live.place, &live.world.policy, visit.parts, &Seen::default());
    Ok(place.map_err(|refusal| refused(&refusal))?.issuer.clone())
}

/// What requests to a tenant meet. One that is not made yet will be like the one at the root.
fn live(visit: &Visit<'_>, tenant: &str) -> Arc<Live> {
    let tenants = &visit.app.tenants;
    tenants.known(tenant).unwrap_or_else(|| tenants.root().clone()).live()
}

fn refused(refusal: &Refusal) -> Wrong {
    Wrong::of(StatusCode::BAD_REQUEST, refusal.description())
}
