//! Carries updates from the threads of the engine to the window.

use std::sync::Arc;

use crossbeam_channel::Sender;

use super::link::Closed;
use crate::engine::Update;

/// The end of the update link that the analysis thread holds.
#[derive(Clone)]
pub(crate) struct UpdateSender {
    pub(crate) tx: Sender<Update>,
    pub(crate) wake: Arc<dyn Fn() + Send + Sync>,
}

impl UpdateSender {
    pub(crate) fn send(&self, update: Update) -> Result<(), Closed> {
        self.send_asleep(update)?;
        (self.wake)();
        Ok(())
    }

    /// Sends without waking the window, which takes the update when it is next drawn.
    pub(crate) fn send_asleep(&self, update: Update) -> Result<(), Closed> {
        self.tx.send(update).map_err(|_| Closed)
    }

    /// Sends an update that holds no data. It is dropped if the window is too slow.
    pub(crate) fn send_if_room(&self, update: Update) {
        if self.tx.try_send(update).is_ok() {
            (self.wake)();
        }
    }
}
