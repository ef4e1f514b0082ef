//! The threads of a running source and the links between them.

pub mod analysis;
pub mod capture;
pub mod capture_link;
mod effort;
mod frame_clock;
pub mod guard;
pub mod link;
pub(in crate::engine) mod losses;
pub mod meter;
pub mod neutral;
mod pipeline_analyser;
pub mod record;
mod recorded_sound;
pub mod recordings;
mod sound;
pub(in crate::engine) mod update_sender;
pub(in crate::engine) mod watch;
