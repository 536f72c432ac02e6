//! A client under test that is a program, in any language.
//!
//! For each login the program is started anew. It finds in its environment
//!
//! | variable | what it is |
//! |---|---|
//! | `ISSUER` | the issuer; metadata is at its well-known addresses |
//! | `CLIENT_ID`, `CLIENT_SECRET` | how it is registered there; a public client has no secret |
//! | `REDIRECT_URI` | where it must listen for what comes back, on 127.0.0.1; a form, if it asks for `form_post` |
//! | `BROWSER` | a program that takes the address to open as its last argument, as `xdg-open` does |
//! | `RESOURCE` | a protected resource to call, for errands that need one |
//! | `CA_FILE` | a certificate authority to trust, in PEM, if the issuer has https |
//!
//! Issuers have http, but for a few attacks, unless [`Command::over_https`] says otherwise.
//!
//! When it is done it prints a line, `{"accepted": {"iss": "…", "sub": "…"}}` or `{"rejected": {"code": "…"}}`, or it
//! just ends: with 0 if somebody is logged in, with anything else if not. A program that neither says anything nor ends
//! after it was answered is still waiting for a better answer, which is not a login.
//!
//! A program that can do more is told so by lines on its standard input, and answers each with a line:
//!
//! | it is asked | it answers |
//! |---|---|
//! | `{"do": "refresh"}` | `{"done": true}` |
//! | `{"do": "call", "url": "…"}` | `{"answered": 200}` |
//! | `{"do": "who_am_i"}` | `{"accepted": …}` or `{"rejected": …}` |
//! | `{"do": "logout"}` | `{"sent": "…"}` |
//! | `{"do": "notify", "logout_token": "…"}` | `{"answered": 400}` |
//!
//! Any of them may be answered `{"rejected": {"code": "…"}}`.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::io;
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use mock_idp::tls::{Tls, TlsError};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::unix::pipe;
use tokio::process::{ChildStdin, Command as Process};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::address::Address;
use crate::agent::lock;
use crate::client::{
    Ability, Answered, ClientUnderTest, Done, Errand, Page, Presence, Provider, Rejected, Said, Visitor,
};
use crate::dice::fresh;
use crate::target::{ClientAuth, Registration};

mod browser;
mod group;
mod port;
mod words;

use browser::{Folder, OPENED, visit};
use group::Group;
use port::{at_port_of, listens, with_port};
use words::{Word, listen, said_in, unreadable};

/// The cookie that leads to a visitor's program.
const COOKIE: &str = "program";
/// How the program is registered. Its port is another one for each login (RFC 8252 section 7.3).
const REDIRECT_URI: &str = "http://127.0.0.1/callback";
/// How long a program may take to open the browser, and to answer.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long a program may be silent after it was answered before it counts as still waiting.
const QUIET: Duration = Duration::from_millis(1500);
/// The most octets of an address to open, or of what a program prints, that are kept.
const LONGEST: usize = 64 * 1024;

/// A client under test that is a program.
///
/// ```no_run
/// # async fn example() -> std::io::Result<()> {
/// use oauth_attacks::{Command, Options, run_on_client};
///
/// let client = Command::new("node login.mjs")?;
/// run_on_client(client, &Options::new().side_by_side(4)).await.assert_all_stopped();
/// # Ok(())
/// # }
/// ```
pub struct Command {
    line: String,
    registration: Registration,
    abilities: BTreeSet<Ability>,
    environment: Vec<(String, String)>,
    quiet: Duration,
    https: Option<Tls>,
    folder: Folder,
    running: Mutex<HashMap<String, Running>>,
}

/// A program, for as long as its visitor is there.
struct Running {
    visitor: Presence,
    program: Arc<tokio::sync::Mutex<Program>>,
}

/// A program that was started.
struct Program {
    issuer: String,
    redirect_uri: String,
    /// Whether it asked for its answer in a form.
    posted: bool,
    listening: JoinHandle<()>,
    input: Option<ChildStdin>,
    opened: pipe::Receiver,
    words: mpsc::UnboundedReceiver<Word>,
    printed: Arc<Mutex<String>>,
    /// Whether it has said who is logged in, or that nobody is. How it ends says nothing more.
    spoke: bool,
    /// What is to be said once it has ended.
    last: Option<Said>,
    /// What ends it, and whatever it started.
    _group: Group,
}

