//! `examples/curl`, run as its README says.

use std::path::Path;
use std::process::Command;

use tempfile::tempdir;

use crate::binary::Process;
use crate::server::Env;

#[test]
fn the_conversation_by_hand_goes_as_it_says() {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/curl");
    let folder = tempdir().unwrap();
    let settings = example.join("chatkitd.toml");
    let env =
        Env::sqlite(&folder).unset("CHATKIT_WORKFLOW_ID").set("CHATKITD_CONFIG", settings.to_str().unwrap());
    let server = Process::serve(folder.path(), &env);
    let done = Command::new(example.join("chat.sh")).arg(&server.url).output().unwrap();
    let said = String::from_utf8(done.stdout).unwrap();
    assert!(done.status.success(), "{said}\n{}", String::from_utf8_lossy(&done.stderr));

    let step = |number: u32| {
        let (_, rest) = said.split_once(&format!("{number}. ")).unwrap();
        rest.split(&format!("\n{}. ", number + 1)).next().unwrap()
    };
    assert!(step(2).contains(r#""delta":"Good ""#), "{said}");
    assert!(step(2).contains(r#""text":"Good morning to you ""#), "{said}");
    assert!(step(3).contains(r#""has_more":false"#), "{said}");
    // The rest of the same run.
    assert!(step(4).contains("\nid: 4\n") && !step(4).contains("id: 3\n"), "{said}");
    assert!(step(4).contains(r#""text":"Good morning to you ""#), "{said}");
    // Some of it, and not all.
    let kept = step(6);
    assert!(kept.contains(r#""text":"Count: "#), "{said}");
    assert!(!kept.contains(" 400 \""), "{said}");
}
