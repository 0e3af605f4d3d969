//! Whatever is wrong in the file is named with its file, its line and a reason.

use super::refused;

#[test]
fn whatever_is_wrong_in_the_file_is_named_with_its_line() {
    let provider = "[providers.a]\nbase_url = \"http://127.0.0.1:1\"\n";
    let model = format!("{provider}[workflows.wf_a]\nagent = \"model\"\nmodel = \"m\"\n");
    for (file, line, reason) in [
        // No TOML, unknown keys, wrong types.
        ("log = \"info\"\nlisten = 127.0.0.1\n".to_owned(), 2, ""),
        ("log = \"info\"\nlog = \"warn\"\n".to_owned(), 2, "duplicate key"),
        ("[sites.shop]\n\norigin = []\n".to_owned(), 3, "unknown field `origin`"),
        ("[sites.shop]\norigins = \"https://a.example\"\n".to_owned(), 2, "expected a sequence"),
        ("[sites.shop.limits]\nuser = \"many\"\n".to_owned(), 2, "expected u32"),
        ("[[sites.shop.verifiers]]\nissuers = \"https://a.example\"\n".to_owned(), 2, "issuers"),
        ("[providers.a]\nurl = \"http://127.0.0.1:1\"\n".to_owned(), 2, "unknown field `url`"),
        ("[providers.a]\napi_key = 5\n".to_owned(), 2, "expected a string"),
        ("[workflows.wf_a]\nmodels = 5\n".to_owned(), 2, "models is a list"),
        ("[transcription]\nlanguage = \"de\"\n".to_owned(), 2, "unknown field `language`"),
        // Values of sites.
        ("\n[sites.\"Our shop\"]\n".to_owned(), 2, "is not a site name"),
        ("[sites.shop]\norigins = [\n\"shop.example\"]\n".to_owned(), 2, "is not an origin"),
        ("[sites.default]\norigins = [\"*\"]\n".to_owned(), 2, "is not an origin"),
        ("[sites.shop]\nsecret_ttl = \"soon\"\n".to_owned(), 2, "such as 30m"),
        ("[sites.shop]\nroles = \"query\"\n".to_owned(), 2, "query"),
        ("[sites.shop]\nfile_types = [\"text/html\"]\n".to_owned(), 2, "told by its content"),
        ("[attachments]\ntypes = [\"image/svg+xml\"]\n".to_owned(), 2, "told by its content"),
        ("[sites.shop]\nallowed_roles = [\"a\"]\n".to_owned(), 2, "allowed_roles"),
        ("[sites.shop]\n[[sites.shop.verifiers]]\naudience = [\"a\"]\n".to_owned(), 2, "issuer"),
        ("limiter = \"redis\"\n".to_owned(), 1, "CHATKITD_REDIS_URL"),
        // Providers.
        ("log = \"info\"\n[providers.a]\n".to_owned(), 2, "needs base_url"),
        ("[providers.a]\nbase_url = \"ftp://a.example\"\n".to_owned(), 2, "https://api.openai.com/v1"),
        (format!("{provider}api = \"soap\"\n"), 3, "responses or chat_completions"),
        (format!("{provider}api_key = \"hunter2\\nhunter3\"\n"), 3, "api_key = \"…\" is not valid"),
        ("openai_api_key = \"hunter2\\u0000\"\n".to_owned(), 1, "the key alone, on one line"),
        (
            "[sites.shop]\nopenai_api_key = \"hunter2\\thunter3\"\n".to_owned(),
            2,
            "the key alone, on one line",
        ),
        (format!("{provider}[transcription]\nprovider = \"a\"\n"), 4, "transcription.model"),
        (format!("{provider}[transcription]\nprovider = \"b\"\nmodel = \"m\"\n"), 4, "no provider \"b\""),
        // Agents.
        ("[workflows.wf_a]\nagent = \"model\"\nmodel = \"m\"\n".to_owned(), 3, "OPENAI_API_KEY"),
        (format!("{provider}[workflows.wf_a]\nagent = \"model\"\n"), 4, "needs model"),
        (format!("{model}provider = \"b\"\n"), 6, "no provider \"b\""),
        (format!("{model}provider = \"openai\"\n"), 6, "OPENAI_API_KEY"),
        (format!("{model}temperature = 3.0\n"), 6, "from 0 to 2"),
        (format!("{model}max_output_tokens = 0\n"), 6, "at least 1"),
        (format!("{model}history_tokens = 0\n"), 6, "at least 1"),
        (format!("{model}tools = [{{ kind = \"web_search\" }}]\n"), 6, "needs a type"),
        (format!("{model}tools = [{{ type = \"function\" }}]\n"), 6, "run at the provider"),
        (format!("{model}repeat = 2\n"), 6, "repeat needs agent = \"echo\""),
        (format!("{model}instructions = \"a\"\ninstructions_file = \"b\"\n"), 7, "keep one of the two"),
        (
            "[workflows.wf_a]\nagent = \"echo\"\nmodel = \"m\"\n".to_owned(),
            3,
            "model needs agent = \"model\"",
        ),
        ("[sites.shop.agents.wf_a]\nmodel = \"m\"\n".to_owned(), 2, "model needs agent = \"model\""),
        ("[sites.shop.agents.wf_a]\n".to_owned(), 1, "it needs agent"),
        ("[sites.shop.agents.wf_a]\nagent = \"echo\"\nname = \"A\"\n".to_owned(), 1, "[workflows.wf_a]"),
    ] {
        let message = refused(&[], Some(&file));
        assert!(message.starts_with(&format!("chatkitd.toml, line {line}: ")), "{file}\n{message}");
        assert!(message.contains(reason), "{file}\n{message}");
    }
}

#[test]
fn a_line_that_may_hold_a_secret_is_not_quoted() {
    for file in [
        "openai_api_kye = \"hunter2\"\n",
        "secret = \"hunter2\n",
        "[providers.a]\napi_key = hunter2\n",
        "[providers.a]\nkey = \"hunter2\"\n",
        "database_url = \"mysql://me:hunter2@host/name\"\n",
    ] {
        let message = refused(&[], Some(file));
        assert!(!message.contains("hunter2"), "{message}");
    }
}
