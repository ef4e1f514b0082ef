//! Tests of the whole program. One binary, because each links everything.

mod architecture;
mod cli;
mod program;
