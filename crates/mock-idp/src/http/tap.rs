//! The tap: changes what leaves, where a fault is mounted. Protocol code knows nothing of it.

use std::fmt;
use std::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use oauth_types::Params;
use oauth_types::fault::{Edit, Fault, Point, Signature, Unfit, When};
use serde_json::{Map, Value};

use super::journal::pages::Pages;
use crate::reply::Unsigned;

pub(crate) mod answer;

/// How many faults, and how many barriers, one tenant can have at once.
pub(crate) const MOST: usize = 1000;

/// The faults of one tenant.
///
/// [`Tenant::mount`](crate::Tenant::mount) is what a test uses: its guard says whether the fault acted. Here are
/// those that stay until they are taken off, by their ids.
#[derive(Debug, Default)]
pub struct Faults {
    /// How many are mounted, so that a server without faults does not lock.
    count: AtomicUsize,
    /// How many ever were: the last id.
    last: AtomicU64,
    mounted: Mutex<Vec<Arc<Slot>>>,
}

/// A fault that is mounted.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Standing {
    /// Its number, never used again by the same tenant.
    pub id: u64,
    /// The fault.
    pub fault: Fault,
    /// How often something left that it was meant for.
    pub matched: u32,
    /// How often it acted.
    pub fired: u32,
}

/// What a request is about, as far as faults and barriers ask.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Whom<'a> {
    pub(crate) client_id: Option<&'a str>,
    pub(crate) grant_type: Option<&'a str>,
}

impl Whom<'_> {
    pub(crate) fn is_meant(self, when: &When) -> bool {
        let meant = |wanted: &Option<String>, own: Option<&str>| wanted.is_none() || wanted.as_deref() == own;
        meant(&when.client_id, self.client_id) && meant(&when.grant_type, self.grant_type)
    }
}

/// Whether the `number`th matching response, counted from 0, is one of those.
pub(crate) fn is_due(when: &When, number: u32) -> bool {
    let end = when.times.map_or(u32::MAX, |times| when.skip.saturating_add(times));
    number >= when.skip && number < end
}

/// A mounted fault and how often it came by.
#[derive(Debug)]
pub(crate) struct Slot {
    id: u64,
    fault: Fault,
    matched: AtomicU32,
    fired: AtomicU32,
}

impl Slot {
    /// Its edits, in order.
    pub(crate) fn edits(&self) -> &[Edit] {
        &self.fault.edit
    }
}

/// Says that a fault is mounted. Dropping it takes the fault off.
///
/// If the fault never acted by then, dropping it panics: a test that mounts a fault and does not meet it tests
/// nothing. [`Mounted::unmount`] takes it off without that check.
#[must_use = "dropping this takes the fault off at once; keep it for as long as the fault is to act"]
pub struct Mounted {
    faults: Weak<Faults>,
    slot: Arc<Slot>,
    checked: bool,
    /// What is printed if the fault never acted.
    journal: Weak<Pages>,
}

impl Mounted {
    /// The fault's number among those of its tenant.
    pub fn id(&self) -> u64 {
        self.slot.id
    }

    /// How often the fault has acted.
    pub fn fired(&self) -> u32 {
        self.slot.fired.load(Ordering::Relaxed)
    }

    /// Prints this journal if the fault never acted.
    pub(crate) fn telling(self, journal: &Arc<Pages>) -> Self {
        let mut told = self;
        told.journal = Arc::downgrade(journal);
        told
    }

    /// Takes the fault off, whether or not it acted.
    pub fn unmount(mut self) {
        self.checked = true;
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        if let Some(faults) = self.faults.upgrade() {
            faults.take_off(self.slot.id);
        }
        if !self.checked && self.fired() == 0 && !std::thread::panicking() {
            let journal = self.journal.upgrade().map(|pages| pages.lines()).unwrap_or_default();
            panic!("the fault at {:?} never acted: {:?}{journal}", self.slot.fault.at, self.slot.fault);
        }
    }
}

impl fmt::Debug for Mounted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mounted").field("fault", &self.slot.fault).field("fired", &self.fired()).finish()
    }
}

impl Faults {
    /// Makes the tenant misbehave until the guard is dropped.
    ///
    /// # Errors
    /// [`Unfit`] if the fault cannot do what it says, or if there are 1000 already.
    pub fn mount(self: &Arc<Self>, fault: Fault) -> Result<Mounted, Unfit> {
        let slot = self.put(fault)?;
        Ok(Mounted { faults: Arc::downgrade(self), slot, checked: false, journal: Weak::new() })
    }

