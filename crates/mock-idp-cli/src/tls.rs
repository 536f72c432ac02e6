//! What the command line and the configuration file say about TLS.

use std::path::{Path, PathBuf};

use mock_idp::tls::Tls;
use mock_idp::{Builder, MockIdp};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::environment::Origins;
use crate::log::Voice;

/// What the command line says.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct TlsArguments {
    /// Serve https with a certificate of a certification authority that is made for this run.
    #[arg(long, conflicts_with = "tls_cert")]
    tls: bool,
    /// Serve https with this certificate, and any that lead from it to its certification authority. PEM.
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// The key of that certificate: PKCS #8, PKCS #1 or SEC 1. PEM.
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// Trust this certification authority to say who a client is. PEM; may be repeated.
    #[arg(long, value_name = "FILE")]
    tls_client_ca: Vec<PathBuf>,
    /// Write the certification authority of this run to this file, not to the terminal. PEM.
    #[arg(long, value_name = "FILE")]
    ca_out: Option<PathBuf>,
    /// Write the server's own certificate, and after it its certification authority, to this file. PEM.
    #[arg(long, value_name = "FILE")]
    bundle_out: Option<PathBuf>,
    /// A further name that the server is called by, such as `idp` in a network of containers; may be repeated.
    #[arg(long, value_name = "NAME")]
    tls_name: Vec<String>,
    /// Trust this certification authority to say who other servers are. PEM; may be repeated.
    #[arg(long, value_name = "FILE")]
    trust: Vec<PathBuf>,
}

/// What the configuration file says: the table is there, so https is served.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(try_from = "Members")]
#[schemars(inline, with = "Members")]
pub(crate) struct TlsConfig {
    /// Certificate and key; without them they are made.
    own: Option<(PathBuf, PathBuf)>,
    client_ca: Vec<PathBuf>,
    ca_out: Option<PathBuf>,
    bundle_out: Option<PathBuf>,
    names: Vec<String>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
struct Members {
    /// The certificate to serve with, and any that lead from it to its certification authority. PEM. Without it, one is
    /// made for this run.
    cert: Option<PathBuf>,
    /// The key of that certificate. PEM.
    key: Option<PathBuf>,
    /// Certification authorities that say who clients are. PEM.
    #[serde(default)]
    client_ca: Vec<PathBuf>,
    /// Where the certification authority of this run is written. PEM.
    ca_out: Option<PathBuf>,
    /// Where the certificate of this run is written, and after it its certification authority. PEM.
    bundle_out: Option<PathBuf>,
    /// Further names that the server is called by.
    #[serde(default)]
    names: Vec<String>,
}

impl TryFrom<Members> for TlsConfig {
    type Error = &'static str;

