//! Stores a recording from its first frame on: the frames that were analysed, and everything said about them.
//!
//! A recording that begins in the middle of a run holds only what belongs to its own frames: no sample of an
//! earlier or later frame, and only events that overlap its frames. Its times count from its own first frame,
//! as those of its film do; its frames keep their numbers.

use std::collections::VecDeque;
use std::io;
use std::path::{Path, PathBuf};

use super::annotation::Entry;
use super::record::Record;
use super::sound_track::SoundTrack;
use super::store::{Beginning, Store, StoreError, segment_name, unix_ms_now};
use crate::measure::baseline::Baseline;
use crate::measure::event::{Event, Moment};
use crate::measure::sample::Sample;
use crate::measure::time::Timestamp;
use crate::media::image::Frame;
use crate::media::mkv::MkvWriter;
use crate::session::record::Stats;

mod sound;

/// Why recording cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum RecorderError {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A picture file or the sound file could not be written.
    #[error("{}: {error}", path.display())]
    Film {
        /// The file.
        path: PathBuf,
        /// What the system answered.
        error: io::Error,
    },
}

/// A session that is being recorded.
#[derive(Debug)]
pub struct SessionRecorder {
    store: Store,
    with_pictures: bool,
    film: Option<FilmSegment>,
    segment: u32,
    /// Numbers of the first and the newest frame.
    span: Option<(u64, u64)>,
    /// Time of the first frame in the run. It is time zero of the session.
    zero: Timestamp,
    /// Records with times that came before the first frame.
    early: Vec<Early>,
    /// The counts of the run when the recording began.
    before: Stats,
    /// The sound file that is being written.
    sound: Option<SoundTrack>,
    /// Blocks of sound that came before the first frame, on the clock of the run.
    early_sound: VecDeque<(Timestamp, Vec<i16>)>,
    /// Times of the newest two frames, counted from the first.
    newest: [Timestamp; 2],
    /// Seconds of sound that were lost.
    lost_sound_secs: f64,
}

/// A record that waits for the first frame, from which its times count.
#[derive(Debug)]
enum Early {
    Baseline(Box<Baseline>),
    Entry(Entry),
}

/// The picture file that is being written.
#[derive(Debug)]
struct FilmSegment {
    writer: MkvWriter,
    path: PathBuf,
    size_px: (usize, usize),
}

impl SessionRecorder {
    /// Begins a session in `folder`. `before` are the counts of the run so far.
    pub fn begin(folder: &Path, beginning: &Beginning, before: Stats) -> Result<Self, StoreError> {
        let store = Store::create(folder, beginning)?;
        let (with_pictures, zero) = (beginning.with_pictures, Timestamp::ZERO);
        Ok(Self {
            store,
            with_pictures,
            film: None,
            segment: 0,
            span: None,
            zero,
            early: Vec::new(),
            before,
            sound: None,
            early_sound: VecDeque::new(),
            newest: [Timestamp::ZERO; 2],
            lost_sound_secs: 0.0,
        })
    }

    /// Takes a frame that was analysed.
    pub fn push_frame(&mut self, frame: &Frame) -> Result<(), RecorderError> {
        match &mut self.span {
            Some((_, newest)) => *newest = frame.seq,
            None => {
                self.span = Some((frame.seq, frame.seq));
                self.zero = frame.time;
                self.store.append_begun(unix_ms_now())?;
                self.push_early()?;
            }
        }
        self.picture_sound(self.zero.until(frame.time))?;
        if !self.with_pictures {
            return Ok(());
        }
        let size_px = (frame.image.width, frame.image.height);
        if self.film.as_ref().is_none_or(|segment| segment.size_px != size_px) {
            self.change_segment(size_px)?;
        }
        match &mut self.film {
            Some(segment) => {
                let frame = Frame { time: self.zero.until(frame.time), ..frame.clone() };
                segment.writer.push(&frame).map_err(|error| failed(&segment.path, error))
            }
            None => Ok(()),
        }
    }

