//! Work beside the window: one thread each, joined on drop.

pub mod annotation_writer;
pub mod batch;
pub mod clip_extractor;
pub mod frame_server;
pub mod task;
