//! The characters of a table, in the encoding of any spreadsheet program.

use crate::exchange::import::Wrong;

/// The encoding of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    /// UTF-8, with or without its byte-order mark.
    Utf8,
    /// UTF-16 with its byte-order mark, as Excel writes "Unicode text".
    Utf16,
    /// Windows-1252, which European versions of Excel call ANSI.
    Windows1252,
}

/// The bytes 0x80 to 0x9F of Windows-1252; a replacement character where it has none.
const UPPER: [char; 32] = [
    '€', '\u{FFFD}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{FFFD}', 'Ž',
    '\u{FFFD}', '\u{FFFD}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{FFFD}',
    'ž', 'Ÿ',
];

const EXPECTED: &str = "text in UTF-8, in UTF-16 with its mark, or in Windows-1252";

/// The text in `bytes`, without a byte-order mark at its start.
pub(crate) fn decode(bytes: &[u8]) -> Result<(String, Encoding), Wrong> {
    let (text, encoding) = match bytes {
        [0xFF, 0xFE, rest @ ..] => (utf_16(rest, u16::from_le_bytes)?, Encoding::Utf16),
        [0xFE, 0xFF, rest @ ..] => (utf_16(rest, u16::from_be_bytes)?, Encoding::Utf16),
        [0xEF, 0xBB, 0xBF, rest @ ..] => match std::str::from_utf8(rest) {
            Ok(text) => (text.to_owned(), Encoding::Utf8),
            Err(error) => {
                let found = format!("byte 0x{:02x}", rest[error.valid_up_to()]);
                let line = line_of(&rest[..error.valid_up_to()]);
                return Err(Wrong::new(&line, "UTF-8, as the mark of the file says", found));
            }
        },
        _ => match std::str::from_utf8(bytes) {
            Ok(text) => (text.to_owned(), Encoding::Utf8),
            Err(_) => (windows_1252(bytes)?, Encoding::Windows1252),
        },
    };
    match text.find('\0') {
        Some(at) => Err(Wrong::new(&line_of(&text.as_bytes()[..at]), EXPECTED, "a zero byte")),
        None => Ok((text, encoding)),
    }
}

fn utf_16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<String, Wrong> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    if !rest.is_empty() {
        return Err(Wrong::new("", "UTF-16, two bytes a unit", "an odd number of bytes"));
    }
    let units = pairs.iter().map(|pair| unit(*pair));
    let text: Result<String, _> = char::decode_utf16(units).collect();
    text.map_err(|error| {
        let found = format!("the unit 0x{:04x} alone", error.unpaired_surrogate());
        Wrong::new("", "UTF-16, as the mark of the file says", found)
    })
}

fn windows_1252(bytes: &[u8]) -> Result<String, Wrong> {
    let letter = |(at, byte): (usize, &u8)| match byte {
        0x80..=0x9F => match UPPER[usize::from(byte - 0x80)] {
            '\u{FFFD}' => {
                let found = format!("byte 0x{byte:02x}");
                Err(Wrong::new(&line_of(&bytes[..at]), EXPECTED, found))
            }
            letter => Ok(letter),
        },
        byte => Ok(char::from(*byte)),
    };
    bytes.iter().enumerate().map(letter).collect()
}

/// `line 3`; `before` is the text before the place in question.
fn line_of(before: &[u8]) -> String {
    let ends = |(at, byte): (usize, &u8)| match byte {
        b'\n' => at == 0 || before[at - 1] != b'\r',
        b'\r' => true,
        _ => false,
    };
    format!("line {}", 1 + before.iter().enumerate().filter(|one| ends(*one)).count())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_encoding_that_excel_writes_gives_the_same_text() {
        let text = "note\nglücklich – „ja“ €";
        let units = |bytes: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(bytes);
        let le: Vec<u8> = [0xFF, 0xFE].into_iter().chain(units(u16::to_le_bytes)).collect();
        let be: Vec<u8> = [0xFE, 0xFF].into_iter().chain(units(u16::to_be_bytes)).collect();
        let marked = [b"\xEF\xBB\xBF", text.as_bytes()].concat();
        let ansi = b"note\ngl\xFCcklich \x96 \x84ja\x93 \x80";
        for (bytes, encoding) in [
            (text.as_bytes(), Encoding::Utf8),
            (&marked, Encoding::Utf8),
            (&le, Encoding::Utf16),
            (&be, Encoding::Utf16),
            (ansi, Encoding::Windows1252),
        ] {
            assert_eq!(decode(bytes), Ok((text.to_owned(), encoding)));
        }
    }

    #[test]
    fn what_is_no_text_is_refused_with_its_line() {
        for (bytes, words) in [
            (b"a\r\nb\0".as_slice(), "line 2"),
            (b"a\nb\n\x81", "line 3"),
            (b"\xEF\xBB\xBFa\r\xFC", "line 2"),
            (b"\xFF\xFEa", "odd number"),
            (b"\xFF\xFE\x00\xD8", "0xd800"),
        ] {
            let wrong = decode(bytes).expect_err("refused");
            assert!(format!("{wrong:?}").contains(words), "{wrong:?}");
        }
    }
}
