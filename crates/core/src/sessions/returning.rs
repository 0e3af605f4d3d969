//! An anonymous visitor who comes back under a new secret stays who they were (design 4.1).
//!
//! The back end of a page that asks for a session says nothing of who was there before, so the session is made for a
//! newcomer. The widget knows: it presents what it was known by.

use super::error::SessionError;
use super::record::{SecretKind, SecretStanding};
use super::secret::PREFIX;
use super::service::{Presented, SessionService};
use crate::id::UserId;
use crate::secret_text::SecretText;

impl SessionService {
    /// Makes the presented session `earlier`'s, where both are anonymous, it runs here, and nothing was said in it
    /// as yet. In every other case it stays whose it is.
    pub async fn keep_visitor(
        &self,
        presented: &mut Presented,
        earlier: &UserId,
    ) -> Result<(), SessionError> {
        let newcomer = &presented.session.user;
        let may = newcomer.is_anonymous() && earlier.is_anonymous() && newcomer != earlier;
        let here = presented.record.kind == SecretKind::Local && presented.standing == SecretStanding::Live;
        if !may || !here {
            return Ok(());
        }
        let scope = presented.scope();
        if self.store.hand_over_session(&scope, &presented.session.id, earlier).await? {
            presented.session.user = earlier.clone();
        }
        Ok(())
    }

    /// Whose an earlier secret of the same site is, as long as it could be refreshed.
    pub async fn holder_of(
        &self,
        presented: &Presented,
        secret: &str,
    ) -> Result<Option<UserId>, SessionError> {
        if !secret.starts_with(PREFIX) {
            return Ok(None);
        }
        let earlier = match self.present(&SecretText::new(secret)).await {
            Ok(earlier) => earlier,
            Err(SessionError::SecretUnknown) => return Ok(None),
            Err(error) => return Err(error),
        };
        let counts = matches!(earlier.standing, SecretStanding::Live | SecretStanding::Refreshable)
            && earlier.session.site == presented.session.site;
        Ok(counts.then_some(earlier.session.user))
    }
}