    /// Begins a new picture file if the size of the pictures has changed.
    fn change_segment(&mut self, size_px: (usize, usize)) -> Result<(), RecorderError> {
        self.end_segment()?;
        self.segment += 1;
        let name = segment_name(self.segment);
        let path = self.store.folder().join(&name);
        let writer = MkvWriter::create(&path, size_px).map_err(|error| failed(&path, error))?;
        self.film = Some(FilmSegment { writer, path, size_px });
        // The name is stored before the first picture, so that a killed program leaves no file without a
        // name.
        self.store.append_film(&name, size_px)?;
        Ok(self.store.commit()?)
    }

    fn end_segment(&mut self) -> Result<(), RecorderError> {
        match self.film.take() {
            Some(segment) => segment.writer.finish().map_err(|error| failed(&segment.path, error)),
            None => Ok(()),
        }
    }

    /// Takes a record of the analysis, if it belongs to the frames of this recording.
    pub fn push_record(&mut self, record: &Record) -> Result<(), RecorderError> {
        match record {
            Record::Samples(samples) => {
                for sample in samples {
                    if self.has_sample(sample) {
                        let time = self.zero.until(sample.time);
                        self.store.append_sample(&Sample { time, ..*sample })?;
                    }
                }
            }
            Record::Event(event, _) if !self.has_event(event) => {}
            Record::Event(event, _) => {
                let [onset, apex, offset] =
                    [event.onset, event.apex, event.offset].map(|moment| self.moved(moment));
                self.store.append_event(&Event { onset, apex, offset, ..event.clone() })?;
            }
            Record::Baselined(baseline) if self.span.is_none() => {
                self.early.push(Early::Baseline(baseline.clone()));
            }
            Record::BaselineDropped if self.span.is_none() => {
                self.early.retain(|early| !matches!(early, Early::Baseline(_)));
            }
            Record::Baselined(baseline) => {
                let [from, to] = [baseline.from, baseline.to].map(|time| self.zero.until(time));
                let moved = Baseline { from, to, ..baseline.as_ref().clone() };
                self.store.append(&Record::Baselined(Box::new(moved)))?;
            }
            Record::Stats(stats) => {
                let stats = Stats {
                    analysed: stats.analysed.saturating_sub(self.before.analysed),
                    dropped: stats.dropped.saturating_sub(self.before.dropped),
                    ..*stats
                };
                self.store.append(&Record::Stats(stats))?;
            }
            record => self.store.append(record)?,
        }
        Ok(())
    }

    /// Takes an act of a person.
    pub fn push_entry(&mut self, entry: &Entry) -> Result<(), RecorderError> {
        if self.span.is_none() {
            self.early.push(Early::Entry(entry.clone()));
            return Ok(());
        }
        let act = entry.act.clone().with_moments(|moment| self.moved(moment));
        Ok(self.store.append_entry(&Entry { act, ..entry.clone() })?)
    }

    /// Stores the records that waited for the first frame; at the end, also if there was none.
    fn push_early(&mut self) -> Result<(), RecorderError> {
        for early in std::mem::take(&mut self.early) {
            match early {
                Early::Baseline(baseline) => self.push_record(&Record::Baselined(baseline))?,
                Early::Entry(entry) => self.push_entry(&entry)?,
            }
        }
        Ok(())
    }

    /// A moment of the run, counted from the first frame of the recording; negative before it.
    fn moved(&self, moment: Moment) -> Moment {
        Moment { time: self.zero.until(moment.time), ..moment }
    }

    fn has_sample(&self, sample: &Sample) -> bool {
        self.span.is_some_and(|(first, newest)| (first..=newest).contains(&sample.seq))
    }

    fn has_event(&self, event: &Event) -> bool {
        self.span.is_some_and(|(first, newest)| {
            event.offset.frame >= first && event.onset.frame <= newest
        })
    }

    /// Hands everything so far to the system, so that killing the program does not lose it.
    pub fn keep(&mut self) -> Result<(), RecorderError> {
        self.keep_sound()?;
        Ok(self.store.commit()?)
    }

    /// Writes everything so far to the disk, so that a power cut does not lose it either.
    pub fn sync(&mut self) -> Result<(), RecorderError> {
        if let Some(segment) = &mut self.film {
            segment.writer.flush().map_err(|error| failed(&segment.path, error))?;
        }
        if let Some(track) = &mut self.sound {
            track.sync().map_err(|error| failed(track.path(), error))?;
        }
        Ok(self.store.sync()?)
    }

