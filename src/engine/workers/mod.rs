//! Work beside the window. Each kind is a [`worker::Worker`]: one thread with two bounded links, joined on
//! drop. [`batch`] alone has as many threads as there are recordings to do at once, and [`read_ahead`] sends what it
//! is not asked for.

pub mod annotation_writer;
pub mod background_task;
pub mod batch;
pub mod clip_extractor;
pub mod frame_server;
pub mod mesh_ahead;
pub mod read_ahead;
pub mod sound_outliner;
pub mod sound_player;
pub mod worker;
