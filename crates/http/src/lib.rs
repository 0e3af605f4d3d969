//! chatkitd's HTTP contracts: routes, request and response shapes, errors.
//!
//! Handlers read top to bottom: the extractors say who is calling and for which site, the domain
//! decides, and each contract maps the outcome to its own shape. No SQL and no policy here. With
//! default features off the crate also builds for `wasm32-unknown-unknown`.

mod app;
mod auth;
mod body;
mod caller;
pub mod client_ip;
mod contracts;
mod cookies;
mod cors;
mod deadline;
mod device;
pub mod element;
mod envelope;
mod error;
mod limits;
mod locale;
mod observe;
pub mod page;
mod panics;
mod passthrough;
mod path_id;
mod public_base;
mod sign_in;
mod site_path;
mod via;

pub use app::{ANSWER_WITHIN, App, NotReady, Readiness, UPLOAD_IDLE};
pub use contracts::{openapi, router};
pub use passthrough::{Passthrough, PassthroughError};
pub use sign_in::{SignIn, SiteSignIn};
pub use via::Via;
