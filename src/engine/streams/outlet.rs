//! The streams as Lab Streaming Layer has them: each is found by a question to the network and read over a
//! connection of its own.
//!
//! The crate `labstream-proto` speaks the protocol. Its own outlet is not used: it does not tell what a slow
//! listener missed, it waits for a listener that stops reading for as long as that takes, and the listener
//! says how much it may hold.

use std::io::{ErrorKind, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use labstream_net::{StreamInfo, clock, config};
use labstream_wire::{ByteOrder, Codec, Format, Sample as WireSample, Value};

use super::feed::Feed;
use super::network::MOST_LISTENERS;
use super::request::{Request, answers_to};
use super::sockets::{self, SocketAddr, TcpListener, TcpStream, UdpSocket};
use super::{StreamItem, Timed};
use crate::exchange::streams::{StreamKind, event_texts, mark_texts, quality_bits, sample_values};

/// A program that has connected must say within this time what it wants.
const PATIENCE: Duration = Duration::from_secs(10);

/// The longest sleep of a thread that answers questions.
const NAP: Duration = Duration::from_millis(50);

/// Everything that Lab Streaming Layer needs.
pub(super) struct Lsl {
    pub(super) outlets: Vec<Outlet>,
    /// The sockets for questions, each with the name of its thread.
    pub(super) ears: Vec<(&'static str, UdpSocket)>,
    /// What is told of the streams.
    pub(super) infos: Arc<[StreamInfo]>,
}

/// Opens the streams of a source to the network.
pub(super) fn open(source: &str) -> std::io::Result<Lsl> {
    let service = sockets::service()?;
    let port = service.local_addr()?.port();
    let open = |kind| Outlet::open(kind, source, port);
    let outlets: Vec<_> = StreamKind::ALL.into_iter().map(open).collect::<Result<_, _>>()?;
    let infos = outlets.iter().map(|outlet| outlet.info.clone()).collect();
    let mut ears = vec![("fleeting-lsl-time", service)];
    match sockets::discovery() {
        Ok(socket) => ears.push(("fleeting-lsl-find", socket)),
        Err(error) => tracing::warn!("other machines may not find the streams: {error}"),
    }
    Ok(Lsl { outlets, ears, infos })
}

/// Answers questions about the streams and about the time, until `stop`.
pub(super) fn answer_questions(socket: &UdpSocket, infos: &[StreamInfo], stop: &AtomicBool) {
    if let Err(error) = socket.set_read_timeout(Some(NAP)) {
        return tracing::error!("questions about streams are not answered: {error}");
    }
    let mut message = vec![0; 1 << 16];
    while !stop.load(Ordering::Relaxed) {
        match socket.recv_from(&mut message) {
            Ok((count, from)) => {
                for (port, answer) in answers_to(&message[..count], infos, clock(), clock) {
                    let to = SocketAddr::new(from.ip(), port.unwrap_or_else(|| from.port()));
                    if let Err(error) = socket.send_to(&answer, to) {
                        tracing::debug!("{to}: {error}");
                    }
                }
            }
            Err(error) => match error.kind() {
                ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted => {}
                // Windows answers so if the one who asked is gone.
                _ => std::thread::sleep(NAP),
            },
        }
    }
}

/// One stream, and those who read it.
pub(super) struct Outlet {
    kind: StreamKind,
    info: StreamInfo,
    door: TcpListener,
    callers: Vec<Caller>,
    feeds: Vec<(Option<Codec>, Feed<TcpStream>)>,
    /// What those missed who are gone.
    missed: u64,
}

/// A program that has connected and not said yet what it wants.
struct Caller {
    stream: TcpStream,
    said: Vec<u8>,
    since: Instant,
}

impl Outlet {
    fn open(kind: StreamKind, source: &str, service_port: u16) -> std::io::Result<Self> {
        let door = sockets::data()?;
        let mut info = info(kind, source);
        info.v4data_port = door.local_addr()?.port();
        info.v4service_port = service_port;
        Ok(Self { kind, info, door, callers: Vec::new(), feeds: Vec::new(), missed: 0 })
    }

    pub(super) fn kind(&self) -> StreamKind {
        self.kind
    }

    /// Adds an item to what waits for each reader.
    pub(super) fn offer(&mut self, timed: &Timed) {
        if self.feeds.is_empty() {
            return;
        }
        let sample = wire_sample(timed);
        // Readers of one byte order get the same bytes.
        let mut encoded: Vec<(ByteOrder, Arc<[u8]>)> = Vec::new();
        for (codec, feed) in &mut self.feeds {
            let Some(codec) = codec else { continue };
            if let Some((_, bytes)) = encoded.iter().find(|(of, _)| *of == codec.order) {
                feed.offer(bytes);
            } else if let Ok(bytes) = codec.encode_to_vec(&sample) {
                let bytes = bytes.into();
                feed.offer(&bytes);
                encoded.push((codec.order, bytes));
            }
        }
    }

    /// Lets readers in, hears what they want, and sends what they take.
    pub(super) fn serve(&mut self) {
        while let Ok((stream, _)) = self.door.accept() {
            let is_room = self.callers.len() + self.feeds.len() < MOST_LISTENERS;
            let is_ready = stream.set_nonblocking(true).and(stream.set_nodelay(true)).is_ok();
            if is_room && is_ready {
                self.callers.push(Caller { stream, said: Vec::new(), since: Instant::now() });
            }
        }
        for mut caller in std::mem::take(&mut self.callers) {
            match caller.hear(&self.info) {
                Request::Unfinished => self.callers.push(caller),
                Request::Answer(answer) if answer.is_empty() => {}
                Request::Answer(answer) => {
                    self.feeds.push((None, Feed::answer(caller.stream, answer)));
                }
                Request::Feed(feed) => {
                    let (answer, codec, most) = *feed;
                    self.feeds.push((Some(codec), Feed::new(caller.stream, answer, most)));
                }
            }
        }
        let missed = &mut self.missed;
        self.feeds.retain_mut(|(_, feed)| {
            let is_there = feed.pump().is_ok();
            *missed += if is_there { 0 } else { feed.missed() + feed.unsent() as u64 };
            is_there
        });
    }

    /// How many programs read it.
    pub(super) fn listeners(&self) -> usize {
        self.feeds.iter().filter(|(_, feed)| feed.listens()).count()
    }

    /// How many samples its readers were too slow for.
    pub(super) fn missed(&self) -> u64 {
        self.missed + self.feeds.iter().map(|(_, feed)| feed.missed()).sum::<u64>()
    }

    /// How many samples are not sent whole, over all readers.
    pub(super) fn unsent(&self) -> usize {
        self.feeds.iter().map(|(_, feed)| feed.unsent()).sum()
    }
}

impl Caller {
    /// What it wants, as far as it has said. One that takes too long gets no answer.
    fn hear(&mut self, info: &StreamInfo) -> Request {
        let mut bytes = [0; 4096];
        loop {
            match self.stream.read(&mut bytes) {
                Ok(0) => return Request::Answer(Vec::new()),
                Ok(count) => self.said.extend(&bytes[..count]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => return Request::Answer(Vec::new()),
            }
            let request = Request::read(&self.said, info);
            if !matches!(request, Request::Unfinished) {
                return request;
            }
        }
        if self.since.elapsed() > PATIENCE {
            Request::Answer(Vec::new())
        } else {
            Request::Unfinished
        }
    }
}

/// An item as the protocol has it, with its time of capture.
fn wire_sample(timed: &Timed) -> WireSample {
    let texts = |texts: Vec<String>| {
        texts.into_iter().map(|text| Value::Str(text.into_bytes())).collect::<Vec<_>>()
    };
    let values = match &timed.item {
        StreamItem::Sample(sample) => sample_values(sample).into_iter().map(Value::F64).collect(),
        StreamItem::Event(event) => texts(event_texts(event)),
        StreamItem::Mark(signed) => texts(mark_texts(signed)),
    };
    WireSample { timestamp: timed.clock_secs(), values }
}

/// What is told of a stream. A reader finds it again by its source after the program was started anew.
fn info(kind: StreamKind, source: &str) -> StreamInfo {
    let channels = kind.channels();
    let format = if kind.is_text() { Format::String } else { Format::Double64 };
    // No fixed rate: readers would put even times in the place of the frames' own.
    let mut info =
        StreamInfo::new(&kind.name(None), kind.content(), channels.len() as u32, format, 0.0);
    info.source_id = format!("fleeting:{}:{source}:{}", info.hostname, kind.word());
    info.session_id = config::get().session_id.clone();
    info.uid = labstream_net::make_uid();
    info.created_at = clock();
    info.desc.append_child_value("manufacturer", "Fleeting");
    info.desc.append_child_value("program", concat!("fleeting ", env!("CARGO_PKG_VERSION")));
    info.desc.append_child_value("source", source);
    if kind == StreamKind::Samples {
        for (bit, name) in quality_bits().enumerate() {
            info.desc.append_child_value(&format!("quality_bit_{bit}"), name);
        }
    }
    let synchronization = info.desc.append_child("synchronization");
    synchronization.append_child_value("can_drop_samples", "true");
    let list = info.desc.append_child("channels");
    for channel in channels {
        let node = list.append_child("channel");
        node.append_child_value("label", &channel.label);
        node.append_child_value("unit", channel.unit);
        node.append_child_value("type", channel.measures);
    }
    info
}
