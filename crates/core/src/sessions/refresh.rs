//! A refresh that presents the old secret: the new one takes its place, and whoever else presents the
//! old one within 30 seconds gets the same new one (design 4.2).

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_channel::oneshot;
use jiff::Timestamp;

use super::error::SessionError;
use super::record::{Claim, OVERLAP, Replacement, SecretKind, SecretRecord, SecretStanding, Session, later};
use super::service::{Issued, Presented, SessionService, changed, issued};
use super::upstream::{Opened, UpstreamError};
use crate::lock::lock;
use crate::ports::StoreError;
use crate::secret_text::SecretHash;
use crate::site::Site;

/// How long one request may hold the right to refresh a secret: a little more than an upstream call
/// may take (10 s).
const CLAIM: Duration = Duration::from_secs(12);
/// How long the others wait for it before they give up.
const PATIENCE: Duration = Duration::from_secs(15);
/// How often they look.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Those who wait on this node for the refresh of a secret that another request has begun, by the secret.
#[derive(Default)]
pub(super) struct Refreshing(Mutex<HashMap<SecretHash, Vec<oneshot::Sender<Shared>>>>);

/// What a refresh came to, for those who waited for it. Other failures than the upstream's are each request's own.
type Shared = Result<Issued, UpstreamError>;

impl Refreshing {
    /// Waits in line; `None` for who is the first, and does it.
    fn join(&self, secret: SecretHash) -> Option<oneshot::Receiver<Shared>> {
        let mut waiting = lock(&self.0);
        let Some(line) = waiting.get_mut(&secret) else {
            waiting.insert(secret, Vec::new());
            return None;
        };
        let (sender, receiver) = oneshot::channel();
        line.push(sender);
        Some(receiver)
    }

    fn leave(&self, secret: &SecretHash) -> Vec<oneshot::Sender<Shared>> {
        lock(&self.0).remove(secret).unwrap_or_default()
    }
}

/// Held by the first in line. Dropped before it has told what came of it, it lets the next one try.
struct Turn {
    service: Arc<SessionService>,
    secret: SecretHash,
    /// The line is empty, and who stands there now stands in the next one.
    is_over: bool,
}

impl Turn {
    fn tell(mut self, replaced: &Result<Issued, SessionError>) {
        self.is_over = true;
        for waiting in self.service.refreshing.leave(&self.secret) {
            // Who has gone away needs no answer.
            drop(match replaced {
                Ok(issued) => waiting.send(Ok(issued.clone())),
                Err(SessionError::Upstream(error)) => waiting.send(Err(error.without_cause())),
                Err(_) => continue,
            });
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if !self.is_over {
            self.service.refreshing.leave(&self.secret);
        }
    }
}

impl SessionService {
    /// Replaces the presented secret. Renews the session where its time needs it.
    pub async fn refresh(
        self: &Arc<Self>,
        site: &Site,
        presented: &Presented,
    ) -> Result<Issued, SessionError> {
        match presented.standing {
            SecretStanding::Live | SecretStanding::Refreshable => {}
            SecretStanding::Expired => return Err(SessionError::SecretExpired),
            SecretStanding::Revoked => return Err(SessionError::SecretRevoked),
        }
        if let Some(replacement) = &presented.record.replaced_by {
            return self.same_as_before(presented, replacement).await;
        }
        match presented.record.kind {
            SecretKind::Local => self.replace(site, presented).await,
            SecretKind::Hosted { .. } => self.replace_together(site, presented).await,
        }
    }

    /// One for all on this node who present this secret meanwhile: they share what comes of it, also the failure, or
    /// an upstream that is down would be asked as often as there are callers, one after another.
    async fn replace_together(
        self: &Arc<Self>,
        site: &Site,
        presented: &Presented,
    ) -> Result<Issued, SessionError> {
        while let Some(reply) = self.refreshing.join(presented.record.hash) {
            if let Ok(shared) = reply.await {
                return shared.map_err(SessionError::Upstream);
            }
        }
        let turn = Turn { service: Arc::clone(self), secret: presented.record.hash, is_over: false };
        let (site, presented) = (site.clone(), presented.clone());
        // A caller who goes away must not leave a claim that the others wait for, either.
        let replace = async move {
            let replaced = turn.service.replace_hosted(&site, &presented).await;
            turn.tell(&replaced);
            replaced
        };
        self.to_the_end(replace).await
    }

