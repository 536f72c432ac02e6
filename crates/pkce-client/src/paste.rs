//! A response that the user pastes, where the browser cannot come back by itself: the program runs on another machine, or
//! no browser opens (RFC 8252 §7.3 needs both on one machine).

use std::fmt;
use std::io::{self, BufRead as _, IsTerminal as _, Read as _, Write as _};

use oauth_types::Secret;
use tokio::sync::oneshot;
use url::Url;
use zeroize::Zeroizing;

use crate::builder::ClientBuilder;
use crate::callback::Callback;
use crate::error::PasteError;
use crate::transport::BoxFuture;

/// How many wrong texts are taken before the login ends.
pub(crate) const MAX_WRONG: u32 = 5;

/// The longest text that is read, in octets.
const MAX_LENGTH: usize = 64 * 1024;

/// Asks the user to open the login in a browser elsewhere, and to paste the address that the browser ends at: its page
/// cannot be reached from there, but its address has the response.
///
/// What is pasted is held against the same rules as what comes to the listener, which goes on listening meanwhile.
pub trait PastePrompt: Send + Sync {
    /// Whether to ask from the beginning. Otherwise it is asked only if the browser cannot be opened.
    fn is_wanted(&self) -> bool;

    /// Shows `url`, which is https, or http on the loopback interface, and resolves to what the user pastes. It is asked
    /// again if that was wrong, which `wrong` tells of the last one. The future may be dropped at any time.
    ///
    /// # Errors
    /// Whatever keeps the user from being asked. Then it is not asked again.
    fn ask(&self, url: &Url, wrong: Option<PasteError>) -> BoxFuture<'static, io::Result<Secret>>;
}

impl ClientBuilder {
    /// Asks users of native logins with `prompt` for the address that their browser ends at, while the listener waits:
    /// from the beginning if the prompt wants it, as [`TerminalPrompt`] does for users who are logged in by SSH, and
    /// otherwise if the browser cannot be opened. Without a prompt, such a login ends with an error.
    pub fn paste_prompt(mut self, prompt: impl PastePrompt + 'static) -> Self {
        self.paste = Some(std::sync::Arc::new(prompt));
        self
    }
}

/// Reads what was pasted as the response to a login that comes back to `redirect_uri`: the whole address, or its query.
pub(crate) fn read(text: &str, begins_at: &Url, redirect_uri: &str) -> Result<Callback, PasteError> {
    if text.len() > MAX_LENGTH {
        return Err(PasteError::TooLong);
    }
    let text = text.trim();
    let text = text.split_once('#').map_or(text, |(before, _)| before);
    let query = match text.split_once('?') {
        _ if text.is_empty() => return Err(PasteError::Empty),
        Some((address, query)) if address.is_empty() || address == redirect_uri => query,
        _ if is_at(text, begins_at) => return Err(PasteError::Beginning),
        _ if text.contains("://") && !text.contains("=") => return Err(PasteError::OtherAddress),
        Some((address, _)) if address.contains("://") => return Err(PasteError::OtherAddress),
        Some(_) => return Err(PasteError::NotAResponse),
        None if text.contains('=') => text,
        None => return Err(PasteError::NotAResponse),
    };
    Ok(Callback::from_query(query)?)
}

/// Whether this is the address that the login begins at, whatever its query.
fn is_at(text: &str, begins_at: &Url) -> bool {
    Url::parse(text).is_ok_and(|url| url.origin() == begins_at.origin() && url.path() == begins_at.path())
}

/// Asks at the terminal: shows on the standard error, reads a line of the standard input.
///
/// The line is read by a thread that ends with the line or with the program: a login that ends otherwise leaves it reading.
#[derive(Debug, Clone, Copy, Default)]
pub struct TerminalPrompt {
    always: bool,
}

impl TerminalPrompt {
    /// Asks from the beginning. Otherwise it does that only for users who are logged in by SSH.
    pub fn always() -> Self {
        Self { always: true }
    }
}

impl PastePrompt for TerminalPrompt {
    fn is_wanted(&self) -> bool {
        self.always || is_remote(|name| std::env::var_os(name).is_some())
    }

    fn ask(&self, url: &Url, wrong: Option<PasteError>) -> BoxFuture<'static, io::Result<Secret>> {
        let text = question(url, wrong.as_ref());
        Box::pin(async move {
            if !io::stdin().is_terminal() {
                return Err(io::Error::other("the standard input is no terminal"));
            }
            io::stderr().write_all(text.as_bytes())?;
            let (done, line) = oneshot::channel();
            // A thread of its own: reading cannot be given up, and must not keep the runtime from ending.
            std::thread::spawn(move || done.send(read_line()));
            line.await.unwrap_or_else(|_| Err(io::Error::other("nobody read the line")))
        })
    }
}

