//! NumPy's archives: every array of the published layout, as each type that is read.
#![no_main]

use fleeting::media::npz::Archive;
use ndarray::IxDyn;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let path = fuzz_of_fleeting::file("a.npz", bytes);
    let Ok(Ok(mut archive)) = Archive::open(&path) else { return };
    for name in ["a", "b", "events"] {
        if let Ok(array) = archive.array::<f32, IxDyn>(name) {
            // Nothing deflates to less than a 1032nd.
            assert!(array.len() <= 1032 * bytes.len());
        }
        archive.array::<i32, IxDyn>(name).map_or_else(drop, drop);
        archive.array::<u8, IxDyn>(name).map_or_else(drop, drop);
    }
});
