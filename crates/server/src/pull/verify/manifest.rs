//! `manifest.json` itself, and the files of lines that it names.

use std::{collections::BTreeSet, fs, io::ErrorKind, path::Path};

use super::{Damage, Report, check_file};
use crate::pull::{
    error::PullError,
    record::{FORMAT, Manifest, State},
    verify::measure::part_paths,
};

pub(super) fn read(dir: &Path) -> Result<Option<Manifest>, PullError> {
    let path = dir.join("manifest.json");
    match fs::read(&path) {
        Ok(json) => Ok(serde_json::from_slice(&json).ok()),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::IsADirectory) => Ok(None),
        Err(error) => Err(PullError::disk(path)(error)),
    }
}

pub(super) fn check(
    dir: &Path,
    manifest: &Manifest,
    state: &State,
    report: &mut Report,
) -> Result<(), PullError> {
    report.compare("format of manifest.json", FORMAT.into(), manifest.format.into());
    report.compare("threads_per_shard", state.threads_per_shard, manifest.threads_per_shard);
    if manifest.base_url != state.base_url {
        report.add(Damage::BaseUrl { expected: state.base_url.clone(), found: manifest.base_url.clone() });
    }
    let last_shard = state.ledger.lines.saturating_sub(1) / state.threads_per_shard;
    let paths: Vec<String> = part_paths(last_shard).collect();
    if !manifest.parts.iter().map(|part| &part.path).eq(&paths) {
        report.add(Damage::Parts);
    }
    for part in manifest.parts.iter().filter(|part| paths.contains(&part.path)) {
        if let Some(found) = check_file(dir, &part.path, part.bytes, &part.sha256, report)? {
            report.compare("lines of a part", part.lines, found.lines);
        }
    }
    check_surplus(dir, &paths.into_iter().collect(), report)
}

/// A file of lines that no pull wrote would be read with the others; what file managers leave is nobody's concern. Of
/// `files/` this is not asked: an interrupted run, or an item that was deleted since, may leave a file there.
fn check_surplus(dir: &Path, paths: &BTreeSet<String>, report: &mut Report) -> Result<(), PullError> {
    let items = dir.join("items");
    let entries = match fs::read_dir(&items) {
        Ok(entries) => entries,
        // Each of its files is missed already.
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(()),
        Err(error) => return Err(PullError::disk(items)(error)),
    };
    for entry in entries {
        let name = entry.map_err(PullError::disk(&items))?.file_name();
        let path = format!("items/{}", name.display());
        if path.ends_with(".jsonl") && !paths.contains(&path) {
            report.add(Damage::Surplus { path });
        }
    }
    Ok(())
}