    /// Makes the tenant misbehave until the fault is taken off. The answer is its id.
    ///
    /// # Errors
    /// [`Unfit`] if the fault cannot do what it says, or if there are 1000 already.
    pub fn add(&self, fault: Fault) -> Result<u64, Unfit> {
        Ok(self.put(fault)?.id)
    }

    /// Every fault that is mounted, in the order of mounting.
    pub fn list(&self) -> Vec<Standing> {
        let mounted = self.mounted.lock().unwrap_or_else(PoisonError::into_inner);
        mounted.iter().map(|slot| slot.standing()).collect()
    }

    /// Takes a fault off, if it is still there, and says how often it acted.
    pub fn take_off(&self, id: u64) -> Option<Standing> {
        let mut mounted = self.mounted.lock().unwrap_or_else(PoisonError::into_inner);
        let at = mounted.iter().position(|slot| slot.id == id)?;
        let slot = mounted.remove(at);
        self.count.store(mounted.len(), Ordering::Release);
        Some(slot.standing())
    }

    /// Takes every fault off.
    pub fn clear(&self) {
        let mut mounted = self.mounted.lock().unwrap_or_else(PoisonError::into_inner);
        mounted.clear();
        self.count.store(0, Ordering::Release);
    }

    fn put(&self, fault: Fault) -> Result<Arc<Slot>, Unfit> {
        fault.check()?;
        let mut mounted = self.mounted.lock().unwrap_or_else(PoisonError::into_inner);
        if mounted.len() >= MOST {
            return Err(Unfit::TooMany(MOST));
        }
        let id = self.last.fetch_add(1, Ordering::Relaxed) + 1;
        let slot = Arc::new(Slot { id, fault, matched: AtomicU32::new(0), fired: AtomicU32::new(0) });
        mounted.push(slot.clone());
        self.count.store(mounted.len(), Ordering::Release);
        Ok(slot)
    }

    /// The faults that act on what leaves at `at` now. They count as fired.
    pub(crate) fn due(&self, at: Point, whom: Whom<'_>) -> Vec<Arc<Slot>> {
        if self.count.load(Ordering::Acquire) == 0 {
            return Vec::new();
        }
        let mounted = self.mounted.lock().unwrap_or_else(PoisonError::into_inner);
        mounted.iter().filter(|slot| slot.fires(at, whom)).cloned().collect()
    }

    /// Whether a fault with such an edit is mounted, acting now or not.
    pub(crate) fn any(&self, such: impl Fn(&Edit) -> bool) -> bool {
        if self.count.load(Ordering::Acquire) == 0 {
            return false;
        }
        let mounted = self.mounted.lock().unwrap_or_else(PoisonError::into_inner);
        mounted.iter().flat_map(|slot| slot.edits()).any(such)
    }
}

impl Slot {
    fn fires(&self, at: Point, whom: Whom<'_>) -> bool {
        if self.fault.at != at || !whom.is_meant(&self.fault.when) {
            return false;
        }
        let fires = is_due(&self.fault.when, self.matched.fetch_add(1, Ordering::Relaxed));
        if fires {
            self.fired.fetch_add(1, Ordering::Relaxed);
        }
        fires
    }

    fn standing(&self) -> Standing {
        let [matched, fired] = [&self.matched, &self.fired].map(|count| count.load(Ordering::Relaxed));
        Standing { id: self.id, fault: self.fault.clone(), matched, fired }
    }
}

/// Whether these edits can do what they say at `at`.
pub(crate) fn fit(at: Point, edit: &[Edit]) -> Result<(), Unfit> {
    Fault { at, when: When::default(), edit: edit.to_vec() }.check()
}

/// Faults that are these edits at `at` and nothing else, for as long as the guard is held. The guard is to be unmounted:
/// nobody asked for them to act.
pub(crate) fn edits(at: Point, edit: Vec<Edit>) -> Result<(Arc<Faults>, Option<Mounted>), Unfit> {
    let faults = Arc::new(Faults::default());
    let mounted = (!edit.is_empty()).then(|| faults.mount(Fault { at, when: When::default(), edit }));
    Ok((faults, mounted.transpose()?))
}

