//! A source that is read in a thread of its own, so that the next frames are decoded while one is analysed.

use super::super::live::link::{QueueReceiver, QueueSender, waiting_queue};
use crate::engine::join;
use crate::media::stream::{Next, Source, SourceError, SourceInfo};
use crate::source::SourceSpec;

/// Messages that may wait: enough that neither side waits for the other at an uneven pace.
const WAITING: usize = 4;

/// A message of the source, and what is known about the source if that has changed.
type Item = (Result<Next, SourceError>, Option<SourceInfo>);

/// The reader's end. It gives the messages of the source, unchanged and in order.
pub struct ReadAhead {
    info: SourceInfo,
    /// `None` after the last message, and while it is dropped.
    items: Option<QueueReceiver<Item>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl ReadAhead {
    /// Opens a source that waits for its reader, such as a file.
    pub fn open(spec: SourceSpec) -> Result<Self, SourceError> {
        let (opened, opened_out) = waiting_queue(1);
        let (items_in, items) = waiting_queue(WAITING);
        let body = move || match spec.open() {
            Ok(mut source) => {
                if opened.send(Ok(source.info().clone())).is_ok() {
                    read(source.as_mut(), &items_in);
                }
            }
            // The opener waits for this.
            Err(error) => opened.send(Err(error)).unwrap_or_default(),
        };
        let io = |error| SourceError::Io { path: "a thread for the source".into(), error };
        let thread =
            std::thread::Builder::new().name("fleeting-read".into()).spawn(body).map_err(io)?;
        let ended = || io(std::io::Error::other("it has ended before the source was open"));
        let info = opened_out.recv().map_err(|_| ended())??;
        Ok(Self { info, items: Some(items), thread: Some(thread) })
    }
}

/// Sends all messages up to the last, or until nobody reads.
fn read(source: &mut dyn Source, items: &QueueSender<Item>) {
    let mut told = source.info().clone();
    loop {
        let next = source.next();
        let is_last = matches!(next, Ok(Next::End) | Err(_));
        let changed = (*source.info() != told).then(|| source.info().clone());
        if let Some(info) = &changed {
            told = info.clone();
        }
        if items.send((next, changed)).is_err() || is_last {
            break;
        }
    }
}

impl Source for ReadAhead {
    fn info(&self) -> &SourceInfo {
        &self.info
    }

    fn next(&mut self) -> Result<Next, SourceError> {
        let Some(Ok((next, changed))) = self.items.as_ref().map(QueueReceiver::recv) else {
            return Ok(Next::End);
        };
        self.info = changed.unwrap_or_else(|| std::mem::take(&mut self.info));
        if matches!(next, Ok(Next::End) | Err(_)) {
            self.items = None;
        }
        next
    }
}

impl Drop for ReadAhead {
    fn drop(&mut self) {
        // Releases a thread that waits for room.
        self.items = None;
        join(self.thread.take());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(source: &mut dyn Source) -> Vec<(u64, Vec<u8>)> {
        let mut seen = Vec::new();
        loop {
            match source.next().expect("the demo person") {
                Next::Frame(frame) => seen.push((frame.seq, frame.image.data[..48].to_vec())),
                Next::End => return seen,
                _ => {}
            }
        }
    }

    fn demo() -> SourceSpec {
        let mut spec: SourceSpec = "demo:7".parse().expect("a source");
        spec.options.limit_secs = Some(0.5);
        spec
    }

    #[test]
    fn it_gives_the_same_messages_as_the_source_itself() {
        let mut ahead = ReadAhead::open(demo()).expect("opens");
        let mut plain = demo().open().expect("opens");
        assert_eq!(ahead.info(), plain.info());
        let seen = numbers(&mut ahead);
        assert!(seen.len() > 10);
        assert_eq!(seen, numbers(plain.as_mut()));
        assert!(matches!(ahead.next(), Ok(Next::End)), "after the end comes nothing");
    }

    #[test]
    fn a_source_that_does_not_open_says_why() {
        let spec: SourceSpec = "video:no such file.mp4".parse().expect("a source");
        let Err(error) = ReadAhead::open(spec) else { panic!("it is not there") };
        assert!(error.to_string().contains("no such file.mp4"), "{error}");
    }

    #[test]
    fn dropping_it_ends_a_source_that_is_not_read() {
        let ahead = ReadAhead::open("demo:7".parse().expect("a source")).expect("opens");
        drop(ahead);
    }
}
