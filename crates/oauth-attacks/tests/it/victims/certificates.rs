//! A second way to the mock server: by https, for a client that shows a certificate (RFC 8705 section 5).

use std::net::SocketAddr;

use mock_idp::tls::{Subject, Tls};
use mock_idp::{Builder, Client, MockIdp};
use oauth_attacks::{Registration, Role, Target};
use serde_json::json;

use super::forgiving::REDIRECT_URI;
use super::front::Reply;

/// The client, and the common name in its certificate.
const CLIENT: &str = "certified";

/// Starts the server, listening by https and knowing the client.
pub(super) async fn start(builder: Builder) -> MockIdp {
    let client = Client::public(CLIENT).token_endpoint_auth_method("tls_client_auth").redirect_uri(REDIRECT_URI);
    let client = client.metadata("tls_client_auth_subject_dn", format!("CN={CLIENT}")).scope(["openid"]);
    builder.client(client).tls(Tls::generated()).start().await.expect("a server")
}

/// Says in the metadata where the endpoints are by https.
pub(super) fn announce(reply: &mut Reply, address: SocketAddr) {
    let mut document = reply.document();
    let at = |path: &str| json!(format!("https://{address}{path}"));
    document["mtls_endpoint_aliases"] = json!({
        "token_endpoint": at("/token"),
        "userinfo_endpoint": at("/userinfo"),
        "revocation_endpoint": at("/revoke"),
    });
    reply.body = document.to_string().into_bytes();
}

/// Puts the client into the cast, if the server speaks https.
pub(super) fn cast(idp: &MockIdp, target: Target) -> Target {
    let Some(ca) = idp.ca_pem() else { return target };
    let shown = idp.client_certificate(&Subject::named(CLIENT)).expect("a certificate");
    let identity = format!("{}{}", shown.certificate_pem, shown.key_pem.expose());
    target.trust(ca).playing(Role::MutualTls, Registration::with_certificate(CLIENT, identity, REDIRECT_URI))
}