/// Edits the parameters of an authorization response, and gives the names of those that are not what they were.
pub(crate) fn altered(slots: &[Arc<Slot>], params: &mut Params) -> Vec<String> {
    if slots.is_empty() {
        return Vec::new();
    }
    let before = params.clone();
    edit_params(slots, params);
    let mut altered: Vec<String> = Vec::new();
    for (name, _) in before.iter().chain(params.iter()) {
        if !altered.iter().any(|own| own == name) && !before.all(name).eq(params.all(name)) {
            altered.push(name.to_owned());
        }
    }
    altered
}

/// Edits the parameters of an authorization response.
fn edit_params(slots: &[Arc<Slot>], params: &mut Params) {
    for edit in slots.iter().flat_map(|slot| slot.edits()) {
        match edit {
            Edit::Set { name, value } => params.set(name, text(value)),
            Edit::Remove { name } => {
                params.remove(name);
            }
            Edit::Shift { name, by } => {
                if let Some(number) = params.get(name).and_then(|value| value.parse::<i64>().ok()) {
                    params.set(name, number.saturating_add(*by).to_string());
                }
            }
            Edit::Repeat { name, value } => params.push(name, value),
            Edit::Suffix { name, text } => {
                if let Some(value) = params.get(name).map(|value| format!("{value}{text}")) {
                    params.set(name, value);
                }
            }
            Edit::Error { error, description, .. } => {
                let mut left: Params = params.iter().filter(|(name, _)| ["state", "iss"].contains(name)).collect();
                left.set("error", error);
                if let Some(description) = description {
                    left.set("error_description", description);
                }
                *params = left;
            }
            _ => {}
        }
    }
}

/// Edits the members of a document.
pub(crate) fn edit_members(slots: &[Arc<Slot>], members: &mut Map<String, Value>) {
    slots.iter().flat_map(|slot| slot.edits()).for_each(|edit| edit_member(edit, members));
}

fn edit_member(edit: &Edit, members: &mut Map<String, Value>) {
    match edit {
        Edit::Set { name, value } => {
            members.insert(name.clone(), value.clone());
        }
        Edit::Shift { name, by } => {
            if let Some(value) = members.get_mut(name) {
                shift(value, *by);
            }
        }
        Edit::Remove { name } => {
            members.remove(name);
        }
        Edit::Suffix { name, text } => {
            if let Some(Value::String(value)) = members.get_mut(name) {
                value.push_str(text);
            }
        }
        Edit::Append { name, value } => append(members.entry(name.as_str()).or_insert_with(list), value),
        _ => {}
    }
}

/// Adds to a number. Anything else stays.
fn shift(value: &mut Value, by: i64) {
    if let Some(whole) = value.as_i64() {
        *value = whole.saturating_add(by).into();
    } else if let Some(large) = value.as_u64() {
        *value = large.saturating_add_signed(by).into();
    } else if let Some(number) = value.as_f64() {
        #[expect(clippy::cast_precision_loss, reason = "the number is no whole one, so it is not exact anyway")]
        let shifted = number + by as f64;
        *value = shifted.into();
    }
}

/// Edits a token before it is signed. The answer says how it is to be signed, if not rightly.
pub(crate) fn edit_token(slots: &[Arc<Slot>], token: &mut Unsigned) -> Option<Signature> {
    let mut signature = None;
    edit_members(slots, &mut token.claims);
    for edit in slots.iter().flat_map(|slot| slot.edits()) {
        match edit {
            // A hash that the fault sets or removes is not computed.
            Edit::Set { name, .. } | Edit::Remove { name } => token.hash.retain(|(claim, _)| claim != name),
            Edit::JoseHeader { name, value: Value::Null } => {
                token.header.remove(name);
            }
            Edit::JoseHeader { name, value } => {
                token.header.insert(name.clone(), value.clone());
            }
            Edit::Sign { with } => signature = Some(*with),
            _ => {}
        }
    }
    signature
}

/// Whether these faults put an error in the place of what was to be said.
pub(crate) fn says_error(slots: &[Arc<Slot>]) -> bool {
    slots.iter().flat_map(|slot| slot.edits()).any(|edit| matches!(edit, Edit::Error { .. }))
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn list() -> Value {
    Value::Array(Vec::new())
}

/// Adds to an array. Anything else becomes one first.
fn append(value: &mut Value, added: &Value) {
    if !value.is_array() {
        *value = Value::Array(vec![value.take()]);
    }
    if let Value::Array(values) = value {
        values.push(added.clone());
    }
}
