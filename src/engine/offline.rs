//! The same analysis without threads: frame by frame, in the caller's thread.

use super::live::analysis::Analyser;
use super::live::losses::LossAccount;
use crate::media::image::Frame;
use crate::media::stream::{Next, Source, SourceError};
use crate::model::ModelError;
use crate::pipeline::Output;
use crate::session::Session;
use crate::session::counts::{Loss, LossReason};

/// Why an analysis without threads stopped early.
#[derive(Debug, thiserror::Error)]
pub enum OfflineError {
    /// The source failed.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// A model failed.
    #[error(transparent)]
    Model(#[from] ModelError),
}

/// Reads `source` to its end into `session`, and calls `on_frame` after each frame. After an error, the
/// session holds what was analysed before it. Everything is done for each frame, or as much as the steps in
/// [`Session::effort`] say if there are any. So a live recording is analysed again as it was.
pub fn analyse_all(
    source: &mut dyn Source,
    analyser: &mut dyn Analyser,
    session: &mut Session,
    mut on_frame: impl FnMut(&Frame),
) -> Result<(), OfflineError> {
    session.source = source.info().clone();
    session.threshold = Some(analyser.threshold());
    let mut losses = LossAccount::new(false);
    losses.opened(source.info().frames);
    let mut steps = session.effort.clone().into_iter().peekable();
    let mut output = Output::default();
    let mut waiting = None;
    let result = loop {
        match waiting.take().unwrap_or_else(|| source.next()) {
            Ok(Next::Frame(frame)) => {
                if let Ok(Next::Frame(next)) = waiting.insert(source.next()) {
                    analyser.foresee(next);
                }
                while let Some(step) = steps.next_if(|step| step.first <= frame.seq) {
                    analyser.set_effort(step.effort);
                }
                output.clear();
                losses.frame(&frame, 0, |loss| session.losses.add(loss));
                if let Err(error) = analyser.push(&frame, &mut output) {
                    let (first, reason) = (frame.seq, LossReason::Failed);
                    session.losses.add(Loss { first, frames: 1, reason });
                    break Err(error.into());
                }
                session.extend(&output.samples, &output.events);
                output.notices.drain(..).for_each(|notice| session.log(notice));
                on_frame(&frame);
            }
            Ok(Next::Lost(numbers)) => losses.broken(numbers),
            Ok(Next::Notice(notice)) => {
                losses.notice(notice.kind);
                session.log(notice);
                session.source = source.info().clone();
            }
            Ok(Next::Idle) => {}
            Ok(Next::End) => break Ok(()),
            Err(error) => break Err(error.into()),
        }
    };
    output.clear();
    let finished = analyser.finish(&mut output);
    session.extend(&output.samples, &output.events);
    losses.end(|loss| session.losses.add(loss));
    result.and(finished.map_err(OfflineError::from))
}
