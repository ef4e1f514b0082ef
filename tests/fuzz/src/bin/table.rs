//! Tables of events: another coder's as a layer, and events to be scored.
#![no_main]

use fleeting::exchange::import;
use fleeting::exchange::import::Choice;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let path = fuzz_of_fleeting::file("a.csv", bytes);
    if let Err(error) = import::read(&path, fuzz_of_fleeting::session(), &Choice::default()) {
        fuzz_of_fleeting::names(error, &path);
    }
    if let Err(error) = fleeting::evaluate::events(&path, &path) {
        fuzz_of_fleeting::names(error, &path);
    }
});
