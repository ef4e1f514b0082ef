//! Sessions as JSON.
#![no_main]

use fleeting::exchange::json;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let path = fuzz_of_fleeting::file("session.json", bytes);
    match json::read(&path) {
        Ok(session) => fuzz_of_fleeting::round_trip(&session),
        Err(error) => fuzz_of_fleeting::names(error, &path),
    }
});
