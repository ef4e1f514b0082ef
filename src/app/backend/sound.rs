//! The sound of the session under review: a thread that plays it and one that reads its outline.

use crate::app::backend::Wake;
use crate::app::review::outside::SessionSound;
use crate::engine::workers::sound_outliner::SoundOutliner;
use crate::engine::workers::sound_player::SoundPlayer;
use crate::measure::time::Timestamp;
use crate::media::sound::{Outline, SoundFile};
use crate::sound::SoundServer;

/// Two threads, each with a reader of its own.
#[derive(Debug)]
pub struct SoundStage {
    player: SoundPlayer,
    outliner: SoundOutliner,
}

impl SoundStage {
    /// The sound that `open` opens; the error is the end of a sentence.
    pub fn start(
        open: impl Fn() -> Result<Box<dyn SoundFile>, String> + Clone + Send + 'static,
        wake: Wake,
    ) -> std::io::Result<Self> {
        let woken = wake.clone();
        let player = SoundPlayer::start(open.clone(), SoundServer::default(), move || woken())?;
        let outliner = SoundOutliner::start(open, move || wake())?;
        Ok(Self { player, outliner })
    }
}

impl SessionSound for SoundStage {
    fn play(&mut self, from: Timestamp) {
        self.player.play(from);
    }

    fn hush(&mut self) {
        self.player.hush();
    }

    fn outline(&mut self) -> Option<Outline> {
        self.outliner.take()
    }

    fn fault(&mut self) -> Option<String> {
        self.player.fault()
    }
}
