//! One exchange with an endpoint of the server: authenticated, proven, sent, and sent once more only where a document
//! says that the server may ask for it.

use http::HeaderMap;
use http::header::{ACCEPT, CONTENT_TYPE, HeaderValue};
use http::request::Parts;
use oauth_types::{Params, Secret};
use url::Url;

use crate::client::{Client, send};
use crate::error::Error;
use crate::specs::Again;
use crate::task::{Movable, Task};
use crate::transport::{Endpoint, HttpRequest, TransportError};

/// A form for an endpoint, before it is sent.
pub(crate) struct Form {
    pub(crate) endpoint: Endpoint,
    pub(crate) url: Url,
    pub(crate) params: Params,
    pub(crate) headers: HeaderMap,
}

impl Form {
    fn into_request(self) -> Result<http::Request<Vec<u8>>, Error> {
        let mut request = http::Request::new(self.params.encode().into_bytes());
        *request.method_mut() = http::Method::POST;
        *request.uri_mut() = uri(self.endpoint, &self.url)?;
        *request.headers_mut() = self.headers;
        Ok(request)
    }
}

/// An address that was judged already, as the transport wants it.
pub(crate) fn uri(endpoint: Endpoint, url: &Url) -> Result<http::Uri, Error> {
    url.as_str().parse().map_err(|_| Error::NoEndpoint(endpoint))
}

/// Runs `work` with `endpoint` in a task of its own, which cancelling the caller does not stop.
pub(crate) async fn uncancelled<T: Movable>(
    endpoint: Endpoint,
    work: impl Future<Output = Result<T, Error>> + Movable,
) -> Result<T, Error> {
    outcome(endpoint, Task::start(work).await)
}

/// What came of work in a task of its own, if it was not stopped.
pub(crate) fn outcome<T>(endpoint: Endpoint, done: Option<Result<T, Error>>) -> Result<T, Error> {
    done.unwrap_or_else(|| {
        let source = TransportError::connection("the exchange was stopped");
        Err(Error::Transport { endpoint, source })
    })
}

impl Client {
    /// POSTs `params` to `endpoint`, authenticated as this client.
    ///
    /// # Errors
    /// [`Error::NoEndpoint`] if the server has none; [`Error::Transport`]; [`Error::Protocol`] for a redirect.
    pub(crate) async fn post(&self, endpoint: Endpoint, params: Params) -> Result<http::Response<Vec<u8>>, Error> {
        self.post_for(endpoint, params, "application/json").await
    }

    /// The same for an answer of the media type `accept`.
    pub(crate) async fn post_for(
        &self,
        endpoint: Endpoint,
        params: Params,
        accept: &'static str,
    ) -> Result<http::Response<Vec<u8>>, Error> {
        let authentication = &*self.inner.authentication;
        let url = self.inner.server.endpoint(endpoint, self.is_known_by_connection())?.clone();
        self.exchange(endpoint, None, || {
            let mut headers = HeaderMap::new();
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
            headers.insert(ACCEPT, HeaderValue::from_static(accept));
            let mut form = Form { endpoint, url: url.clone(), params: params.clone(), headers };
            authentication.authenticate(self, &mut form)?;
            form.into_request()
        })
        .await
    }

    /// Sends what `make` makes, proven by every document that is on, and once more if one of them asks for it.
    ///
    /// `token` is the access token that a proof is for, if the request carries one.
    pub(crate) async fn exchange(
        &self,
        endpoint: Endpoint,
        token: Option<&Secret>,
        make: impl Fn() -> Result<http::Request<Vec<u8>>, Error>,
    ) -> Result<http::Response<Vec<u8>>, Error> {
        let (first, url) = self.once(endpoint, token, &make).await?;
        let mut again = Again::No;
        for spec in &self.inner.specs {
            again = again.or(spec.heard(self, endpoint, &url, &first));
        }
        match again {
            Again::No => Ok(first),
            Again::Once => {
                let (second, url) = self.once(endpoint, token, &make).await?;
                // What it says for the next time is listened to, but it is not sent a third time.
                for spec in &self.inner.specs {
                    let _ = spec.heard(self, endpoint, &url, &second);
                }
                Ok(second)
            }
        }
    }

    async fn once(
        &self,
        endpoint: Endpoint,
        token: Option<&Secret>,
        make: &impl Fn() -> Result<http::Request<Vec<u8>>, Error>,
    ) -> Result<(http::Response<Vec<u8>>, http::Uri), Error> {
        let (mut head, body) = make()?.into_parts();
        self.prove(endpoint, &mut head, token)?;
        let url = head.uri.clone();
        let request = HttpRequest::new(endpoint, http::Request::from_parts(head, body));
        Ok((send(&*self.inner.http, request).await?, url))
    }

    /// Has every document that is on add its proof.
    pub(crate) fn prove(&self, endpoint: Endpoint, head: &mut Parts, token: Option<&Secret>) -> Result<(), Error> {
        self.inner.specs.iter().try_for_each(|spec| spec.prove(self, endpoint, head, token))
    }
}
