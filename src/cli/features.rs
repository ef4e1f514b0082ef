//! `fleeting analyze --features`: the labelled motion of one recording, to train the networks with.

use std::io::Write;
use std::path::PathBuf;

use super::CliError;
use crate::exchange::import;
use crate::exchange::import::Choice;
use crate::exchange::{ExportError, View, training};
use crate::session::Session;
use crate::session::annotation::rater::Imported;
use crate::session::annotation::{Entry, Rater};

/// Name of the layer that the labels become. The session is never stored.
const LAYER: &str = "labels";

/// The labelled motion to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// The expressions in the recording: a table or an ELAN file.
    pub labels: PathBuf,
    /// Folder for the motion; new or empty.
    pub folder: PathBuf,
}

impl Order {
    /// Checks before the work what can be checked.
    pub(super) fn check(&self) -> Result<(), CliError> {
        let file_error = |error| CliError::File { path: self.labels.clone(), error };
        crate::files::open(&self.labels).map_err(file_error)?;
        super::must_be_new_or_empty(&self.folder)
    }
}

/// Writes the motion of `session`, which was just measured, with the labels of its recording.
pub(super) fn write(
    order: &Order,
    session: &mut Session,
    out: &mut dyn Write,
) -> Result<(), CliError> {
    let remarks = take_labels(order, session)?;
    let view = &mut View::new(session, Some(LAYER)).map_err(ExportError::from)?;
    let labelled = view.held().count();
    if labelled == 0 {
        let labels = order.labels.display();
        let text = format!("{labels}: expected events that were confirmed, found none");
        return Err(CliError::Failed(text));
    }
    let amount = training::amount(view);
    if amount.segments == 0 {
        return Err(CliError::Failed(format!(
            "{}: expected a face whose motion can be scored, found none in {} frames at {:.1} frames \
             per second",
            view.session.source.name,
            view.session.history.len(),
            view.fps(),
        )));
    }
    for path in training::FORMAT.write(view, &order.folder)?.files {
        writeln!(out, "wrote {}", path.display()).map_err(CliError::Output)?;
    }
    remarks.iter().try_for_each(|line| writeln!(out, "{line}")).map_err(CliError::Output)?;
    writeln!(
        out,
        "{} of {labelled} labelled events lie in the {} segments for the spotter; {} have an emotion \
         and motion for the recogniser",
        amount.events, amount.segments, amount.expressions,
    )
    .map_err(CliError::Output)
}

/// Adds the labels to the session as a layer. Returns remarks about what was changed or left out, one
/// sentence each.
fn take_labels(order: &Order, session: &mut Session) -> Result<Vec<String>, CliError> {
    let import = import::read(&order.labels, session, &Choice::default())?;
    let file = order.labels.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let imported = Some(Imported { file, acts: import.acts.len() as u64 });
    session.log.add_rater(Rater { imported, ..Rater::new(LAYER) });
    for act in import.acts {
        session.log.push(Entry { rater: LAYER.into(), at_unix_ms: 0, act });
    }
    Ok(import.remarks)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::tests::session;

    const HEADER: &str = "onset_frame,offset_frame,onset_s,offset_s,emotion\n";

    /// The output of `write` for three frames with these labels, and the folder that it wrote.
    fn written(labels: &str) -> (Result<String, String>, tempfile::TempDir) {
        let folder = tempfile::tempdir().expect("folder");
        let order =
            Order { labels: folder.path().join("seen.csv"), folder: folder.path().join("set") };
        std::fs::write(&order.labels, labels).expect("written");
        order.check().expect("nothing is in the way");
        let mut out = Vec::new();
        let ended = write(&order, &mut session(), &mut out);
        let said = String::from_utf8(out).expect("text");
        (ended.map(|()| said).map_err(|error| error.to_string()), folder)
    }

    #[test]
    fn a_table_without_events_is_no_label() {
        let (ended, folder) = written(HEADER);
        let error = ended.expect_err("nothing to learn");
        assert!(error.contains("seen.csv") && error.contains("found none"), "{error}");
        assert!(!folder.path().join("set").exists());
    }

    #[test]
    fn a_recording_without_a_face_that_can_be_followed_is_said() {
        let (ended, _) = written(&format!("{HEADER}0,2,,,surprise\n"));
        let error = ended.expect_err("the middle frame shows no face");
        assert!(error.contains("3 frames at 30.0 frames per second"), "{error}");
    }

    #[test]
    fn labels_of_another_rate_are_refused() {
        let (ended, _) = written(&format!("{HEADER}0,2,0.0,0.9,surprise\n"));
        let error = ended.expect_err("frame 2 begins at 0.067 s");
        assert!(error.contains("line 2, offset_s") && error.contains("0.067"), "{error}");
    }

    #[test]
    fn labels_that_are_not_there_are_named_before_the_work() {
        let order = Order { labels: "/no/such/labels.csv".into(), folder: "new".into() };
        assert!(order.check().expect_err("no file").to_string().contains("/no/such/labels.csv"));
    }
}
