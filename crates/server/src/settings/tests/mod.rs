mod lines;
mod models;
mod sentences;
mod sign_in;
mod template;

use std::path::Path;
use std::time::Duration;

use chatkitd_core::limits::Quota;
use secrecy::ExposeSecret;

use super::{AgentSettings, Database, LimiterKind, Settings, SettingsError, Source};

fn load(env: &[(&str, &str)], file: Option<&str>, dev: bool) -> Result<Settings, SettingsError> {
    let look_up = |name: &str| env.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
    Settings::load(&look_up, file.map(|text| (Path::new("chatkitd.toml"), text)), dev)
}

fn refused(env: &[(&str, &str)], file: Option<&str>) -> String {
    load(env, file, false).unwrap_err().to_string()
}

#[test]
fn nothing_set_is_a_server_on_loopback_with_sqlite() {
    let settings = load(&[], None, false).unwrap();
    assert_eq!(settings.listen.to_string(), "127.0.0.1:8787");
    assert!(
        matches!(settings.database, Database::Sqlite(path) if path.ends_with("chatkitd-data/chatkitd.db"))
    );
    assert!(settings.sites[0].workflows.is_empty());
    assert_eq!(settings.limiter, LimiterKind::Memory);
}

#[test]
fn under_dev_the_demo_answers_when_no_workflow_is_set() {
    assert_eq!(load(&[], None, true).unwrap().sites[0].workflows, ["wf_demo", "wf_echo"]);
    let set = load(&[("CHATKIT_WORKFLOW_ID", "wf_a, wf_b")], None, true).unwrap();
    assert_eq!(set.sites[0].workflows, ["wf_a", "wf_b"]);
}

#[test]
fn under_dev_the_demo_takes_files_unless_somebody_chose() {
    let uploads = |env: &[(&str, &str)], file, dev| {
        let settings = load(env, file, dev).unwrap();
        settings.sites[0].configuration.file_upload.as_ref().and_then(|upload| upload.enabled)
    };
    assert_eq!(uploads(&[], None, true), Some(true));
    assert_eq!(uploads(&[], None, false), None);
    assert_eq!(uploads(&[("CHATKIT_WORKFLOW_ID", "wf_a")], None, true), None);
    let off = "[sites.default.configuration.file_upload]\nenabled = false";
    assert_eq!(uploads(&[], Some(off), true), Some(false));
}

#[test]
fn the_environment_wins_over_the_file_and_each_value_names_its_source() {
    let file =
        "listen = \"127.0.0.1:1\"\ndata_dir = \"here\"\n[sites.default]\norigins = [\"https://a.example\"]";
    let settings = load(&[("CHATKITD_LISTEN", "127.0.0.1:2")], Some(file), false).unwrap();
    assert_eq!(settings.listen.port(), 2);
    assert_eq!(settings.sites[0].origins[0].to_string(), "https://a.example");
    let source =
        |name: &str| settings.facts.iter().find(|fact| fact.name == name).map(|fact| fact.source.clone());
    assert_eq!(source("CHATKITD_LISTEN"), Some(Source::Environment("CHATKITD_LISTEN".to_owned())));
    assert_eq!(
        source("CHATKITD_DATA_DIR"),
        Some(Source::File { path: "chatkitd.toml".into(), line: 2, key: "data_dir".to_owned() })
    );
}

#[test]
fn secrets_are_a_list_and_never_shown() {
    let settings =
        load(&[("CHATKIT_SECRET", "new-secret-of-thirty-two-bytes-xx, old")], None, false).unwrap();
    let secrets: Vec<_> = settings.secrets.iter().map(|secret| secret.expose_secret().to_owned()).collect();
    assert_eq!(secrets, ["new-secret-of-thirty-two-bytes-xx", "old"]);
    assert!(!format!("{settings:?}").contains("new-secret"));
    assert!(settings.warnings.iter().any(|warning| warning.contains("shorter than 32 bytes")));
}

#[test]
fn the_placeholder_secret_is_refused_outside_dev() {
    let env = [("CHATKIT_SECRET", "your-secret-key-here")];
    assert!(refused(&env, None).contains("CHATKIT_SECRET is the placeholder"));
    assert!(load(&env, None, true).is_ok());
}

#[test]
fn without_a_database_keys_come_from_the_openai_key() {
    let env = [("CHATKITD_DATABASE_URL", "none"), ("OPENAI_API_KEY", "sk-test")];
    assert_eq!(load(&env, None, false).unwrap().secrets[0].expose_secret(), "sk-test");
}

