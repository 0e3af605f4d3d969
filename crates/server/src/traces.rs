//! Traces at an OTLP collector, in the words of OpenTelemetry's semantic conventions for HTTP.

use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::middleware::{self, Next};
use axum::response::Response;
use chatkitd_core::foreign_text::mask_keys;
use opentelemetry::context::FutureExt as _;
use opentelemetry::propagation::TextMapPropagator as _;
use opentelemetry::trace::{SpanKind, Status, TracerProvider as _};
use opentelemetry::{Array, Context, KeyValue, Value};
use opentelemetry_http::HeaderExtractor;
use opentelemetry_otlp::{ExporterBuildError, SpanExporter, WithExportConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{
    BatchSpanProcessor, SdkTracer, SdkTracerProvider, Span, SpanData, SpanProcessor,
};
use tracing::Subscriber;
use tracing_opentelemetry::OpenTelemetryLayer;
use tracing_subscriber::registry::LookupSpan;
use url::Url;

/// What sends spans to this collector.
pub(crate) fn provider(collector: &Url, service: String) -> Result<SdkTracerProvider, ExporterBuildError> {
    // The variable names the collector; traces have a path of their own there (OTLP exporter specification).
    let endpoint = format!("{}/v1/traces", collector.as_str().trim_end_matches('/'));
    let exporter = SpanExporter::builder().with_http().with_endpoint(endpoint).build()?;
    let resource = Resource::builder().with_service_name(service).build();
    let processor = Conventional(BatchSpanProcessor::builder(exporter).build());
    Ok(SdkTracerProvider::builder().with_span_processor(processor).with_resource(resource).build())
}

/// What makes spans of tracing's.
pub(crate) fn layer<S>(provider: &SdkTracerProvider) -> OpenTelemetryLayer<S, SdkTracer>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    tracing_opentelemetry::layer().with_tracer(provider.tracer("chatkitd"))
}

/// Has each request go on with the trace of whoever sends it (`traceparent`, W3C Trace Context).
pub(crate) fn continuing(routes: Router) -> Router {
    routes.layer(middleware::from_fn(continued))
}

async fn continued(request: Request, next: Next) -> Response {
    let sender = TraceContextPropagator::new().extract(&HeaderExtractor(request.headers()));
    // The span of a request begins below what is current then.
    next.run(request).with_context(sender).await
}

/// Says of requests what the conventions want to be said, masks what looks like a key, and leaves out the spans of sessions
/// that were promised not to be traced. All of it shows only after the span has begun.
#[derive(Debug)]
struct Conventional(BatchSpanProcessor);

impl SpanProcessor for Conventional {
    fn on_start(&self, span: &mut Span, context: &Context) {
        self.0.on_start(span, context);
    }

    fn on_end(&self, mut span: SpanData) {
        if span.attributes.contains(&KeyValue::new("traced", false)) {
            return;
        }
        if span.name == "request" {
            describe_request(&mut span);
        }
        mask(&mut span);
        self.0.on_end(span);
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.0.force_flush()
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.0.shutdown_with_timeout(timeout)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.0.set_resource(resource);
    }
}

/// From what `chatkitd-http` says of a request: its method and route in the span, its status in the line that ends it.
fn describe_request(span: &mut SpanData) {
    let text = |attributes: &[KeyValue], key: &str| {
        let found = attributes.iter().find(|attribute| attribute.key.as_str() == key);
        found.map(|attribute| attribute.value.as_str().into_owned())
    };
    let method = text(&span.attributes, "method").unwrap_or_default();
    let route = text(&span.attributes, "route").filter(|route| route.starts_with('/'));
    let said = match method.as_str() {
        "_OTHER" => "HTTP",
        method => method,
    };
    span.name = match &route {
        Some(route) => format!("{said} {route}"),
        None => said.to_owned(),
    }
    .into();
    span.span_kind = SpanKind::Server;
    span.attributes.retain(|attribute| !matches!(attribute.key.as_str(), "method" | "route"));
    span.attributes.push(KeyValue::new("http.request.method", method));
    span.attributes.extend(route.map(|route| KeyValue::new("http.route", route)));

    let answered = span.events.iter().find(|event| event.name == "answered");
    let status =
        answered.and_then(|event| event.attributes.iter().find(|said| said.key.as_str() == "status"));
    let Some(Value::I64(status)) = status.map(|status| status.value.clone()) else { return };
    span.attributes.push(KeyValue::new("http.response.status_code", status));
    if status >= 500 {
        span.status = Status::error("");
    }
}

