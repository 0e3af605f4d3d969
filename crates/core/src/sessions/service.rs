//! Issues, refreshes and revokes: the rules of design 4.1 and 4.2.

use std::sync::Arc;
use std::time::Duration;

use futures_channel::oneshot;
use jiff::Timestamp;
use serde_json::{Map, Value};
use tracing::Instrument as _;

use super::error::SessionError;
use super::record::{
    AuditAction, AuditEntry, NewSecret, Promise, SecretKind, SecretRecord, SecretStanding, Session,
    SessionChange, SessionStatus, later,
};
use super::refresh::Refreshing;
use super::secret::ClientSecrets;
use super::upstream::{Grant, Opened, Upstream};
use crate::id::{SessionId, SiteName, UserId};
use crate::ports::{Clock, Credentials, Rng, Scope, Spawner, Store, StoreError};
use crate::seal::Sealer;
use crate::secret_text::SecretText;
use crate::site::{ChatKitConfiguration, Site};
use crate::workflows::{self, Placement, Workflows};

/// Below this much time left, a session is renewed (or a quarter of its lifetime, if that is less).
const RENEW_BELOW: Duration = Duration::from_secs(3600);
/// How often a session is looked for and made, when others are at the same: twice is enough for an upstream whose
/// secrets are new each time.
const ISSUE_TRIES: u32 = 3;

/// Everything that happens to sessions.
pub struct SessionService {
    pub(super) store: Arc<dyn Store>,
    pub(super) credentials: Arc<dyn Credentials>,
    pub(super) secrets: Arc<ClientSecrets>,
    pub(super) sealer: Sealer,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) rng: Arc<dyn Rng>,
    pub(super) spawner: Arc<dyn Spawner>,
    workflows: Workflows,
    local: Arc<dyn Upstream>,
    hosted: Option<Arc<dyn Upstream>>,
    pub(super) refreshing: Refreshing,
}

/// What [`SessionService`] is made of.
#[derive(Clone)]
pub struct SessionParts {
    /// Where sessions are kept.
    pub store: Arc<dyn Store>,
    /// Where secrets are looked up.
    pub credentials: Arc<dyn Credentials>,
    /// Reads local secrets.
    pub secrets: Arc<ClientSecrets>,
    /// Seals what replaced a secret.
    pub sealer: Sealer,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub rng: Arc<dyn Rng>,
    /// Brings to its end what others wait for, too.
    pub spawner: Arc<dyn Spawner>,
    /// What can answer.
    pub workflows: Workflows,
    /// Mints secrets for workflows that run here.
    pub local: Arc<dyn Upstream>,
    /// Mints secrets at `OpenAI`, where a key is set.
    pub hosted: Option<Arc<dyn Upstream>>,
}

/// What a caller, whose user is settled already, asks for.
#[derive(Clone, Debug)]
pub struct NewSession {
    /// Whose session it will be.
    pub user: UserId,
    /// The workflow asked for; `None`: the site's default.
    pub workflow: Option<String>,
    /// Whether the caller is a trusted server (a service key): it may ask for a workflow outside the site's
    /// list, and for what the site's configuration leaves open.
    pub trusted: bool,
    /// State variables; `None`: none were sent.
    pub state_variables: Option<Map<String, Value>>,
    /// Metadata; `None`: none was sent.
    pub metadata: Option<Map<String, Value>>,
    /// The configuration asked for; `None`: none was sent.
    pub configuration: Option<ChatKitConfiguration>,
    /// What a service key promises over REST; `None` for the session contracts.
    pub promise: Option<Promise>,
}

/// A session and a fresh secret that opens it.
#[derive(Clone, Debug)]
pub struct Issued {
    /// The session as it is now.
    pub session: Session,
    /// The secret.
    pub secret: SecretText,
    /// When the secret stops.
    pub secret_expires_at: Timestamp,
    /// `chatkit_configuration` as the upstream says that it holds; `None`: as the session has it.
    pub configuration: Option<Map<String, Value>>,
}

/// A client secret that this server knows, with its session, as they are now.
#[derive(Clone, Debug)]
pub struct Presented {
    /// The secret's record.
    pub record: SecretRecord,
    /// The session it opens.
    pub session: Session,
    /// What it is good for.
    pub standing: SecretStanding,
}

impl Presented {
    /// The scope its holder acts in.
    pub fn scope(&self) -> Scope {
        Scope::User(self.session.site.clone(), self.session.user.clone())
    }
}

impl SessionService {
    /// A service of these parts.
    pub fn new(parts: SessionParts) -> Self {
        Self {
            store: parts.store,
            credentials: parts.credentials,
            secrets: parts.secrets,
            sealer: parts.sealer,
            clock: parts.clock,
            rng: parts.rng,
            spawner: parts.spawner,
            workflows: parts.workflows,
            local: parts.local,
            hosted: parts.hosted,
            refreshing: Refreshing::default(),
        }
    }

