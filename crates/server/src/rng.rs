//! The TLS provider's random generator, which is seeded by the operating system.

use chatkitd_core::ports::Rng;
use rustls::crypto::SecureRandom;

/// Randomness fit for secrets.
pub struct SystemRng(&'static dyn SecureRandom);

impl Default for SystemRng {
    fn default() -> Self {
        Self(rustls::crypto::aws_lc_rs::default_provider().secure_random)
    }
}

impl Rng for SystemRng {
    /// # Panics
    ///
    /// When the generator fails: a server without randomness must not mint secrets that can be guessed.
    #[expect(clippy::expect_used, reason = "going on with predictable bytes would be worse")]
    fn fill(&self, bytes: &mut [u8]) {
        self.0.fill(bytes).expect("the operating system provides randomness");
    }
}
