//! Providers, models and keys.

use chatkitd_core::id::SiteName;
use chatkitd_workflow::agent::ModelAgentSettings;
use chatkitd_workflow::providers::Api;
use secrecy::ExposeSecret;

use super::{load, refused};
use crate::settings::{AgentSettings, ProviderSettings, Settings};

const KEY: (&str, &str) = ("OPENAI_API_KEY", "sk-of-the-server");

fn agent<'a>(settings: &'a Settings, workflow: &str) -> (&'a ProviderSettings, &'a ModelAgentSettings) {
    match &settings.agents[workflow] {
        AgentSettings::Model { provider, settings, .. } => (provider, settings),
        other => panic!("{other:?}"),
    }
}

fn key_of<'a>(provider: &'a ProviderSettings, site: &str) -> Option<&'a str> {
    let site = SiteName::parse(site).unwrap();
    provider.key_of(Some(&site)).map(ExposeSecret::expose_secret)
}

#[test]
fn a_key_and_a_model_are_enough() {
    let env = [KEY, ("CHATKITD_MODEL", "gpt-5-mini"), ("CHATKITD_INSTRUCTIONS", "Be brief.")];
    let settings = load(&env, None, false).unwrap();
    let (provider, asked) = agent(&settings, "wf_model");
    assert_eq!(provider.base.as_str(), "https://api.openai.com/v1");
    assert_eq!((provider.api, key_of(provider, "default")), (Api::Responses, Some("sk-of-the-server")));
    assert_eq!((asked.model.as_str(), asked.instructions.as_str()), ("gpt-5-mini", "Be brief."));
    assert_eq!(settings.sites[0].workflows, ["wf_model"]);
    assert_eq!(load(&env, None, true).unwrap().sites[0].workflows, ["wf_model", "wf_demo", "wf_echo"]);
}

#[test]
fn a_model_server_of_ones_own_needs_no_key_and_does_not_get_openais() {
    let own = [("CHATKITD_MODEL_BASE_URL", "http://127.0.0.1:11434/v1"), ("CHATKITD_MODEL", "llama3.2")];
    for env in [vec![own[0], own[1]], vec![own[0], own[1], KEY]] {
        let settings = load(&env, None, false).unwrap();
        let (provider, _) = agent(&settings, "wf_model");
        assert_eq!((provider.api, key_of(provider, "default")), (Api::ChatCompletions, None));
    }
    let env = [own[0], own[1], ("CHATKITD_MODEL_API_KEY", "own"), ("CHATKITD_MODEL_API", "responses")];
    let settings = load(&env, None, false).unwrap();
    let (provider, _) = agent(&settings, "wf_model");
    assert_eq!((provider.api, key_of(provider, "default")), (Api::Responses, Some("own")));
}

#[test]
fn openais_key_goes_to_the_address_it_was_set_for_and_to_no_other() {
    for (base, gets_it) in [
        ("https://api.openai.com/v1", true),
        ("https://api.openai.com:443/other", true),
        ("http://api.openai.com/v1", false),
        ("https://api.openai.com:8443/v1", false),
        ("https://api.openai.com.example/v1", false),
        ("https://proxy.example/v1", false),
    ] {
        let file = format!(
            "[sites.shop]\nopenai_api_key = \"sk-of-the-shop\"\n[providers.other]\nbase_url = \"{base}\"\n\
             [workflows.wf_a]\nagent = \"model\"\nprovider = \"other\"\nmodel = \"m\"\n"
        );
        let settings = load(&[KEY], Some(&file), false).unwrap();
        let (provider, _) = agent(&settings, "wf_a");
        let expected = (gets_it.then_some("sk-of-the-server"), gets_it.then_some("sk-of-the-shop"));
        assert_eq!((key_of(provider, "default"), key_of(provider, "shop")), expected, "{base}");
    }
    // Whoever sets OPENAI_BASE_URL beside the key means that address.
    let env = [KEY, ("OPENAI_BASE_URL", "https://proxy.example/v1"), ("CHATKITD_MODEL", "m")];
    let settings = load(&env, None, false).unwrap();
    let (provider, _) = agent(&settings, "wf_model");
    assert_eq!((provider.api, key_of(provider, "default")), (Api::ChatCompletions, Some("sk-of-the-server")));
}

