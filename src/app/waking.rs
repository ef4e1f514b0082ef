//! Decides when a message of an engine draws the window.
//!
//! A plain request to egui draws twice. That is wasted if the next picture comes in a thirtieth of a second.
//! A tab that is not in view takes its messages only a few times a second, which is enough to keep the links
//! from filling up.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use egui::Context;

use super::backend::Wake;
use super::command::Tab;

/// With any delay, egui draws once and not twice.
const ONCE: Duration = Duration::from_millis(1);

/// Time between two looks at an engine whose tab is not in view.
const OUT_OF_VIEW: Duration = Duration::from_millis(250);

/// Time between two drawings of a progress bar.
const PROGRESS: Duration = Duration::from_millis(100);

/// While a source runs, the window is drawn at least this often. A request that is lost in the window system
/// must not leave an old picture on screen.
pub(super) const AT_THE_LATEST: Duration = Duration::from_secs(1);

/// The functions that wake the window for each engine.
#[derive(Clone)]
pub(super) struct EngineWakes {
    /// For the running source.
    pub live: Wake,
    /// For the recording that is analysed.
    pub analysis: Wake,
    live_in_view: Arc<AtomicBool>,
}

impl EngineWakes {
    /// Both draw the window of `ctx`.
    pub(super) fn of(ctx: &Context) -> Self {
        let live_in_view = Arc::new(AtomicBool::new(true));
        let (of_live, of_analysis) = (ctx.clone(), ctx.clone());
        let in_view = Arc::clone(&live_in_view);
        let live = move || {
            let is_in_view = in_view.load(Ordering::Relaxed);
            of_live.request_repaint_after(if is_in_view { ONCE } else { OUT_OF_VIEW });
        };
        let analysis = move || of_analysis.request_repaint_after(PROGRESS);
        Self { live: Arc::new(live), analysis: Arc::new(analysis), live_in_view }
    }

    /// The same function for both engines, whatever tab is in view.
    pub(super) fn both(wake: &Wake) -> Self {
        let live_in_view = Arc::new(AtomicBool::new(true));
        Self { live: Arc::clone(wake), analysis: Arc::clone(wake), live_in_view }
    }

    /// Notes which tab is in view.
    pub(super) fn show(&self, tab: Tab) {
        self.live_in_view.store(tab == Tab::Live, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    /// The delays that a wake asks for, one for each tab.
    fn delays(wake: fn(&EngineWakes) -> &Wake) -> Vec<Duration> {
        let ask = |tab| {
            let ctx = Context::default();
            // The first drawing asks for another one.
            for _ in 0..3 {
                drop(ctx.run_logic(&egui::RawInput::default(), |_| ()));
            }
            let (tx, rx) = mpsc::channel();
            ctx.set_request_repaint_callback(move |info| tx.send(info.delay).unwrap_or(()));
            let wakes = EngineWakes::of(&ctx);
            wakes.show(tab);
            wake(&wakes)();
            wake(&wakes)();
            rx.try_iter().collect::<Vec<_>>()
        };
        [Tab::Live, Tab::Review, Tab::Analyse].into_iter().flat_map(ask).collect()
    }

    #[test]
    fn what_is_out_of_view_draws_the_window_rarely_and_two_wakes_draw_it_once() {
        assert_eq!(delays(|wakes| &wakes.live), [ONCE, OUT_OF_VIEW, OUT_OF_VIEW]);
        assert_eq!(delays(|wakes| &wakes.analysis), [PROGRESS; 3]);
    }
}
