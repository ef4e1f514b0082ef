//! How action units move the skin of a synthetic face.

pub mod basis;
pub mod facs_fields;
pub mod facs_rig;
pub mod head;