    /// What can answer here.
    pub fn workflows(&self) -> &Workflows {
        &self.workflows
    }

    /// Whether anything outlives the request (design 4.4, "no database").
    pub fn remembers(&self) -> bool {
        self.store.remembers()
    }

    /// Refuses what no secret can be issued for, as far as that shows without asking anybody: no workflow that the site
    /// offers, or nothing that answers for it.
    pub fn check(&self, site: &Site, asked: &NewSession) -> Result<(), SessionError> {
        let workflow = self.choose_workflow(site, asked)?;
        self.upstream(&site.name, &workflow).map(|_| ())
    }

    /// Issues a secret to the user: of a session that can be reused, or of a new one. What is promised over REST
    /// is promised to a session of its own.
    pub async fn issue(self: &Arc<Self>, site: &Site, asked: &NewSession) -> Result<Issued, SessionError> {
        let workflow = self.choose_workflow(site, asked)?;
        if self.workflows.placement(&site.name, &workflow) != Some(Placement::Hosted) {
            return self.find_or_create(site, asked, &workflow).await;
        }
        let (service, site, asked) = (Arc::clone(self), site.clone(), asked.clone());
        self.to_the_end(async move { service.find_or_create(&site, &asked, &workflow).await }).await
    }

    async fn find_or_create(
        &self,
        site: &Site,
        asked: &NewSession,
        workflow: &str,
    ) -> Result<Issued, SessionError> {
        // Nobody is to get a session of somebody else who goes by the same name.
        if asked.promise.is_some() || asked.user.is_anonymous() || asked.user.is_placeholder() {
            return self.create(site, asked, workflow).await;
        }
        // Goes round again only when another request made the session, or ended it, between the look and the write.
        for _ in 0..ISSUE_TRIES {
            let issued = match self.standing_session(site, asked, workflow).await? {
                // Two tabs at this moment get a new one each; whoever comes later gets the newest.
                Some(session) if self.is_about_to_end(site, &session) => {
                    Some(self.create(site, asked, workflow).await?)
                }
                Some(session) => self.reuse(site, asked, &session).await?,
                None => self.create_unless_made(site, asked, workflow).await?,
            };
            if let Some(issued) = issued {
                return Ok(issued);
            }
        }
        Err(SessionError::Store(StoreError::Conflict))
    }

    /// A fresh secret for a session whose owner proved themselves other than by a secret of it.
    pub async fn reissue(
        self: &Arc<Self>,
        site: &Site,
        scope: &Scope,
        id: &SessionId,
    ) -> Result<Issued, SessionError> {
        let session = self.store.session(scope, id).await?.ok_or(SessionError::NotFound)?;
        let change = self.renewal(site, &session)?;
        let (service, site, scope) = (Arc::clone(self), site.clone(), scope.clone());
        self.to_the_end(async move { service.extend(&site, &scope, &session, change).await }).await
    }

    /// Does what opens an upstream session in a task of its own: a caller who goes away must not leave one that nobody
    /// holds.
    pub(super) async fn to_the_end(
        &self,
        work: impl Future<Output = Result<Issued, SessionError>> + Send + 'static,
    ) -> Result<Issued, SessionError> {
        let (replied, reply) = oneshot::channel();
        // Where nobody waits any more, the answer is dropped.
        let work = async move { drop(replied.send(work.await)) };
        self.spawner.spawn(Box::pin(work.in_current_span()));
        reply.await.map_err(|_| SessionError::Aborted)?
    }

    /// Looks a client secret up. A local one is verified before the store is asked, so that forgeries cost no
    /// query; unless the hosted upstream is another chatkitd, whose secrets look the same.
    pub async fn present(&self, secret: &SecretText) -> Result<Presented, SessionError> {
        let not_ours = ClientSecrets::looks_local(secret) && self.secrets.read(secret).is_none();
        if not_ours && (self.hosted.is_none() || !self.secrets.is_of_another_chatkitd(secret)) {
            return Err(SessionError::SecretUnknown);
        }
        let found = self.credentials.client_secret(&secret.hash()).await?;
        let (record, session) = found.ok_or(SessionError::SecretUnknown)?;
        if not_ours && record.kind == SecretKind::Local {
            return Err(SessionError::SecretUnknown);
        }
        let standing = record.standing(&session, self.clock.now());
        Ok(Presented { record, session, standing })
    }

    /// One session of the scope.
    pub async fn find(&self, scope: &Scope, id: &SessionId) -> Result<Session, SessionError> {
        self.store.session(scope, id).await?.ok_or(SessionError::NotFound)
    }

