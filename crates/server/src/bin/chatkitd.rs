//! The `chatkitd` binary.

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // First of all, so that no library chooses a TLS provider of its own; it fails only when one is set.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    chatkitd::commands::main()
}
