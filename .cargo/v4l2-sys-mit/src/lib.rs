//! Stands in for the crate of the same name, which runs bindgen, and so libclang, on every build.
//!
//! `bindings.rs` is what bindgen 0.65.1 writes for the kernel's own `<linux/videodev2.h>` (6.1)
//! on a 64-bit target, without functions. To make it anew:
//! `bindgen videodev2.h --no-layout-tests --no-doc-comments --ignore-functions`.
#![no_std]
#![allow(
    clippy::all,
    non_camel_case_types,
    non_snake_case,
    non_upper_case_globals,
    reason = "machine-written declarations keep the header's names"
)]

include!("bindings.rs");
