//! What a program of Lab Streaming Layer asks of a stream, read from bytes of a stranger.

use labstream_net::StreamInfo;
use labstream_proto::header::parse_block;
use labstream_proto::negotiate::{FeedRequest, LITTLE, Outcome, ServerStream, negotiate};
use labstream_proto::{discovery, timesync};
use labstream_wire::{Codec, Format, TEST_PATTERN_OFFSETS, test_pattern};

/// The longest request that is read, bytes.
pub(super) const MOST_BYTES: usize = 16 << 10;

/// How fast this side turns bytes round. It only decides which side does it.
const TURNING: f64 = 1000.0;

/// The longest query that is answered, bytes, and how many brackets and minus signs it may have. The crate
/// reads a query by recursion, so that a deep one would use up the stack and end the program.
const MOST_QUERY: (usize, usize) = (2048, 64);

/// A request on the data port.
pub(super) enum Request {
    /// More of it is to come.
    Unfinished,
    /// It gets this answer, and the connection ends. An empty one is a request that is not answered.
    Answer(Vec<u8>),
    /// It gets this answer, then samples in this form. At most so many may wait.
    Feed(Box<(Vec<u8>, Codec, usize)>),
}

impl Request {
    /// Reads what has come so far.
    pub(super) fn read(bytes: &[u8], info: &StreamInfo) -> Self {
        let refused = Self::Answer(Vec::new());
        if bytes.len() > MOST_BYTES {
            return refused;
        }
        let mut lines = bytes.splitn(2, |byte| *byte == b'\n');
        let (Some(first), Some(rest)) = (lines.next(), lines.next()) else {
            return Self::Unfinished;
        };
        let first = String::from_utf8_lossy(first);
        match first.trim_end_matches('\r') {
            "LSL:fullinfo" => Self::Answer(info.to_fullinfo_xml().into_bytes()),
            "LSL:shortinfo" => {
                let Some(end) = rest.iter().position(|byte| *byte == b'\n') else {
                    return Self::Unfinished;
                };
                let query = String::from_utf8_lossy(&rest[..end]);
                if answers(info, query.trim()) {
                    Self::Answer(info.to_shortinfo_xml().into_bytes())
                } else {
                    refused
                }
            }
            first => match first.strip_prefix("LSL:streamfeed/") {
                Some(asked) => Self::feed(asked, rest, info),
                None => refused,
            },
        }
    }

    fn feed(asked: &str, rest: &[u8], info: &StreamInfo) -> Self {
        let Some((headers, _)) = parse_block(rest) else { return Self::Unfinished };
        let (version, uid) = asked.split_once(' ').unwrap_or((asked, ""));
        let version = version.trim().parse().unwrap_or(0);
        let mut server = ServerStream::new(&info.uid, info.format, LITTLE, TURNING);
        if info.format == Format::String {
            server.channel_bytes = 0;
        }
        let request =
            FeedRequest::from_headers(version, uid.trim(), &headers, server.channel_bytes);
        let accepted = match negotiate(&request, &server) {
            Outcome::Refuse(status) => return Self::Answer(status.to_wire().into_bytes()),
            Outcome::Accept(accepted) => accepted,
        };
        let order = accepted.codec_order().filter(|_| accepted.data_protocol_version >= 110);
        let Some(order) = order else { return Self::Answer(Vec::new()) };
        let channels = info.channel_count as usize;
        let codec = Codec::new(info.format, channels, order)
            .with_suppress_subnormals(accepted.suppress_subnormals);
        let mut answer = accepted.to_wire(server.configured_version, &info.uid).into_bytes();
        for offset in TEST_PATTERN_OFFSETS {
            let pattern = test_pattern(info.format, channels, offset);
            if codec.encode(&pattern, &mut answer).is_err() {
                return Self::Answer(Vec::new());
            }
        }
        match usize::try_from(accepted.max_buffer_length) {
            Ok(most @ 1..) => Self::Feed(Box::new((answer, codec, most))),
            _ => Self::Answer(answer),
        }
    }
}

/// True if the stream is one that the query is about.
fn answers(info: &StreamInfo, query: &str) -> bool {
    let deep = query.bytes().filter(|byte| matches!(byte, b'(' | b'-')).count();
    query.len() <= MOST_QUERY.0 && deep <= MOST_QUERY.1 && info.matches(query)
}

