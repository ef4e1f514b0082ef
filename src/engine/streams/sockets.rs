//! Opens every socket of the program. Nothing calls it until a person has turned a stream on.

use std::io;
use std::net::Ipv4Addr;
use std::path::Path;
use std::time::Duration;

use labstream_net::{Inlet, config};

pub(super) use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};

/// The longest wait for a connection to another program's stream.
const CONNECTION: Duration = Duration::from_secs(5);

/// Markers of another program that may wait to be read.
const MOST_MARKERS: i32 = 4096;

/// A port for the data of a stream: one of the usual ports, else any. It does not block.
pub(super) fn data() -> io::Result<TcpListener> {
    let listener = in_usual_ports(|port| TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)))?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

/// A port for questions about time, and for questions that are sent to this machine alone.
pub(super) fn service() -> io::Result<UdpSocket> {
    in_usual_ports(|port| UdpSocket::bind((Ipv4Addr::UNSPECIFIED, port)))
}

fn in_usual_ports<S>(bind: impl Fn(u16) -> io::Result<S>) -> io::Result<S> {
    let (first, count) = (config::get().base_port, config::get().port_range);
    let mut usual = (0..count).filter_map(|place| bind(first.checked_add(place)?).ok());
    usual.next().map_or_else(|| bind(0), Ok)
}

/// The port for questions to every machine of the network. Other programs of this machine use it too.
pub(super) fn discovery() -> io::Result<UdpSocket> {
    let socket = socket2::Socket::new(
        socket2::Domain::IPV4,
        socket2::Type::DGRAM,
        Some(socket2::Protocol::UDP),
    )?;
    socket.set_reuse_address(true)?;
    let port = config::get().multicast_port;
    socket.bind(&SocketAddr::from((Ipv4Addr::UNSPECIFIED, port)).into())?;
    let socket = UdpSocket::from(socket);
    socket.set_broadcast(true)?;
    let groups = config::get().multicast_addresses.iter();
    let groups = groups.filter_map(|group| group.parse::<Ipv4Addr>().ok());
    for group in groups.filter(Ipv4Addr::is_multicast) {
        let here = labstream_net::local_ipv4_addresses().into_iter();
        for interface in here.chain([Ipv4Addr::UNSPECIFIED]) {
            // Not every interface carries every group.
            socket.join_multicast_v4(&group, &interface).unwrap_or(());
        }
    }
    Ok(socket)
}

/// The stream of another program with this name, if it answers within `look`.
pub(super) fn markers(name: &str, look: Duration) -> io::Result<Option<Inlet>> {
    let session = literal(&config::get().session_id);
    let query = format!("session_id={session} and name={}", literal(name));
    let found = labstream_net::resolve(&query, 1, look)?;
    let open = |info| Inlet::open_recovering(info, CONNECTION, MOST_MARKERS);
    found.first().map(open).transpose()
}

/// A text in a query. One with both kinds of quotes cannot be asked for, so that it finds nothing.
fn literal(text: &str) -> String {
    let quote = if text.contains('\'') { '"' } else { '\'' };
    format!("{quote}{text}{quote}")
}

/// A socket of this machine at a path.
#[cfg(unix)]
pub(super) type LocalStream = std::os::unix::net::UnixStream;

/// A listener at a path, which is removed when it is dropped.
#[cfg(unix)]
#[derive(Debug)]
pub(super) struct LocalListener {
    listener: std::os::unix::net::UnixListener,
    path: std::path::PathBuf,
}

/// Opens a socket at `path`, which only the owner can use. It does not block. What is left there of a program
/// that was killed is replaced; anything else is not.
#[cfg(unix)]
pub(super) fn local(path: &Path) -> io::Result<LocalListener> {
    use std::os::unix::fs::{FileTypeExt, PermissionsExt};
    if let Ok(found) = std::fs::symlink_metadata(path) {
        let is_left = found.file_type().is_socket() && LocalStream::connect(path).is_err();
        if !is_left {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        std::fs::remove_file(path)?;
    }
    let listener = std::os::unix::net::UnixListener::bind(path)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))?;
    listener.set_nonblocking(true)?;
    Ok(LocalListener { listener, path: path.to_owned() })
}

#[cfg(unix)]
impl LocalListener {
    /// The next program that has connected, if there is one. Its connection does not block.
    pub(super) fn accept(&self) -> io::Result<LocalStream> {
        let (stream, _) = self.listener.accept()?;
        stream.set_nonblocking(true)?;
        Ok(stream)
    }
}

#[cfg(unix)]
impl Drop for LocalListener {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_file(&self.path) {
            tracing::warn!("{}: {error}", self.path.display());
        }
    }
}

/// Elsewhere, the standard library has no socket at a path.
#[cfg(not(unix))]
pub(super) type LocalStream = TcpStream;

/// Elsewhere, the standard library has no socket at a path.
#[cfg(not(unix))]
#[derive(Debug)]
pub(super) struct LocalListener(std::convert::Infallible);

/// Elsewhere, the standard library has no socket at a path.
#[cfg(not(unix))]
pub(super) fn local(_: &Path) -> io::Result<LocalListener> {
    let text = "this system has no socket at a path; lines of JSON go to standard output only";
    Err(io::Error::new(io::ErrorKind::Unsupported, text))
}

#[cfg(not(unix))]
impl LocalListener {
    /// Never called: there is none.
    pub(super) fn accept(&self) -> io::Result<LocalStream> {
        match self.0 {}
    }
}
