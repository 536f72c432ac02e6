//! Barriers: requests wait until a test lets them go on.

use std::collections::VecDeque;
use std::fmt;
use std::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use oauth_types::fault::{Barrier, Hold, Point, Unfit};
use tokio::sync::{oneshot, watch};

use super::lever::Lever;
use super::tap::{MOST, Whom, is_due};

/// The barriers of one tenant.
///
/// [`Tenant::hold`](crate::Tenant::hold) is what a test uses: its guard says whether anything arrived. Here are
/// those that stay until they are taken off, by their ids.
#[derive(Debug, Default)]
pub struct Barriers {
    /// How many stand, so that a server without barriers does not lock.
    count: AtomicUsize,
    /// How many ever did: the last id.
    last: AtomicU64,
    standing: Mutex<Vec<Arc<Gate>>>,
}

/// A barrier that stands.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Gated {
    /// Its number, never used again by the same tenant.
    pub id: u64,
    /// The barrier.
    pub barrier: Barrier,
    /// How many requests it has held.
    pub arrived: u64,
    /// How many wait now.
    pub waiting: usize,
    /// Whether it was released, and holds nothing further.
    pub released: bool,
}

#[derive(Debug)]
struct Gate {
    id: u64,
    barrier: Barrier,
    matched: AtomicU32,
    line: watch::Sender<Line>,
}

/// Those who wait, in the order they came.
#[derive(Debug, Default)]
struct Line {
    open: bool,
    arrived: u64,
    waiting: VecDeque<(u64, oneshot::Sender<()>)>,
}

/// Says that a barrier stands. Dropping it lets everything go on and takes the barrier away.
///
/// If nothing ever arrived by then, dropping it panics: a test that holds what never comes tests nothing.
/// [`Held::unmount`] takes it away without that check.
#[must_use = "dropping this takes the barrier away at once; keep it for as long as requests are to be held"]
pub struct Held {
    barriers: Weak<Barriers>,
    gate: Arc<Gate>,
    checked: bool,
}

impl Held {
    /// The barrier's number among those of its tenant.
    pub fn id(&self) -> u64 {
        self.gate.id
    }

    /// How many requests wait now. A client that went away does not wait any more.
    pub fn waiting(&self) -> usize {
        self.gate.line.borrow().waiting.len()
    }

    /// Resolves when `count` requests wait at once, or when the barrier was released. The answer is how many wait.
    pub async fn arrived(&self, count: usize) -> usize {
        self.gate.arrived(count).await
    }

    /// Lets everything go on, and holds nothing further.
    pub fn release(&self) {
        self.gate.open();
    }

    /// Lets the one go on that has waited longest. `false` if none waits.
    pub fn release_one(&self) -> bool {
        self.gate.release_one()
    }

    /// Lets everything go on and takes the barrier away, whether or not anything arrived.
    pub fn unmount(mut self) {
        self.checked = true;
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.gate.open();
        if let Some(barriers) = self.barriers.upgrade() {
            barriers.take_off(self.gate.id);
        }
        let arrived = self.gate.line.borrow().arrived;
        if !self.checked && arrived == 0 && !std::thread::panicking() {
            panic!("nothing ever arrived at the barrier at {:?}: {:?}", self.gate.barrier.at, self.gate.barrier);
        }
    }
}

impl fmt::Debug for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Held").field("barrier", &self.gate.barrier).field("waiting", &self.waiting()).finish()
    }
}

impl Barriers {
    /// Holds what the barrier says until the guard releases it or is dropped.
    ///
    /// # Errors
    /// [`Unfit`] if the barrier cannot hold anything, or if there are 1000 already.
    pub fn hold(self: &Arc<Self>, barrier: Barrier) -> Result<Held, Unfit> {
        let gate = self.put(barrier)?;
        Ok(Held { barriers: Arc::downgrade(self), gate, checked: false })
    }

    /// Holds what the barrier says until it is released or taken off. The answer is its id.
    ///
    /// # Errors
    /// [`Unfit`] if the barrier cannot hold anything, or if there are 1000 already.
    pub fn add(&self, barrier: Barrier) -> Result<u64, Unfit> {
        Ok(self.put(barrier)?.id)
    }

    /// Every barrier that stands, in the order of standing.
    pub fn list(&self) -> Vec<Gated> {
        self.gates().iter().map(|gate| gate.gated()).collect()
    }

    /// Resolves when `count` requests wait at once at a barrier, or when it was released: how it stands then. `None` if
    /// there is none of this id.
    pub async fn arrived(&self, id: u64, count: usize) -> Option<Gated> {
        let gate = self.find(id)?;
        gate.arrived(count).await;
        Some(gate.gated())
    }

    /// Lets everything go on that waits at a barrier, which holds nothing further. `false` if there is none of this id.
    pub fn release(&self, id: u64) -> bool {
        self.find(id).map(|gate| gate.open()).is_some()
    }

