//! Tenants: the first path segment is an issuer, made on first use, with a world of its own.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use oauth_types::fault::Unfit;
use oauth_types::scenario::Scenario;

use super::barriers::Barriers;
use super::journal::pages::{Pages, Shelf};
use super::journal::snapshot::Journal;
use super::tap::{self, Faults};
use crate::StartError;
use crate::described::Description;
use crate::people::Script;
use crate::ports::Ports;
use crate::ports::clock::{AdjustableClock, Clock};
use crate::ports::dice::Dice;
use crate::ports::keys::{Keys, RotatingKeys};
use crate::ports::memory::MemoryStore;
use crate::ports::outbound::Outbound;
use crate::ports::store::Store;
use crate::request::Place;
use crate::world::World;

mod name;

pub(crate) use name::{fresh_name, is_name};

/// How many tenants one server makes.
pub(crate) const MOST: usize = 10_000;

/// One issuer, with a world, a clock, a journal, faults and a script of its own.
#[derive(Debug)]
pub(crate) struct Tenant {
    /// Its name; empty for the one at the root.
    pub(crate) name: String,
    /// Its issuer, and where it is reached.
    pub(crate) address: Place,
    pub(crate) clock: Arc<AdjustableClock>,
    pub(crate) journal: Arc<Pages>,
    pub(crate) faults: Arc<Faults>,
    pub(crate) barriers: Arc<Barriers>,
    pub(crate) script: Script,
    live: RwLock<Arc<Live>>,
    /// What it is made from.
    origin: Origin,
    /// How it is described at first, and again when it is reset.
    at_first: RwLock<Description>,
    /// How its clock stands at first.
    began: AdjustableClock,
    frozen: AtomicBool,
    /// When it is gone, by the clock of the tenant at the root.
    until: AtomicU64,
}

/// What requests to a tenant meet. It is replaced as a whole, so that no request meets half of a change.
#[derive(Debug)]
pub(crate) struct Live {
    pub(crate) place: Place,
    pub(crate) world: World,
    pub(crate) description: Description,
}

/// What a tenant is made from: how it is described, and those ports that were brought along.
#[derive(Debug, Clone)]
pub(crate) struct Origin {
    pub(crate) description: Description,
    pub(crate) dice: Arc<dyn Dice>,
    pub(crate) outbound: Arc<dyn Outbound>,
    pub(crate) keys: KeySource,
    /// Without one, each tenant has a store of its own in memory.
    pub(crate) store: Option<Arc<dyn Store>>,
    /// Whether nobody described it: it is what the tenant at the root is.
    pub(crate) like_root: bool,
}

/// What a tenant signs with.
#[derive(Debug, Clone, Default)]
pub(crate) enum KeySource {
    /// The fixed test keys, which each tenant rotates on its own.
    #[default]
    Fixed,
    /// What was brought along.
    Given(Arc<dyn Keys>),
    /// Keys that no other tenant has, as they were at first.
    Own(Arc<RotatingKeys>),
}

impl KeySource {
    /// The keys as they are at first.
    fn keys(&self) -> Arc<dyn Keys> {
        match self {
            Self::Fixed => Arc::new(RotatingKeys::new()),
            Self::Given(keys) => keys.clone(),
            Self::Own(keys) => Arc::new(keys.as_at_first()),
        }
    }

    /// This, or what was brought along for everybody.
    pub(crate) fn or(self, root: &Self) -> Self {
        match (self, root) {
            (Self::Fixed, Self::Given(keys)) => Self::Given(keys.clone()),
            (own, _) => own,
        }
    }
}

/// Every tenant of a server.
#[derive(Debug)]
pub(crate) struct Tenants {
    root: Arc<Tenant>,
    /// Where their journals are kept.
    shelf: Arc<Shelf>,
    named: RwLock<HashMap<String, Arc<Tenant>>>,
    /// How often a tenant was reset or made anew: what a shared store keeps of former ones is not found again.
    turns: AtomicU64,
    /// Whose records a shared store still keeps, although they are gone.
    gone: RwLock<Gone>,
}