#[test]
fn a_key_in_the_file_is_read_as_one_in_the_environment() {
    for (key, read) in [("\"\"\" own\n\"\"\"", Some("own")), ("\"\"", None), ("\" \\n\"", None)] {
        let file = format!(
            "[providers.a]\nbase_url = \"https://a.example/v1\"\napi_key = {key}\n\
             [workflows.wf_a]\nagent = \"model\"\nmodel = \"m\"\n"
        );
        let settings = load(&[], Some(&file), false).unwrap();
        assert_eq!(key_of(agent(&settings, "wf_a").0, "default"), read, "{key}");
    }
    for (key, read) in [("\"\"", "sk-of-the-server"), ("\" sk-of-the-shop\\n\"", "sk-of-the-shop")] {
        let file = format!("[sites.shop]\nopenai_api_key = {key}\n");
        let settings = load(&[KEY, ("CHATKITD_MODEL", "m")], Some(&file), false).unwrap();
        assert_eq!(key_of(agent(&settings, "wf_model").0, "shop"), Some(read), "{key}");
    }
}

#[test]
fn a_workflow_without_a_provider_gets_the_obvious_one() {
    let workflow = "[workflows.wf_a]\nagent = \"model\"\nmodel = \"m\"\n";
    let here = "[providers.here]\nbase_url = \"http://127.0.0.1:1/v1\"\n";
    let there = "[providers.there]\nbase_url = \"http://127.0.0.1:2/v1\"\n";
    let elsewhere = ("CHATKITD_MODEL_BASE_URL", "http://127.0.0.1:3/v1");
    let chosen = |env: &[(&str, &str)], file: &str| {
        let settings = load(env, Some(file), false).unwrap();
        agent(&settings, "wf_a").0.name.clone()
    };
    assert_eq!(chosen(&[KEY], workflow), "openai");
    assert_eq!(chosen(&[], &format!("{here}{workflow}")), "here");
    assert_eq!(chosen(&[KEY], &format!("{here}{workflow}")), "here", "a key alone moves nobody's words");
    assert_eq!(chosen(&[elsewhere], &format!("{here}{workflow}")), "openai");
    assert_eq!(chosen(&[KEY], &format!("{here}{there}{workflow}")), "openai");
    let unclear = refused(&[], Some(&format!("{here}{there}{workflow}")));
    assert!(unclear.contains("line 7") && unclear.contains("here, there"), "{unclear}");
    for env in [vec![("CHATKITD_MODEL", "m")], vec![("CHATKITD_TRANSCRIPTION_MODEL", "m")]] {
        let nobody = refused(&env, None);
        assert!(nobody.contains(env[0].0) && nobody.contains("OPENAI_API_KEY"), "{nobody}");
    }
}

#[test]
fn everything_that_a_model_is_told_is_in_the_file() {
    let file = "[workflows.wf_a]\nagent = \"model\"\nmodel = \"gpt-5-mini\"\ninstructions_file = \"a.md\"\n\
                models = [\"gpt-5\", \"gpt-5-mini\"]\ntools = [{ type = \"web_search\", depth = 2 }]\n\
                reasoning_effort = \"low\"\nmax_output_tokens = 900\ntemperature = 0.5\nhistory_tokens = 4000\n\
                title_model = \"gpt-5-nano\"\nshow_reasoning = false\n\
                [workflows.wf_b]\nagent = \"model\"\nmodel = \"m\"\nmodels = { fast = \"gpt-5-nano\" }\n\
                [transcription]\nmodel = \"gpt-4o-mini-transcribe\"\n";
    let settings = load(&[KEY], Some(file), false).unwrap();
    let (_, asked) = agent(&settings, "wf_a");
    let models: Vec<_> = asked.models.iter().map(|(id, model)| (id.as_str(), model.as_str())).collect();
    assert_eq!(models, [("gpt-5", "gpt-5"), ("gpt-5-mini", "gpt-5-mini")]);
    assert_eq!((asked.tools[0].kind(), &asked.tools[0].0["depth"]), ("web_search", &2.into()));
    assert_eq!(asked.reasoning_effort.as_deref(), Some("low"));
    assert_eq!((asked.max_output_tokens, asked.temperature), (Some(900), Some(0.5)));
    assert_eq!((asked.history_tokens, asked.show_reasoning), (4000, false));
    assert_eq!(asked.title_model.as_deref(), Some("gpt-5-nano"));
    assert_eq!(agent(&settings, "wf_b").1.models["fast"], "gpt-5-nano");
    assert_eq!(settings.transcription.unwrap().model, "gpt-4o-mini-transcribe");
}

