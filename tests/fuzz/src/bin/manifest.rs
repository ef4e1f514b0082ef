//! Manifests of models.
#![no_main]

use fleeting::model::{ModelChoice, Models};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    fuzz_of_fleeting::file("manifest.toml", bytes);
    let folder = fuzz_of_fleeting::folder();
    if let Err(error) = Models::load(&ModelChoice::Folder(folder.into())) {
        fuzz_of_fleeting::names(error, folder);
    }
});