    /// Ends a session: all its secrets stop at once, on every node.
    pub async fn revoke(&self, scope: &Scope, id: &SessionId, actor: String) -> Result<(), SessionError> {
        let at = self.clock.now();
        let audit = AuditEntry {
            at,
            site: scope.site().clone(),
            actor,
            action: AuditAction::SessionRevoked,
            target: id.to_string(),
        };
        Ok(self.store.revoke_session(scope, id, at, &audit).await?)
    }

    fn choose_workflow(&self, site: &Site, asked: &NewSession) -> Result<String, SessionError> {
        let nothing = || SessionError::NoWorkflow(site.name.clone());
        match &asked.workflow {
            None => site.workflows.first().cloned().ok_or_else(nothing),
            Some(id) if site.workflows.contains(id) => Ok(id.clone()),
            Some(id) if asked.trusted && self.is_known(site, id) => Ok(id.clone()),
            Some(_) if site.workflows.is_empty() => Err(nothing()),
            Some(_) => Err(SessionError::WorkflowNotAllowed(site.name.clone())),
        }
    }

    /// Whether something may answer for an id that stands on no list: a hosted one shows only upstream.
    fn is_known(&self, site: &Site, workflow: &str) -> bool {
        workflow.len() <= workflows::MAX_ID_BYTES && self.workflows.placement(&site.name, workflow).is_some()
    }

    fn upstream(&self, site: &SiteName, workflow: &str) -> Result<&dyn Upstream, SessionError> {
        match self.workflows.placement(site, workflow) {
            Some(Placement::Local) if self.store.remembers() => Ok(self.local.as_ref()),
            Some(Placement::Local) => Err(SessionError::NeedsDatabase),
            Some(Placement::Hosted) => self.hosted.as_deref().ok_or(SessionError::NoUpstream),
            None => Err(SessionError::NoUpstream),
        }
    }

    async fn create(&self, site: &Site, asked: &NewSession, workflow: &str) -> Result<Issued, SessionError> {
        let session = self.new_session(site, asked, workflow);
        let opened = self.open(site, &session).await?;
        self.store.create_session(&owner(&session), &session, &self.new_secret(&opened)).await?;
        Ok(issued(session, opened))
    }

    /// A session for a user who has none for this workflow. `None`: another request was faster, and theirs is the one
    /// to use.
    async fn create_unless_made(
        &self,
        site: &Site,
        asked: &NewSession,
        workflow: &str,
    ) -> Result<Option<Issued>, SessionError> {
        let session = self.new_session(site, asked, workflow);
        let opened = self.open(site, &session).await?;
        let (scope, secret) = (owner(&session), self.new_secret(&opened));
        if self.store.find_or_create_session(&scope, &session, &secret).await?.is_some() {
            self.let_go(&scope, &opened).await;
            return Ok(None);
        }
        Ok(Some(issued(session, opened)))
    }

    fn new_session(&self, site: &Site, asked: &NewSession, workflow: &str) -> Session {
        let now = self.clock.now();
        Session {
            id: SessionId::mint(now, self.rng.as_ref()),
            site: site.name.clone(),
            user: asked.user.clone(),
            workflow: workflow.to_owned(),
            state_variables: asked.state_variables.clone().unwrap_or_default(),
            metadata: asked.metadata.clone().unwrap_or_default(),
            configuration: kept_configuration(site, asked),
            promise: asked.promise.clone(),
            created_at: now,
            expires_at: later(now, lifetime(site, &asked.user)),
            revoked_at: None,
        }
    }

    /// The user's session for this workflow, where one stands.
    async fn standing_session(
        &self,
        site: &Site,
        asked: &NewSession,
        workflow: &str,
    ) -> Result<Option<Session>, SessionError> {
        let scope = Scope::User(site.name.clone(), asked.user.clone());
        Ok(self.store.reusable_session(&scope, workflow, self.clock.now()).await?)
    }

    /// Whether little is left of it and no more can be had. Given out again, it would last ever shorter, and its secrets
    /// with it.
    fn is_about_to_end(&self, site: &Site, session: &Session) -> bool {
        let last_end = session.expires_at.max(session.renewable_until());
        last_end <= self.renewed_before(lifetime(site, &session.user))
    }

