//! Pictures of events that were asked for: the picked one and those around it, plain and magnified.

use std::sync::Arc;

use crate::session::annotation::{Bounds, Target};
use crate::session::clip::EventClip;
use crate::session::table::Row;

/// The pictures of one event that the card wants.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClipRequest {
    /// The event.
    pub target: Target,
    /// Its bounds, which decide what is cut out.
    pub bounds: Bounds,
    /// How much its movement is enlarged; 1 leaves it as it is.
    pub magnification: f32,
}

impl ClipRequest {
    /// The pictures of an event as it is.
    pub fn plain(row: &Row) -> Self {
        Self::magnified(row, 1.0)
    }

    /// Those with its movement enlarged so many times.
    pub fn magnified(row: &Row, magnification: f32) -> Self {
        Self { target: row.target, bounds: row.bounds, magnification }
    }
}

/// The pictures of an event, or one sentence that says why there are none.
pub type Clip = Result<Arc<EventClip>, String>;

/// Requests whose pictures are kept at hand.
const KEPT: usize = 12;

/// The newest requests, with what has come.
#[derive(Debug, Default)]
pub struct ClipCache {
    clips: Vec<(ClipRequest, Option<Clip>)>,
}

impl ClipCache {
    /// What has come for a request: `None` where nobody asked, `Some(None)` while it is on its way.
    pub fn get(&self, request: &ClipRequest) -> Option<Option<&Clip>> {
        let (_, clip) = self.clips.iter().find(|(kept, _)| kept == request)?;
        Some(clip.as_ref())
    }

    /// Notes what is wanted now, and forgets what was wanted before and has not come. `at_hand` gives
    /// what need not be asked for. Gives the requests that are still to be answered, in their order.
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

    /// Takes in what has come, if it is still wanted.
    pub fn put(&mut self, request: &ClipRequest, clip: Clip) {
        if let Some((_, kept)) = self.clips.iter_mut().find(|(wanted, _)| wanted == request) {
            *kept = Some(clip);
        }
    }
}
