//! The tap: changes what leaves, where a fault is mounted. Protocol code knows nothing of it.

use std::fmt;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use bytes::Bytes;
use http::header::{CONTENT_TYPE, LOCATION};
use http::{HeaderName, HeaderValue, Response, StatusCode};
use oauth_types::Params;
use oauth_types::fault::{Edit, Fault, Point, Signature};
use serde_json::{Map, Value};

use crate::reply::Unsigned;

/// The faults of one tenant.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    /// How many are mounted, so that a server without faults does not lock.
    count: AtomicUsize,
    mounted: Mutex<Vec<Arc<Slot>>>,
}

/// A mounted fault and how often it came by.
#[derive(Debug)]
pub(crate) struct Slot {
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
}

impl Mounted {
    /// How often the fault has acted.
    pub fn fired(&self) -> u32 {
        self.slot.fired.load(Ordering::Relaxed)
    }

    /// Takes the fault off, whether or not it acted.
    pub fn unmount(mut self) {
        self.checked = true;
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        if let Some(faults) = self.faults.upgrade() {
            faults.take_off(&self.slot);
        }
        if !self.checked && self.fired() == 0 && !std::thread::panicking() {
            panic!("the fault at {:?} never acted: {:?}", self.slot.fault.at, self.slot.fault);
        }
    }
}

impl fmt::Debug for Mounted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mounted").field("fault", &self.slot.fault).field("fired", &self.fired()).finish()
    }
}

impl Faults {
    pub(crate) fn mount(self: &Arc<Self>, fault: Fault) -> Mounted {
        let slot = Arc::new(Slot { fault, matched: AtomicU32::new(0), fired: AtomicU32::new(0) });
        self.mounted.lock().unwrap_or_else(PoisonError::into_inner).push(slot.clone());
        self.count.fetch_add(1, Ordering::Release);
        Mounted { faults: Arc::downgrade(self), slot, checked: false }
    }

    /// Takes every fault off.
    pub(crate) fn clear(&self) {
        let mut mounted = self.mounted.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = std::mem::take(&mut *mounted);
        self.count.fetch_sub(taken.len(), Ordering::Release);
    }

    fn take_off(&self, slot: &Arc<Slot>) {
        let mut mounted = self.mounted.lock().unwrap_or_else(PoisonError::into_inner);
        let before = mounted.len();
        mounted.retain(|other| !Arc::ptr_eq(other, slot));
        self.count.fetch_sub(before - mounted.len(), Ordering::Release);
    }

    /// The faults that act on the response that leaves at `at` now. They count as fired.
    pub(crate) fn due(&self, at: Point, client_id: Option<&str>) -> Vec<Arc<Slot>> {
        if self.count.load(Ordering::Acquire) == 0 {
            return Vec::new();
        }
        let mounted = self.mounted.lock().unwrap_or_else(PoisonError::into_inner);
        mounted.iter().filter(|slot| slot.fires(at, client_id)).cloned().collect()
    }
}

impl Faults {
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
    fn fires(&self, at: Point, client_id: Option<&str>) -> bool {
        let when = &self.fault.when;
        if self.fault.at != at || when.client_id.as_deref().is_some_and(|wanted| Some(wanted) != client_id) {
            return false;
        }
        let number = self.matched.fetch_add(1, Ordering::Relaxed);
        let last = when.times.map_or(u32::MAX, |times| when.skip.saturating_add(times));
        let fires = number >= when.skip && number < last;
        if fires {
            self.fired.fetch_add(1, Ordering::Relaxed);
        }
        fires
    }
}

/// Edits the parameters of an authorization response.
pub(crate) fn edit_params(slots: &[Arc<Slot>], params: &mut Params) {
    for edit in slots.iter().flat_map(|slot| slot.edits()) {
        match edit {
            Edit::Set { name, value } => params.set(name, text(value)),
            Edit::Remove { name } => {
                params.remove(name);
            }
            Edit::Repeat { name, value } => params.push(name, value),
            Edit::Suffix { name, text } => {
                if let Some(value) = params.get(name).map(|value| format!("{value}{text}")) {
                    params.set(name, value);
                }
            }
            _ => {}
        }
    }
}

/// Edits the members of a document.
pub(crate) fn edit_members(slots: &[Arc<Slot>], members: &mut Map<String, Value>) {
    for edit in slots.iter().flat_map(|slot| slot.edits()) {
        match edit {
            Edit::Set { name, value } => {
                members.insert(name.clone(), value.clone());
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

/// Edits an answer on the wire.
pub(crate) fn edit_response(slots: &[Arc<Slot>], response: &mut Response<Bytes>) {
    for edit in slots.iter().flat_map(|slot| slot.edits()) {
        match edit {
            Edit::Status { code } => set_status(response, *code),
            Edit::HttpHeader { name, value } => set_header(response, name, value),
            Edit::Body { content_type, text } => {
                set_header(response, CONTENT_TYPE.as_str(), content_type);
                *response.body_mut() = Bytes::from(text.clone());
            }
            Edit::Redirect { code, location } => {
                set_status(response, *code);
                set_header(response, LOCATION.as_str(), location);
                *response.body_mut() = Bytes::new();
            }
            _ => {}
        }
    }
}

fn set_status(response: &mut Response<Bytes>, code: u16) {
    // A status below 200 would be an interim response, which a server cannot end an exchange with.
    if let Some(status) = StatusCode::from_u16(code).ok().filter(|status| !status.is_informational()) {
        *response.status_mut() = status;
    }
}

fn set_header(response: &mut Response<Bytes>, name: &str, value: &str) {
    if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
        response.headers_mut().insert(name, value);
    }
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
