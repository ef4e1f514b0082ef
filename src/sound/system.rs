//! Sound on macOS and Windows: the devices that the user has chosen in the system, through `cpal`.
//!
//! The system calls back in threads of its own. What they bring and take waits in bounded channels: a callback
//! never waits, and what finds no room is lost, which the time of the next block shows.

use std::path::Path;
use std::time::{Duration, Instant};

use cpal::traits::{DeviceTrait, HostTrait, StreamTrait};
use cpal::{
    FromSample, InputCallbackInfo, OutputCallbackInfo, Sample, SampleFormat, SizedSample, Stream,
    StreamConfig,
};
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, TryRecvError, bounded};

use super::{Fill, Loudspeaker, Microphone, SoundBlock, SoundError};

/// Blocks that may wait on their way from the microphone.
const WAITING: usize = 64;

/// Pieces of a fiftieth of a second that wait for the loudspeaker.
const AHEAD: usize = 4;

/// The longest wait in which a piece may find room.
const PIECE: Duration = Duration::from_millis(20);

/// A block, or why there are no more.
type Heard = Result<SoundBlock, SoundError>;

/// Opens the microphone. There is no socket here, so one that is named is not found.
pub(super) fn microphone(socket: Option<&Path>) -> Result<Box<dyn Microphone>, SoundError> {
    refuse(socket)?;
    let device = cpal::default_host().default_input_device();
    let device = device.ok_or_else(|| SoundError::Refused("it has no microphone".into()))?;
    let supported = device.default_input_config().map_err(refused)?;
    let (format, config): (_, StreamConfig) = (supported.sample_format(), supported.into());
    let (rate_hz, channels) = (config.sample_rate, usize::from(config.channels).max(1));
    let (tx, blocks) = bounded(WAITING);
    let stream = match format {
        SampleFormat::F32 => listen::<f32>(&device, config, channels, rate_hz, tx),
        SampleFormat::I16 => listen::<i16>(&device, config, channels, rate_hz, tx),
        SampleFormat::I32 => listen::<i32>(&device, config, channels, rate_hz, tx),
        SampleFormat::U16 => listen::<u16>(&device, config, channels, rate_hz, tx),
        other => Err(SoundError::Refused(format!("its microphone gives {other}"))),
    }?;
    stream.play().map_err(refused)?;
    Ok(Box::new(SystemMicrophone { _stream: stream, rate_hz, blocks }))
}

/// Opens the loudspeaker, at its own rate.
pub(super) fn loudspeaker(
    socket: Option<&Path>,
    _rate_hz: u32,
) -> Result<Box<dyn Loudspeaker>, SoundError> {
    refuse(socket)?;
    let device = cpal::default_host().default_output_device();
    let device = device.ok_or_else(|| SoundError::Refused("it has no loudspeaker".into()))?;
    let supported = device.default_output_config().map_err(refused)?;
    let (format, config): (_, StreamConfig) = (supported.sample_format(), supported.into());
    let (rate_hz, channels) = (config.sample_rate, usize::from(config.channels).max(1));
    let (pieces, rx) = bounded(AHEAD);
    let (tell, told) = bounded(1);
    let voice = Voice { pieces: rx, tell, rest: Vec::new(), channels };
    let stream = match format {
        SampleFormat::F32 => speak::<f32>(&device, config, voice),
        SampleFormat::I16 => speak::<i16>(&device, config, voice),
        SampleFormat::I32 => speak::<i32>(&device, config, voice),
        SampleFormat::U16 => speak::<u16>(&device, config, voice),
        other => Err(SoundError::Refused(format!("its loudspeaker takes {other}"))),
    }?;
    stream.play().map_err(refused)?;
    let late = Duration::ZERO;
    Ok(Box::new(SystemLoudspeaker { _stream: stream, rate_hz, pieces, told, late }))
}

fn refuse(socket: Option<&Path>) -> Result<(), SoundError> {
    match socket {
        None => Ok(()),
        Some(socket) => Err(SoundError::NoServer(format!("{}: not here", socket.display()))),
    }
}

fn refused(error: cpal::Error) -> SoundError {
    SoundError::Refused(error.to_string())
}

/// A microphone whose stream is closed on drop.
struct SystemMicrophone {
    _stream: Stream,
    rate_hz: u32,
    blocks: Receiver<Heard>,
}

impl Microphone for SystemMicrophone {
    fn rate_hz(&self) -> u32 {
        self.rate_hz
    }