/// Tenants that were taken away or have ended.
#[derive(Debug)]
enum Gone {
    /// Those of these names.
    Some(HashSet<String>),
    /// Any that there may have been.
    All,
}

impl Origin {
    fn ports(&self, clock: &Arc<AdjustableClock>) -> Ports {
        Ports {
            clock: clock.clone() as Arc<dyn Clock>,
            dice: self.dice.clone(),
            keys: self.keys.keys(),
            store: self.store.clone().unwrap_or_else(|| Arc::new(MemoryStore::new())),
            outbound: self.outbound.clone(),
            key_sets: Arc::default(),
        }
    }

    /// Says what is called `name` in the store: a store that outlives a tenant keeps its records under another name.
    fn live(&self, address: &Place, kept_as: String, clock: &Arc<AdjustableClock>) -> Result<Live, StartError> {
        let world = self.description.world(self.ports(clock))?;
        let place = Place { tenant: kept_as, ..address.clone() };
        Ok(Live { place, world, description: self.description.clone() })
    }
}

impl Tenant {
    fn new(
        (name, kept_as): (&str, String),
        address: Place,
        clock: Arc<AdjustableClock>,
        origin: Origin,
        shelf: &Arc<Shelf>,
    ) -> Result<Arc<Self>, StartError> {
        let live = origin.live(&address, kept_as, &clock)?;
        Ok(Arc::new(Self {
            name: name.to_owned(),
            address,
            began: AdjustableClock::like(&clock),
            clock,
            journal: shelf.journal(),
            faults: Arc::default(),
            barriers: Arc::default(),
            script: Script::default(),
            live: RwLock::new(Arc::new(live)),
            at_first: RwLock::new(origin.description.clone()),
            origin,
            frozen: AtomicBool::new(false),
            until: AtomicU64::new(u64::MAX),
        }))
    }

    /// What a request meets now.
    pub(crate) fn live(&self) -> Arc<Live> {
        self.live.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Its journal up to now.
    pub(crate) fn written(&self) -> Journal {
        Journal::of(self.journal.entries(), &self.live().place)
    }

    /// Describes it otherwise. What is kept and signed with stays; so does whoever registered on a page.
    pub(crate) fn describe<E: From<StartError>>(
        &self,
        change: impl FnOnce(Description) -> Result<Description, E>,
    ) -> Result<(), E> {
        let mut live = self.live.write().unwrap_or_else(PoisonError::into_inner);
        let description = change(live.description.clone())?;
        let mut world = description.world(live.world.ports.clone())?;
        world.people.join(&live.world.people);
        *live = Arc::new(Live { place: live.place.clone(), world, description });
        Ok(())
    }

    /// Describes it anew, and from now on also when it is reset. What was said on top of its description is gone; what is
    /// kept and signed with stays.
    ///
    /// # Errors
    /// [`StartError`] if there can be no such tenant. Then it is as before.
    pub(crate) fn redescribe(&self, description: &Description) -> Result<(), StartError> {
        let client_certificates = self.origin.description.client_certificates;
        let description = Description { client_certificates, ..description.clone() };
        self.describe(|_| Ok::<_, StartError>(description.clone()))?;
        *self.at_first.write().unwrap_or_else(PoisonError::into_inner) = description;
        Ok(())
    }

    /// Whether nobody described it: it is what the tenant at the root is.
    pub(crate) fn is_like_root(&self) -> bool {
        self.origin.like_root
    }

    /// Whether what a scenario says of moments can be: faults, barriers and logins.
    ///
    /// # Errors
    /// [`StartError`] says what cannot.
    pub(crate) fn check(&self, scenario: &Scenario) -> Result<(), StartError> {
        let Scenario { faults, barriers, logins, .. } = scenario;
        faults.iter().try_for_each(|fault| fault.check())?;
        barriers.iter().try_for_each(|barrier| barrier.check())?;
        logins.iter().try_for_each(|next| next.check())?;
        let full = self.faults.list().len() + faults.len() > tap::MOST;
        match full || self.barriers.list().len() + barriers.len() > tap::MOST {
            true => Err(Unfit::TooMany(tap::MOST).into()),
            false => Ok(()),
        }
    }

    /// Stops it: requests are turned away and its clock stands, so that what is there can be looked at.
    pub(crate) fn freeze(&self) {
        if !self.frozen.swap(true, Ordering::AcqRel) {
            self.clock.hold();
        }
    }

    /// Lets it go on from where it stopped.
    pub(crate) fn thaw(&self) {
        if self.frozen.swap(false, Ordering::AcqRel) {
            self.clock.release();
        }
    }

    pub(crate) fn is_frozen(&self) -> bool {
        self.frozen.load(Ordering::Acquire)
    }

    /// Says when it is gone, in seconds since 1970-01-01T00:00:00Z by the clock of the tenant at the root.
    pub(crate) fn ends_at(&self, until: u64) {
        self.until.store(until, Ordering::Release);
    }

    pub(crate) fn until(&self) -> Option<u64> {
        Some(self.until.load(Ordering::Acquire)).filter(|until| *until != u64::MAX)
    }

    fn is_over(&self, now: u64) -> bool {
        self.until.load(Ordering::Acquire) <= now
    }

    /// Forgets everything that has happened and everything that was changed.
    fn reset(&self, turn: u64) -> Result<(), StartError> {
        let kept_as = kept_as(&self.name, self.origin.store.is_some().then_some(turn));
        let description = self.at_first.read().unwrap_or_else(PoisonError::into_inner).clone();
        let origin = Origin { description, ..self.origin.clone() };
        let fresh = origin.live(&self.address, kept_as, &self.clock)?;
        *self.live.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(fresh);
        self.frozen.store(false, Ordering::Release);
        self.clock.follow(&self.began);
        self.faults.clear();
        self.barriers.clear();
        self.script.clear();
        self.journal.reset();
        Ok(())
    }
}

impl Tenants {
    /// Tenants below the one at the root, which is at `address`.
    pub(crate) fn new(address: Place, clock: Arc<AdjustableClock>, origin: Origin) -> Result<Self, StartError> {
        let shelf = Arc::new(Shelf::default());
        let root = Tenant::new(("", String::new()), address, clock, origin, &shelf)?;
        Ok(Self {
            root,
            shelf,
            named: RwLock::default(),
            turns: AtomicU64::new(1),
            gone: RwLock::new(Gone::Some(HashSet::new())),
        })
    }

