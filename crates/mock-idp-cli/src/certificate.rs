//! `mock-idp certificate`: a client certificate for tests that its own key signs.

use std::fs::OpenOptions;
use std::io::Write;
use std::net::IpAddr;
use std::path::PathBuf;

use mock_idp::tls::Subject;

/// Whom the certificate is about, and where it goes.
#[derive(Debug, clap::Args)]
pub(crate) struct Certify {
    /// The common name.
    #[arg(long)]
    name: String,
    /// The organization.
    #[arg(long)]
    organization: Option<String>,
    /// A DNS name; this and the following may be repeated.
    #[arg(long, value_name = "NAME")]
    dns: Vec<String>,
    /// A URI.
    #[arg(long)]
    uri: Vec<String>,
    /// An IP address.
    #[arg(long, value_name = "ADDRESS")]
    ip: Vec<IpAddr>,
    /// An e-mail address.
    #[arg(long, value_name = "ADDRESS")]
    email: Vec<String>,
    /// Write the certificate to PREFIX.pem and its key to PREFIX.key. Neither may be there.
    #[arg(long, value_name = "PREFIX")]
    out: PathBuf,
}

impl Certify {
    /// Makes both files.
    pub(crate) fn run(self) -> Result<(), String> {
        let mut subject = Subject::named(self.name);
        if let Some(organization) = self.organization {
            subject = subject.organization(organization);
        }
        subject = self.dns.into_iter().fold(subject, Subject::dns);
        subject = self.uri.into_iter().fold(subject, Subject::uri);
        subject = self.ip.into_iter().fold(subject, Subject::ip);
        subject = self.email.into_iter().fold(subject, Subject::email);
        let made = subject.self_signed().map_err(|error| error.to_string())?;
        write(&self.out, "pem", &made.certificate_pem)?;
        write(&self.out, "key", made.key_pem.expose())?;
        // Whoever reads it may have gone; the files are there.
        let _ = writeln!(std::io::stdout(), "x5t#S256 {}", made.presented().x5t_s256());
        Ok(())
    }
}

/// Writes a new file that its owner alone can read.
fn write(prefix: &std::path::Path, ending: &str, text: &str) -> Result<(), String> {
    let mut name = prefix.as_os_str().to_owned();
    name.push(format!(".{ending}"));
    let path = PathBuf::from(name);
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(&path).and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|error| format!("{}: {error}", path.display()))
}
