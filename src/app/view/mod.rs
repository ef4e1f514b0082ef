//! What Live and Review share.

pub mod movement;
pub mod note;
pub mod playback;
pub mod region_motion;
pub mod time_window;