/// Whether the user sits elsewhere (OpenSSH, ssh(1), ENVIRONMENT).
fn is_remote(is_set: impl Fn(&str) -> bool) -> bool {
    ["SSH_CONNECTION", "SSH_CLIENT", "SSH_TTY"].into_iter().any(is_set)
}

fn question(url: &Url, wrong: Option<&PasteError>) -> String {
    match wrong {
        None => format!(
            "Open this address in a browser:\n\n{url}\n\nIf the browser then says that it cannot reach a page of this \
             machine, copy the address of that page,\nand paste it here: "
        ),
        Some(wrong) => format!("\nThat cannot be used: {wrong}.\nPaste the address of the last page here: "),
    }
}

fn read_line() -> io::Result<Secret> {
    // Room for all of it: a text that grows leaves copies behind that nobody wipes.
    let mut line = Zeroizing::new(String::with_capacity(MAX_LENGTH + 2));
    let read = io::stdin().lock().take(MAX_LENGTH as u64 + 1).read_line(&mut line)?;
    if read == 0 { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(Secret::new(line.as_str())) }
}

impl fmt::Debug for dyn PastePrompt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PastePrompt")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::callback::CallbackError;

    const BACK: &str = "http://127.0.0.1:4000/callback";

    fn start() -> Url {
        Url::parse("https://issuer.example/authorize?client_id=app&state=s").expect("a URL")
    }

    #[test]
    fn an_address_or_its_query_is_read() {
        for text in [
            "http://127.0.0.1:4000/callback?code=c&state=s",
            "  http://127.0.0.1:4000/callback?code=c&state=s\r\n",
            "http://127.0.0.1:4000/callback?code=c&state=s#_=_",
            "?code=c&state=s",
            "code=c&state=s",
        ] {
            let callback = read(text, &start(), BACK).expect(text);
            assert_eq!(callback.code.expect("a code").expose(), "c", "{text}");
        }
    }

    #[test]
    fn what_is_wrong_with_a_text_is_told_precisely() {
        let wrong = |text: &str| read(text, &start(), BACK).expect_err(text);
        for (text, error) in [
            ("", PasteError::Empty),
            (" \n", PasteError::Empty),
            ("#x", PasteError::Empty),
            ("c0de", PasteError::NotAResponse),
            ("callback?code=c", PasteError::NotAResponse),
            (start().as_str(), PasteError::Beginning),
            ("https://issuer.example/authorize", PasteError::Beginning),
            ("https://issuer.example/", PasteError::OtherAddress),
            ("https://evil.example/?code=c&state=s", PasteError::OtherAddress),
            ("http://127.0.0.1:4001/callback?code=c&state=s", PasteError::OtherAddress),
            ("http://127.0.0.1:4000/callback/?code=c&state=s", PasteError::OtherAddress),
            ("http://localhost:4000/callback?code=c&state=s", PasteError::OtherAddress),
            ("https://127.0.0.1:4000/callback?code=c&state=s", PasteError::OtherAddress),
            ("http://127.0.0.1:4000/callback", PasteError::OtherAddress),
            ("?code=c&code=d", PasteError::Malformed(CallbackError::Duplicate("code"))),
        ] {
            assert_eq!(wrong(text), error, "{text:?}");
        }
        assert_eq!(wrong(&"x".repeat(MAX_LENGTH + 1)), PasteError::TooLong);
    }

    #[test]
    fn a_user_who_came_by_ssh_is_asked_from_the_beginning() {
        assert!(is_remote(|name| name == "SSH_CONNECTION") && is_remote(|name| name == "SSH_TTY"));
        assert!(!is_remote(|_| false) && !is_remote(|name| name == "SSH_AUTH_SOCK"));
        assert!(TerminalPrompt::always().is_wanted());
    }

    #[test]
    fn the_user_is_told_what_to_open_and_what_was_wrong() {
        assert!(question(&start(), None).contains(start().as_str()));
        assert!(question(&start(), Some(&PasteError::Empty)).contains("nothing was pasted"));
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "[ -~é?#:/=&%]{0,200}") {
            let _ = read(&text, &start(), BACK);
        }
    }
}