    fn next(&mut self, patience: Duration) -> Result<Option<SoundBlock>, SoundError> {
        match self.blocks.recv_timeout(patience) {
            Ok(heard) => heard.map(Some),
            Err(RecvTimeoutError::Timeout) => Ok(None),
            Err(RecvTimeoutError::Disconnected) => Err(SoundError::Gone("it has ended".into())),
        }
    }
}

fn listen<T>(
    device: &cpal::Device,
    config: StreamConfig,
    channels: usize,
    rate_hz: u32,
    tx: Sender<Heard>,
) -> Result<Stream, SoundError>
where
    T: SizedSample,
    f32: FromSample<T>,
{
    let failed = tx.clone();
    let heard = move |data: &[T], info: &InputCallbackInfo| {
        let stamp = info.timestamp();
        let late = stamp.callback.saturating_duration_since(stamp.capture);
        let now = Instant::now();
        let samples: Vec<i16> = data.chunks_exact(channels).map(mean).collect();
        // Systems without a time of capture state none; the block itself is that late at least.
        let length = Duration::from_secs_f64(samples.len() as f64 / f64::from(rate_hz.max(1)));
        let captured = now.checked_sub(late.max(length)).unwrap_or(now);
        // A full channel loses the block, and the next one says when it was captured.
        tx.try_send(Ok(SoundBlock { samples, captured })).unwrap_or(());
    };
    let tell = move |error: cpal::Error| {
        failed.try_send(Err(SoundError::Gone(error.to_string()))).unwrap_or(());
    };
    device.build_input_stream(config, heard, tell, None).map_err(refused)
}

/// All channels as one.
fn mean<T>(frame: &[T]) -> i16
where
    T: Copy,
    f32: FromSample<T>,
{
    let sum: f32 = frame.iter().map(|sample| f32::from_sample_(*sample)).sum();
    (sum / frame.len().max(1) as f32 * 32_768.0) as i16
}

/// What the loudspeaker's thread reads and tells.
struct Voice {
    pieces: Receiver<Vec<i16>>,
    tell: Sender<Result<Duration, SoundError>>,
    /// Samples of the last piece that are not played yet.
    rest: Vec<i16>,
    channels: usize,
}

impl Voice {
    fn fill<T: Sample + FromSample<i16>>(&mut self, out: &mut [T]) {
        for frame in out.chunks_mut(self.channels) {
            if self.rest.is_empty() {
                match self.pieces.try_recv() {
                    Ok(mut piece) => {
                        piece.reverse();
                        self.rest = piece;
                    }
                    Err(TryRecvError::Empty | TryRecvError::Disconnected) => {}
                }
            }
            let sample = self.rest.pop().unwrap_or(0);
            frame.fill(T::from_sample(sample));
        }
    }
}

fn speak<T>(
    device: &cpal::Device,
    config: StreamConfig,
    mut voice: Voice,
) -> Result<Stream, SoundError>
where
    T: SizedSample + FromSample<i16>,
{
    let failed = voice.tell.clone();
    let play = move |out: &mut [T], info: &OutputCallbackInfo| {
        let stamp = info.timestamp();
        let late = stamp.playback.saturating_duration_since(stamp.callback);
        voice.tell.try_send(Ok(late)).unwrap_or(());
        voice.fill(out);
    };
    let tell = move |error: cpal::Error| {
        failed.try_send(Err(SoundError::Gone(error.to_string()))).unwrap_or(());
    };
    device.build_output_stream(config, play, tell, None).map_err(refused)
}

/// A loudspeaker whose stream is closed on drop.
struct SystemLoudspeaker {
    _stream: Stream,
    rate_hz: u32,
    pieces: Sender<Vec<i16>>,
    told: Receiver<Result<Duration, SoundError>>,
    /// From the system's asking to the hearing.
    late: Duration,
}

impl Loudspeaker for SystemLoudspeaker {
    fn rate_hz(&self) -> u32 {
        self.rate_hz
    }

    fn play(&mut self, fill: Fill<'_>) -> Result<(), SoundError> {
        if let Ok(told) = self.told.try_recv() {
            self.late = told?;
        }
        let waiting = PIECE * u32::try_from(self.pieces.len()).unwrap_or(0);
        let samples = (PIECE.as_secs_f64() * f64::from(self.rate_hz)) as usize;
        let mut piece = vec![0; samples];
        if self.pieces.is_full() {
            std::thread::sleep(PIECE / 2);
            return Ok(());
        }
        fill(Instant::now() + waiting + self.late, &mut piece);
        self.pieces.try_send(piece).map_err(|_| SoundError::Gone("it has ended".into()))
    }
}