    pub(crate) fn root(&self) -> &Arc<Tenant> {
        &self.root
    }

    /// The tenant called `name`, if it is there; the empty name is the root's.
    pub(crate) fn known(&self, name: &str) -> Option<Arc<Tenant>> {
        if name.is_empty() {
            return Some(self.root.clone());
        }
        let tenant = self.named.read().unwrap_or_else(PoisonError::into_inner).get(name).cloned()?;
        // A clock is read only for those that end.
        (tenant.until().is_none() || !tenant.is_over(self.now())).then_some(tenant)
    }

    /// The tenant called `name`, made like the one at the root if it is not there. `None` if there are too many.
    pub(crate) fn find(&self, name: &str) -> Option<Arc<Tenant>> {
        if let Some(tenant) = self.known(name) {
            return Some(tenant);
        }
        let keys = KeySource::default().or(&self.root.origin.keys);
        let description = self.root.live().description.clone();
        let origin = Origin { description, keys, like_root: true, ..self.root.origin.clone() };
        self.make(name, origin, false).ok().flatten()
    }

    /// Makes a tenant, in the place of one of this name if there is one. `None` if there are too many.
    ///
    /// # Errors
    /// [`StartError`] if there can be no such tenant.
    pub(crate) fn create(&self, name: &str, origin: Origin) -> Result<Option<Arc<Tenant>>, StartError> {
        self.make(name, origin, true)
    }