impl Command {
    /// A client that this line of the shell starts. It is public, and registered with a redirect URI on 127.0.0.1.
    ///
    /// # Errors
    /// When a folder for its browser cannot be made.
    pub fn new(line: impl Into<String>) -> io::Result<Self> {
        Ok(Self {
            line: line.into(),
            registration: Registration::public("client-under-test", REDIRECT_URI),
            abilities: BTreeSet::from([Ability::Listen, Ability::Print, Ability::OpenBrowser]),
            environment: Vec::new(),
            quiet: QUIET,
            https: None,
            folder: Folder::new()?,
            running: Mutex::default(),
        })
    }

    /// Registered like this. A redirect URI on 127.0.0.1 or localhost without a port gets another port for each login.
    #[must_use]
    pub fn registered(mut self, registration: Registration) -> Self {
        self.registration = registration;
        self
    }

    /// Able to do this as well.
    #[must_use]
    pub fn able_to(mut self, abilities: impl IntoIterator<Item = Ability>) -> Self {
        self.abilities.extend(abilities);
        self
    }

    /// Unable to do this. A program that leaves listening to those who use it answers for nothing at its redirect URI.
    #[must_use]
    pub fn unable_to(mut self, abilities: impl IntoIterator<Item = Ability>) -> Self {
        for ability in abilities {
            self.abilities.remove(&ability);
        }
        self
    }

    /// With one more variable in its environment.
    #[must_use]
    pub fn env(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.environment.push((name.into(), value.into()));
        self
    }

    /// Counting as still waiting after this time of silence, instead of a second and a half.
    #[must_use]
    pub fn quiet_after(mut self, time: Duration) -> Self {
        self.quiet = time;
        self
    }

    /// With issuers that have https: for clients that take no others. The program has to trust the certificate authority
    /// in `CA_FILE`, which is the same for every issuer but those of attacks on the verification of certificates.
    ///
    /// # Errors
    /// When the authority cannot be made.
    pub fn over_https(mut self) -> Result<Self, TlsError> {
        self.https = Some(Tls::shared()?);
        Ok(self)
    }

    async fn start(&self, visitor: &Visitor, provider: &Provider) -> Result<String, Rejected> {
        let broken = |error: io::Error| Rejected::new(format!("the program cannot be started: {error}"));
        let mut program = self.spawn(provider).await.map_err(broken)?;
        let name = fresh();
        let before = visitor.cookie(COOKIE).unwrap_or_default();
        visitor.set_cookie(COOKIE, format!("{before} {name}").trim_start());
        let begun = tokio::time::timeout(PATIENCE, program.begun()).await;
        visitor.show(program.page());
        let begun = begun.map_err(|_| Rejected::new("the program opens no browser"))?;
        if let Ok(address) = &begun {
            visitor.note_opened(address);
            program.posted = Address::parse(address).is_ok_and(|asked| asked.get("response_mode") == "form_post");
        }
        let mut running = lock(&self.running);
        // Nobody can ask anything of a program any more whose visitor has left, whatever it still waits for.
        running.retain(|_, running| running.visitor.lasts());
        let program = Arc::new(tokio::sync::Mutex::new(program));
        running.insert(name, Running { visitor: visitor.presence(), program });
        begun
    }

    async fn spawn(&self, provider: &Provider) -> io::Result<Program> {
        let pipe = self.folder.0.join(fresh());
        // There is no call of the standard library for it.
        let made = Process::new("mkfifo").arg(&pipe).status().await?;
        if !made.success() {
            return Err(io::Error::other("mkfifo failed"));
        }
        let opened = pipe::OpenOptions::new().read_write(true).open_receiver(&pipe)?;
        let mut command = Process::new("sh");
        command.arg("-c").arg(&self.line).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.kill_on_drop(true);
        let group = Group::new()?;
        group.hold(&mut command)?;
        // Nothing between a program and this machine.
        command.env("NO_PROXY", "*").env("no_proxy", "*");
        command.env("ISSUER", &provider.issuer).env("CLIENT_ID", &provider.client.client_id);
        if let ClientAuth::Basic(secret) | ClientAuth::Post(secret) = &provider.client.auth {
            command.env("CLIENT_SECRET", secret.expose());
        }
        if let Some(pem) = &provider.ca_pem {
            let file = self.folder.0.join(fresh());
            std::fs::write(&file, pem)?;
            command.env("CA_FILE", file);
        }
        let redirect_uri = with_port(provider.client.redirect_uri())?;
        command.env("REDIRECT_URI", &redirect_uri);
        command.env("BROWSER", self.folder.browser()).env(OPENED, &pipe);
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        let mut child = command.spawn()?;
        let printed = Arc::default();
        let (issuer, input) = (provider.issuer.clone(), child.stdin.take());
        let (words, listening) = listen(child, &printed);
        let (posted, spoke, last, _group) = (false, false, None, group);
        Ok(Program { issuer, redirect_uri, posted, listening, input, opened, words, printed, spoke, last, _group })
    }

