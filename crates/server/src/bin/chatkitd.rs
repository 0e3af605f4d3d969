//! The `chatkitd` binary.

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    #[cfg(target_os = "linux")]
    use_small_pages();
    // First of all, so that no library chooses a TLS provider of its own; it fails only when one is set.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    chatkitd::commands::main()
}

/// mimalloc asks the kernel for pages of 2 MiB, which are taken whole as soon as a byte of them is touched: a third more
/// memory for each open stream, and 10 MiB at rest. A kernel that cannot be asked for small ones gives what it likes.
#[cfg(target_os = "linux")]
fn use_small_pages() {
    let _ = rustix::thread::disable_transparent_huge_pages(true);
}