    /// The user's session with a fresh secret (design 4.1, reuse). `None`: it was revoked since it was looked up.
    async fn reuse(
        &self,
        site: &Site,
        asked: &NewSession,
        session: &Session,
    ) -> Result<Option<Issued>, SessionError> {
        let renewal = self.renewal(site, session)?;
        let change = SessionChange {
            state_variables: asked.state_variables.clone(),
            metadata: asked.metadata.clone(),
            configuration: asked.configuration.is_some().then(|| kept_configuration(site, asked)),
            ..renewal
        };
        match self.extend(site, &owner(session), session, change).await {
            Ok(issued) => Ok(Some(issued)),
            Err(SessionError::Store(StoreError::Conflict)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// What a session's time needs: nothing while enough is left, else a new end, 30 days after the
    /// creation at most. One that stands and can be had no longer goes on to its end.
    pub(super) fn renewal(&self, site: &Site, session: &Session) -> Result<SessionChange, SessionError> {
        let now = self.clock.now();
        if session.status(now) == SessionStatus::Revoked {
            return Err(SessionError::SessionRevoked);
        }
        let lifetime = lifetime(site, &session.user);
        if self.renewed_before(lifetime) < session.expires_at {
            return Ok(SessionChange::default());
        }
        let expires_at = later(now, lifetime).min(session.renewable_until());
        if expires_at <= session.expires_at && now < session.expires_at {
            return Ok(SessionChange::default());
        }
        if expires_at <= now {
            return Err(SessionError::SessionTooOld);
        }
        Ok(SessionChange { expires_at: Some(expires_at), ..SessionChange::default() })
    }

    /// Sessions of this lifetime that end by then have little time left.
    fn renewed_before(&self, lifetime: Duration) -> Timestamp {
        later(self.clock.now(), RENEW_BELOW.min(lifetime / 4))
    }

    async fn extend(
        &self,
        site: &Site,
        scope: &Scope,
        session: &Session,
        change: SessionChange,
    ) -> Result<Issued, SessionError> {
        let opened = self.open(site, &changed(session, &change)).await?;
        let added = self.store.add_secret(scope, &session.id, &change, &self.new_secret(&opened)).await;
        if let Err(StoreError::Conflict) = added {
            self.let_go(scope, &opened).await;
        }
        Ok(issued(added?, opened))
    }

    /// Has an upstream session cancelled that was opened for nothing: what was to hold it was revoked or replaced
    /// meanwhile. Where that cannot be noted it ends by itself, after ten minutes at most.
    pub(super) async fn let_go(&self, scope: &Scope, opened: &Opened) {
        let SecretKind::Hosted { upstream_session } = &opened.kind else { return };
        let now = self.clock.now();
        if let Err(error) = self.store.cancel_upstream_session(scope, upstream_session, now).await {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "an upstream session is left to end by itself"
            );
        }
    }

    pub(super) async fn open(&self, site: &Site, session: &Session) -> Result<Opened, SessionError> {
        let upstream = self.upstream(&session.site, &session.workflow)?;
        let configuration = session.configuration_on(site).to_map();
        let left = session.expires_at.duration_since(self.clock.now());
        let grant = Grant {
            session,
            secret_lifetime: session.secret_lifetime(site).min(left.try_into().unwrap_or_default()),
            max_requests_per_1_minute: session.max_requests_per_1_minute(site),
            configuration: &configuration,
        };
        Ok(upstream.open(&grant).await?)
    }

    pub(super) fn new_secret(&self, opened: &Opened) -> NewSecret {
        NewSecret {
            hash: opened.secret.hash(),
            kind: opened.kind.clone(),
            issued_at: self.clock.now(),
            expires_at: opened.expires_at,
        }
    }
}

pub(super) fn issued(session: Session, opened: Opened) -> Issued {
    Issued {
        session,
        secret: opened.secret,
        secret_expires_at: opened.expires_at,
        configuration: opened.configuration,
    }
}

/// `session` as it will be after `change`: an upstream is told the new state before it is stored.
pub(super) fn changed(session: &Session, change: &SessionChange) -> Session {
    let mut session = session.clone();
    if let Some(expires_at) = change.expires_at {
        session.expires_at = expires_at;
    }
    if let Some(state_variables) = &change.state_variables {
        session.state_variables.clone_from(state_variables);
    }
    if let Some(metadata) = &change.metadata {
        session.metadata.clone_from(metadata);
    }
    if let Some(configuration) = &change.configuration {
        session.configuration.clone_from(configuration);
    }
    session
}

fn owner(session: &Session) -> Scope {
    Scope::User(session.site.clone(), session.user.clone())
}

fn lifetime(site: &Site, user: &UserId) -> Duration {
    if user.is_anonymous() { site.lifetimes.anonymous_session } else { site.lifetimes.session }
}

/// What a new session keeps of the configuration that was asked for. Over REST all of it is promised, the defaults
/// too. Otherwise it is only what was asked: what the site says is looked up whenever the session is used, so that
/// it reaches the session when it changes.
fn kept_configuration(site: &Site, asked: &NewSession) -> Map<String, Value> {
    let configuration = asked.configuration.clone().unwrap_or_default();
    let kept = match (&asked.promise, asked.trusted) {
        (Some(_), _) => site.configuration.resolve(&configuration).with_defaults(),
        (None, true) => configuration,
        (None, false) => configuration.narrowing(&site.configuration),
    };
    kept.to_map()
}