/// The answers to a message on a port for questions, each with the port to send it to; `None` for the port
/// that it came from. `now` reads the clock: first when the message came, then when it is answered.
pub(super) fn answers_to(
    message: &[u8],
    infos: &[StreamInfo],
    came_at: f64,
    now: impl Fn() -> f64,
) -> Vec<(Option<u16>, Vec<u8>)> {
    if let Some(query) = discovery::parse_query(message) {
        let asked = infos.iter().filter(|info| answers(info, &query.query));
        let answer = |info: &StreamInfo| {
            let xml = info.to_shortinfo_xml();
            (Some(query.return_port), discovery::build_answer(&query.query_id, &xml))
        };
        return asked.map(answer).collect();
    }
    let probe = timesync::parse_probe(message);
    let answer = |probe: timesync::Probe| {
        (None, timesync::build_answer(probe.wave_id, probe.t0, came_at, now()))
    };
    probe.map(answer).into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn info() -> StreamInfo {
        let mut info = StreamInfo::new("Fleeting samples", "Expression", 2, Format::Double64, 0.0);
        (info.uid, info.session_id) = ("u-1".into(), "default".into());
        info
    }

    fn feed_request(uid: &str, buffer: i32) -> Vec<u8> {
        format!(
            "LSL:streamfeed/110 {uid}\r\nNative-Byte-Order: 1234\r\nHas-IEEE754-Floats: 1\r\n\
             Supports-Subnormals: 1\r\nValue-Size: 8\r\nMax-Buffer-Length: {buffer}\r\n\
             Protocol-Version: 110\r\n\r\n"
        )
        .into_bytes()
    }

    #[test]
    fn a_feed_begins_when_the_request_is_whole_and_not_before() {
        let (info, bytes) = (info(), feed_request("u-1", 100));
        for end in 0..bytes.len() {
            assert!(matches!(Request::read(&bytes[..end], &info), Request::Unfinished), "{end}");
        }
        let Request::Feed(feed) = Request::read(&bytes, &info) else { panic!("no feed") };
        let (answer, _, most) = *feed;
        assert_eq!(most, 100);
        assert!(answer.starts_with(b"LSL/110 200 OK"), "{}", String::from_utf8_lossy(&answer));
    }

    #[test]
    fn a_request_for_another_stream_or_in_another_tongue_gets_no_feed() {
        let info = info();
        let answer = |bytes: &[u8]| match Request::read(bytes, &info) {
            Request::Answer(answer) => String::from_utf8_lossy(&answer).into_owned(),
            Request::Unfinished => panic!("unfinished"),
            Request::Feed(_) => panic!("a feed"),
        };
        assert!(answer(&feed_request("u-2", 100)).contains("404"));
        assert!(answer(&feed_request("u-1", 0)).contains("200 OK"), "it asked for nothing more");
        assert_eq!(answer(b"GET / HTTP/1.1\r\n\r\n"), "");
        assert_eq!(answer(&[b'x'; MOST_BYTES + 1]), "");
        assert!(answer(b"LSL:fullinfo\r\n").contains("<name>Fleeting samples</name>"));
    }

    #[test]
    fn a_query_is_answered_by_the_streams_that_it_is_about() {
        let infos = [info()];
        let asked = |query: &str| {
            let message = discovery::build_query(query, 4711, "id7");
            answers_to(&message, &infos, 1.0, || 2.0)
        };
        let found = asked("session_id='default' and name='Fleeting samples'");
        let (port, text) = &found[0];
        assert_eq!((found.len(), *port), (1, Some(4711)));
        assert!(String::from_utf8_lossy(text).starts_with("id7\r\n<?xml"), "{text:?}");
        assert!(asked("name='Other'").is_empty());
    }

    #[test]
    fn a_deep_query_does_not_end_the_program() {
        let infos = [info()];
        for deep in ["(".repeat(60_000), "-".repeat(60_000), "not(".repeat(400)] {
            let message = discovery::build_query(&deep, 4711, "id");
            assert!(answers_to(&message, &infos, 1.0, || 2.0).is_empty());
            let bytes = format!("LSL:shortinfo\r\n{deep}\r\n");
            let answered = Request::read(bytes.as_bytes(), &infos[0]);
            assert!(matches!(answered, Request::Answer(answer) if answer.is_empty()));
        }
    }

    #[test]
    fn the_clock_is_told_as_it_was_when_the_question_came() {
        let message = timesync::build_probe(3, 0.5);
        let found = answers_to(&message, &[], 1.0, || 2.0);
        let (port, text) = &found[0];
        let answer = timesync::parse_answer(text).expect("an answer");
        assert_eq!(
            (*port, answer.wave_id, answer.t0, answer.t1, answer.t2),
            (None, 3, 0.5, 1.0, 2.0)
        );
    }
}
