//! The local pages.

pub mod counter;
pub mod ids;
pub mod view;
