#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| brightrun_fuzz::convert(bytes));