    fn make(&self, name: &str, origin: Origin, anew: bool) -> Result<Option<Arc<Tenant>>, StartError> {
        // Made before anybody waits for it: two may be made at once, and one of them is forgotten.
        let turn = origin.store.is_some().then(|| self.turn());
        let clock = Arc::new(AdjustableClock::like(&self.root.clock));
        let address = self.root.address.below(name);
        let names = (name, kept_as(name, turn.filter(|_| anew || self.was_there(name))));
        let made = Tenant::new(names, address, clock, origin, &self.shelf)?;
        let mut named = self.named.write().unwrap_or_else(PoisonError::into_inner);
        let now = self.now();
        if let Some(there) = named.get(name).filter(|there| !anew && !there.is_over(now)) {
            return Ok(Some(there.clone()));
        }
        if named.len() >= MOST && !named.contains_key(name) {
            named.retain(|_, tenant| {
                let over = tenant.is_over(now);
                if over {
                    tenant.barriers.clear();
                    tenant.origin.store.iter().for_each(|_| self.leaves(&tenant.name));
                }
                !over
            });
        }
        if named.len() >= MOST && !named.contains_key(name) {
            return Ok(None);
        }
        if turn.is_some() && anew {
            self.leaves(name);
        }
        if let Some(former) = named.insert(name.to_owned(), made.clone()) {
            former.barriers.clear();
        }
        Ok(Some(made))
    }

    /// Takes a tenant away. Says whether it was there; the one at the root stays.
    pub(crate) fn destroy(&self, tenant: &Arc<Tenant>) -> bool {
        let mut named = self.named.write().unwrap_or_else(PoisonError::into_inner);
        let there = named.get(&tenant.name).is_some_and(|own| Arc::ptr_eq(own, tenant));
        tenant.barriers.clear();
        if there && tenant.origin.store.is_some() {
            self.leaves(&tenant.name);
        }
        there && named.remove(&tenant.name).is_some()
    }

    /// Every tenant but the one at the root, by name.
    pub(crate) fn all(&self) -> Vec<Arc<Tenant>> {
        let now = self.now();
        let named = self.named.read().unwrap_or_else(PoisonError::into_inner);
        let mut all: Vec<_> = named.values().filter(|tenant| !tenant.is_over(now)).cloned().collect();
        drop(named);
        all.sort_by(|one, other| one.name.cmp(&other.name));
        all
    }

    /// Makes a tenant again what it was at first.
    ///
    /// # Errors
    /// [`StartError`] if there can be no such tenant any more.
    pub(crate) fn reset(&self, tenant: &Tenant) -> Result<(), StartError> {
        tenant.reset(self.turn())
    }

    /// Takes every tenant away but the one at the root, which is made again what it was at first.
    ///
    /// # Errors
    /// [`StartError`] if there can be no such tenant any more.
    pub(crate) fn reset_all(&self) -> Result<(), StartError> {
        let gone = std::mem::take(&mut *self.named.write().unwrap_or_else(PoisonError::into_inner));
        gone.values().for_each(|tenant| tenant.barriers.clear());
        *self.gone.write().unwrap_or_else(PoisonError::into_inner) = Gone::All;
        self.reset(&self.root)
    }

    /// Says that what a shared store keeps under this name is not to be found again.
    fn leaves(&self, name: &str) {
        let mut gone = self.gone.write().unwrap_or_else(PoisonError::into_inner);
        if let Gone::Some(names) = &mut *gone {
            names.insert(name.to_owned());
            if names.len() > MOST {
                *gone = Gone::All;
            }
        }
    }

    /// Whether a tenant of this name was there and is gone, or is over and still among the others.
    fn was_there(&self, name: &str) -> bool {
        let gone = match &*self.gone.read().unwrap_or_else(PoisonError::into_inner) {
            Gone::All => true,
            Gone::Some(names) => names.contains(name),
        };
        gone || self.named.read().unwrap_or_else(PoisonError::into_inner).contains_key(name)
    }

    /// The time at the root.
    pub(crate) fn now(&self) -> u64 {
        self.root.clock.now()
    }

    /// What the tenant at the root was made from.
    pub(crate) fn origin(&self) -> &Origin {
        &self.root.origin
    }

    fn turn(&self) -> u64 {
        self.turns.fetch_add(1, Ordering::Relaxed)
    }
}

/// What the records of a tenant are kept under: its name, and its turn if there were others before. No name has `#`.
fn kept_as(name: &str, turn: Option<u64>) -> String {
    turn.map_or_else(|| name.to_owned(), |turn| format!("{name}#{turn}"))
}
