//! The mesh between real swarms on loopback.

mod mesh {
    mod members;
    mod raw;
    mod strangers;
    mod support;
}
