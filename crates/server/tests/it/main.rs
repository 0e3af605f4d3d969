//! The server's integration tests: one binary, a module per subject.

mod jwks;
mod openai_standin;
mod pull;
