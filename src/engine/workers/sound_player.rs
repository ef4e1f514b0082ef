//! The thread that plays the sound of the session under review, in step with its pictures.
//!
//! The loudspeaker is open only while something is played. It says when the next sample will be heard, and
//! gets the sample that belongs to that moment; so the pictures and the sound go by one clock, however late
//! the loudspeaker is.

use std::time::{Duration, Instant};

use super::worker::{Keep, Worker, WorkerThread};
use crate::measure::time::Timestamp;
use crate::media::sound::SoundFile;
use crate::sound::SoundServer;

/// If sound and pictures are further apart than this, the sound jumps, seconds. It is less than a frame.
const APART_SECS: f64 = 0.02;

/// What is to be heard.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Wish {
    /// The sound of the session's time `from` at the moment `at`, and so on at the real speed.
    Play {
        from: Timestamp,
        at: Instant,
    },
    Silence,
}

/// The window's end. The thread ends when it is dropped.
#[derive(Debug)]
pub struct SoundPlayer(Worker<Wish, String>);

impl SoundPlayer {
    /// Starts the thread. It opens the sound by `make` when it is to be heard first, and the loudspeaker of
    /// `server` whenever something is played. `wake` is called when there is something to
    /// [`take`](Self::fault). Fails if the system cannot start a thread.
    pub fn start(
        make: impl FnOnce() -> Result<Box<dyn SoundFile>, String> + Send + 'static,
        server: SoundServer,
        wake: impl Fn() + Send + 'static,
    ) -> std::io::Result<Self> {
        let body = move |end: WorkerThread<Wish, String>| serve(make, &server, &end);
        Worker::start("fleeting-sound-player", Keep::Newest, Keep::Newest, body, wake).map(Self)
    }

    /// Plays from the session's time `from` on, which belongs to this moment.
    pub fn play(&self, from: Timestamp) {
        self.0.ask(Wish::Play { from, at: Instant::now() });
    }

    /// Plays no more.
    pub fn hush(&self) {
        self.0.ask(Wish::Silence);
    }

    /// Why nothing is heard, the end of a sentence; each time it was tried, once.
    pub fn fault(&self) -> Option<String> {
        self.0.answer()
    }
}

/// The thread's body.
fn serve(
    make: impl FnOnce() -> Result<Box<dyn SoundFile>, String>,
    server: &SoundServer,
    end: &WorkerThread<Wish, String>,
) {
    let (mut make, mut file) = (Some(make), None);
    let mut wish = end.next();
    while let Some(wanted) = wish {
        let Wish::Play { from, at } = wanted else {
            wish = end.next();
            continue;
        };
        if let Some(make) = make.take() {
            file = Some(make());
        }
        let played = match &mut file {
            Some(Ok(file)) => play(file.as_mut(), server, (from, at), end),
            Some(Err(why)) => Err(why.clone()),
            None => return,
        };
        match played {
            Ok(Some(next)) => wish = Some(next),
            Ok(None) => return,
            Err(why) => {
                if end.answer(why).is_err() {
                    return;
                }
                wish = end.next();
            }
        }
    }
}

/// Plays until something else is wished; `None` if no one listens any more. The error is the end of a
/// sentence.
fn play(
    file: &mut dyn SoundFile,
    server: &SoundServer,
    (from, at): (Timestamp, Instant),
    end: &WorkerThread<Wish, String>,
) -> Result<Option<Wish>, String> {
    let mut loudspeaker = server.loudspeaker(file.rate_hz()).map_err(|error| error.to_string())?;
    let mut cursor = SoundCursor { from, at, next: None };
    let mut failed = None;
    loop {
        let rate_hz = loudspeaker.rate_hz();
        let mut fill = |heard: Instant, out: &mut [i16]| {
            if let Err(error) = cursor.fill(file, rate_hz, heard, out) {
                failed = Some(error.to_string());
            }
        };
        loudspeaker.play(&mut fill).map_err(|error| error.to_string())?;
        if let Some(why) = failed {
            return Err(why);
        }
        match end.next_within(Duration::ZERO) {
            Ok(None) => {}
            Ok(Some(Wish::Play { from, at })) => cursor = SoundCursor { from, at, next: None },
            Ok(Some(Wish::Silence)) => return Ok(Some(Wish::Silence)),
            Err(_) => return Ok(None),
        }
    }
}

/// The place in the sound that goes with the pictures.
#[derive(Debug)]
struct SoundCursor {
    from: Timestamp,
    at: Instant,
    /// The sample of the file that comes next; `None` before the first.
    next: Option<f64>,
}

