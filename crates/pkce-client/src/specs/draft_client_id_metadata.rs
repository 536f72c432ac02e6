//! OAuth Client ID Metadata Document (draft-ietf-oauth-client-id-metadata-document): a client that nobody has registered
//! is called by a URL, and says there who it is.

use serde_json::Value;
use url::{Host, Url};

use crate::address::Http;
use crate::builder::ClientBuilder;
use crate::client::Client;
use crate::client_metadata::{ClientMetadata, Kind};
use crate::discover::Server;
use crate::error::{ConfigError, Error};
use crate::specs::Spec;
use crate::specs::rfc7591_registration::Owed;

/// The member of the server's metadata that says that it reads such documents (§5).
pub(crate) const SUPPORTED: &str = "client_id_metadata_document_supported";

/// The path of native logins, unless the metadata name another.
const LOOPBACK_PATH: &str = "/callback";

/// The longest URL, in octets. It is shown to people.
const MAX_LENGTH: usize = 2048;

/// Who a client is, to be served at the URL that is its `client_id` (§4).
///
/// ```
/// # fn main() -> Result<(), pkce_client::ConfigError> {
/// use pkce_client::{ClientDocument, ClientMetadata};
///
/// let metadata = ClientMetadata::native("My CLI").client_uri("https://app.example");
/// let document = ClientDocument::new("https://app.example/oauth-client.json", metadata)?;
/// // Serve this there, as application/json:
/// let json = document.to_json();
/// # let _ = json;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct ClientDocument {
    url: String,
    metadata: ClientMetadata,
}

impl ClientDocument {
    /// A document at `url` that says what `metadata` says. A client that publishes keys signs who it is with one of them;
    /// any other is a public client, since nothing that is published is a secret (§4.1).
    ///
    /// # Errors
    /// [`ConfigError::DocumentUrl`] if it cannot be there (§3); [`ConfigError`] if something of the metadata is unusable.
    pub fn new(url: impl Into<String>, metadata: ClientMetadata) -> Result<Self, ConfigError> {
        let url = url.into();
        judge(&url)?;
        metadata.judge(Http { localhost: true })?;
        if metadata.kind() == Kind::Service {
            return Err(ConfigError::NoRedirectUri);
        }
        Ok(Self { url, metadata: metadata.coming_back_to(LOOPBACK_PATH) })
    }

    /// Where it is served, which is the `client_id`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The document as it is served.
    pub fn to_json(&self) -> String {
        let mut members = self.metadata.members(self.method());
        members.insert("client_id".to_owned(), self.url.as_str().into());
        Value::Object(members).to_string()
    }

    fn method(&self) -> &'static str {
        if self.metadata.has_keys() { "private_key_jwt" } else { "none" }
    }

    /// Has the client be the one of this document.
    pub(crate) fn name(&self, mut builder: ClientBuilder) -> ClientBuilder {
        self.url.clone_into(&mut builder.client_id);
        let builder = match self.metadata.redirect_uris() {
            [uri] if builder.redirect_uri.is_none() && self.metadata.kind() == Kind::Web => builder.redirect_uri(uri),
            _ => builder,
        };
        let method = self.method();
        let builder = match builder.authentication.method() {
            own if own == method => builder,
            _ => builder.authenticated_by(Owed(method.to_owned())),
        };
        builder.with_spec(Documented)
    }
}

impl Client {
    /// Starts to describe the client of `document` at a server that nobody has registered it at. If the document has keys,
    /// the private one has to be named by [`ClientBuilder::private_key_jwt`].
    ///
    /// The client is not made if the server does not read such documents.
    pub fn documented(issuer: &str, document: &ClientDocument) -> ClientBuilder {
        document.name(ClientBuilder::new(issuer, document.url()))
    }
}

/// The client is called by a URL.
struct Documented;

impl Spec for Documented {
    fn accept(&self, server: &Server) -> Result<(), Error> {
        if server.says(SUPPORTED) {
            return Ok(());
        }
        let value = "clients that are called by the URL of their metadata".to_owned();
        Err(ConfigError::NotOffered { value, member: SUPPORTED }.into())
    }
}

/// §3
fn judge(text: &str) -> Result<(), ConfigError> {
    let refused = Err(ConfigError::DocumentUrl);
    let plain = text.bytes().all(|octet| octet.is_ascii_graphic() && octet != b'\\');
    let (true, Ok(url)) = (plain && text.len() <= MAX_LENGTH, Url::parse(text)) else { return refused };
    // A parser takes segments of dots away: what is written has to be what is asked for.
    let (scheme, written) = (url.scheme(), url.as_str() == text);
    let bare = url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
    let named = matches!(url.host(), Some(Host::Domain(_))) && url.password().is_none();
    if scheme == "https" && written && bare && named && url.path() != "/" { Ok(()) } else { refused }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_url_is_https_with_a_plain_path() {
        assert_eq!(judge("https://app.example/client.json"), Ok(()));
        assert_eq!(judge("https://app.example:8443/a/"), Ok(()));
        for url in [
            "",
            "app.example/client",
            "http://app.example/client",
            "https://app.example",
            "https://app.example/",
            "https://app.example/a?b",
            "https://app.example/a#b",
            "https://u@app.example/a",
            "https://u:p@app.example/a",
            "https://app.example/a/../b",
            "https://app.example/./b",
            "https://app.example/%2e%2e/b",
            "https://APP.example/b",
            "https://app.example:443/b",
            "https://10.0.0.1/b",
        ] {
            assert_eq!(judge(url), Err(ConfigError::DocumentUrl), "{url}");
        }
    }
}
