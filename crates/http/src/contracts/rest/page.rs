//! The query of a list (1.3 and 1.6 of the reference).

use std::borrow::Cow;
use std::num::{IntErrorKind, ParseIntError};

use axum::extract::FromRequestParts;
use chatkitd_core::id::UserId;
use chatkitd_core::threads::PageQuery;
use chatkitd_protocol::chatkit::Order;
use chatkitd_protocol::rest::{List, ListObject};
use http::request::Parts;
use url::form_urlencoded;
use utoipa::IntoParams;

use super::create::{empty, within};
use crate::error::ApiError;

/// How many entries a page has unless the client says otherwise.
const PAGE: u32 = 20;
/// The most that it may ask for.
const MAX_PAGE: i64 = 100;

/// A list's query as the `OpenAPI` document describes it.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it only describes; the query itself is read below")]
pub(super) struct PageParams {
    /// How many entries at the most. Default 20.
    #[param(required = false, minimum = 0, maximum = 100)]
    limit: u32,
    /// By the time of creation: `desc`, the newest first, which is the default, or `asc`.
    #[param(required = false, pattern = "^(asc|desc)$")]
    order: String,
    /// The `last_id` of the page before. An id that is not in the list gives an empty page.
    #[param(required = false)]
    after: String,
    /// The `first_id` of the page that follows: alone, it gives the page that ends right before it.
    #[param(required = false)]
    before: String,
}

/// The part of a list that is asked for.
pub(crate) struct AskedPage(pub(super) PageQuery);

impl<S: Send + Sync> FromRequestParts<S> for AskedPage {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        // A cursor that is empty is none: so a program says that it is at the beginning.
        let cursor = |name| field(parts, name).filter(|id| !id.is_empty()).map(Cow::into_owned);
        Ok(Self(PageQuery {
            limit: field(parts, "limit").map_or(Ok(PAGE), |text| limit(&text))?,
            order: field(parts, "order").map_or(Ok(Order::Desc), |text| order(&text))?,
            after: cursor("after"),
            before: cursor("before"),
        }))
    }
}

/// Whose threads are asked for; `None`: everybody's.
pub(crate) struct AskedUser(pub(super) Option<UserId>);

impl<S: Send + Sync> FromRequestParts<S> for AskedUser {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        field(parts, "user").map(|text| user(&text)).transpose().map(Self)
    }
}

fn field<'a>(parts: &'a Parts, wanted: &str) -> Option<Cow<'a, str>> {
    let query = parts.uri.query().unwrap_or_default().as_bytes();
    let found = form_urlencoded::parse(query).find(|(name, _)| name == wanted);
    found.map(|(_, value)| value)
}

fn limit(text: &str) -> Result<u32, ApiError> {
    let number = text.parse().or_else(|error: ParseIntError| match error.kind() {
        IntErrorKind::PosOverflow => Ok(i64::MAX),
        IntErrorKind::NegOverflow => Ok(i64::MIN),
        _ => {
            let message = "Invalid type for 'limit': expected an integer.";
            Err(ApiError::bad_request("invalid_type", message).about("limit"))
        }
    })?;
    Ok(u32::try_from(within(number, 0, MAX_PAGE, "limit")?).unwrap_or(PAGE))
}

fn order(text: &str) -> Result<Order, ApiError> {
    match text {
        "asc" => Ok(Order::Asc),
        "desc" => Ok(Order::Desc),
        _ => {
            let message = "Invalid value for 'order'. Supported values are: 'asc' and 'desc'.";
            Err(ApiError::bad_request("invalid_value", message).about("order"))
        }
    }
}

/// A filter may name anybody, those too whom no caller may be: devices, and the user of nobody.
fn user(text: &str) -> Result<UserId, ApiError> {
    if text.is_empty() {
        return Err(empty("user"));
    }
    if text.chars().count() > UserId::MAX_CHARS {
        let message =
            format!("Invalid 'user': string too long. Expected at most {} characters.", UserId::MAX_CHARS);
        return Err(ApiError::bad_request("string_above_max_length", message).about("user"));
    }
    // No user has a NUL in their name; U+FFFD stands in for it, which no database refuses.
    Ok(UserId::recorded(text.replace('\0', "\u{FFFD}")))
}

/// A list of what a page has.
pub(super) fn list<T>(data: Vec<T>, ids: Vec<String>, has_more: bool) -> List<T> {
    let mut ids = ids.into_iter();
    let first_id = ids.next();
    let last_id = ids.next_back().or_else(|| first_id.clone());
    List { object: ListObject::List, data, first_id, last_id, has_more }
}
