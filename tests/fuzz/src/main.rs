//! The drivers of `guichet_tests::fuzz`, under bytes that a coverage-guided run makes up.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    guichet_tests::fuzz::drive(bytes);
});
