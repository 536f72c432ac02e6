//! Request objects put together by hand (RFC 9101 section 4), and who signs them.

use crate::answer::Answer;
use crate::attack::Inconclusive;
use crate::bench::Bench;
use crate::key::{Jwt, Key};
use crate::target::{Registration, Role};

/// A client that signs its requests, and its key.
#[derive(Debug, Clone, Copy)]
pub(super) struct Signer<'a> {
    bench: &'a Bench,
    pub(super) client: &'a Registration,
    pub(super) key: &'a Key,
}

impl<'a> Signer<'a> {
    /// The client itself if it signs, or else the one that must. Its honest request is granted.
    ///
    /// # Errors
    /// [`Inconclusive`] when there is none, or its request is refused.
    pub(super) async fn find(bench: &'a Bench, client: &'a Registration) -> Result<Self, Inconclusive> {
        let client = if client.signs.is_some() { client } else { bench.role(Role::Signing)? };
        let missing = || Inconclusive::new("the target has no client with a key for its requests");
        let signer = Self { bench, client, key: client.signs.as_ref().ok_or_else(missing)? };
        match bench.grant(client).await {
            Ok(_) => Ok(signer),
            Err(_) if !takes_objects(bench) => {
                Err(Inconclusive::new("the server does not say that it takes request objects"))
            }
            Err(reason) => Err(reason),
        }
    }

    /// An honest request object, to be altered and signed.
    pub(super) fn object(&self) -> Jwt {
        self.bench.authorization(self.client).request_object()
    }

    /// Opens the request with this object and nothing else, as the client would.
    ///
    /// # Errors
    /// [`Inconclusive`] when there is no answer.
    pub(super) async fn open(&self, object: &str) -> Result<Answer, Inconclusive> {
        let request = self.bench.authorization(self.client).signed_by(None);
        let names: Vec<_> = request.params().iter().map(|(name, _)| name.to_owned()).collect();
        let bare =
            names.iter().filter(|name| *name != "client_id").fold(request, |request, name| request.without(name));
        Ok(bare.set("request", object).open().await?)
    }
}

/// Whether the metadata says so (OpenID Connect Discovery section 3, RFC 9101 section 10.5).
fn takes_objects(bench: &Bench) -> bool {
    let document = bench.target().document();
    document["request_parameter_supported"] == true
        || document["require_signed_request_object"] == true
        || document["request_object_signing_alg_values_supported"].is_array()
}