#[test]
fn a_base_url_that_points_at_the_server_is_refused() {
    for (name, url) in [
        ("CHATKIT_API_BASE", "http://127.0.0.1:8787/v1"),
        ("OPENAI_BASE_URL", "http://localhost:8787/v1"),
        ("CHATKITD_MODEL_BASE_URL", "http://[::1]:8787/v1"),
        ("OPENAI_BASE_URL", "http://0.0.0.0:8787"),
    ] {
        let message = refused(&[(name, url), ("OPENAI_API_KEY", "k")], None);
        assert!(message.contains(name) && message.contains("itself"), "{message}");
    }
    assert!(
        load(&[("CHATKIT_API_BASE", "http://127.0.0.1:9999/v1"), ("OPENAI_API_KEY", "k")], None, false)
            .is_ok()
    );
    assert!(
        refused(&[("OPENAI_API_KEY", "k")], Some("api_base = \"http://localhost:8787/v1\""))
            .contains("itself")
    );
}

#[test]
fn a_base_url_that_is_where_browsers_find_the_server_is_refused() {
    let with = |public: &str, base: &str| {
        let env = [("CHATKITD_PUBLIC_URL", public), ("OPENAI_BASE_URL", base), ("OPENAI_API_KEY", "k")];
        load(&env, None, false).map_err(|error| error.to_string())
    };
    let public = "https://chat.example.com";
    for base in
        ["https://chat.example.com/v1", "https://CHAT.example.com:443", "https://chat.example.com/s/shop/v1"]
    {
        let message = with(public, base).unwrap_err();
        assert!(message.contains("OPENAI_BASE_URL") && message.contains("itself"), "{message}");
    }
    for base in [
        "https://chat.example.com:8443/v1",
        "http://chat.example.com/v1",
        "https://example.com/v1",
        "https://chat.example.com/llm/v1",
    ] {
        assert!(with(public, base).is_ok(), "{base}");
    }
    assert!(with("https://example.com/chat", "https://example.com/chat/v1").is_err());
    assert!(with("https://example.com/chat", "https://example.com/chatter/v1").is_ok(), "beside it");
}

#[test]
fn a_server_that_listens_everywhere_is_found_under_each_address_of_its_machine() {
    let with = |base: &str| {
        let env = [("CHATKITD_LISTEN", "0.0.0.0:8787"), ("OPENAI_BASE_URL", base), ("OPENAI_API_KEY", "k")];
        load(&env, None, false).map_err(|error| error.to_string())
    };
    // All of 127.0.0.0/8 is this machine; 192.0.2.0/24 is nobody's (RFC 5737).
    for base in ["http://127.0.0.9:8787/v1", "http://localhost:8787/v1"] {
        assert!(with(base).unwrap_err().contains("itself"), "{base}");
    }
    assert!(with("http://192.0.2.7:8787/v1").is_ok());
}

#[test]
fn what_is_not_valid_is_named() {
    for (name, value) in [
        ("CHATKITD_LISTEN", "8787"),
        ("CHATKITD_LIMITER", "disk"),
        ("CHATKITD_DATABASE_URL", "mysql://x"),
        ("CHATKITD_DATABASE_URL", "sqlite::memory:"),
        ("CHATKITD_DATABASE_URL", "sqlite://:memory:"),
        ("CHATKITD_DATABASE_URL", "sqlite:///data/chat.db?mode=ro"),
        ("CHATKITD_SESSION_TTL", "soon"),
        ("CHATKITD_SECRET_TTL", "0"),
        ("CHATKITD_LIMIT_USER", "-1"),
        ("CHATKITD_TRUSTED_PROXIES", "proxy"),
        ("CHATKITD_REDIS_URL", "localhost:6379"),
        ("CHATKITD_REDIS_URL", "http://localhost:6379"),
        ("CHATKIT_API_BASE", "api"),
        ("NEXT_PUBLIC_CLERK_PUBLISHABLE_KEY", "pk_test_!"),
    ] {
        let message = refused(&[(name, value)], None);
        assert!(message.contains(name), "{message}");
    }
    assert!(refused(&[("CHATKIT_ALLOWED_ORIGINS", "*")], None).contains("is not an origin"));
    for url in ["mysql://app:hidden@db/app", "postgres://app:hidden@db:port/app"] {
        let env = [("CHATKITD_ROLES_QUERY", "SELECT role FROM users WHERE id = $1")];
        let message = refused(&[env[0], ("CHATKITD_ROLES_DATABASE_URL", url)], None);
        assert!(message.contains("CHATKITD_ROLES_DATABASE_URL") && !message.contains("hidden"), "{message}");
    }
}

