//! The scanner, on the device that SANE itself brings for tests: no hardware, the real program.

#[path = "devices/fitting.rs"]
mod fitting;
#[path = "devices/scanning.rs"]
mod scanning;
#[path = "devices/trouble.rs"]
mod trouble;
#[path = "devices/virtual_scanner.rs"]
mod virtual_scanner;
