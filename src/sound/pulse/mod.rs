//! Sound on Linux: the protocol of PulseAudio, which PipeWire speaks too, over the socket of the user's server.

use std::ffi::{CStr, CString};
use std::io::Cursor;
use std::path::Path;
use std::time::{Duration, Instant};

use pulseaudio::protocol::stream::{BufferAttr, StreamFlags};
use pulseaudio::protocol::{
    ChannelMap, Command, CreatePlaybackStreamReply, CreateRecordStreamReply, LatencyParams,
    PlaybackLatency, PlaybackStreamParams, Prop, Props, RecordLatency, RecordStreamParams,
    SampleFormat, SampleSpec,
};

use super::{Fill, Loudspeaker, Microphone, RATE_HZ, SoundBlock, SoundError};
use connection::{Connection, Message};

mod connection;

/// Bytes of a sample.
const WIDTH: u32 = 2;

/// Sound comes in blocks of this length.
const BLOCK: Duration = Duration::from_millis(20);

/// Sound that the server holds before it is heard.
const AHEAD: Duration = Duration::from_millis(80);

/// Time between two questions how late the sound is.
const ASK_EVERY: Duration = Duration::from_millis(200);

/// An answer that took longer says little about the moment for which it holds.
const SLOW: Duration = Duration::from_millis(20);

/// If there is no better answer for this long, a slow one is taken.
const STALE: Duration = Duration::from_secs(2);

/// A server that says that its sound is later than this is damaged, microseconds.
const MOST_LATE_USEC: u64 = 10_000_000;

/// Opens the microphone of the server behind `socket`, or of the user's.
pub(super) fn microphone(socket: Option<&Path>) -> Result<Box<dyn Microphone>, SoundError> {
    Ok(Box::new(PulseMicrophone::open(Connection::open(socket)?)?))
}

/// Opens the loudspeaker of the server behind `socket`, or of the user's.
pub(super) fn loudspeaker(
    socket: Option<&Path>,
    rate_hz: u32,
) -> Result<Box<dyn Loudspeaker>, SoundError> {
    Ok(Box::new(PulseLoudspeaker::open(Connection::open(socket)?, rate_hz)?))
}

/// One channel of 16 bits.
fn spec(rate_hz: u32) -> SampleSpec {
    SampleSpec { format: SampleFormat::S16Le, channels: 1, sample_rate: rate_hz }
}

/// Bytes of sound of this length.
fn bytes_of(length: Duration, rate_hz: u32) -> u32 {
    (length.as_secs_f64() * f64::from(rate_hz)) as u32 * WIDTH
}

fn named(name: &CStr) -> Props {
    let mut props = Props::new();
    props.set(Prop::MediaName, CString::from(name));
    props
}

/// The same place in the stream and on the computer's clock.
#[derive(Clone, Copy, Debug)]
struct Anchor {
    /// Bytes since the stream began.
    bytes: u64,
    moment: Instant,
}

/// When which part of the stream is in the air, from the server's answers.
#[derive(Debug)]
struct StreamClock {
    rate_hz: u32,
    anchor: Option<Anchor>,
    /// When the newest answer that was taken came.
    taken: Option<Instant>,
    /// The question under way: its number, when it was asked, and the place in the stream then.
    asked: Option<(u32, Instant, u64)>,
    /// When the newest question was asked.
    newest: Option<Instant>,
}

impl StreamClock {
    fn new(rate_hz: u32) -> Self {
        Self { rate_hz, anchor: None, taken: None, asked: None, newest: None }
    }

    /// True if it is time to ask. A question that was never answered is asked again.
    fn is_due(&self) -> bool {
        let every = if self.asked.is_some() { STALE } else { ASK_EVERY };
        self.newest.is_none_or(|newest| newest.elapsed() >= every)
    }

    fn ask(&mut self, number: u32, bytes: u64) {
        let now = Instant::now();
        (self.asked, self.newest) = (Some((number, now, bytes)), Some(now));
    }

    /// When it was asked, and the place in the stream then, if this answers the question under way.
    fn answered(&mut self, number: u32) -> Option<(Instant, u64)> {
        let (_, at, bytes) = self.asked.take_if(|(asked, ..)| *asked == number)?;
        Some((at, bytes))
    }

