//! Bytes of a valid file, damaged as by disks, cables and attackers.

use rand::Rng;
use rand_chacha::ChaCha8Rng;

/// Numbers that are difficult as lengths and counts.
const ABSURD: [u32; 8] = [0, 1, 7, 0xFF, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFE, 0xFFFF_FFFF];

/// Damages `bytes` in one of several ways, and says which.
pub(crate) fn damage(dice: &mut ChaCha8Rng, bytes: &mut Vec<u8>) -> &'static str {
    let len = bytes.len();
    if len < 16 {
        bytes.push(dice.random());
        return "bytes that follow the end";
    }
    let at = dice.random_range(0..len - 8);
    let run = dice.random_range(1..=(len - at).min(64));
    match dice.random_range(0..9) {
        0 => {
            bytes.truncate(at);
            "file cut off"
        }
        1 => {
            for _ in 0..dice.random_range(1..8) {
                let at = dice.random_range(0..len);
                bytes[at] ^= 1 << dice.random_range(0..8);
            }
            "bits turned over"
        }
        2 => {
            bytes[at..at + run].fill_with(|| dice.random());
            "noise in the middle"
        }
        3 => {
            bytes[at..at + run].fill(0);
            "zeros in the middle"
        }
        4 => {
            bytes.drain(at..at + run);
            "bytes that are missing"
        }
        5 => {
            let copy = bytes[at..at + run].to_vec();
            let to = dice.random_range(0..len);
            bytes.splice(to..to, copy);
            "bytes that come twice"
        }
        6 | 7 => {
            let number = ABSURD[dice.random_range(0..ABSURD.len())];
            let number = if dice.random() { number.to_be_bytes() } else { number.to_le_bytes() };
            bytes[at..at + 4].copy_from_slice(&number);
            "absurd number"
        }
        _ => {
            let other = dice.random_range(0..len - 8);
            let run = run.min(len - other);
            bytes.copy_within(other..other + run, at.min(len - run));
            "bytes in the place of others"
        }
    }
}
