//! `chatkitd keys`: what trusted servers present.

use std::env::VarError;
use std::io::Read as _;
use std::path::Path;

use chatkitd_core::id::ServiceKeyId;
use chatkitd_core::ports::{Clock as _, StoreError};
use chatkitd_core::secret_text::SecretText;
use chatkitd_core::service_keys::{MIN_IMPORTED_CHARS, ServiceKey, is_guessable};
use chatkitd_core::sessions::AuditAction;
use serde_json::json;

use super::CommandResult;
use super::operator::{Operator, Target, say, say_harmlessly};
use crate::rng::SystemRng;

/// Create, import, list and revoke service keys
#[derive(clap::Subcommand)]
pub(super) enum KeysCommand {
    /// Make a key and print it, once
    Create {
        /// What you call it
        #[arg(long, default_value = "")]
        name: String,
        #[command(flatten)]
        target: Target,
    },
    /// Take over a key that your servers hold already; only its hash is kept
    Import {
        /// What you call it
        #[arg(long, default_value = "")]
        name: String,
        /// Read the key from this environment variable [default: from standard input]
        #[arg(long, value_name = "VARIABLE")]
        from_env: Option<String>,
        #[command(flatten)]
        target: Target,
    },
    /// List the keys of a site
    List {
        /// As JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        target: Target,
    },
    /// Revoke a key; it stops working at once
    Revoke {
        /// The key's id, `key_…`
        id: String,
        #[command(flatten)]
        target: Target,
    },
}

pub(super) async fn run(config: Option<&Path>, command: KeysCommand) -> CommandResult {
    match command {
        KeysCommand::Create { name, target } => create(Operator::open(config, &target).await?, &name).await,
        KeysCommand::Import { name, from_env, target } => {
            let text = read_key(from_env.as_deref())?;
            import(Operator::open(config, &target).await?, &name, &text, target.is_dev()).await
        }
        KeysCommand::List { json, target } => {
            list(Operator::open_existing(config, &target).await?, json).await
        }
        KeysCommand::Revoke { id, target } => {
            revoke(Operator::open_existing(config, &target).await?, &id).await
        }
    }
}

async fn create(operator: Operator, name: &str) -> CommandResult {
    let (key, text) =
        ServiceKey::mint(operator.site.name.clone(), name, operator.clock.now(), &SystemRng::default());
    let audit = operator.audit(AuditAction::KeyCreated, key.id.as_str());
    operator.store.create_service_key(&operator.scope(), &key, &text.hash(), &audit).await?;
    say(text.expose())?;
    note(&format!("This is {} of site {}. It is shown once and kept as a hash.", key.id, key.site));
    operator.close().await;
    Ok(())
}

async fn import(operator: Operator, name: &str, text: &SecretText, is_dev: bool) -> CommandResult {
    let import = if is_dev { ServiceKey::import_for_trial } else { ServiceKey::import };
    let key = import(operator.site.name.clone(), name, text, operator.clock.now(), &SystemRng::default())?;
    if is_guessable(text) {
        note(&format!(
            "Anybody could guess this key: it has fewer than {MIN_IMPORTED_CHARS} characters. Revoke it before others can \
             reach the server."
        ));
    }
    let audit = operator.audit(AuditAction::KeyImported, key.id.as_str());
    match operator.store.create_service_key(&operator.scope(), &key, &text.hash(), &audit).await {
        Err(StoreError::Conflict) => return Err("this key is there already; see chatkitd keys list".into()),
        created => created?,
    }
    say(key.id.as_str())?;
    operator.close().await;
    Ok(())
}

fn read_key(from_env: Option<&str>) -> Result<SecretText, Box<dyn std::error::Error + Send + Sync>> {
    let text = match from_env {
        Some(name) => std::env::var(name).map_err(|error| match error {
            VarError::NotPresent => format!("{name} is not set"),
            // The error itself quotes the key.
            VarError::NotUnicode(_) => format!("{name} is not UTF-8"),
        })?,
        None => {
            let mut text = String::new();
            std::io::stdin().take(16 * 1024).read_to_string(&mut text)?;
            text
        }
    };
    Ok(SecretText::new(text.trim()))
}

async fn list(operator: Operator, as_json: bool) -> CommandResult {
    for key in operator.store.service_keys(&operator.scope()).await? {
        let revoked = key.revoked_at.map(|at| at.to_string());
        if as_json {
            let row = json!({
                "id": key.id, "site": key.site, "name": key.name, "hint": key.hint,
                "created_at": key.created_at.to_string(), "revoked_at": revoked,
            });
            say(&row.to_string())?;
        } else {
            let state = revoked.map_or_else(|| "active".to_owned(), |at| format!("revoked {at}"));
            say_harmlessly(&format!("{}  …{}  {}  {state}  {}", key.id, key.hint, key.created_at, key.name))?;
        }
    }
    operator.close().await;
    Ok(())
}

async fn revoke(operator: Operator, id: &str) -> CommandResult {
    let id = ServiceKeyId::parse(id).ok_or("this is not a key's id; chatkitd keys list shows them")?;
    let audit = operator.audit(AuditAction::KeyRevoked, id.as_str());
    match operator.store.revoke_service_key(&operator.scope(), &id, operator.clock.now(), &audit).await {
        Err(StoreError::NotFound) => {
            let site = &operator.site.name;
            return Err(format!("site {site} has no key {id}; name the key's own site with --site").into());
        }
        revoked => revoked?,
    }
    operator.close().await;
    Ok(())
}

/// Words beside the key: to standard error, so that the key alone can be piped on.
#[expect(clippy::print_stderr, reason = "standard output is the key's alone")]
fn note(text: &str) {
    eprintln!("{text}");
}
