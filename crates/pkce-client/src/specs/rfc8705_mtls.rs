//! RFC 8705, OAuth 2.0 Mutual-TLS Client Authentication and Certificate-Bound Access Tokens: the certificate that the
//! transport shows says who the client is, and what tokens are bound to.

use crate::authentication::Authentication;
use crate::builder::ClientBuilder;
use crate::client::Client;
use crate::discover::Server;
use crate::error::Error;
use crate::exchange::Form;
use crate::specs::Spec;

/// A client that is known by its certificate.
enum Certificate {
    /// §2.1: one that an authority issued.
    Issued,
    /// §2.2: one that was registered.
    SelfSigned,
}

/// §3: tokens are bound to the certificate, however the client says who it is.
pub(crate) struct CertificateBound;

impl ClientBuilder {
    /// Makes it a confidential client that is known by a certificate of an authority which the server trusts,
    /// `tls_client_auth` (RFC 8705 §2.1).
    ///
    /// The certificate is the transport's: see `ReqwestTransport::builder`, and [`ClientBuilder::http`]. Where the server
    /// has endpoints of their own for such clients (`mtls_endpoint_aliases`, §5), these are used. Access tokens may be
    /// bound to the certificate (§3); resources are then asked by [`Session::send`](crate::Session::send), through the
    /// same transport.
    ///
    /// The client is not made if the server does not offer the method.
    pub fn mtls(self) -> Self {
        self.authenticated_by(Certificate::Issued)
    }

    /// The same as [`ClientBuilder::mtls`] with a certificate that is registered with the server, whoever issued it,
    /// `self_signed_tls_client_auth` (RFC 8705 §2.2).
    pub fn mtls_self_signed(self) -> Self {
        self.authenticated_by(Certificate::SelfSigned)
    }

    /// Has access tokens bound to the certificate of the transport (RFC 8705 §3) although the client says in another way
    /// who it is, or nothing: `private_key_jwt`, or a public client (§4). It is registered with
    /// `tls_client_certificate_bound_access_tokens`.
    ///
    /// The client is not made if the server does not offer it. [`ClientBuilder::mtls`] does not need this besides.
    pub fn certificate_bound_tokens(self) -> Self {
        self.with_spec(CertificateBound)
    }
}

impl Authentication for Certificate {
    fn method(&self) -> &'static str {
        match self {
            Self::Issued => "tls_client_auth",
            Self::SelfSigned => "self_signed_tls_client_auth",
        }
    }

    /// §2: "the client MUST include the client_id parameter".
    fn authenticate(&self, client: &Client, form: &mut Form) -> Result<(), Error> {
        form.params.set("client_id", client.client_id());
        Ok(())
    }

    fn is_in_connection(&self) -> bool {
        true
    }
}

impl Spec for CertificateBound {
    /// §3.3.
    fn accept(&self, server: &Server) -> Result<(), Error> {
        match server.says("tls_client_certificate_bound_access_tokens") {
            true => Ok(()),
            false => Err(Error::Unsupported("the server binds no tokens to certificates")),
        }
    }

    fn is_in_connection(&self) -> bool {
        true
    }
}