    fn try_from(members: Members) -> Result<Self, Self::Error> {
        let own = match (members.cert, members.key) {
            (Some(cert), Some(key)) => Some((cert, key)),
            (None, None) => None,
            (Some(_), None) => return Err("there is a cert and no key; add key"),
            (None, Some(_)) => return Err("there is a key and no cert; add cert"),
        };
        if own.is_some() && members.ca_out.is_some() {
            return Err("ca_out is for the certification authority that is made without cert; leave one of them out");
        }
        if own.is_some() && members.bundle_out.is_some() {
            return Err("bundle_out is for the certificate that is made without cert; leave one of them out");
        }
        let Members { client_ca, ca_out, bundle_out, names, .. } = members;
        Ok(Self { own, client_ca, ca_out, bundle_out, names })
    }
}

/// What both come to.
#[derive(Debug, Clone)]
pub(crate) struct Chosen {
    tls: Option<TlsConfig>,
    trust: Vec<PathBuf>,
    origins: Origins,
}

impl TlsArguments {
    /// Puts what the command line says before what the file says of TLS and whom to trust.
    pub(crate) fn over(
        self,
        (tls, trust): (Option<TlsConfig>, Vec<PathBuf>),
        origins: Origins,
    ) -> Result<Chosen, String> {
        let trust = if self.trust.is_empty() { trust } else { self.trust };
        let own = self.tls_cert.zip(self.tls_key);
        let useless = [
            ("tls-client-ca", self.tls_client_ca.is_empty(), "--tls or --tls-cert"),
            ("bundle-out", self.bundle_out.is_none(), "--tls"),
            ("tls-name", self.tls_name.is_empty(), "--tls"),
            ("ca-out", self.ca_out.is_none(), "--tls"),
        ];
        let mut config = match tls {
            Some(mut config) if self.tls || own.is_some() => {
                config.own = own;
                config
            }
            Some(config) => config,
            None if self.tls || own.is_some() => TlsConfig { own, ..TlsConfig::default() },
            None => match useless.iter().find(|(_, absent, _)| !absent) {
                Some((long, _, with)) => {
                    return Err(format!("{} is of no use without {with}", origins.name(long)));
                }
                None => return Ok(Chosen { tls: None, trust, origins }),
            },
        };
        if !self.tls_client_ca.is_empty() {
            config.client_ca = self.tls_client_ca;
        }
        if !self.tls_name.is_empty() {
            config.names = self.tls_name;
        }
        config.ca_out = self.ca_out.or(config.ca_out);
        config.bundle_out = self.bundle_out.or(config.bundle_out);
        if config.own.is_some() && (config.ca_out.is_some() || config.bundle_out.is_some()) {
            return Err("a certificate that was brought along has no certification authority to write".to_owned());
        }
        Ok(Chosen { tls: Some(config), trust, origins })
    }
}

impl Chosen {
    /// The scheme of what is served.
    pub(crate) fn scheme(&self) -> &'static str {
        if self.tls.is_some() { "https" } else { "http" }
    }

    /// Reads the files, and describes the server.
    pub(crate) fn describe(&self, builder: Builder) -> Result<Builder, String> {
        let read = |path: &PathBuf, long| read(path).map_err(|error| format!("{}{error}", self.origins.lead(long)));
        let trusting = |builder: Builder, path: &PathBuf| Ok::<_, String>(builder.trust(read(path, "trust")?));
        let builder = self.trust.iter().try_fold(builder, trusting)?;
        let Some(config) = &self.tls else { return Ok(builder) };
        let tls = match &config.own {
            Some((cert, key)) => Tls::pem(read(cert, "tls-cert")?, read(key, "tls-key")?),
            None => Tls::generated(),
        };
        let tls = config.names.iter().fold(tls, Tls::name);
        let trusting = |tls: Tls, path: &PathBuf| Ok::<_, String>(tls.client_ca(read(path, "tls-client-ca")?));
        Ok(builder.tls(config.client_ca.iter().try_fold(tls, trusting)?))
    }

    /// Hands out the certification authority of the run, if there is one, and the hash of the server's key.
    pub(crate) fn announce(&self, server: &MockIdp, voice: Voice) -> Result<(), String> {
        let written = |path: &Path, pem: &str, long| {
            std::fs::write(path, pem).map_err(|error| format!("{}{}", self.origins.lead(long), failed(path, &error)))
        };
        let bundle = self.tls.as_ref().and_then(|config| config.bundle_out.as_deref()).zip(server.bundle_pem());
        bundle.map_or(Ok(()), |(path, pem)| written(path, pem, "bundle-out"))?;
        let ca =
            server.ca_pem().map_or(Ok(()), |pem| match self.tls.as_ref().and_then(|tls| tls.ca_out.as_deref()) {
                Some(path) => written(path, pem, "ca-out"),
                None => {
                    voice.tell("ca", pem, pem.trim_end());
                    Ok(())
                }
            });
        if let Some(hash) = server.spki_sha256().filter(|_| ca.is_ok()) {
            voice.tell("spki-sha256", hash, &format!("spki-sha256 {hash}"));
        }
        ca
    }
}

fn read(path: &Path) -> Result<String, String> {
    std::fs::read_to_string(path).map_err(|error| failed(path, &error))
}

fn failed(path: &Path, error: &std::io::Error) -> String {
    format!("{}: {error}", path.display())
}