    /// The programs on this visitor's computer, in the order they were started in.
    fn started_for(&self, visitor: &Visitor) -> Vec<Arc<tokio::sync::Mutex<Program>>> {
        let (names, running) = (visitor.cookie(COOKIE).unwrap_or_default(), lock(&self.running));
        names.split(' ').filter_map(|name| Some(Arc::clone(&running.get(name)?.program))).collect()
    }

    async fn answer(&self, visitor: &Visitor, address: &str) -> Said {
        let mut program = None;
        for started in self.started_for(visitor) {
            let started = started.lock_owned().await;
            let is_meant = at_port_of(&started.redirect_uri, address) == address;
            program = Some(started);
            if is_meant {
                break;
            }
        }
        let Some(mut program) = program else {
            return Said::Rejected(Rejected::new("no program waits for this browser"));
        };
        let page = visit(&at_port_of(&program.redirect_uri, address), program.posted).await;
        let said = tokio::time::timeout(PATIENCE, program.said_or_waiting(self.quiet)).await;
        let said = said.unwrap_or_else(|_| Said::Rejected(Rejected::new("the program does not answer")));
        let printed = program.page();
        visitor.show(match page {
            Some(page) => Page { printed: printed.printed, ..page },
            None => printed,
        });
        if let Said::SentOn { url } = &said {
            visitor.note_opened(url);
        }
        said
    }

    async fn ask(&self, visitor: &Visitor, errand: &Errand) -> Result<Done, Rejected> {
        let program = self.started_for(visitor).pop();
        let program = program.ok_or_else(|| Rejected::new("no program runs for this browser"))?;
        let mut program = program.lock().await;
        let asked = match errand {
            Errand::Refresh => json!({ "do": "refresh" }),
            Errand::Call { url } => json!({ "do": "call", "url": url }),
            Errand::WhoAmI => json!({ "do": "who_am_i" }),
            Errand::Logout => json!({ "do": "logout" }),
            Errand::Notify { logout_token } => json!({ "do": "notify", "logout_token": logout_token }),
            _ => return Err(Rejected::new("a program is not asked that")),
        };
        let done = tokio::time::timeout(PATIENCE, program.asked(&asked)).await;
        visitor.show(program.page());
        done.unwrap_or_else(|_| Err(Rejected::new("the program does not answer")))
    }
}

impl Program {
    /// What the program opens first.
    async fn begun(&mut self) -> Result<String, Rejected> {
        tokio::select! {
            biased;
            opened = next_opened(&mut self.opened) => opened.map_err(|error| Rejected::new(error.to_string())),
            word = self.words.recv() => Err(self.rejected(word)),
        }
    }

    fn rejected(&mut self, word: Option<Word>) -> Rejected {
        match self.heard(word) {
            Said::Rejected(rejected) => rejected,
            _ => Rejected::new("the program ended without opening a browser"),
        }
    }

    /// What the program says of the login, or what else it opens.
    async fn said(&mut self) -> Said {
        if let Some(last) = &self.last {
            return last.clone();
        }
        tokio::select! {
            biased;
            word = self.words.recv() => self.heard(word),
            opened = next_opened(&mut self.opened) => match opened {
                Ok(url) => Said::SentOn { url },
                Err(error) => Said::Rejected(Rejected::new(error.to_string())),
            },
        }
    }

