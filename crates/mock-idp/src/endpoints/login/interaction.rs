//! What is remembered of an authorization request while the person in front of the browser decides.
//!
//! The parameters are kept as they were unpacked, so that what a form carries cannot change them and a pushed request is
//! spent once. The record is bound to the browser that the request came from, is used once, and expires.

use oauth_types::{ErrorCode, Params, Secret};
use serde::{Deserialize, Serialize};

use crate::documents;
use crate::memory::{Life, Note, Notes};
use crate::people::Told;
use crate::ports::store::{Key, Kind, Record, Taken};
use crate::refusal::{Refusal, Rule};
use crate::reply::Stop;
use crate::request::{Arrival, AuthorizationRequest, Origin, Unpacked};
use crate::sessions::browser::Browser;
use crate::sessions::{INTERACTION, Session};
use crate::world::World;

const KIND: Kind = Kind::new("login/interaction");

/// The parameter that names an interaction.
pub(super) const PARAM: &str = "interaction";

/// What is remembered.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Interaction {
    client_id: String,
    params: Secret,
    pushed: bool,
    signed: bool,
    notes: Option<(Notes, Notes)>,
    /// The mark of the browser.
    browser: String,
    progress: Progress,
    /// What a test said is known of the person at this login alone.
    told: Told,
}

impl Note for Interaction {
    const NAME: &'static str = "login/interaction";
    const LIFE: Life = Life::Code;
}

/// How far the person has come.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Progress {
    /// The session that was chosen, or begun.
    pub session: Option<String>,
    /// Whether its login happened here.
    pub fresh: bool,
    /// Whether the person wants to log in as somebody else.
    pub elsewhere: bool,
    /// The user who agreed.
    pub agreed: Option<String>,
    /// What was entered beside the name, for this login alone.
    pub told: Told,
    /// Who is to enter a one-time code before they are logged in.
    pub half: Option<Half>,
    /// How many one-time codes were entered.
    pub codes: u32,
    /// How the person put an end to it.
    pub gave_up: Option<GaveUp>,
}

/// Somebody who has shown the first factor and not the second.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Half {
    /// The user.
    pub user: String,
    /// Whether the first factor was a password, and not just a name.
    pub by_password: bool,
}

/// How a person puts an end to it.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) enum GaveUp {
    /// By not agreeing.
    Denied,
    /// By going away.
    Cancelled,
    /// By entering one wrong code after the other.
    Guessed,
}

/// An interaction that goes on in the browser it began in.
#[derive(Debug)]
pub(crate) struct Resumed {
    id: String,
    version: u64,
    /// From when to when, in seconds since 1970-01-01T00:00:00Z.
    lives: (u64, u64),
    interaction: Interaction,
    browser: Browser,
    /// How far the person has come.
    pub(super) progress: Progress,
}

impl Resumed {
    /// Remembers a request that a page is shown for.
    pub(super) async fn begin(
        world: &World,
        request: &AuthorizationRequest<'_>,
        unpacked: &Unpacked,
        told: Told,
    ) -> Result<Self, Stop> {
        let (arrival, ports) = (request.arrival, &world.ports);
        let browser = Browser::of(arrival, ports);
        let interaction = Interaction {
            client_id: request.client().client_id().to_owned(),
            params: unpacked.params.encode().into(),
            pushed: unpacked.origin.pushed,
            signed: unpacked.origin.signed,
            notes: unpacked.notes.clone(),
            browser: browser.mark(),
            progress: Progress::default(),
            told,
        };
        let lives = (arrival.now, arrival.now.saturating_add(world.policy.value_of(&INTERACTION)));
        let (id, progress) = (ports.dice.handle(), Progress::default());
        let begun = Self { id, version: 0, lives, interaction, browser, progress };
        ports.store.put(begun.key(arrival), begun.record(world)).await?;
        Ok(begun)
    }

    /// The client whose request it is.
    pub(super) fn client_id(&self) -> &str {
        &self.interaction.client_id
    }

    /// What is known of the person at this login alone: what a test said, and what was entered when this session was begun
    /// here. The browser may have another one by now, and somebody else in it.
    pub(super) fn told(&self, session: &Session) -> Told {
        let mut told = self.interaction.told.clone();
        if self.progress.session.as_deref() == Some(session.sid()) {
            told.extend(self.progress.told.clone());
        }
        told
    }

    /// The request as it was unpacked.
    pub(super) fn unpacked(&self) -> Unpacked {
        let Interaction { params, pushed, signed, notes, .. } = &self.interaction;
        Unpacked {
            params: Params::parse(params.expose()).unwrap_or_default(),
            origin: Origin { pushed: *pushed, signed: *signed },
            notes: notes.clone(),
        }
    }

