//! Tests of the whole program. One binary, because each links everything.

mod architecture;
#[cfg(all(target_os = "linux", target_env = "gnu"))]
mod camera;
mod cli;
mod parity;
mod program;
