//! ELAN files as a layer.
#![no_main]

use fleeting::exchange::import;
use fleeting::exchange::import::Choice;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let path = fuzz_of_fleeting::file("a.eaf", bytes);
    if let Err(error) = import::read(&path, fuzz_of_fleeting::session(), &Choice::default()) {
        fuzz_of_fleeting::names(error, &path);
    }
});
