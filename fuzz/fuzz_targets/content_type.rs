#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| chatkitd_fuzz::wire::content_type(data));
