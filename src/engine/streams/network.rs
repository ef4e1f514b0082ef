//! The thread that sends to listeners: those of Lab Streaming Layer and those of the local socket.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::feed::Feed;
use super::lines::line;
use super::outlet::Outlet;
use super::sockets::{LocalListener, LocalStream};
use super::{Tally, Timed};
use crate::engine::live::link::{Closed, QueueReceiver};

/// The longest wait before new listeners are looked for.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// Items that are taken at once before listeners are served.
const AT_ONCE: usize = 256;

/// At the end, a listener that has taken nothing for this long is not waited for.
const STUCK: Duration = Duration::from_secs(1);

/// How many programs may listen to one stream, so that connections cannot use up the system's.
pub(super) const MOST_LISTENERS: usize = 16;

/// Lines that may wait for one listener of the local socket.
const MOST_LINES: usize = 36_000;

/// Everyone who listens, or may.
pub(super) struct Listeners {
    outlets: Vec<Outlet>,
    socket: Option<LocalListener>,
    local: Vec<Feed<LocalStream>>,
    /// What a listener of the local socket gets first.
    about: Arc<[u8]>,
    /// What those missed who are gone.
    missed: u64,
}

impl Listeners {
    pub(super) fn new(
        outlets: Vec<Outlet>,
        socket: Option<LocalListener>,
        about: Arc<[u8]>,
    ) -> Self {
        Self { outlets, socket, local: Vec::new(), about, missed: 0 }
    }

    /// Sends until no more items come and everything is sent, or until `stop`.
    pub(super) fn serve_until_end(
        &mut self,
        items: &QueueReceiver<Timed>,
        tally: &Tally,
        stop: &AtomicBool,
    ) {
        while !stop.load(Ordering::Relaxed) {
            match items.recv_timeout(LOOK_EVERY) {
                Ok(Some(item)) => {
                    self.offer(&item);
                    let more = std::iter::from_fn(|| items.try_recv());
                    more.take(AT_ONCE).for_each(|item| self.offer(&item));
                }
                Ok(None) => {}
                Err(Closed) => break,
            }
            self.serve(tally);
        }
        let (mut begun, mut left) = (Instant::now(), usize::MAX);
        while !stop.load(Ordering::Relaxed) && left > 0 && begun.elapsed() < STUCK {
            self.serve(tally);
            let waiting = self.unsent();
            if waiting < left {
                (begun, left) = (Instant::now(), waiting);
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        tally.missed.fetch_add(self.unsent() as u64, Ordering::Relaxed);
    }

    fn offer(&mut self, item: &Timed) {
        for outlet in self.outlets.iter_mut().filter(|outlet| outlet.kind() == item.kind()) {
            outlet.offer(item);
        }
        if !self.local.is_empty() {
            let line = line(item);
            self.local.iter_mut().for_each(|feed| feed.offer(&line));
        }
    }

    /// Lets listeners in, sends what they take, and counts.
    fn serve(&mut self, tally: &Tally) {
        while let Some(Ok(stream)) = self.socket.as_ref().map(LocalListener::accept) {
            if self.local.len() < MOST_LISTENERS {
                self.local.push(Feed::new(stream, Arc::clone(&self.about), MOST_LINES));
            }
        }
        let missed = &mut self.missed;
        self.local.retain_mut(|feed| {
            let is_there = feed.pump().is_ok();
            *missed += if is_there { 0 } else { feed.missed() + feed.unsent() as u64 };
            is_there
        });
        self.outlets.iter_mut().for_each(Outlet::serve);
        let listeners: usize = self.outlets.iter().map(Outlet::listeners).sum();
        let here: u64 = self.local.iter().map(Feed::missed).sum();
        let lsl: u64 = self.outlets.iter().map(Outlet::missed).sum();
        tally.listeners.store(listeners + self.local.len(), Ordering::Relaxed);
        tally.missed.store(self.missed + here + lsl, Ordering::Relaxed);
    }

    /// How many samples, events and marks are not sent whole.
    fn unsent(&self) -> usize {
        let local: usize = self.local.iter().map(Feed::unsent).sum();
        local + self.outlets.iter().map(Outlet::unsent).sum::<usize>()
    }
}
