//! What a running server cannot change: it holds addresses, files, connections and keys.

use secrecy::{ExposeSecret as _, SecretString};

use super::{Database, Settings};

impl Settings {
    /// Puts back what only a restart changes, and names what was changed of it.
    pub(crate) fn keep_what_needs_a_restart(&mut self, old: &Self) -> Vec<&'static str> {
        let mut kept = Kept::default();
        kept.keep("CHATKITD_LISTEN", &old.listen, &mut self.listen, Clone::clone);
        kept.keep("CHATKITD_ADMIN_LISTEN", &old.admin_listen, &mut self.admin_listen, Clone::clone);
        kept.keep("CHATKITD_DATA_DIR", &old.data_dir, &mut self.data_dir, Clone::clone);
        kept.keep("CHATKITD_DATABASE_URL", &old.database, &mut self.database, address);
        kept.keep("CHATKITD_DURABILITY", &old.durability, &mut self.durability, Clone::clone);
        kept.keep("CHATKITD_REDIS_URL", &old.redis_url, &mut self.redis_url, |url| url.as_ref().map(exposed));
        kept.keep("CHATKITD_LIMITER", &old.limiter, &mut self.limiter, Clone::clone);
        self.keep_secrets(old, &mut kept);
        // Keys show as such in it, so a new secret alone is not noticed; its name is new, too.
        kept.keep("CHATKITD_ATTACHMENTS", &old.attachments, &mut self.attachments, |files| {
            format!("{files:?}")
        });
        kept.keep("CHATKITD_LOG", &old.log, &mut self.log, Clone::clone);
        kept.keep("CHATKITD_LOG_FORMAT", &old.log_format, &mut self.log_format, Clone::clone);
        kept.keep("CHATKITD_SHUTDOWN_GRACE", &old.shutdown_grace, &mut self.shutdown_grace, Clone::clone);
        kept.keep("OTEL_EXPORTER_OTLP_ENDPOINT", &old.otlp_endpoint, &mut self.otlp_endpoint, Clone::clone);
        kept.keep("OTEL_SERVICE_NAME", &old.otlp_service_name, &mut self.otlp_service_name, Clone::clone);
        kept.0
    }

    fn keep_secrets(&mut self, old: &Self, kept: &mut Kept) {
        let all = |settings: &Self| settings.secrets.iter().map(exposed).collect::<Vec<_>>();
        let set = |settings: &Self| if settings.signs_with_openai_key { Vec::new() } else { all(settings) };
        if set(self) != set(old) {
            kept.0.push("CHATKIT_SECRET");
        } else if self.signs_with_openai_key && old.signs_with_openai_key && all(self) != all(old) {
            // For calls to OpenAI the new one is in force.
            self.warnings.push(OPENAI_KEY_SIGNS.to_owned());
        }
        self.secrets.clone_from(&old.secrets);
        self.signs_with_openai_key = old.signs_with_openai_key;
    }
}

const OPENAI_KEY_SIGNS: &str = "OPENAI_API_KEY was changed, and CHATKIT_SECRET is not set: the old key goes on signing device cookies until the \
     restart, which makes all of them invalid, so that anonymous visitors begin anew; to keep them, set CHATKIT_SECRET to \
     a new secret, a comma and the old key before you restart";

#[derive(Default)]
struct Kept(Vec<&'static str>);

impl Kept {
    /// `same` gives of a value what tells it from another one.
    fn keep<T: Clone, S: PartialEq>(
        &mut self,
        name: &'static str,
        old: &T,
        new: &mut T,
        same: impl Fn(&T) -> S,
    ) {
        if same(old) != same(new) {
            self.0.push(name);
            new.clone_from(old);
        }
    }
}

fn exposed(secret: &SecretString) -> String {
    secret.expose_secret().to_owned()
}

fn address(database: &Database) -> String {
    match database {
        Database::Sqlite(path) => format!("sqlite:{}", path.display()),
        Database::Postgres(url) => exposed(url),
        Database::None => "none".to_owned(),
    }
}
