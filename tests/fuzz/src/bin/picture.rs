//! A JPEG frame as a camera sends it, and a folder with one picture of any format.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Ok(image) = fleeting::media::jpeg::decode(bytes) {
        assert_eq!(image.data.len(), 3 * image.width * image.height);
    }
    let folder = fuzz_of_fleeting::empty("pictures");
    fuzz_of_fleeting::file("pictures/1.png", bytes);
    fuzz_of_fleeting::play("images", &folder);
});
