//! Requested pictures of events: of the picked one and its neighbours, plain and magnified.

use std::sync::Arc;

use crate::session::annotation::{Bounds, Target};
use crate::session::clip::EventClip;
use crate::session::table::Row;

/// A request for the pictures of one event.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClipRequest {
    /// The event.
    pub target: Target,
    /// Its bounds, which decide which pictures it has.
    pub bounds: Bounds,
    /// Magnification of its movement; 1 means none.
    pub magnification: f32,
}

impl ClipRequest {
    /// The pictures of an event, not magnified.
    pub fn plain(row: &Row) -> Self {
        Self::magnified(row, 1.0)
    }

    /// The pictures with their movement magnified.
    pub fn magnified(row: &Row, magnification: f32) -> Self {
        Self { target: row.target, bounds: row.bounds, magnification }
    }
}

/// The pictures of an event. The error is one sentence that says why there are none.
pub type Clip = Result<Arc<EventClip>, String>;

/// Number of requests that are kept with their pictures.
const KEPT: usize = 12;

/// The newest requests, with their answers.
#[derive(Debug, Default)]
pub struct ClipCache {
    clips: Vec<(ClipRequest, Option<Clip>)>,
}

impl ClipCache {
    /// The answer to a request: `None` if it was not made, `Some(None)` while it is not answered.
    pub fn get(&self, request: &ClipRequest) -> Option<Option<&Clip>> {
        let (_, clip) = self.clips.iter().find(|(kept, _)| kept == request)?;
        Some(clip.as_ref())
    }

    /// Sets what is wanted now, and drops older requests without an answer. `at_hand` gives pictures that
    /// need no request. Returns the requests that must still be answered, in their order.
    pub fn want(
        &mut self,
        wanted: &[ClipRequest],
        at_hand: impl Fn(&ClipRequest) -> Option<Clip>,
    ) -> Vec<ClipRequest> {
        self.clips.retain(|(request, clip)| clip.is_some() || wanted.contains(request));
        for request in wanted {
            if self.get(request).is_none() {
                self.clips.push((*request, at_hand(request)));
            }
        }
        let surplus = self.clips.len().saturating_sub(KEPT);
        self.clips.drain(..surplus);
        let is_missing = |request: &&ClipRequest| matches!(self.get(request), Some(None));
        wanted.iter().filter(is_missing).copied().collect()
    }

    /// Takes an answer, if it is still wanted.
    pub fn put(&mut self, request: &ClipRequest, clip: Clip) {
        if let Some((_, kept)) = self.clips.iter_mut().find(|(wanted, _)| wanted == request) {
            *kept = Some(clip);
        }
    }
}