    /// What the program says, or that it has been silent for this long and still listens. One that no longer listens is
    /// busy with what it was answered.
    async fn said_or_waiting(&mut self, quiet: Duration) -> Said {
        loop {
            match tokio::time::timeout(quiet, self.said()).await {
                Ok(said) => return said,
                Err(_) if listens(&self.redirect_uri) => {
                    return Said::Rejected(Rejected::new("the program is still waiting"));
                }
                // It has said all there is to say, and runs on for errands.
                Err(_) if self.spoke => return Said::Rejected(Rejected::new("nobody listens any more")),
                Err(_) => {}
            }
        }
    }

    fn heard(&mut self, word: Option<Word>) -> Said {
        let said = match word {
            Some(Word::Line(line)) => {
                self.spoke = true;
                return said_in(&line).unwrap_or_else(|| unreadable(&line));
            }
            Some(Word::Ended { .. }) if self.spoke => Said::Rejected(Rejected::new("nobody listens any more")),
            // Who it is, a program that only ends does not say: it is taken at its word.
            Some(Word::Ended { code: Some(0), .. }) => {
                Said::Accepted { issuer: self.issuer.clone(), subject: "alice".to_owned() }
            }
            Some(Word::Ended { code: Some(code), complaint }) => {
                let why = format!("it ended with {code}: {complaint}");
                Said::Rejected(Rejected::new(why.trim_end_matches(": ")))
            }
            Some(Word::Ended { code: None, .. }) => Said::BrokeDown,
            None => Said::Rejected(Rejected::new("nobody listens any more")),
        };
        self.last = Some(Said::Rejected(Rejected::new("nobody listens any more")));
        said
    }

    async fn asked(&mut self, what: &Value) -> Result<Done, Rejected> {
        let gone = || Rejected::new("the program does not take errands");
        let input = self.input.as_mut().ok_or_else(gone)?;
        input.write_all(format!("{what}\n").as_bytes()).await.map_err(|_| gone())?;
        input.flush().await.map_err(|_| gone())?;
        let line = match self.words.recv().await {
            Some(Word::Line(line)) => line,
            ended => {
                self.heard(ended);
                return Err(gone());
            }
        };
        if let Some(status) = line["answered"].as_u64().and_then(|status| u16::try_from(status).ok()) {
            return Ok(Done::Answered { status });
        }
        if let Some(url) = line["sent"].as_str() {
            return Ok(Done::Sent { url: url.to_owned() });
        }
        match said_in(&line) {
            Some(Said::Rejected(rejected)) => Err(rejected),
            Some(said) => Ok(Done::Is(said)),
            None if line["done"] == true => Ok(Done::Done),
            None => Err(Rejected::new(format!("the program answered {line}"))),
        }
    }

    /// What the program has printed so far.
    fn page(&self) -> Page {
        Page { printed: lock(&self.printed).clone(), ..Page::default() }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

/// The next address that was opened, which ends with a NUL.
async fn next_opened(pipe: &mut pipe::Receiver) -> io::Result<String> {
    let mut address = Vec::new();
    loop {
        match pipe.read_u8().await? {
            0 => return Ok(String::from_utf8_lossy(&address).into_owned()),
            octet if address.len() < LONGEST => address.push(octet),
            _ => return Err(io::Error::other("the program opens an address that is too long")),
        }
    }
}

impl ClientUnderTest for Command {
    fn begin<'a>(&'a self, visitor: &'a Visitor, provider: &'a Provider) -> Answered<'a, Result<String, Rejected>> {
        Box::pin(self.start(visitor, provider))
    }

    fn finish<'a>(&'a self, visitor: &'a Visitor, address: &'a str) -> Answered<'a, Said> {
        Box::pin(self.answer(visitor, address))
    }

    fn https(&self) -> Option<Tls> {
        self.https.clone()
    }

    fn can(&self, ability: Ability) -> bool {
        self.abilities.contains(&ability)
    }

    fn run<'a>(&'a self, visitor: &'a Visitor, errand: &'a Errand) -> Answered<'a, Result<Done, Rejected>> {
        Box::pin(self.ask(visitor, errand))
    }

    fn registration(&self) -> Registration {
        self.registration.clone()
    }
}

impl fmt::Debug for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Command")
            .field("line", &self.line)
            .field("registration", &self.registration)
            .finish_non_exhaustive()
    }
}