#[test]
fn a_site_may_have_another_agent_for_the_same_workflow() {
    let file =
        "[workflows.wf_a]\nagent = \"echo\"\n[sites.shop.agents.wf_a]\nagent = \"model\"\nmodel = \"m\"\n";
    let settings = load(&[KEY], Some(file), false).unwrap();
    assert!(matches!(settings.agents["wf_a"], AgentSettings::Echo { .. }));
    let shop = &settings.site_agents[&SiteName::parse("shop").unwrap()];
    assert!(matches!(shop["wf_a"], AgentSettings::Model { .. }));
}

#[test]
fn a_provider_that_is_this_server_is_refused() {
    let file = "[providers.here]\nbase_url = \"http://localhost:8787/v1\"\n";
    let message = refused(&[], Some(file));
    assert!(message.contains("line 2: providers.here.base_url points at chatkitd itself"), "{message}");
}

#[test]
fn no_key_is_shown() {
    let file = "[providers.a]\nbase_url = \"https://a.example/v1\"\napi_key = \"hunter2\"\n\
                [sites.shop]\nopenai_api_key = \"hunter3\"\n";
    let settings = load(&[("OPENAI_API_KEY", "hunter1")], Some(file), false).unwrap();
    let shown = format!("{settings:?}");
    assert!(!shown.contains("hunter"), "{shown}");
    let masked =
        |name: &str| settings.facts.iter().any(|fact| fact.name == name && fact.value.contains("masked"));
    assert!(masked("providers.a.api_key") && masked("sites.shop.openai_api_key") && masked("OPENAI_API_KEY"));
}

#[test]
fn a_key_that_goes_over_plain_http_to_a_public_place_is_warned_of() {
    let warned = |env: &[(&str, &str)], file: &str| {
        let warnings = load(env, Some(file), false).unwrap().warnings;
        warnings.into_iter().filter(|warning| warning.contains("plain http")).collect::<Vec<_>>().join("\n")
    };
    let provider = |base: &str| format!("[providers.own]\nbase_url = \"{base}\"\napi_key = \"k\"\n");
    for base in ["http://models.example/v1", "http://8.8.8.8/v1", "http://[2606:4700::1]/v1"] {
        assert!(warned(&[], &provider(base)).starts_with("the key of provider own goes to http"), "{base}");
        for name in ["CHATKIT_API_BASE", "OPENAI_BASE_URL"] {
            assert!(warned(&[KEY, (name, base)], "").contains("the key of hosted workflows"), "{name}");
        }
    }
    for base in [
        "https://models.example/v1",
        "http://127.0.0.1:11434/v1",
        "http://[::1]:1/v1",
        "http://10.0.0.7/v1",
        "http://ollama:11434/v1",
        "http://models.internal/v1",
        "http://model.app.svc.cluster.local/v1",
    ] {
        assert_eq!(warned(&[], &provider(base)), "", "{base}");
    }
    assert_eq!(
        warned(&[], "[providers.own]\nbase_url = \"http://models.example/v1\"\n"),
        "",
        "it has no key"
    );
}
