//! The file that `chatkitd init` writes.

use super::load;

const TEMPLATE: &str = include_str!("../../commands/chatkitd.toml");

/// The template with every key and every table that it shows.
fn uncommented() -> String {
    let shown = |line: &str| {
        line.starts_with('[') || line.split_once(" = ").is_some_and(|(key, _)| !key.contains(' '))
    };
    let lines =
        TEMPLATE.lines().map(|line| line.strip_prefix("# ").filter(|rest| shown(rest)).unwrap_or(line));
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn it_is_valid_as_it_is_and_with_everything_that_it_shows() {
    load(&[], Some(TEMPLATE), false).unwrap();
    load(&[], Some(&uncommented()), false).unwrap();
}

#[test]
fn it_shows_every_key_that_an_environment_variable_wins_over() {
    let operations = include_str!("../../../../../docs/OPERATIONS.md");
    let template: toml::Table = toml::from_str(&uncommented()).unwrap();
    let table = operations.lines().skip_while(|line| !line.starts_with("| variable |"));
    let rows = table.take_while(|line| line.starts_with('|'));
    let in_file =
        rows.filter_map(|row| row.split('|').nth(2)).flat_map(|keys| keys.split('`').skip(1).step_by(2));
    // `.secret_access_key` is short for one beside the key before it, `[[…]]` a table.
    let keys: Vec<&str> = in_file.filter(|key| !key.starts_with(['.', '['])).collect();
    assert!(keys.len() > 40, "the table was read: {keys:?}");
    for key in keys {
        let mut steps = key.split('.');
        let first = steps.next().and_then(|step| template.get(step));
        assert!(steps.try_fold(first, |value, step| Some(value?.get(step))).flatten().is_some(), "{key}");
    }
}
