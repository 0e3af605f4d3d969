//! `chatkitd sessions`: what operators may see and end.

use std::path::Path;

use chatkitd_core::id::SessionId;
use chatkitd_core::ports::{Clock as _, StoreError};
use chatkitd_core::sessions::{AuditAction, Session};
use serde_json::{Value, json};

use super::CommandResult;
use super::operator::{Operator, Target, say, say_harmlessly};

/// How many sessions one query brings.
const PAGE: u32 = 100;

/// List, show and revoke sessions
#[derive(clap::Subcommand)]
pub(super) enum SessionsCommand {
    /// List sessions, the newest first
    List {
        /// How many at the most
        #[arg(long, default_value_t = 50)]
        limit: u32,
        /// As JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        target: Target,
    },
    /// Show one session, as JSON
    Show {
        /// The session's id, `cksess_…`
        id: String,
        #[command(flatten)]
        target: Target,
    },
    /// End a session; all its secrets stop at once
    Revoke {
        /// The session's id, `cksess_…`
        id: String,
        #[command(flatten)]
        target: Target,
    },
}

pub(super) async fn run(config: Option<&Path>, command: SessionsCommand) -> CommandResult {
    match command {
        SessionsCommand::List { limit, json, target } => {
            list(Operator::open_existing(config, &target).await?, limit, json).await
        }
        SessionsCommand::Show { id, target } => {
            show(Operator::open_existing(config, &target).await?, &id).await
        }
        SessionsCommand::Revoke { id, target } => {
            revoke(Operator::open_existing(config, &target).await?, &id).await
        }
    }
}

async fn list(operator: Operator, limit: u32, as_json: bool) -> CommandResult {
    let mut left = limit;
    let mut after = None;
    while left > 0 {
        let page = operator.store.sessions(&operator.scope(), after.as_ref(), left.min(PAGE)).await?;
        for session in &page.sessions {
            let row = describe(&operator, session);
            if as_json {
                say(&row.to_string())?;
            } else {
                let text = |field: &str| row[field].as_str().unwrap_or_default().to_owned();
                say_harmlessly(&format!(
                    "{}  {}  {}  {}  {}",
                    session.id,
                    text("status"),
                    text("expires_at"),
                    text("workflow"),
                    text("user")
                ))?;
            }
        }
        left = left.saturating_sub(u32::try_from(page.sessions.len()).unwrap_or(left));
        after = page.sessions.last().map(|session| session.id.clone());
        if !page.has_more {
            break;
        }
    }
    operator.close().await;
    Ok(())
}

fn describe(operator: &Operator, session: &Session) -> Value {
    json!({
        "id": session.id,
        "site": session.site,
        "user": session.user,
        "workflow": session.workflow,
        "status": session.status(operator.clock.now()).as_str(),
        "created_at": session.created_at.to_string(),
        "expires_at": session.expires_at.to_string(),
        "revoked_at": session.revoked_at.map(|at| at.to_string()),
        "state_variables": session.state_variables,
        "metadata": session.metadata,
        "configuration": session.configuration_on(&operator.site),
    })
}

async fn show(operator: Operator, id: &str) -> CommandResult {
    let id = parse(id)?;
    let session = operator.store.session(&operator.scope(), &id).await?;
    let session = session.ok_or_else(|| format!("site {} has no session {id}", operator.site.name))?;
    say(&serde_json::to_string_pretty(&describe(&operator, &session))?)?;
    operator.close().await;
    Ok(())
}

async fn revoke(operator: Operator, id: &str) -> CommandResult {
    let id = parse(id)?;
    let audit = operator.audit(AuditAction::SessionRevoked, id.as_str());
    match operator.store.revoke_session(&operator.scope(), &id, operator.clock.now(), &audit).await {
        Err(StoreError::NotFound) => {
            return Err(format!("site {} has no session {id}", operator.site.name).into());
        }
        revoked => revoked?,
    }
    operator.close().await;
    Ok(())
}

fn parse(id: &str) -> Result<SessionId, &'static str> {
    SessionId::parse(id).ok_or("this is not a session's id; chatkitd sessions list shows them")
}