    /// The byte `bytes` is in the air `late_usec` after the answer to the question of `asked`, or before it if
    /// negative.
    fn set(&mut self, bytes: u64, late_usec: i64, asked: Instant) {
        if late_usec.unsigned_abs() > MOST_LATE_USEC {
            return;
        }
        let now = Instant::now();
        let took = now - asked;
        if took > SLOW && self.taken.is_some_and(|taken| taken.elapsed() < STALE) {
            return;
        }
        self.taken = Some(now);
        self.anchor = Some(Anchor { bytes, moment: shifted(asked + took / 2, late_usec) });
    }

    fn moment_of(&self, bytes: u64) -> Option<Instant> {
        let Anchor { bytes: there, moment } = self.anchor?;
        let usec = |bytes: u64| {
            (bytes as f64 / f64::from(WIDTH) / f64::from(self.rate_hz) * 1e6).round() as i64
        };
        Some(match bytes.checked_sub(there) {
            Some(after) => shifted(moment, usec(after)),
            None => shifted(moment, -usec(there - bytes)),
        })
    }
}

fn shifted(moment: Instant, usec: i64) -> Instant {
    let by = Duration::from_micros(usec.unsigned_abs());
    let moved = if usec < 0 { moment.checked_sub(by) } else { moment.checked_add(by) };
    moved.unwrap_or(moment)
}

/// Microseconds of sound between two places of a buffer.
fn buffered_usec(write: i64, read: i64, rate_hz: u32) -> i64 {
    let samples = write.saturating_sub(read) as f64 / f64::from(WIDTH);
    (samples / f64::from(rate_hz) * 1e6).round() as i64
}

fn usec(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(0)
}

struct PulseMicrophone {
    connection: Connection,
    channel: u32,
    clock: StreamClock,
    /// Bytes that came.
    bytes: u64,
}

impl PulseMicrophone {
    fn open(mut connection: Connection) -> Result<Self, SoundError> {
        let length = bytes_of(BLOCK, RATE_HZ);
        let params = RecordStreamParams {
            sample_spec: spec(RATE_HZ),
            channel_map: ChannelMap::mono(),
            buffer_attr: BufferAttr { fragment_size: length, ..BufferAttr::default() },
            flags: StreamFlags { adjust_latency: true, ..StreamFlags::default() },
            props: named(c"recording of a session"),
            ..RecordStreamParams::default()
        };
        let made: CreateRecordStreamReply =
            connection.reply(&Command::CreateRecordStream(params))?;
        let clock = StreamClock::new(RATE_HZ);
        Ok(Self { connection, channel: made.channel, clock, bytes: 0 })
    }

    fn ask(&mut self) -> Result<(), SoundError> {
        let now = std::time::SystemTime::now();
        let params = LatencyParams { channel: self.channel, now };
        let number = self.connection.ask(&Command::GetRecordLatency(params))?;
        self.clock.ask(number, self.bytes);
        Ok(())
    }

    fn answered(&mut self, asked: Instant, answer: &RecordLatency) {
        let RecordLatency { source_usec, sink_usec, write_offset, read_offset, .. } = *answer;
        // What came so far was in the air before what the server and the device still hold. The copy of a
        // loudspeaker's sound is not heard yet.
        let held = usec(source_usec) + buffered_usec(write_offset, read_offset, RATE_HZ);
        self.clock.set(self.bytes, usec(sink_usec) - held, asked);
    }

    fn block(&mut self, bytes: &[u8]) -> SoundBlock {
        let samples: Vec<i16> =
            bytes.chunks_exact(2).map(|two| i16::from_le_bytes([two[0], two[1]])).collect();
        let length = Duration::from_secs_f64(samples.len() as f64 / f64::from(RATE_HZ));
        let now = Instant::now();
        let by_arrival = now.checked_sub(length).unwrap_or(now);
        let captured = self.clock.moment_of(self.bytes).unwrap_or(by_arrival);
        self.bytes += bytes.len() as u64;
        SoundBlock { samples, captured }
    }
}

impl Microphone for PulseMicrophone {
    fn rate_hz(&self) -> u32 {
        RATE_HZ
    }

