//! Databases of sessions.
#![no_main]

use fleeting::session::store;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let path = fuzz_of_fleeting::file(store::DATABASE, bytes);
    match store::open(fuzz_of_fleeting::folder()) {
        Ok(opened) => fuzz_of_fleeting::round_trip(&opened.session),
        Err(error) => fuzz_of_fleeting::names(error, &path),
    }
});