    /// Its identifier.
    pub(super) fn id(&self) -> &str {
        &self.id
    }

    /// The token of its forms.
    pub(super) fn token(&self) -> String {
        self.browser.token(&self.id)
    }

    /// Remembers how far the person has come. If another request came first, its word counts.
    pub(super) async fn save(&self, world: &World, arrival: &Arrival<'_>) -> Result<(), Stop> {
        world.ports.store.replace(self.key(arrival), self.version, self.record(world)).await?;
        Ok(())
    }

    /// Counts a one-time code before it is judged: of several that come at once, one is. Says whether it is this one.
    pub(super) async fn counts_code(&mut self, world: &World, arrival: &Arrival<'_>) -> Result<bool, Stop> {
        let (store, key) = (&world.ports.store, self.key(arrival));
        self.progress.codes = self.progress.codes.saturating_add(1);
        let counted = store.replace(key, self.version, self.record(world)).await?;
        if let Some(kept) = store.get(key).await?.filter(|_| counted) {
            self.version = kept.version;
        }
        Ok(counted)
    }

    /// Ends it: of any number of requests at once, one goes on.
    pub(super) async fn close(&self, world: &World, arrival: &Arrival<'_>) -> Result<Option<Refusal>, Stop> {
        match world.ports.store.take(self.key(arrival), arrival.now).await? {
            Taken::Fresh(_) => Ok(None),
            _ => Ok(Some(USED.refuse())),
        }
    }

    /// It is remembered for a while after its end, so that a form that is sent again is recognised.
    fn record(&self, world: &World) -> Record {
        let interaction = Interaction { progress: self.progress.clone(), ..self.interaction.clone() };
        let (issued, expires) = self.lives;
        let record = Record::of(self.client_id(), &interaction, issued, expires);
        Record { forget: expires.saturating_add(world.policy.remembered()), ..record }
    }

    fn key(&self, arrival: &Arrival<'_>) -> Key {
        Key::of(KIND, &arrival.place.tenant, &self.id)
    }
}

/// The interaction that a request at a page is about. What a form says is taken from this browser's form alone.
pub(super) async fn resume(world: &World, arrival: &Arrival<'_>) -> Result<Resumed, Stop> {
    let none = Params::new();
    let params = if arrival.posted() { arrival.form.unwrap_or(&none) } else { arrival.query };
    if params.duplicate(&[]).is_some() {
        return Err(UNKNOWN.because("A parameter occurs twice").into());
    }
    let id = params.get(PARAM).ok_or_else(|| UNKNOWN.because("Pages are reached by an authorization request"))?;
    let kept = world.ports.store.get(Key::of(KIND, &arrival.place.tenant, id)).await?;
    let kept = kept.ok_or_else(|| unknown("It may have ended long ago"))?;
    if kept.spent.is_some() {
        return Err(USED.refuse().into());
    }
    if kept.record.expires <= arrival.now {
        return Err(unknown("It took too long").into());
    }
    let interaction: Interaction = kept.record.own().ok_or_else(|| unknown("It cannot be read"))?;
    let browser = Browser::known(arrival).filter(|browser| browser.is_marked(&interaction.browser));
    let browser = browser.ok_or_else(|| OTHER_BROWSER.refuse())?;
    if arrival.posted() {
        browser.check(arrival, params, id)?;
    }
    let (progress, id, version) = (interaction.progress.clone(), id.to_owned(), kept.version);
    let lives = (kept.record.issued, kept.record.expires);
    Ok(Resumed { id, version, lives, interaction, browser, progress })
}

/// The refusal of a page that nobody asked for.
pub(super) fn unknown(hint: &'static str) -> Refusal {
    UNKNOWN.because(hint)
}

pub(crate) static RULES: &[&Rule] = &[&OTHER_BROWSER, &UNKNOWN, &USED];

static UNKNOWN: Rule = Rule {
    id: "rfc6749-interaction-unknown",
    document: &documents::RFC6749,
    section: "3.1",
    error: ErrorCode::InvalidRequest,
    says: "A page belongs to an authorization request that is still going on; start again at the client",
};

static USED: Rule = Rule {
    id: "rfc6749-interaction-used",
    document: &documents::RFC6749,
    section: "3.1",
    error: ErrorCode::InvalidRequest,
    says: "An authorization request is answered once; start again at the client",
};

static OTHER_BROWSER: Rule = Rule {
    id: "rfc9700-interaction-other-browser",
    document: &documents::RFC9700,
    section: "4.7",
    error: ErrorCode::InvalidRequest,
    says: "An authorization request goes on in the browser it began in; start again at the client",
};
