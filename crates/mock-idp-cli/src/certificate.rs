//! `mock-idp certificate`: a client certificate for tests that its own key signs.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::net::IpAddr;
use std::path::{Path, PathBuf};

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
        let (pem, key) = (beside(&self.out, "pem"), beside(&self.out, "key"));
        // Both are there before anything is in one of them.
        let mut files = [create(&pem)?, create(&key).inspect_err(|_| take_away(&pem))?];
        let texts = [made.certificate_pem.as_str(), made.key_pem.expose()];
        for ((file, path), text) in files.iter_mut().zip([&pem, &key]).zip(texts) {
            file.write_all(text.as_bytes()).map_err(|error| {
                take_away(&pem);
                take_away(&key);
                format!("{}: {error}", path.display())
            })?;
        }
        // Whoever reads it may have gone; the files are there.
        let _ = writeln!(std::io::stdout(), "x5t#S256 {}", made.presented().x5t_s256());
        Ok(())
    }
}

/// The file of this prefix and ending.
fn beside(prefix: &Path, ending: &str) -> PathBuf {
    let mut name = prefix.as_os_str().to_owned();
    name.push(format!(".{ending}"));
    name.into()
}

/// Makes a new file that its owner alone can read.
fn create(path: &Path) -> Result<File, String> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => format!("{}: File exists; name another PREFIX", path.display()),
        _ => format!("{}: {error}", path.display()),
    })
}

/// Takes away a file that was made a moment ago. Why it cannot be is of no use beside what went wrong before.
fn take_away(path: &Path) {
    let _ = std::fs::remove_file(path);
}
