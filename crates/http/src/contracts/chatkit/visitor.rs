//! Who converses: design 4.6, word by word.

use axum::response::Response;
use chatkitd_core::id::{SiteName, UserId};
use chatkitd_core::limits::Decision;
use chatkitd_core::ports::Scope;
use chatkitd_core::secret_text::SecretText;
use chatkitd_core::server::{AgentContext, ChatCaller, Reach};
use chatkitd_core::sessions::{Presented, SecretKind, Session, SessionError};
use chatkitd_core::site::{ChatKitConfiguration, SiteSetting};
use chatkitd_core::workflows::Placement;
use http::{HeaderValue, StatusCode};
use jiff::Timestamp;
use serde_json::Map;

use crate::app::App;
use crate::auth::DEVICE_TOKEN;
use crate::caller::{Call, Caller, Device, not_signed_in, require_live};
use crate::device::set_cookie;
use crate::error::ApiError;
use crate::limits;

/// Which address a request came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::contracts) enum Door {
    /// `/chatkit`: a device is enough.
    Page,
    /// `/v1/chatkit`: only what a bearer proves.
    Bearer,
}

/// Somebody who may converse, once they have a name.
pub(in crate::contracts) struct Recognised<'a> {
    who: Who<'a>,
    workflow: String,
}

enum Who<'a> {
    Secret(&'a Presented),
    User(&'a UserId),
    Device(&'a Device),
    /// Nobody known; and whether they may be given a cookie.
    Newcomer {
        cookie: bool,
    },
}

/// Somebody who may converse.
pub(in crate::contracts) struct Visitor {
    pub(in crate::contracts) caller: ChatCaller,
    pub(in crate::contracts) introduction: Introduction,
}

/// What the answer tells the browser, so that it is known next time.
#[derive(Default)]
pub(in crate::contracts) struct Introduction {
    /// A device token for the page to keep.
    token: Option<SecretText>,
    /// The same for the browser to keep.
    cookie: Option<SecretText>,
    decision: Option<Decision>,
}

/// Who it is, and which workflow answers them. Nothing is counted and nobody named yet.
pub(in crate::contracts) fn recognise<'a>(
    app: &App,
    call: &'a Call,
    door: Door,
) -> Result<Recognised<'a>, ApiError> {
    // Without a database nothing is known of a bearer's secret (design 4.4), and what is said about the
    // workflow is of more help than "not signed in".
    let door = if app.sessions.remembers() { door } else { Door::Page };
    let who = who(call, door)?;
    if let Some(session) = who.session() {
        // It was promised a workflow that ran here. Where that is gone since, what was said is still theirs to
        // read and to delete; the engine refuses what needs an agent.
        return Ok(Recognised { who, workflow: session.workflow.clone() });
    }
    let first = call.site.workflows.first().cloned();
    let workflow = first.ok_or_else(|| SessionError::NoWorkflow(call.site.name.clone()))?;
    match app.sessions.workflows().placement(&call.site.name, &workflow) {
        Some(Placement::Local) => Ok(Recognised { who, workflow }),
        Some(Placement::Hosted) => Err(hosted_needs_cdn(&call.site.name)),
        None => Err(SessionError::NoUpstream.into()),
    }
}

/// What somebody who is known already may touch, and which threads there are for them: runs are watched and stopped
/// by those who have some.
pub(super) fn known(app: &App, call: &Call, door: Door) -> Result<(Scope, Reach), ApiError> {
    let who = who(call, door)?;
    let session = who.session();
    let user = match &who {
        Who::Secret(presented) => &presented.session.user,
        Who::User(user) => user,
        Who::Device(device) => &device.user,
        Who::Newcomer { .. } => return Err(not_signed_in()),
    };
    let reach = match session {
        // Nothing says which runs are theirs; whoever knows the name of one began it.
        None if user.is_placeholder() => Reach::All,
        _ => reach(user, &configuration(call, session), session, app.clock.now()),
    };
    Ok((Scope::User(call.site.name.clone(), user.clone()), reach))
}

fn who(call: &Call, door: Door) -> Result<Who<'_>, ApiError> {
    match &call.caller {
        Caller::Service(_) => Err(ApiError::forbidden(
            "service_key_refused",
            "A service key is no visitor. Create a session with it, and converse with the session's client secret.",
        )),
        Caller::Secret(presented) => {
            require_live(presented)?;
            if matches!(presented.record.kind, SecretKind::Hosted { .. }) {
                return Err(hosted_needs_cdn(&call.site.name));
            }
            Ok(Who::Secret(presented))
        }
        Caller::User(user) => Ok(Who::User(&user.user)),
        Caller::Device(_) | Caller::Nobody if door == Door::Bearer => Err(not_signed_in()),
        Caller::Device(device) => {
            call.require_anonymous()?;
            // A cookie that came by itself, from a page that the site does not vouch for, opens nothing and is
            // not overwritten either: that page has no say in who the visitor is.
            Ok(if call.vouches_for(device) { Who::Device(device) } else { Who::Newcomer { cookie: false } })
        }
        Caller::Nobody => {
            call.require_anonymous()?;
            Ok(Who::Newcomer { cookie: true })
        }
    }
}

