//! Every decoder of what comes from outside, under bytes that a coverage-guided run makes up.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    guichet_tests::sim::storm::drive_decoders(bytes);
});
