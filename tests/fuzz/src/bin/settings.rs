//! Settings.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let path = fuzz_of_fleeting::file("settings.toml", bytes);
    match fleeting::config::Config::load(&path) {
        Ok(config) => assert!(config.spotting.false_alarms_per_minute.is_finite()),
        Err(error) => fuzz_of_fleeting::names(error, &path),
    }
});
