//! What is not valid is told in sentences that can be read, and no secret stands in them.

use super::{load, refused};

#[test]
fn a_secret_where_a_publishable_key_belongs_is_shown_nowhere() {
    let pasted = ("NEXT_PUBLIC_CLERK_PUBLISHABLE_KEY", "sk_live_SECRETSECRET");
    let message = refused(&[pasted], None);
    assert_eq!(
        message,
        "NEXT_PUBLIC_CLERK_PUBLISHABLE_KEY: this is not a Clerk publishable key; copy \
         NEXT_PUBLIC_CLERK_PUBLISHABLE_KEY (pk_test_… or pk_live_…) from Clerk's dashboard, API keys"
    );
    let issuer = [("CHATKITD_AUTH_ISSUER", "https://a.example"), ("CHATKITD_AUTH_AUDIENCE", "chat")];
    let unused = load(&[pasted, issuer[0], issuer[1]], None, false).unwrap();
    assert!(!format!("{:?}", unused.facts).contains("SECRETSECRET"), "{:?}", unused.facts);
}

#[test]
fn what_looks_like_a_key_is_masked_whatever_it_was_set_as() {
    let message = refused(&[("CHATKITD_LISTEN", "sk-proj-hunter2")], None);
    assert!(message.contains("CHATKITD_LISTEN") && !message.contains("hunter2"), "{message}");
    for name in ["CHATKITD_TRUSTED_PROXIES", "CHATKIT_ALLOWED_ORIGINS", "CHATKITD_ATTACHMENT_TYPES"] {
        let message = refused(&[(name, "sk-proj-hunter2")], None);
        assert!(message.contains(name) && !message.contains("hunter2"), "{message}");
    }
    let settings = load(&[("CHATKIT_WORKFLOW_ID", "sk-proj-hunter2")], None, false).unwrap();
    assert!(!format!("{:?}", settings.facts).contains("hunter2"), "{:?}", settings.facts);
}

#[test]
fn a_sentence_about_a_value_reads_well() {
    for (message, sentence) in [
        (
            refused(&[("CHATKITD_TRUSTED_PROXIES", "10.0.0.1, foo")], None),
            "CHATKITD_TRUSTED_PROXIES: \"foo\" is neither an address nor a network such as 10.0.0.0/8",
        ),
        (
            refused(&[], Some("[sites.shop.configuration.file_upload]\nmax_files = 0\n")),
            "chatkitd.toml, line 2: sites.shop.configuration.file_upload.max_files: it must be at least 1",
        ),
    ] {
        assert_eq!(message, sentence);
    }
    let types = refused(&[("CHATKITD_ATTACHMENT_TYPES", "text/html")], None);
    assert!(types.starts_with("CHATKITD_ATTACHMENT_TYPES: ") && !types.contains("set it to"), "{types}");
}

#[test]
fn what_cannot_be_the_id_of_a_workflow_is_refused() {
    let shop = |id: &str| refused(&[], Some(&format!("[sites.shop]\nworkflows = [{id:?}]\n")));
    for id in ["", "wf a", "wf_a\n"] {
        let message = shop(id);
        assert!(message.starts_with("chatkitd.toml, line 2: sites.shop.workflows: "), "{message}");
        assert!(message.contains("is not the id of a workflow"), "{message}");
    }
    let message = refused(&[("CHATKIT_WORKFLOW_ID", "wf_a, wf b")], None);
    assert!(message.starts_with("CHATKIT_WORKFLOW_ID: \"wf b\" is not"), "{message}");
    assert!(refused(&[], Some("[workflows.\"wf a\"]\n")).contains("is not the id"));
}
