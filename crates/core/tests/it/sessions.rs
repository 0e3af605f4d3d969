//! `SessionService` on the store in memory: the rules of design 4.1 that take days.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use chatkitd_core::id::{SiteName, UserId};
use chatkitd_core::keys::KeyRing;
use chatkitd_core::ports::{Clock, Rng, Scope};
use chatkitd_core::seal::Sealer;
use chatkitd_core::secret_text::SecretText;
use chatkitd_core::sessions::{
    ClientSecrets, Grant, Issued, LocalUpstream, NewSession, Opened, SecretKind, SessionError, SessionParts,
    SessionService, Upstream, UpstreamError, later,
};
use chatkitd_core::site::Site;
use chatkitd_core::testing::{ManualClock, MemoryStore, SeededRng};
use chatkitd_core::workflows::Workflows;

const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);

struct World {
    service: SessionService,
    clock: Arc<ManualClock>,
    hosted: Arc<Hosted>,
    site: Site,
}

struct Hosted {
    clock: Arc<ManualClock>,
    opened: AtomicU32,
    fails: AtomicBool,
}

#[async_trait]
impl Upstream for Hosted {
    async fn open(&self, _: &Grant<'_>) -> Result<Opened, UpstreamError> {
        if self.fails.load(Ordering::SeqCst) {
            return Err(UpstreamError::TimedOut);
        }
        let number = self.opened.fetch_add(1, Ordering::SeqCst);
        Ok(Opened {
            secret: SecretText::new(format!("ek_hosted_{number}")),
            kind: SecretKind::Hosted { upstream_session: format!("cksess_{number}") },
            expires_at: later(self.clock.now(), Duration::from_secs(600)),
        })
    }
}

fn world() -> World {
    let clock = Arc::new(ManualClock::at_second(1_800_000_000));
    let rng: Arc<dyn Rng> = Arc::new(SeededRng::new(3));
    let ring = KeyRing::new(["secret".into()]).unwrap();
    let store = Arc::new(MemoryStore::default());
    let secrets = Arc::new(ClientSecrets::new(&ring));
    let hosted =
        Arc::new(Hosted { clock: clock.clone(), opened: AtomicU32::new(0), fails: AtomicBool::new(false) });
    let service = SessionService::new(SessionParts {
        store: store.clone(),
        credentials: store,
        secrets: secrets.clone(),
        sealer: Sealer::new(&ring),
        clock: clock.clone(),
        rng: rng.clone(),
        workflows: Workflows::new(BTreeMap::new(), true),
        local: Arc::new(LocalUpstream::new(secrets, clock.clone(), rng)),
        hosted: Some(hosted.clone()),
    });
    let mut site = Site::new(SiteName::default_site());
    site.workflows = vec!["wf_demo".to_owned(), "wf_hosted".to_owned()];
    World { service, clock, hosted, site }
}

fn asked(user: UserId, workflow: &str) -> NewSession {
    NewSession {
        user,
        workflow: Some(workflow.to_owned()),
        any_workflow: false,
        state_variables: None,
        metadata: None,
        configuration: None,
    }
}

impl World {
    async fn issue(&self, workflow: &str) -> Issued {
        let ann = UserId::named("ann").unwrap();
        self.service.issue(&self.site, &asked(ann, workflow)).await.unwrap()
    }

    async fn refresh(&self, secret: &SecretText) -> Result<Issued, SessionError> {
        let presented = self.service.present(secret).await?;
        self.service.refresh(&self.site, &presented).await
    }
}

#[tokio::test]
async fn a_session_is_renewed_only_when_little_of_it_is_left() {
    let world = world();
    let first = world.issue("wf_demo").await;
    world.clock.advance(22 * HOUR);
    let kept = world.issue("wf_demo").await;
    assert_eq!((&kept.session.id, kept.session.expires_at), (&first.session.id, first.session.expires_at));
    world.clock.advance(HOUR);
    let renewed = world.issue("wf_demo").await;
    assert_eq!(renewed.session.id, first.session.id);
    assert_eq!(renewed.session.expires_at, later(world.clock.now(), DAY));
}

#[tokio::test]
async fn of_a_short_session_a_quarter_is_little() {
    let mut world = world();
    world.site.lifetimes.session = Duration::from_secs(400);
    let first = world.issue("wf_demo").await;
    world.clock.advance(Duration::from_secs(299));
    assert_eq!(world.issue("wf_demo").await.session.expires_at, first.session.expires_at);
    world.clock.advance(Duration::from_secs(1));
    assert!(world.issue("wf_demo").await.session.expires_at > first.session.expires_at);
}

#[tokio::test]
async fn a_session_is_renewed_for_thirty_days_and_then_a_new_one_takes_its_place() {
    let world = world();
    let first = world.issue("wf_demo").await;
    let mut last = first.clone();
    while last.session.id == first.session.id {
        assert!(last.session.expires_at <= first.session.renewable_until());
        world.clock.advance(DAY - HOUR / 2);
        last = world.issue("wf_demo").await;
    }
    assert!(world.clock.now() > later(first.session.created_at, 29 * DAY));
}

#[tokio::test]
async fn a_refresh_past_thirty_days_is_refused() {
    let world = world();
    let mut issued = world.issue("wf_demo").await;
    let end = issued.session.renewable_until();
    loop {
        world.clock.advance(20 * HOUR);
        match world.refresh(&issued.secret).await {
            Ok(fresh) => issued = fresh,
            Err(error) => {
                assert!(matches!(error, SessionError::SessionTooOld), "{error}");
                break;
            }
        }
    }
    assert!(world.clock.now() >= end);
}

#[tokio::test]
async fn a_secret_never_outlives_its_session() {
    let mut world = world();
    world.site.lifetimes.session = Duration::from_secs(60);
    let issued = world.issue("wf_demo").await;
    assert_eq!(issued.secret_expires_at, issued.session.expires_at);
}

#[tokio::test]
async fn another_workflow_is_another_session() {
    let world = world();
    assert_ne!(world.issue("wf_demo").await.session.id, world.issue("wf_hosted").await.session.id);
}

#[tokio::test]
async fn a_refresh_that_fails_upstream_can_be_tried_again_at_once() {
    let world = world();
    let issued = world.issue("wf_hosted").await;
    world.hosted.fails.store(true, Ordering::SeqCst);
    let failed = world.refresh(&issued.secret).await.unwrap_err();
    assert!(matches!(failed, SessionError::Upstream(UpstreamError::TimedOut)));
    world.hosted.fails.store(false, Ordering::SeqCst);
    assert_eq!(world.refresh(&issued.secret).await.unwrap().secret.expose(), "ek_hosted_1");
}

#[tokio::test]
async fn a_session_revoked_during_an_overlap_gives_its_secret_to_nobody() {
    let world = world();
    let issued = world.issue("wf_demo").await;
    world.refresh(&issued.secret).await.unwrap();
    let scope = Scope::User(issued.session.site.clone(), issued.session.user.clone());
    world.service.revoke(&scope, &issued.session.id, "operator".to_owned()).await.unwrap();
    let refused = world.refresh(&issued.secret).await.unwrap_err();
    assert!(matches!(refused, SessionError::SecretRevoked), "{refused}");
}
