//! `chatkitd audit`: who did what to keys, sessions and threads.

use std::path::Path;

use chatkitd_core::sessions::AuditAction;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use serde_json::json;

use super::CommandResult;
use super::operator::{Operator, Target, say_harmlessly};

/// Read the audit log
#[derive(clap::Subcommand)]
pub(super) enum AuditCommand {
    /// List what was done, the newest first
    List {
        /// How many at the most
        #[arg(long, default_value_t = 50)]
        limit: u32,
        /// Only what was done in this way
        #[arg(long, value_parser = action())]
        action: Option<AuditAction>,
        /// As JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        target: Target,
    },
}

fn action() -> impl TypedValueParser<Value = AuditAction> {
    PossibleValuesParser::new(AuditAction::ALL.map(AuditAction::as_str))
        .try_map(|word| AuditAction::parse(&word).ok_or("no such action"))
}

pub(super) async fn run(config: Option<&Path>, command: &AuditCommand) -> CommandResult {
    let AuditCommand::List { limit, action, json, target } = command;
    let operator = Operator::open_existing(config, target).await?;
    for entry in operator.store.audit_log(&operator.scope(), *action, *limit).await? {
        let (at, action) = (entry.at, entry.action.as_str());
        let line = if *json {
            let row = json!({"at": at.to_string(), "site": entry.site, "actor": entry.actor, "action": action, "target": entry.target});
            row.to_string()
        } else {
            format!("{at}  {action}  {}  by {}", entry.target, entry.actor)
        };
        say_harmlessly(&line)?;
    }
    operator.close().await;
    Ok(())
}
