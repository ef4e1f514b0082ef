//! Videos: MP4, AVI, films of sessions, and what is none of these; played, and looked at in any order.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let path = fuzz_of_fleeting::file("a.mp4", bytes);
    fuzz_of_fleeting::play("video", &path);
    let mut pictures = match fleeting::source::video::pictures(&path, None) {
        Ok(pictures) => pictures,
        Err(error) => return fuzz_of_fleeting::names(error, &path),
    };
    let moments = pictures.moments().to_vec();
    // Two samples of one time are two pictures of the file, of which playing shows the first.
    assert!(moments.is_sorted_by(|a, b| a.frame < b.frame && a.time <= b.time));
    let last = moments.len().saturating_sub(1);
    for index in [last, 0, last / 2] {
        if let Ok(frame) = pictures.picture(index) {
            assert_eq!(Some(frame.seq), moments.get(index).map(|moment| moment.frame));
        }
    }
});
