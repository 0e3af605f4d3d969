//! Settings that are one of a few words.

use chatkitd_core::identity::Preset;

/// A setting that is one of a few words.
pub(super) trait Choice: Copy + 'static {
    /// The words and what they mean.
    const WORDS: &'static [(&'static str, Self)];
}

impl Choice for Preset {
    const WORDS: &'static [(&'static str, Self)] =
        &[("clerk", Self::Clerk), ("supabase", Self::Supabase), ("auth0", Self::Auth0), ("none", Self::None)];
}

impl Choice for bool {
    const WORDS: &'static [(&'static str, Self)] = &[("true", true), ("false", false)];
}

/// What a write to SQLite survives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// `kill -9`.
    Normal,
    /// A power cut.
    Full,
}

impl Choice for Durability {
    const WORDS: &'static [(&'static str, Self)] = &[("normal", Self::Normal), ("full", Self::Full)];
}

/// Where requests are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LimiterKind {
    /// In this process.
    Memory,
    /// In Redis, for several nodes.
    Redis,
    /// In the database, where there is no Redis.
    Sql,
}

impl Choice for LimiterKind {
    const WORDS: &'static [(&'static str, Self)] =
        &[("memory", Self::Memory), ("redis", Self::Redis), ("sql", Self::Sql)];
}

/// What happens to a request that cannot be counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailurePolicy {
    /// It passes.
    Open,
    /// It is answered 503.
    Closed,
}

impl Choice for FailurePolicy {
    const WORDS: &'static [(&'static str, Self)] = &[("open", Self::Open), ("closed", Self::Closed)];
}

/// Whether there is a page at `/`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageSetting {
    /// Under `--dev` and a loopback name.
    Auto,
    /// For everybody.
    On,
    /// For nobody.
    Off,
}

impl Choice for PageSetting {
    const WORDS: &'static [(&'static str, Self)] =
        &[("auto", Self::Auto), ("on", Self::On), ("off", Self::Off)];
}

/// How logs are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// A JSON object a line.
    Json,
    /// For people.
    Text,
}

impl Choice for LogFormat {
    const WORDS: &'static [(&'static str, Self)] = &[("json", Self::Json), ("text", Self::Text)];
}
