//! RFC 7592, Dynamic Client Registration Management: who has registered a client may read, replace and delete the
//! registration.

use http::header::{ACCEPT, AUTHORIZATION};
use http::{HeaderValue, Method, StatusCode};
use serde_json::{Map, Value};
use url::Url;

use crate::client::{Client, send};
use crate::client_metadata::ClientMetadata;
use crate::error::{AddressError, Defect, DiscoveryError, Error};
use crate::exchange::uri;
use crate::specs::rfc7591_registration::{Registration, RegistrationError, bearer, posted};
use crate::token::members;
use crate::transport::{Endpoint, HttpRequest};

const ENDPOINT: Endpoint = Endpoint::Registration;

impl Client {
    /// Asks the server what is registered (§2.1). What it answers takes the place of `registration`: secret and token may
    /// be others now.
    ///
    /// # Errors
    /// [`Error::Registration`] if the registration is not managed, or is about another client by now;
    /// [`Error::OtherClient`] if it is none of this client; [`Error::OAuth`], [`Error::Protocol`] or [`Error::Transport`].
    pub async fn read_registration(&self, registration: &Registration) -> Result<Registration, Error> {
        let request = self.about(registration, Method::GET, &Map::new())?;
        self.answered(registration, request).await
    }

    /// Replaces what is registered by `metadata` (§2.2), all of it. What the server answers takes the place of
    /// `registration`: the secret and the token in it may be others now, so keep it before anything else. The server may
    /// have registered something else than was sent; it says what, and nothing is refused here, since the secret would be
    /// lost with it.
    ///
    /// This client goes on as it is; make another one by [`Client::registered`].
    ///
    /// # Errors
    /// As [`Client::read_registration`]; [`Error::Config`] if something of the metadata is unusable.
    pub async fn update_registration(
        &self,
        registration: &Registration,
        metadata: &ClientMetadata,
    ) -> Result<Registration, Error> {
        metadata.judge(self.inner.addresses)?;
        let mut body = metadata.coming_back_to(&self.inner.loopback_path).members(registration.method());
        body.insert("client_id".to_owned(), registration.client_id().into());
        if let Some(secret) = registration.secret() {
            body.insert("client_secret".to_owned(), secret.expose().into());
        }
        let request = self.about(registration, Method::PUT, &body)?;
        self.answered(registration, request).await
    }

    /// Deletes the registration (§2.3). The server does not know the client from then on, and what it was granted ends.
    ///
    /// # Errors
    /// As [`Client::read_registration`].
    pub async fn delete_registration(&self, registration: &Registration) -> Result<(), Error> {
        let request = self.about(registration, Method::DELETE, &Map::new())?;
        let response = send(&*self.inner.http, HttpRequest::new(ENDPOINT, request)).await?;
        match response.status() {
            StatusCode::NO_CONTENT => Ok(()),
            status => {
                let defect = Defect::Status(status.as_u16());
                Err(members(ENDPOINT, response).err().unwrap_or(Error::Protocol { endpoint: ENDPOINT, defect }))
            }
        }
    }

    /// A request at the address of the registration. The token goes nowhere else.
    fn about(
        &self,
        registration: &Registration,
        method: Method,
        body: &Map<String, Value>,
    ) -> Result<http::Request<Vec<u8>>, Error> {
        if (registration.issuer(), registration.client_id()) != (self.issuer(), self.client_id()) {
            return Err(Error::OtherClient);
        }
        let management = registration.management().ok_or(RegistrationError::Unmanaged)?;
        let refused = |reason| DiscoveryError::Endpoint { name: "registration_client_uri", reason };
        let issuer = Url::parse(self.issuer()).map_err(|_| refused(AddressError::NotAUrl))?;
        let address = self.inner.addresses.endpoint(&issuer, &management.uri).map_err(refused)?;
        let token = bearer(&management.token)?;
        let mut request = match method {
            Method::PUT => posted(uri(ENDPOINT, &address)?, body),
            _ => {
                let mut request = http::Request::new(Vec::new());
                *request.uri_mut() = uri(ENDPOINT, &address)?;
                request.headers_mut().insert(ACCEPT, HeaderValue::from_static("application/json"));
                request
            }
        };
        *request.method_mut() = method;
        request.headers_mut().insert(AUTHORIZATION, token);
        Ok(request)
    }

    /// The registration as the server says it is now (§3).
    async fn answered(&self, before: &Registration, request: http::Request<Vec<u8>>) -> Result<Registration, Error> {
        let response = send(&*self.inner.http, HttpRequest::new(ENDPOINT, request)).await?;
        let mut members = members(ENDPOINT, response)?;
        let read = Registration::read(self.issuer(), &mut members);
        let answered = read.map_err(|defect| Error::Protocol { endpoint: ENDPOINT, defect })?;
        if answered.client_id() != before.client_id() {
            return Err(RegistrationError::Differs("client_id").into());
        }
        Ok(answered.after(before))
    }
}