/// As in logs: errors and their causes come from libraries and services, which may quote what they were given.
fn mask(span: &mut SpanData) {
    span.attributes.iter_mut().for_each(mask_attribute);
    for event in &mut span.events.events {
        event.name = mask_keys(&event.name).into();
        event.attributes.iter_mut().for_each(mask_attribute);
    }
    if let Status::Error { description } = &mut span.status {
        *description = mask_keys(description).into();
    }
}

fn mask_attribute(attribute: &mut KeyValue) {
    match &mut attribute.value {
        Value::String(text) => *text = mask_keys(text.as_str()).into(),
        Value::Array(Array::String(texts)) => {
            texts.iter_mut().for_each(|text| *text = mask_keys(text.as_str()).into());
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error;
    use std::io;
    use std::sync::{Arc, Mutex};

    use chatkitd_core::server::AgentError;
    use opentelemetry::InstrumentationScope;
    use opentelemetry::trace::{Event, SpanContext, SpanId};
    use opentelemetry_sdk::trace::{SpanEvents, SpanExporter, SpanLinks};
    use tracing_subscriber::layer::SubscriberExt as _;

    use super::*;

    #[derive(Clone, Debug, Default)]
    struct Kept(Arc<Mutex<Vec<SpanData>>>);

    impl SpanExporter for Kept {
        async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
            self.0.lock().unwrap().extend(batch);
            Ok(())
        }
    }

    #[derive(Debug, thiserror::Error)]
    #[error("at https://a.example/?key=sk-abc")]
    struct Refused(#[source] io::Error);

    #[test]
    fn what_looks_like_a_key_is_taken_out_of_a_failing_agents_span() {
        let kept = Kept::default();
        let processor = Conventional(BatchSpanProcessor::builder(kept.clone()).build());
        let provider = SdkTracerProvider::builder().with_span_processor(processor).build();
        let subscriber = tracing_subscriber::registry().with(layer(&provider));
        tracing::subscriber::with_default(subscriber, || {
            let _span =
                tracing::info_span!("run", agent = "sk-def", otel.status_description = "sk-ghi").entered();
            let error = AgentError::failed(Refused(io::Error::other("sk-jkl is refused")));
            tracing::error!(error = &error as &dyn Error, "an agent failed with sk-mno");
        });
        provider.force_flush().unwrap();
        let shown = format!("{:?}", kept.0.lock().unwrap());
        assert!(shown.contains("at https://a.example/?key=[masked]"), "{shown}");
        assert!(!shown.contains("sk-"), "{shown}");
    }

    fn request(method: &'static str, route: &'static str, status: i64) -> SpanData {
        let now = opentelemetry::time::now();
        let answered = Event::new("answered", now, vec![KeyValue::new("status", status)], 0);
        let mut events = SpanEvents::default();
        events.events.push(answered);
        let mut span = SpanData {
            span_context: SpanContext::NONE,
            parent_span_id: SpanId::INVALID,
            parent_span_is_remote: false,
            span_kind: SpanKind::Internal,
            name: "request".into(),
            start_time: now,
            end_time: now,
            attributes: vec![KeyValue::new("method", method), KeyValue::new("route", route)],
            dropped_attributes_count: 0,
            events,
            links: SpanLinks::default(),
            status: Status::Unset,
            instrumentation_scope: InstrumentationScope::default(),
        };
        describe_request(&mut span);
        span
    }

    #[test]
    fn a_request_is_told_by_method_route_and_status() {
        let span = request("POST", "/api/chatkit/session", 502);
        assert_eq!((&*span.name, &span.span_kind), ("POST /api/chatkit/session", &SpanKind::Server));
        assert_eq!(span.status, Status::error(""));
        assert_eq!(
            span.attributes,
            [
                KeyValue::new("http.request.method", "POST"),
                KeyValue::new("http.route", "/api/chatkit/session"),
                KeyValue::new("http.response.status_code", 502),
            ]
        );
    }

    #[test]
    fn a_callers_mistake_is_no_error_of_the_server_and_a_path_is_no_route() {
        let span = request("GET", "unmatched", 404);
        assert_eq!((&*span.name, &span.status), ("GET", &Status::Unset));
        assert!(span.attributes.iter().all(|attribute| attribute.key.as_str() != "http.route"));
        assert_eq!(request("_OTHER", "/healthz", 405).name, "HTTP /healthz");
    }
}
