//! Tests of the whole program, in one binary, because each binary links everything.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test that cannot go on fails, and one that is left out says so"
)]
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on says why and stops"
)]

mod analyser;
mod architecture;
mod bad_input;
mod batch;
#[cfg(all(target_os = "linux", target_env = "gnu"))]
mod camera;
mod cli;
mod commands;
mod counts;
mod damage;
mod engine;
mod exchange;
mod faces;
#[cfg(all(target_os = "linux", target_env = "gnu"))]
mod faults;
mod figures;
mod film;
mod foreign_video;
mod live_equals_offline;
#[cfg(target_os = "linux")]
mod network;
mod parity;
#[cfg(all(target_os = "linux", target_env = "gnu"))]
mod preload;
mod program;
mod readers;
mod recording;
mod same_film;
mod seek;
#[cfg(all(target_os = "linux", target_env = "gnu"))]
mod soak;
#[cfg(target_os = "linux")]
mod sound;
mod standstill;
mod still_face;
mod stored;
#[cfg(unix)]
mod streams;
mod tools;
