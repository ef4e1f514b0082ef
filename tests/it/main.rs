//! Tests of the whole program. One binary, because each links everything.

mod architecture;
mod bad_input;
#[cfg(all(target_os = "linux", target_env = "gnu"))]
mod camera;
mod cli;
mod engine;
mod live_equals_offline;
mod parity;
mod program;