    /// Bytes on the disk.
    pub fn bytes(&self) -> u64 {
        self.store.bytes()
    }

    /// The session's folder.
    pub fn folder(&self) -> &Path {
        self.store.folder()
    }

    /// Ends the recording. `reason` says why, if the user did not ask for it. Each file is ended even if the
    /// other fails; the error is the first one.
    pub fn finish(mut self, reason: Option<&str>) -> Result<(), RecorderError> {
        self.span.get_or_insert((0, 0));
        let early = self.push_early();
        let film = self.end_segment();
        let sound = self.finish_sound();
        let store = self.store.finish(reason).map_err(RecorderError::from);
        early.and(film).and(sound).and(store)
    }
}

fn failed(path: &Path, error: io::Error) -> RecorderError {
    match error.kind() {
        io::ErrorKind::StorageFull => StoreError::Full { path: path.into() }.into(),
        _ => RecorderError::Film { path: path.into(), error },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::event::{EventKind, Origin};
    use crate::measure::quality::{Quality, Trouble};
    use crate::media::image::RgbImage;
    use crate::media::mkv::MkvReader;
    use crate::media::pictures::Pictures;
    use crate::model::provenance::Provenance;
    use crate::session::annotation::{Act, Mark};
    use crate::session::store;
    use std::sync::Arc;

    /// A moment of a run that has lasted 138 seconds when the recording begins.
    fn live(frame: u64) -> Moment {
        let secs = 138.0 + (frame as f64 - 4140.0) / 30.0;
        Moment { frame, time: Timestamp::from_secs(secs) }
    }

    #[test]
    fn a_session_and_its_film_begin_at_zero_wherever_in_the_run_recording_began() {
        let folder = tempfile::tempdir().expect("a folder");
        let provenance = Provenance { source: "camera:0".into(), ..Provenance::default() };
        let beginning = Beginning { consent: None, provenance, with_pictures: true };
        let recorder = SessionRecorder::begin(folder.path(), &beginning, Stats::default());
        let mut recorder = recorder.expect("begun");
        let mark = |text: &str| {
            let act = Act::Mark(Mark::new(live(4143), text));
            Entry { rater: "A".into(), at_unix_ms: 0, act }
        };
        recorder.push_entry(&mark("early")).expect("taken");
        for frame in 4140..4150 {
            let Moment { frame: seq, time } = live(frame);
            let image = Arc::new(RgbImage::new(8, 8));
            recorder.push_frame(&Frame { seq, time, image, ..Frame::default() }).expect("taken");
            let sample =
                Sample { seq, time, quality: Quality::default(), motion: None, score: None };
            recorder.push_record(&Record::Samples(vec![sample])).expect("taken");
        }
        let event = Event {
            id: 0,
            kind: EventKind::Micro,
            onset: live(4142),
            apex: live(4143),
            offset: live(4144),
            score: 0.5,
            action_units: Vec::new(),
            emotion: None,
            trouble: Trouble::NONE,
            origin: Origin::Model,
        };
        recorder.push_record(&Record::Event(event, None)).expect("taken");
        recorder.push_entry(&mark("late")).expect("taken");
        recorder.finish(None).expect("finished");

        let session = store::open(folder.path()).expect("opens").session;
        let samples = session.history.samples().iter();
        let samples: Vec<_> =
            samples.map(|sample| Moment { frame: sample.seq, time: sample.time }).collect();
        let film = MkvReader::open(&folder.path().join("pictures-1.mkv")).expect("a film");
        assert_eq!(film.moments(), samples, "the film has the times of the samples");
        assert_eq!(samples[0], Moment { frame: 4140, time: Timestamp::ZERO });
        let third = Moment { frame: 4143, time: Timestamp::from_secs(0.1) };
        assert_eq!(session.events[0].apex, third);
        let marks: Vec<_> = session.log.layer("A").marks.into_iter().map(|mark| mark.at).collect();
        assert_eq!(marks, [third, third]);
        assert_eq!(session.media(), Some("pictures-1.mkv"));
    }
}