fn hosted_needs_cdn(site: &SiteName) -> ApiError {
    let message = format!(
        "This workflow runs at OpenAI, which only ChatKit from OpenAI's CDN can talk to. Load it from there \
         with this client secret, or set {} to a workflow that runs here, such as wf_demo.",
        SiteSetting::Workflows.of(site)
    );
    ApiError::new(StatusCode::CONFLICT, "hosted_needs_cdn", message)
}

impl<'a> Who<'a> {
    fn session(&self) -> Option<&'a Session> {
        match self {
            Self::Secret(presented) => Some(&presented.session),
            Self::User(_) | Self::Device(_) | Self::Newcomer { .. } => None,
        }
    }
}

impl Recognised<'_> {
    /// Counts the request where it is counted, and gives newcomers a name.
    pub(in crate::contracts) async fn admit(
        self,
        app: &App,
        call: &Call,
        locale: Option<String>,
    ) -> Result<Visitor, ApiError> {
        let session = self.who.session();
        let (user, introduction) = self.who.admit(app, call).await?;
        let context = AgentContext {
            site: call.site.name.clone(),
            user,
            session: session.map(|session| session.id.clone()),
            workflow: self.workflow,
            state_variables: session.map(|session| session.state_variables.clone()).unwrap_or_default(),
            configuration: configuration(call, session),
            locale,
            metadata: Map::new(),
        };
        let reach = reach(&context.user, &context.configuration, session, app.clock.now());
        let traced = session.is_none_or(Session::is_traced);
        // OpenAI's `max_files` is for all of a session, and a site's own for each message.
        let promised = session.filter(|session| session.promise.is_some());
        let files_since = promised.map(|session| session.created_at);
        let (base, file_types) = (call.base.clone(), call.site.file_types.clone());
        let caller = ChatCaller { context, base, file_types, reach, traced, files_since };
        Ok(Visitor { caller, introduction })
    }
}

fn configuration(call: &Call, session: Option<&Session>) -> ChatKitConfiguration {
    match session {
        Some(session) => session.configuration_on(&call.site),
        None => call.site.configuration.clone(),
    }
}

/// Which threads there are for a visitor. Where there is no history, a thread of this session works as long as
/// the session does; without a session nothing says since when, and each that is named is found. Whoever has the
/// name that stands for nobody shares it with others, and sees nothing of them.
fn reach(
    user: &UserId,
    configuration: &ChatKitConfiguration,
    session: Option<&Session>,
    now: Timestamp,
) -> Reach {
    let begun = session.map(|session| session.created_at);
    if user.is_placeholder() {
        return Reach::Since(begun.unwrap_or(now));
    }
    if !configuration.shows_history() {
        return Reach::Since(begun.unwrap_or(Timestamp::MIN));
    }
    configuration.recent_threads().map_or(Reach::All, Reach::Newest)
}

impl Who<'_> {
    async fn admit(&self, app: &App, call: &Call) -> Result<(UserId, Introduction), ApiError> {
        let user = match self {
            Self::Newcomer { cookie } => return newcomer(app, call, *cookie).await,
            Self::Secret(presented) => &presented.session.user,
            Self::User(user) => user,
            Self::Device(device) => &device.user,
        };
        app.limit_conversation(&call.site, self.session()).await?;
        let mut introduction = Introduction::default();
        if matches!(self, Self::Device(Device { ageing: true, .. })) {
            introduction.cookie = app.device_token(call, user)?;
            introduction.token = introduction.cookie.clone().filter(|_| call.is_from_elsewhere());
        }
        if matches!(self, Self::Secret(_)) && call.was_known() {
            // A device token outlives the secret.
            introduction.token = app.device_token(call, user)?;
        }
        Ok((user.clone(), introduction))
    }
}

/// A name costs: it is counted against the address it is for.
async fn newcomer(app: &App, call: &Call, cookie: bool) -> Result<(UserId, Introduction), ApiError> {
    call.require_page()?;
    let decision = app.limit_anonymous(&call.site, call.address).await?;
    let user = UserId::mint_anonymous(app.clock.now(), app.rng.as_ref());
    let device = app.device_token(call, &user)?;
    let token = device.clone().filter(|_| call.is_from_elsewhere());
    Ok((user, Introduction { token, cookie: device.filter(|_| cookie), decision }))
}

impl Introduction {
    pub(in crate::contracts) fn write(&self, response: &mut Response, call: &Call) {
        if let Some(cookie) = &self.cookie {
            set_cookie(response, call, cookie);
        }
        if let Some(Ok(token)) = self.token.as_ref().map(|token| HeaderValue::from_str(token.expose())) {
            response.headers_mut().insert(DEVICE_TOKEN, token);
        }
        if let Some(decision) = &self.decision {
            limits::write_headers(response.headers_mut(), decision);
        }
    }
}
