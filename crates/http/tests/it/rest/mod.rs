//! `OpenAI`'s ChatKit REST API, over real HTTP.

mod client;
mod errors;
mod items;
mod lists;
mod promises;
mod sessions;