#[test]
fn a_broken_file_is_refused_with_its_line() {
    let message = refused(&[], Some("listen = \"127.0.0.1:1\"\nworkflow = 5\n"));
    assert!(
        message.contains("chatkitd.toml") && message.contains("line 2") && message.contains("workflow"),
        "{message}"
    );
}

#[test]
fn sign_in_is_required_where_a_verifier_is_set() {
    let env = [("CHATKITD_AUTH_HS256_SECRET", "0123456789abcdef0123456789abcdef")];
    assert!(!load(&env, None, false).unwrap().sites[0].anonymous);
    let open = [env[0], ("CHATKITD_ANONYMOUS", "true")];
    assert!(load(&open, None, false).unwrap().sites[0].anonymous);
}

#[test]
fn clerks_issuer_comes_from_the_publishable_key() {
    let env = [("NEXT_PUBLIC_CLERK_PUBLISHABLE_KEY", "pk_test_Y2xlcmsuZXhhbXBsZS5jb20k")];
    let settings = load(&env, None, false).unwrap();
    let verifier = settings.sign_in.values().next().unwrap().verifiers[0].clone();
    assert!(verifier.issuer.unwrap().starts_with("https://clerk.example.com"));
}

#[test]
fn sites_have_values_of_their_own_and_fall_back_to_the_servers() {
    let file = "
        secret_ttl = \"10m\"
        [limits]
        user = 7
        [sites.shop]
        origins = [\"https://shop.example\"]
        workflows = [\"wf_echo\"]
        session_ttl = \"2h\"
        [sites.shop.limits]
        anonymous = 0
    ";
    let settings = load(&[], Some(file), false).unwrap();
    let shop = settings.sites.iter().find(|site| site.name.as_str() == "shop").unwrap();
    assert_eq!(shop.lifetimes.session.as_secs(), 7200);
    assert_eq!(shop.lifetimes.secret.as_secs(), 600);
    assert_eq!(shop.limits.user, Some(Quota::per_minute(7)));
    assert_eq!(shop.limits.anonymous, None);
}

#[test]
fn half_a_verifier_is_an_error_and_never_a_site_open_to_everybody() {
    for (name, value) in [
        ("CHATKITD_AUTH_AUDIENCE", "shop"),
        ("CHATKITD_AUTH_JWKS_URL", "https://issuer.example/jwks"),
        ("CHATKITD_AUTH_ROLE_CLAIM", "role"),
        ("CHATKITD_AUTH_AUTHORIZED_PARTIES", "https://shop.example"),
    ] {
        let message = refused(&[(name, value)], None);
        assert!(message.contains("issuer"), "{name}: {message}");
    }
}

#[test]
fn what_needs_another_setting_names_both() {
    let cases: [(&[(&str, &str)], &str); 5] = [
        (
            &[
                ("CHATKITD_ROLES_QUERY", "SELECT role FROM users WHERE id = $1"),
                ("CHATKITD_DATABASE_URL", "none"),
                ("OPENAI_API_KEY", "k"),
            ],
            "CHATKITD_ROLES_DATABASE_URL",
        ),
        (&[("CHATKITD_LIMITER", "redis")], "CHATKITD_REDIS_URL"),
        (
            &[("CHATKITD_LIMITER", "sql"), ("CHATKITD_DATABASE_URL", "none"), ("OPENAI_API_KEY", "k")],
            "CHATKITD_DATABASE_URL",
        ),
        (&[("CHATKITD_DATABASE_URL", "none")], "CHATKIT_SECRET or OPENAI_API_KEY"),
        (&[("CHATKITD_PASSTHROUGH", "true")], "OPENAI_API_KEY"),
    ];
    for (env, needed) in cases {
        let message = refused(env, None);
        assert!(message.contains(env[0].0) && message.contains(needed), "{message}");
    }
}

#[test]
fn roles_that_cannot_be_looked_up_are_refused_with_their_site() {
    let query = refused(&[], Some("[sites.shop]\nroles = \"query\""));
    assert!(query.contains("\"shop\"") && query.contains("query"), "{query}");
    let allowed = refused(&[], Some("[sites.shop]\nallowed_roles = [\"admin\"]"));
    assert!(allowed.contains("\"shop\"") && allowed.contains("allowed_roles"), "{allowed}");
}

#[test]
fn an_invalid_value_is_named_where_it_was_set() {
    for (file, key) in [
        ("listen = \"8787\"", "chatkitd.toml, line 1: listen ="),
        ("limiter = \"disk\"", "chatkitd.toml, line 1: limiter ="),
        ("session_ttl = \"soon\"", "chatkitd.toml, line 1: session_ttl ="),
        ("upstream_concurrency = 0", "chatkitd.toml, line 1: upstream_concurrency ="),
        ("log = \"chatkitd=loud\"", "chatkitd.toml, line 1: log ="),
        ("shutdown_grace = \"0\"", "chatkitd.toml, line 1: shutdown_grace ="),
    ] {
        let message = refused(&[], Some(file));
        assert!(message.contains(key), "{message}");
    }
}

#[test]
fn a_password_in_an_address_is_shown_nowhere() {
    let env = [("CHATKIT_API_BASE", "https://me:hunter2@proxy.example/v1"), ("OPENAI_API_KEY", "k")];
    let settings = load(&env, None, false).unwrap();
    let fact = settings.facts.iter().find(|fact| fact.name == "CHATKIT_API_BASE").unwrap();
    assert!(fact.value.starts_with("https://proxy.example/v1"), "{}", fact.value);
    assert!(!settings.openai.as_ref().unwrap().shown_base().contains("hunter2"));
    let own = [("CHATKIT_API_BASE", "http://me:hunter2@localhost:8787/v1"), ("OPENAI_API_KEY", "k")];
    assert!(!refused(&own, None).contains("hunter2"));
}

#[test]
fn the_key_for_users_tokens_is_not_the_servers_own_secret() {
    let key = "0123456789abcdef0123456789abcdef";
    let message = refused(&[("CHATKITD_AUTH_HS256_SECRET", key), ("CHATKIT_SECRET", key)], None);
    assert!(message.contains("CHATKIT_SECRET"), "{message}");
}

#[test]
fn workflows_name_their_agents_and_keep_their_cards() {
    let file = "[workflows.wf_parrot]\nname = \"Parrot\"\nagent = \"echo\"\nrepeat = 3\ndelay = \"20ms\"\n\
                [workflows.wf_plain]\nagent = \"echo\"\n\
                [workflows.wf_support]\nagent = \"script\"\nfile = \"turns/support.yaml\"\n\
                [workflows.wf_hosted]\nname = \"At OpenAI\"\n";
    let look_up = |_: &str| None;
    let settings = Settings::load(&look_up, Some((Path::new("etc/chatkitd.toml"), file)), false).unwrap();
    let echoes = |id: &str, times, millis| {
        let AgentSettings::Echo { repeat, delay } = settings.agents[id] else { return false };
        (repeat, delay) == (times, Duration::from_millis(millis))
    };
    assert!(echoes("wf_parrot", 3, 20) && echoes("wf_plain", 1, 0));
    let AgentSettings::Script { file } = &settings.agents["wf_support"] else { panic!("not a script") };
    assert_eq!(file.path, Path::new("etc/turns/support.yaml"));
    assert_eq!(settings.agents.len(), 3);
    let named: Vec<_> = settings.workflows.keys().map(String::as_str).collect();
    assert_eq!(named, ["wf_hosted", "wf_parrot"], "the others keep the card that they have");
}

#[test]
fn an_agent_that_cannot_be_set_up_is_refused_with_file_line_and_reason() {
    for (keys, line, reason) in [
        ("agent = \"ecco\"", 3, "echo"),
        ("repeat = 2", 3, "repeat needs agent = \"echo\""),
        ("agent = \"echo\"\nrepeat = 0", 4, "repeat is a number from 1"),
        ("agent = \"echo\"\ndelay = \"soon\"", 4, "delay is a time"),
        ("agent = \"echo\"\ndelay = \"2h\"", 4, "delay is a time"),
        ("agent = \"echo\"\nfile = \"a.yaml\"", 4, "file needs agent = \"script\""),
        ("agent = \"script\"", 3, "needs file"),
        ("agent = \"script\"\nfile = \"a.yaml\"\ndelay = \"1s\"", 5, "delay needs agent = \"echo\""),
        ("agents = \"echo\"", 3, "agents"),
    ] {
        let message = refused(&[], Some(&format!("# a comment\n[workflows.wf_a]\n{keys}\n")));
        assert!(message.contains("chatkitd.toml"), "{message}");
        assert!(message.contains(&format!("line {line}")), "{keys}: {message}");
        assert!(message.contains(reason), "{keys}: {message}");
    }
}

#[test]
fn an_answer_may_take_ten_minutes_unless_something_else_is_set() {
    assert_eq!(load(&[], None, false).unwrap().run_timeout, Duration::from_secs(600));
    let set = load(&[("CHATKITD_RUN_TIMEOUT", "90")], Some("run_timeout = \"1h\"\n"), false).unwrap();
    assert_eq!(set.run_timeout, Duration::from_secs(90));
    assert!(refused(&[("CHATKITD_RUN_TIMEOUT", "long")], None).contains("CHATKITD_RUN_TIMEOUT"));
}