    /// One upstream call for everybody who refreshes this secret, on every node.
    async fn replace_hosted(&self, site: &Site, presented: &Presented) -> Result<Issued, SessionError> {
        let scope = presented.scope();
        let asked_at = self.clock.monotonic();
        let token = loop {
            let now = self.clock.now();
            match self.store.claim_replacement(&scope, &presented.record.hash, now, later(now, CLAIM)).await?
            {
                Claim::Yours(token) => break token,
                Claim::Replaced(replacement) => return self.same_as_before(presented, &replacement).await,
                Claim::Revoked => return Err(SessionError::SecretRevoked),
                Claim::Held if self.clock.monotonic().saturating_sub(asked_at) >= PATIENCE => {
                    return Err(SessionError::RefreshBusy);
                }
                Claim::Held => self.clock.sleep(LOOK_EVERY).await,
            }
        };
        let replaced = self.replace(site, presented).await;
        if replaced.is_err()
            && let Err(error) = self.store.release_claim(&scope, &presented.record.hash, token).await
        {
            // The claim runs out by itself; until then other refreshes of this secret wait.
            tracing::warn!(error = &error as &dyn std::error::Error, "a refresh claim was not released");
        }
        replaced
    }

    async fn replace(&self, site: &Site, presented: &Presented) -> Result<Issued, SessionError> {
        let change = self.renewal(site, &presented.session)?;
        let session = changed(&presented.session, &change);
        let opened = self.open(site, &session).await?;
        let replacement = self.replacement(presented, &opened)?;
        let old = &presented.record.hash;
        let new = self.new_secret(&opened);
        match self.store.replace_secret(&presented.scope(), old, &replacement, &change, &new).await {
            Ok(None) => Ok(issued(session, opened)),
            Ok(Some(faster)) => {
                self.let_go(&presented.scope(), &opened).await;
                self.same_as_before(presented, &faster).await
            }
            Err(StoreError::Conflict) => {
                self.let_go(&presented.scope(), &opened).await;
                Err(SessionError::SecretRevoked)
            }
            Err(error) => Err(error.into()),
        }
    }

    fn replacement(&self, presented: &Presented, opened: &Opened) -> Result<Replacement, SessionError> {
        let at: Timestamp = self.clock.now();
        let sealed = self
            .sealer
            .seal(&opened.secret, &presented.record.hash, self.rng.as_ref())
            .map_err(|error| SessionError::Store(StoreError::Other(Box::new(error))))?;
        Ok(Replacement { at, overlap_until: later(at, OVERLAP), sealed })
    }

    /// What the first refresh of this secret got.
    async fn same_as_before(&self, presented: &Presented, by: &Replacement) -> Result<Issued, SessionError> {
        if by.overlap_until <= self.clock.now() {
            return Err(SessionError::SecretRevoked);
        }
        let secret = self
            .sealer
            .open(&by.sealed, &presented.record.hash)
            .map_err(|error| SessionError::Store(StoreError::Other(Box::new(error))))?;
        let (record, session) = self.standing_now(&secret.hash()).await?;
        Ok(Issued { session, secret, secret_expires_at: record.expires_at, configuration: None })
    }

    /// A secret and its session as they are now, unless they are revoked.
    async fn standing_now(&self, hash: &SecretHash) -> Result<(SecretRecord, Session), SessionError> {
        let found = self.credentials.client_secret(hash).await?;
        let (record, session) = found.ok_or(SessionError::SecretRevoked)?;
        if record.standing(&session, self.clock.now()) == SecretStanding::Revoked {
            return Err(SessionError::SecretRevoked);
        }
        Ok((record, session))
    }
}
