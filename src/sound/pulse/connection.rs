//! One connection to a sound server: messages in, messages out, and no wait without an end.

use std::ffi::CString;
use std::io::{BufRead, Cursor, ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use pulseaudio::protocol::{
    AuthParams, AuthReply, Command, CommandReply, DESCRIPTOR_SIZE, Descriptor, DescriptorFlags,
    MAX_MEMBLOCKQ_LENGTH, MAX_VERSION, Prop, Props, ProtocolError, SetClientNameReply,
    TagStructReader, encode_descriptor, read_descriptor, write_command_message,
};

use crate::files;
use crate::sound::SoundError;

/// The longest wait for an answer while a stream is opened.
const PATIENCE: Duration = Duration::from_secs(2);

/// The length that a cookie has.
const COOKIE_BYTES: usize = 256;

/// The channel of messages that are not sound.
const CONTROL: u32 = u32::MAX;

/// A message of the server.
#[derive(Debug)]
pub(super) enum Message {
    /// Sound of this channel, in bytes.
    Data(u32, Vec<u8>),
    /// A command, or the answer to the command of this number; its own data is in the bytes.
    Command(u32, Box<Command>, Vec<u8>),
}

pub(super) struct Connection {
    socket: UnixStream,
    version: u16,
    next: u32,
    /// What was read of messages that are not whole yet.
    read: Vec<u8>,
}

impl Connection {
    /// Connects to the server behind `socket`, or to that of the user, as PulseAudio's programs find it.
    pub(super) fn open(socket: Option<&Path>) -> Result<Self, SoundError> {
        let found = || pulseaudio::socket_path_from_env();
        let path = socket.map(PathBuf::from).or_else(found);
        let path = path.ok_or_else(|| SoundError::NoServer("none is running".into()))?;
        let none =
            |error: std::io::Error| SoundError::NoServer(format!("{}: {error}", path.display()));
        let socket = UnixStream::connect(&path).map_err(none)?;
        socket.set_write_timeout(Some(PATIENCE)).map_err(none)?;
        let mut connection = Self { socket, version: MAX_VERSION, next: 0, read: Vec::new() };
        // A server of the same user asks for no cookie, but the message has room for one.
        let cookie = pulseaudio::cookie_path_from_env().and_then(|path| files::read(&path).ok());
        let cookie = cookie.filter(|cookie| cookie.len() == COOKIE_BYTES);
        let auth = AuthParams {
            version: MAX_VERSION,
            supports_shm: false,
            supports_memfd: false,
            cookie: cookie.unwrap_or_else(|| vec![0; COOKIE_BYTES]),
        };
        let answer: AuthReply = connection.reply(&Command::Auth(auth))?;
        connection.version = answer.version.min(MAX_VERSION);
        let mut props = Props::new();
        props.set(Prop::ApplicationName, CString::from(c"Fleeting"));
        let _: SetClientNameReply = connection.reply(&Command::SetClientName(props))?;
        Ok(connection)
    }

    /// Sends a command. Returns its number, which its answer will have.
    pub(super) fn ask(&mut self, command: &Command) -> Result<u32, SoundError> {
        self.next += 1;
        let mut message = Vec::new();
        write_command_message(&mut message, self.next, command, self.version)
            .and_then(|()| Ok(self.socket.write_all(&message)?))
            .map_err(gone)?;
        Ok(self.next)
    }

    /// Sends a command and waits for its answer. Other messages that come meanwhile are ignored.
    pub(super) fn reply<T: CommandReply>(&mut self, command: &Command) -> Result<T, SoundError> {
        let number = self.ask(command)?;
        let until = Instant::now() + PATIENCE;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(SoundError::NoServer("it does not answer".into()));
            }
            match self.message(left)? {
                Some(Message::Command(answers, command, rest)) if answers == number => {
                    return match *command {
                        Command::Reply => self.read(&mut Cursor::new(rest)).map_err(gone),
                        Command::Error(error) => Err(SoundError::Refused(error.to_string())),
                        _ => Err(gone("it answers something else")),
                    };
                }
                _ => {}
            }
        }
    }

    /// Reads the data of an answer.
    pub(super) fn read<T: CommandReply>(&self, rest: &mut dyn BufRead) -> Result<T, ProtocolError> {
        T::read(&mut TagStructReader::new(rest, self.version), self.version)
    }

    /// Sends sound.
    pub(super) fn send_data(&mut self, channel: u32, bytes: &[u8]) -> Result<(), SoundError> {
        let mut header = [0; DESCRIPTOR_SIZE];
        let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        let flags = DescriptorFlags::empty();
        encode_descriptor(&mut header, &Descriptor { length, channel, offset: 0, flags });
        let sent = self.socket.write_all(&header).and_then(|()| self.socket.write_all(bytes));
        sent.map_err(gone)
    }

    /// The next message; `None` if none comes within `patience`. Commands of newer servers are left out.
    pub(super) fn message(&mut self, patience: Duration) -> Result<Option<Message>, SoundError> {
        let until = Instant::now() + patience;
        loop {
            while let Some((descriptor, body)) = self.whole()? {
                if descriptor.channel != CONTROL {
                    return Ok(Some(Message::Data(descriptor.channel, body)));
                }
                let mut body = Cursor::new(body);
                if let Ok((number, command)) = Command::read_tag_prefixed(&mut body, self.version) {
                    let at = usize::try_from(body.position()).unwrap_or(usize::MAX);
                    let rest = body.into_inner().split_off(at);
                    return Ok(Some(Message::Command(number, Box::new(command), rest)));
                }
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(None);
            }
            self.socket.set_read_timeout(Some(left)).map_err(gone)?;
            let mut bytes = [0; 1 << 14];
            match self.socket.read(&mut bytes) {
                Ok(0) => return Err(SoundError::Gone("it has closed the connection".into())),
                Ok(length) => self.read.extend_from_slice(&bytes[..length]),
                Err(error) => match error.kind() {
                    ErrorKind::WouldBlock | ErrorKind::TimedOut => return Ok(None),
                    ErrorKind::Interrupted => {}
                    _ => return Err(gone(error)),
                },
            }
        }
    }

    /// Takes the first message from what was read, if all of it is here.
    fn whole(&mut self) -> Result<Option<(Descriptor, Vec<u8>)>, SoundError> {
        if self.read.len() < DESCRIPTOR_SIZE {
            return Ok(None);
        }
        let descriptor = read_descriptor(&mut self.read.as_slice()).map_err(gone)?;
        let length = descriptor.length as usize;
        if length > MAX_MEMBLOCKQ_LENGTH {
            return Err(SoundError::Gone(format!("it sends a message of {length} bytes")));
        }
        let end = DESCRIPTOR_SIZE + length;
        if self.read.len() < end {
            return Ok(None);
        }
        let rest = self.read.split_off(end);
        let mut message = std::mem::replace(&mut self.read, rest);
        Ok(Some((descriptor, message.split_off(DESCRIPTOR_SIZE))))
    }
}

fn gone(error: impl ToString) -> SoundError {
    SoundError::Gone(error.to_string())
}
