//! A proxy ends the TLS connections and tells the server of a client's certificate in a header. Certificates are no
//! secrets, so if the proxy lets such a header in from outside, or there is a way around the proxy, anybody can write
//! one and is the client.

use crate::attack::{Capability, Idea, Inconclusive, On, ServerAttack, story};
use crate::bench::Bench;
use crate::judge::CLIENT;
use crate::target::{ClientAuth, Registration, Role};
use crate::verdict::Level;

/// `as-mtls-header-spoof`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-mtls-header-spoof",
        name: "A certificate in a header from outside",
        story: story!("mtls_header_spoof.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 9700 section 4.13, RFC 8705 section 6.5, RFC 9440 section 4",
        steps: &[
            "Obtain codes of a client that authenticates with mutual TLS.",
            "Redeem them without a certificate, with the registered one in each of the headers that proxies use.",
        ],
        secure: "Each is refused with invalid_client, as if the header were not there.",
        insecure: "The header counts as a certificate, and tokens are issued.",
        defence: "Headers about certificates are taken off where requests come in from outside.",
        level: Level::Must,
        levels: &[],
    },
    on: On::Client(Role::MutualTls),
    needs: &[],
    run: |bench, client| Box::pin(run(bench, client)),
};

/// How proxies call it, and how they write it.
const HEADERS: &[(&str, Written)] = &[
    ("client-cert", Written::StructuredField),
    ("x-ssl-client-cert", Written::Escaped),
    ("ssl-client-cert", Written::Escaped),
    ("x-client-cert", Written::Base64),
    ("x-forwarded-client-cert", Written::Envoy),
    ("x-arr-clientcert", Written::Base64),
    ("x-amzn-mtls-clientcert", Written::Escaped),
];

/// How a certificate is written in a header.
#[derive(Clone, Copy)]
enum Written {
    /// PEM, percent-encoded, as nginx does.
    Escaped,
    /// Base64 of the DER.
    Base64,
    /// Base64 between colons (RFC 9440 section 2.1).
    StructuredField,
    /// `Cert="…"`, as Envoy does.
    Envoy,
}

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let ClientAuth::MutualTls(identity) = &client.auth else {
        return Err(Inconclusive::new("the target has no client with mutual TLS"));
    };
    let base64 = certificate(identity.expose())?;
    let grant = bench.grant(client).await?;
    let answer = bench.redemption(client, &grant).unauthenticated().send().await?;
    bench.judge(&answer, CLIENT, "a client without its certificate");
    for (name, written) in HEADERS {
        let grant = bench.grant(client).await?;
        let value = written.value(&base64);
        let answer = bench.redemption(client, &grant).unauthenticated().header(name, value).send().await?;
        bench.judge(&answer, CLIENT, &format!("a certificate in the header {name}"));
    }
    Ok(())
}

impl Written {
    fn value(self, base64: &str) -> String {
        let pem = || format!("-----BEGIN CERTIFICATE-----\n{base64}\n-----END CERTIFICATE-----\n");
        let escaped =
            || url::form_urlencoded::byte_serialize(pem().as_bytes()).collect::<String>().replace('+', "%20");
        match self {
            Self::Escaped => escaped(),
            Self::Base64 => base64.to_owned(),
            Self::StructuredField => format!(":{base64}:"),
            Self::Envoy => format!("Cert=\"{}\"", escaped()),
        }
    }
}

/// The first certificate in a text in PEM, in base64 on one line.
fn certificate(pem: &str) -> Result<String, Inconclusive> {
    let rest = pem.split_once("-----BEGIN CERTIFICATE-----").map(|(_, rest)| rest);
    let body = rest.and_then(|rest| rest.split("-----END").next());
    let body = body.ok_or_else(|| Inconclusive::new("the target has no certificate of the client in PEM"))?;
    Ok(body.split_whitespace().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_is_found_beside_its_key() {
        let pem = "-----BEGIN PRIVATE KEY-----\nkey\n-----END PRIVATE KEY-----\n\
                   -----BEGIN CERTIFICATE-----\nAB\nC=\n-----END CERTIFICATE-----\n";
        let base64 = certificate(pem).expect("a certificate");
        assert_eq!(base64, "ABC=");
        assert_eq!(Written::StructuredField.value(&base64), ":ABC=:");
        assert!(Written::Escaped.value(&base64).starts_with("-----BEGIN%20CERTIFICATE-----%0AABC%3D"));
        assert!(certificate("nothing").is_err());
    }
}
