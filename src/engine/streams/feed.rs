//! What waits to be sent to one listener. It is bounded: a listener that does not read loses the oldest
//! message, and only whole messages.

use std::collections::VecDeque;
use std::io::{ErrorKind, Read, Write};
use std::sync::Arc;

use crate::engine::live::link::Closed;

/// Bytes that may wait for one listener: ten minutes of samples at 30 frames a second.
const MOST_BYTES: usize = 16 << 20;

/// A listener, and what waits for it. Its connection must not block.
#[derive(Debug)]
pub(super) struct Feed<S> {
    to: S,
    waiting: VecDeque<Arc<[u8]>>,
    /// Bytes in `waiting`.
    bytes: usize,
    /// Bytes of the first message that are sent.
    sent: usize,
    /// The answer to the listener's request goes first and is never dropped.
    greets: bool,
    /// How many messages may wait.
    most: usize,
    missed: u64,
    /// True if it is closed once everything is sent.
    is_last: bool,
}

impl<S: Read + Write> Feed<S> {
    /// A listener that gets `greeting`, then what is offered. At most `most` messages wait for it.
    pub(super) fn new(to: S, greeting: impl Into<Arc<[u8]>>, most: usize) -> Self {
        let greeting = greeting.into();
        let (bytes, waiting) = (greeting.len(), [greeting].into());
        let most = most.max(1);
        Self { to, waiting, bytes, sent: 0, greets: true, most, missed: 0, is_last: false }
    }

    /// A listener that gets one answer and no more.
    pub(super) fn answer(to: S, answer: impl Into<Arc<[u8]>>) -> Self {
        Self { is_last: true, ..Self::new(to, answer, 1) }
    }

    /// Adds a message. A listener that is too slow loses the oldest that is not yet begun.
    pub(super) fn offer(&mut self, message: &Arc<[u8]>) {
        if self.is_last {
            return;
        }
        self.waiting.push_back(Arc::clone(message));
        self.bytes += message.len();
        let kept = usize::from(self.greets || self.sent > 0);
        while self.waiting.len() > self.most + kept
            || (self.bytes > MOST_BYTES && self.waiting.len() > kept + 1)
        {
            let Some(lost) = self.waiting.remove(kept) else { return };
            self.bytes -= lost.len();
            self.missed += 1;
        }
    }

    /// Sends what the listener takes now. [`Closed`] if it is gone, or has all that it asked for.
    pub(super) fn pump(&mut self) -> Result<(), Closed> {
        while let Some(front) = self.waiting.front() {
            match self.to.write(&front[self.sent..]) {
                Ok(0) => return Err(Closed),
                Ok(count) => self.sent += count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => return Err(Closed),
            }
            if self.sent >= front.len() {
                self.bytes -= front.len();
                self.waiting.pop_front();
                (self.sent, self.greets) = (0, false);
            }
        }
        if self.is_last && self.waiting.is_empty() {
            return Err(Closed);
        }
        self.hear()
    }

    /// A listener says nothing more, but the end of its words is the end of the connection.
    fn hear(&mut self) -> Result<(), Closed> {
        match self.to.read(&mut [0; 512]) {
            Ok(0) => Err(Closed),
            Ok(_) => Ok(()),
            Err(error) => match error.kind() {
                ErrorKind::WouldBlock | ErrorKind::Interrupted => Ok(()),
                _ => Err(Closed),
            },
        }
    }

    /// How many messages it was too slow for.
    pub(super) fn missed(&self) -> u64 {
        self.missed
    }

    /// True if it is sent messages, not one answer.
    pub(super) fn listens(&self) -> bool {
        !self.is_last
    }

    /// How many messages are not sent whole, without the answer to its request.
    pub(super) fn unsent(&self) -> usize {
        self.waiting.len() - usize::from(self.greets && !self.waiting.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io;

    /// Takes `room` bytes and no more; hears nothing.
    struct Pipe {
        room: usize,
        taken: Vec<u8>,
    }

    impl Write for Pipe {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let count = self.room.min(bytes.len());
            if count == 0 {
                return Err(ErrorKind::WouldBlock.into());
            }
            self.room -= count;
            self.taken.extend(&bytes[..count]);
            Ok(count)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Read for Pipe {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(ErrorKind::WouldBlock.into())
        }
    }

    fn message(number: usize) -> Arc<[u8]> {
        format!("<{number}>").into_bytes().into()
    }

    #[test]
    fn a_slow_listener_loses_the_oldest_whole_messages_and_they_are_counted() {
        let pipe = Pipe { room: 0, taken: Vec::new() };
        let mut feed = Feed::new(pipe, *b"hello", 3);
        (0..2).for_each(|number| feed.offer(&message(number)));
        // The greeting and a part of the first message.
        feed.to.room = 6;
        assert_eq!(feed.pump(), Ok(()));
        (2..10).for_each(|number| feed.offer(&message(number)));
        feed.to.room = 1000;
        assert_eq!(feed.pump(), Ok(()));
        assert_eq!(String::from_utf8_lossy(&feed.to.taken), "hello<0><7><8><9>");
        assert_eq!((feed.missed(), feed.bytes, feed.unsent()), (6, 0, 0));
    }

    #[test]
    fn the_answer_to_a_request_is_never_dropped() {
        let mut feed = Feed::new(Pipe { room: 0, taken: Vec::new() }, *b"hello", 1);
        (0..5).for_each(|number| feed.offer(&message(number)));
        feed.to.room = 1000;
        assert_eq!(feed.pump(), Ok(()));
        assert_eq!(String::from_utf8_lossy(&feed.to.taken), "hello<4>");
    }

    #[test]
    fn what_waits_is_bounded_in_bytes_too() {
        let mut feed = Feed::new(Pipe { room: 0, taken: Vec::new() }, *b"", usize::MAX - 1);
        let message: Arc<[u8]> = vec![0; MOST_BYTES / 4].into();
        (0..100).for_each(|_| feed.offer(&message));
        assert!(feed.bytes <= MOST_BYTES && feed.missed() == 96, "{}", feed.missed());
    }

    #[test]
    fn one_answer_ends_the_connection() {
        let mut feed = Feed::answer(Pipe { room: 1000, taken: Vec::new() }, *b"info");
        feed.offer(&message(0));
        assert_eq!(feed.pump(), Err(Closed));
        assert_eq!(feed.to.taken, b"info");
    }
}