    fn next(&mut self, patience: Duration) -> Result<Option<SoundBlock>, SoundError> {
        let until = Instant::now() + patience;
        loop {
            if self.clock.is_due() {
                self.ask()?;
            }
            let left = until.saturating_duration_since(Instant::now());
            match self.connection.message(left.min(ASK_EVERY))? {
                Some(Message::Data(channel, bytes)) if channel == self.channel => {
                    return Ok(Some(self.block(&bytes)));
                }
                Some(Message::Command(number, command, rest)) => match *command {
                    Command::Reply => {
                        if let Some((asked, _)) = self.clock.answered(number)
                            && let Ok(answer) = self.connection.read(&mut Cursor::new(rest))
                        {
                            self.answered(asked, &answer);
                        }
                    }
                    Command::RecordStreamKilled(_) => {
                        return Err(SoundError::Gone("the microphone was taken away".into()));
                    }
                    _ => {}
                },
                Some(_) => {}
                None if left.is_zero() => return Ok(None),
                None => {}
            }
        }
    }
}

struct PulseLoudspeaker {
    connection: Connection,
    channel: u32,
    clock: StreamClock,
    /// Bytes for which the server waits.
    wanted: u32,
    /// Bytes that were sent.
    bytes: u64,
}

impl PulseLoudspeaker {
    fn open(mut connection: Connection, rate_hz: u32) -> Result<Self, SoundError> {
        let params = PlaybackStreamParams {
            sample_spec: spec(rate_hz),
            channel_map: ChannelMap::mono(),
            buffer_attr: BufferAttr {
                target_length: bytes_of(AHEAD, rate_hz),
                pre_buffering: bytes_of(BLOCK, rate_hz),
                minimum_request_length: bytes_of(BLOCK, rate_hz),
                ..BufferAttr::default()
            },
            flags: StreamFlags { adjust_latency: true, ..StreamFlags::default() },
            props: named(c"sound of a session"),
            ..PlaybackStreamParams::default()
        };
        let made: CreatePlaybackStreamReply =
            connection.reply(&Command::CreatePlaybackStream(params))?;
        let clock = StreamClock::new(rate_hz);
        let wanted = made.requested_bytes;
        Ok(Self { connection, channel: made.channel, clock, wanted, bytes: 0 })
    }

    /// Sends what the server waits for.
    fn serve(&mut self, fill: Fill<'_>) -> Result<(), SoundError> {
        // A damaged server may ask for gigabytes.
        let most = bytes_of(Duration::from_secs(2), self.clock.rate_hz);
        let length = self.wanted.min(most) / WIDTH;
        if length == 0 {
            return Ok(());
        }
        let mut samples = vec![0; length as usize];
        let heard = self.clock.moment_of(self.bytes).unwrap_or_else(|| Instant::now() + AHEAD);
        fill(heard, &mut samples);
        let bytes: Vec<u8> = samples.iter().flat_map(|sample| sample.to_le_bytes()).collect();
        self.connection.send_data(self.channel, &bytes)?;
        self.bytes += bytes.len() as u64;
        self.wanted = self.wanted.saturating_sub(length * WIDTH);
        Ok(())
    }

    fn ask(&mut self) -> Result<(), SoundError> {
        let now = std::time::SystemTime::now();
        let params = LatencyParams { channel: self.channel, now };
        let number = self.connection.ask(&Command::GetPlaybackLatency(params))?;
        self.clock.ask(number, self.bytes);
        Ok(())
    }
}

impl Loudspeaker for PulseLoudspeaker {
    fn rate_hz(&self) -> u32 {
        self.clock.rate_hz
    }

    fn play(&mut self, fill: Fill<'_>) -> Result<(), SoundError> {
        self.serve(fill)?;
        if self.clock.is_due() {
            self.ask()?;
        }
        let Some(Message::Command(number, command, rest)) = self.connection.message(BLOCK)? else {
            return Ok(());
        };
        match *command {
            Command::Request(request) if request.channel == self.channel => {
                self.wanted = self.wanted.saturating_add(request.length);
            }
            Command::Reply => {
                if let Some((asked, sent)) = self.clock.answered(number)
                    && let Ok(answer) = self.connection.read(&mut Cursor::new(rest))
                {
                    let PlaybackLatency { sink_usec, write_offset, read_offset, .. } = answer;
                    let held = buffered_usec(write_offset, read_offset, self.clock.rate_hz);
                    self.clock.set(sent, usec(sink_usec) + held, asked);
                }
            }
            Command::PlaybackStreamKilled(_) => {
                return Err(SoundError::Gone("the loudspeaker was taken away".into()));
            }
            _ => {}
        }
        Ok(())
    }
}
