//! Text for terminals, without characters that a terminal would obey.
//!
//! Names of files, cameras and people come from outside and may hold any character. Some characters clear the
//! screen, change colours or hide the text before them.

use std::io::{self, Write};

/// True if a terminal does more than show this character: control characters except the end of a line and the
/// tab, and marks that change the direction of text.
fn is_order(c: char) -> bool {
    (c.is_control() && c != '\n' && c != '\t')
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// `text` with every such character spelled out: `\u{1b}`.
pub(super) fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        if is_order(c) { plain.extend(c.escape_default()) } else { plain.push(c) }
    }
    plain
}

/// A name of any bytes, different from every other name: bytes that are not UTF-8 are written `\xNN`, and the
/// end of a line is spelled out too.
pub(super) fn name(name: &std::ffi::OsStr) -> String {
    let mut text = String::new();
    for chunk in name.as_encoded_bytes().utf8_chunks() {
        text.push_str(&plain(chunk.valid()).replace('\n', "\\n"));
        chunk.invalid().iter().for_each(|byte| text.push_str(&format!("\\x{byte:02X}")));
    }
    text
}

/// Standard output. Errors while writing do not stop the job and are kept for the end, because a terminal may
/// be closed while results are written.
pub(super) struct Output<W> {
    inner: W,
    fault: Option<io::Error>,
    /// The first bytes of a character that is not complete yet.
    begun: Vec<u8>,
}

impl<W: Write> Output<W> {
    pub(super) fn new(inner: W) -> Self {
        Self { inner, fault: None, begun: Vec::new() }
    }

    /// The first error, if there was one.
    pub(super) fn end(mut self) -> io::Result<()> {
        let rest = std::mem::take(&mut self.begun);
        self.pass(&String::from_utf8_lossy(&rest));
        let flushed = self.inner.flush();
        self.fault.map_or(flushed, Err)
    }

    fn pass(&mut self, text: &str) {
        if self.fault.is_none() {
            self.fault = self.inner.write_all(plain(text).as_bytes()).err();
        }
    }
}

impl<W: Write> Write for Output<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.begun.extend_from_slice(bytes);
        let all = std::mem::take(&mut self.begun);
        let whole = match std::str::from_utf8(&all) {
            Err(error) if error.error_len().is_none() => error.valid_up_to(),
            _ => all.len(),
        };
        self.begun = all[whole..].to_vec();
        self.pass(&String::from_utf8_lossy(&all[..whole]));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.fault.is_none() {
            self.fault = self.inner.flush().err();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_stays_and_orders_are_written_out() {
        assert_eq!(plain("Zoë 表情\t1\n"), "Zoë 表情\t1\n");
        assert_eq!(
            plain("a\u{1b}[31mb\r\u{7f}\u{9b}\u{202e}"),
            "a\\u{1b}[31mb\\r\\u{7f}\\u{9b}\\u{202e}"
        );
    }

    #[test]
    fn no_two_names_are_written_alike() {
        assert_eq!(name("a\nb".as_ref()), "a\\nb");
        #[cfg(unix)]
        {
            use std::os::unix::ffi::OsStrExt;
            assert_eq!(name(std::ffi::OsStr::from_bytes(b"M\xfcller")), "M\\xFCller");
        }
    }

    #[test]
    fn a_character_that_comes_in_two_parts_is_whole() {
        let mut bytes = Vec::new();
        let mut output = Output::new(&mut bytes);
        for part in [&b"Zo\xc3"[..], b"\xab \x1b", b"[2J"] {
            output.write_all(part).expect("taken");
        }
        output.end().expect("written");
        assert_eq!(bytes, "Zoë \\u{1b}[2J".as_bytes());
    }

    #[test]
    fn a_reader_that_is_gone_is_told_at_the_end_and_stops_nothing() {
        struct Gone;
        impl Write for Gone {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::BrokenPipe.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let mut output = Output::new(Gone);
        (0..3).for_each(|_| writeln!(output, "wrote a").expect("taken"));
        assert_eq!(output.end().expect_err("gone").kind(), io::ErrorKind::BrokenPipe);
    }
}