impl SoundCursor {
    /// Fills `out`, samples of `rate_hz`, with what belongs to the moment `heard`.
    fn fill(
        &mut self,
        file: &mut dyn SoundFile,
        rate_hz: u32,
        heard: Instant,
        out: &mut [i16],
    ) -> Result<(), crate::media::sound::SoundFileError> {
        let file_rate = f64::from(file.rate_hz());
        let after = match heard.checked_duration_since(self.at) {
            Some(after) => after.as_secs_f64(),
            None => -self.at.duration_since(heard).as_secs_f64(),
        };
        let due = (self.from.secs() + after) * file_rate;
        let is_near = |next: &f64| (next - due).abs() < APART_SECS * file_rate;
        let place = self.next.filter(is_near).unwrap_or(due.round());
        let step = file_rate / f64::from(rate_hz.max(1));
        self.next = Some(place + out.len() as f64 * step);
        if file.rate_hz() == rate_hz {
            return file.read(place.round() as i64, out);
        }
        // Another rate than the loudspeaker's: straight lines between the samples.
        let first = place.floor() as i64;
        let mut read = vec![0; (out.len() as f64 * step).ceil() as usize + 2];
        file.read(first, &mut read)?;
        for (i, sample) in out.iter_mut().enumerate() {
            let at = place - first as f64 + i as f64 * step;
            let near = |index: usize| read.get(index).map_or(0.0, |sample| f64::from(*sample));
            let (index, share) = (at.floor() as usize, at.fract());
            *sample = (near(index) * (1.0 - share) + near(index + 1) * share).round() as i16;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::sound::SoundFileError;

    /// Sample number n is n.
    struct Ramp;

    impl SoundFile for Ramp {
        fn rate_hz(&self) -> u32 {
            1000
        }

        fn samples(&self) -> u64 {
            30_000
        }

        fn read(&mut self, first: i64, out: &mut [i16]) -> Result<(), SoundFileError> {
            for (sample, number) in out.iter_mut().zip(first..) {
                *sample = if (0..30_000).contains(&number) { number as i16 } else { 0 };
            }
            Ok(())
        }
    }

    fn filled(cursor: &mut SoundCursor, rate_hz: u32, after_ms: u64, length: usize) -> Vec<i16> {
        let mut out = vec![0; length];
        let heard = cursor.at + Duration::from_millis(after_ms);
        cursor.fill(&mut Ramp, rate_hz, heard, &mut out).expect("read");
        out
    }

    #[test]
    fn what_is_heard_belongs_to_the_moment_at_which_it_is_heard() {
        let from = Timestamp::from_secs(2.0);
        let mut cursor = SoundCursor { from, at: Instant::now(), next: None };
        // A loudspeaker that is 80 ms late skips what would have been heard before.
        assert_eq!(filled(&mut cursor, 1000, 80, 3), [2080, 2081, 2082]);
        // A few milliseconds of doubt make no click.
        assert_eq!(filled(&mut cursor, 1000, 90, 3), [2083, 2084, 2085]);
        // After a standstill it goes on with the pictures.
        assert_eq!(filled(&mut cursor, 1000, 900, 2), [2900, 2901]);
    }

    #[test]
    fn a_loudspeaker_of_another_rate_plays_at_the_same_speed() {
        let from = Timestamp::from_secs(1.0);
        let mut cursor = SoundCursor { from, at: Instant::now(), next: None };
        assert_eq!(filled(&mut cursor, 2000, 0, 4), [1000, 1001, 1001, 1002]);
        assert_eq!(filled(&mut cursor, 2000, 2, 2), [1002, 1003]);
        let mut cursor = SoundCursor { from, at: Instant::now(), next: None };
        assert_eq!(filled(&mut cursor, 500, 0, 3), [1000, 1002, 1004]);
    }

    #[test]
    fn without_a_server_it_says_so_each_time_it_is_tried() {
        let (tx, woken) = crossbeam_channel::bounded(8);
        let make = || -> Result<Box<dyn SoundFile>, String> { Ok(Box::new(Ramp)) };
        let server = SoundServer::at("/nowhere/at/all");
        let player =
            SoundPlayer::start(make, server, move || tx.send(()).unwrap_or(())).expect("starts");
        for _ in 0..2 {
            player.play(Timestamp::ZERO);
            woken.recv_timeout(Duration::from_secs(20)).expect("woken");
            let why = player.fault().expect("a fault");
            assert!(!why.is_empty() && player.fault().is_none(), "{why}");
            player.hush();
        }
    }
}
