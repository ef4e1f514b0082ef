//! Databases of sessions.
#![no_main]

use fleeting::session::store;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    // A journal that another one left would be read with it.
    let folder = fuzz_of_fleeting::empty("session");
    let path = folder.join(store::DATABASE);
    std::fs::write(&path, bytes).expect("written");
    match store::open(&folder) {
        Ok(opened) => fuzz_of_fleeting::round_trip(&opened.session),
        Err(error) => fuzz_of_fleeting::names(error, &path),
    }
});