    /// Lets the one go on that has waited longest at a barrier. `false` if none waits there.
    pub fn release_one(&self, id: u64) -> bool {
        self.find(id).is_some_and(|gate| gate.release_one())
    }

    /// Takes a barrier away, if it is still there, lets everything go on, and says how it stood before.
    pub fn take_off(&self, id: u64) -> Option<Gated> {
        let mut gates = self.gates();
        let at = gates.iter().position(|gate| gate.id == id)?;
        let gate = gates.remove(at);
        self.count.store(gates.len(), Ordering::Release);
        drop(gates);
        let gated = gate.gated();
        gate.open();
        Some(gated)
    }

    /// Takes every barrier away and lets everything go on.
    pub fn clear(&self) {
        let gates = std::mem::take(&mut *self.gates());
        self.count.store(0, Ordering::Release);
        gates.iter().for_each(|gate| gate.open());
    }

    fn put(&self, barrier: Barrier) -> Result<Arc<Gate>, Unfit> {
        barrier.check()?;
        let mut gates = self.gates();
        if gates.len() >= MOST {
            return Err(Unfit::TooMany(MOST));
        }
        let id = self.last.fetch_add(1, Ordering::Relaxed) + 1;
        let line = watch::Sender::new(Line::default());
        let gate = Arc::new(Gate { id, barrier, matched: AtomicU32::new(0), line });
        gates.push(gate.clone());
        self.count.store(gates.len(), Ordering::Release);
        Ok(gate)
    }

    fn find(&self, id: u64) -> Option<Arc<Gate>> {
        self.gates().iter().find(|gate| gate.id == id).cloned()
    }

    fn gates(&self) -> std::sync::MutexGuard<'_, Vec<Arc<Gate>>> {
        self.standing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether there is a barrier at all.
    pub(crate) fn any(&self) -> bool {
        self.count.load(Ordering::Acquire) > 0
    }

    /// Waits at every barrier that holds this. Over a connection that is not longer than anything is held, and not
    /// after the server is stopped.
    pub(crate) async fn pass(&self, hold: Hold, at: Point, whom: Whom<'_>, lever: Option<&Lever>) {
        if !self.any() {
            return;
        }
        let due: Vec<Arc<Gate>> = self.gates().iter().filter(|gate| gate.holds(hold, at, whom)).cloned().collect();
        for gate in due {
            let Some(turn) = Turn::take(gate) else { continue };
            match lever {
                None => turn.wait().await,
                Some(lever) => tokio::select! {
                    () = turn.wait() => {}
                    () = lever.rest() => {}
                },
            }
        }
    }
}

impl Gate {
    fn holds(&self, hold: Hold, at: Point, whom: Whom<'_>) -> bool {
        let Barrier { at: own, when, hold: wanted } = &self.barrier;
        *own == at && *wanted == hold && whom.is_meant(when) && {
            is_due(when, self.matched.fetch_add(1, Ordering::Relaxed))
        }
    }

    async fn arrived(&self, count: usize) -> usize {
        let mut line = self.line.subscribe();
        // The sender is kept by the gate, so that this ends only with what it waits for.
        let here = line.wait_for(|line| line.open || line.waiting.len() >= count).await;
        here.map_or(0, |line| line.waiting.len())
    }

    fn open(&self) {
        self.line.send_modify(|line| {
            line.open = true;
            for (_, go) in line.waiting.drain(..) {
                // Whoever went away meanwhile does not hear it.
                let _ = go.send(());
            }
        });
    }

    fn release_one(&self) -> bool {
        let mut released = false;
        self.line.send_modify(|line| {
            while let Some((_, go)) = line.waiting.pop_front() {
                if go.send(()).is_ok() {
                    released = true;
                    break;
                }
            }
        });
        released
    }

    fn gated(&self) -> Gated {
        let line = self.line.borrow();
        let (arrived, waiting, released) = (line.arrived, line.waiting.len(), line.open);
        Gated { id: self.id, barrier: self.barrier.clone(), arrived, waiting, released }
    }
}

/// A place in the line. Dropping it leaves the line.
struct Turn {
    gate: Arc<Gate>,
    number: u64,
    go: oneshot::Receiver<()>,
}

impl Turn {
    /// Stands in the line, if the gate is not open.
    fn take(gate: Arc<Gate>) -> Option<Self> {
        let (sender, go) = oneshot::channel();
        let mut number = None;
        gate.line.send_if_modified(|line| {
            if line.open {
                return false;
            }
            line.arrived += 1;
            number = Some(line.arrived);
            line.waiting.push_back((line.arrived, sender));
            true
        });
        number.map(|number| Self { gate, number, go })
    }

    async fn wait(mut self) {
        // It ends as well if the gate is gone.
        let _ = (&mut self.go).await;
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.gate.line.send_if_modified(|line| {
            let before = line.waiting.len();
            line.waiting.retain(|(number, _)| *number != self.number);
            line.waiting.len() != before
        });
    }
}
