//! One file per contract: routes, request and response shapes. The routes and the `OpenAPI` document
//! come from the same declarations, so that neither can lack what the other has.

mod chatkit;
pub(crate) mod files;
mod health;
mod kit_config;
mod netlify;
mod passthrough;
mod rest;
mod session;
mod session_response;
mod transcript;
mod workflow;

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{self, Next};
use axum::response::Response;
use tower::ServiceExt;
use utoipa::OpenApi;
use utoipa::openapi::OpenApi as Document;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use self::chatkit::Requests;
use crate::app::App;
use crate::{cors, deadline, element, observe, page, panics, site_path};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "chatkitd",
        description = "The session contracts of chatkitd and its ChatKit server. Every route also exists below `/s/{site}`.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    servers(
        (url = "/", description = "The default site"),
        (url = "/s/{site}", description = "A named site", variables(("site" = (default = "default", description = "The site's name"))))
    ),
    // The widget's routes have its version in them, which no declaration knows.
    paths(element::newest, element::this_version, element::asset),
    modifiers(&Security, &Requests),
    tags(
        (name = "sessions", description = "Sessions and client secrets"),
        (name = "chatkit", description = "Conversations, in the ChatKit protocol"),
        (name = "files", description = "Files that visitors send along"),
        (name = "rest", description = "OpenAI's ChatKit REST API, for servers with a service key"),
        (name = "widget", description = "The widget's files"),
        (name = "netlify", description = "The paths of the Netlify functions"),
        (name = "operations", description = "Health and documentation")
    )
)]
struct ApiDocument;

struct Security;

impl utoipa::Modify for Security {
    fn modify(&self, document: &mut Document) {
        use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
        let bearer = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some("A user's token, a client secret (`ek_…`) or a service key."))
            .build();
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("bearer", SecurityScheme::Http(bearer));
    }
}

fn contracts() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::with_openapi(ApiDocument::openapi())
        .routes(routes!(session::create))
        .routes(routes!(session::end))
        .routes(routes!(session::refresh))
        .routes(routes!(session::validate))
        .routes(routes!(workflow::look_up))
        .routes(routes!(kit_config::show))
        .routes(routes!(transcript::send))
        .routes(routes!(chatkit::conversation::page))
        .routes(routes!(chatkit::runs::page_events))
        .routes(routes!(chatkit::runs::page_cancel))
        .routes(routes!(chatkit::conversation::conversation))
        .routes(routes!(chatkit::runs::conversation_events))
        .routes(routes!(chatkit::runs::conversation_cancel))
        .routes(routes!(files::links::upload))
        .routes(routes!(files::links::download))
        .routes(routes!(files::links::preview))
        .routes(routes!(files::direct::attachment))
        .routes(routes!(files::direct::file))
        .routes(routes!(rest::sessions::create))
        .routes(routes!(rest::sessions::cancel))
        .routes(routes!(rest::threads::list_threads))
        .routes(routes!(rest::threads::retrieve, rest::threads::delete))
        .routes(routes!(rest::threads::list_items))
        .routes(routes!(netlify::start))
        .routes(routes!(netlify::refresh))
        .routes(routes!(health::live))
        .routes(routes!(health::ready))
        .routes(routes!(health::document))
}

/// The `OpenAPI` document of every route.
pub fn openapi() -> Document {
    contracts().into_openapi()
}

/// The server's routes, ready to be served.
pub fn router(app: App) -> Router {
    let app = Arc::new(app);
    let (routes, _) = contracts().split_for_parts();
    let routes = routes
        .merge(page::routes(&app))
        .merge(element::routes(&app))
        .fallback(rest::unknown_path)
        .method_not_allowed_fallback(rest::unknown_method)
        .layer(middleware::from_fn_with_state(Arc::clone(&app), around))
        .with_state(app);
    // The site's prefix has to go before routing, so it goes outside of the router.
    Router::new().fallback_service(routes.map_request(|request: Request| site_path::strip(request)))
}

/// What is around every route. One layer and not four: each would box the request's future and the answer's body once
/// more, and clone all that is below it.
async fn around(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    observe::around(&app, request, |request| {
        cors::around(&app, request, |request| {
            deadline::around(&app, request, |request| panics::around(next.run(request)))
        })
    })
    .await
}
