//! Opening the user's browser (RFC 8252 §6: an external user agent, never an embedded one).

use std::io;
use std::process::{Command, Stdio};

use tokio::sync::oneshot;
use url::Url;

use crate::transport::BoxFuture;

/// Shows a URL to the user. Every `Fn(Url) -> impl Future<Output = io::Result<()>>` is one.
/// ```
/// # use std::io;
/// # use pkce_client::UserAgent;
/// let printing = |url: url::Url| async move {
///     println!("Please open {url}");
///     io::Result::Ok(())
/// };
/// # fn takes(_: impl UserAgent) {}
/// # takes(printing);
/// ```
pub trait UserAgent: Send + Sync {
    /// Opens `url`, which is https, or http on the loopback interface. It may end before the user is done.
    ///
    /// # Errors
    /// Whatever keeps the URL from being shown. The login ends with [`Error::UserAgent`](crate::Error::UserAgent).
    fn open(&self, url: Url) -> BoxFuture<'static, io::Result<()>>;
}

impl<F, U> UserAgent for F
where
    F: Fn(Url) -> U + Send + Sync,
    U: Future<Output = io::Result<()>> + Send + 'static,
{
    fn open(&self, url: Url) -> BoxFuture<'static, io::Result<()>> {
        Box::pin(self(url))
    }
}

/// The browser the system is set up with.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemBrowser;

impl UserAgent for SystemBrowser {
    fn open(&self, url: Url) -> BoxFuture<'static, io::Result<()>> {
        Box::pin(async move {
            let mut child = command(&url).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
            let (done, waiting) = oneshot::channel();
            // A thread of its own: a browser that stays in the foreground must not keep the runtime from ending.
            std::thread::spawn(move || {
                let _ = done.send(child.wait());
            });
            match waiting.await {
                Ok(Ok(status)) if status.success() => Ok(()),
                Ok(Ok(status)) => Err(io::Error::other(format!("the command to open a browser ended with {status}"))),
                Ok(Err(error)) => Err(error),
                Err(_) => Err(io::Error::other("nobody waited for the command to open a browser")),
            }
        })
    }
}

/// The URL is one argument of a program that is no shell. It begins with `http`, so it is no option either.
fn command(url: &Url) -> Command {
    let (program, arguments): (&str, &[&str]) = if cfg!(target_os = "macos") {
        ("open", &[])
    } else if cfg!(target_os = "windows") {
        ("rundll32", &["url.dll,FileProtocolHandler"])
    } else {
        ("xdg-open", &[])
    };
    let mut command = Command::new(program);
    command.args(arguments).arg(url.as_str());
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_url_is_one_argument_and_no_shell_sees_it() {
        let url = Url::parse("https://a.example/authorize?x=$(id)&y=\"&calc&\"").expect("a URL");
        let command = command(&url);
        assert_eq!(command.get_args().last().and_then(|last| last.to_str()), Some(url.as_str()));
        let program = command.get_program().to_str();
        assert!(!matches!(program, Some("sh" | "bash" | "cmd")));
    }
}
