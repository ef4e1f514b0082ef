//! ELAN files as a layer.
#![no_main]

use fleeting::import::{self, Choice};
use fleeting::session::Session;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let path = fuzz_of_fleeting::file("a.eaf", bytes);
    if let Err(error) = import::read(&path, &Session::default(), &Choice::default()) {
        fuzz_of_fleeting::names(error, &path);
    }
});
