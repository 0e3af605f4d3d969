//! Sizes and hashes of files.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

use sha2::{Digest, Sha256};

use crate::pull::{
    error::PullError,
    record::{Part, hex, shard_path},
};

/// The files of lines of a folder whose last shard is `last_shard`.
pub(super) fn part_paths(last_shard: u64) -> impl Iterator<Item = String> {
    let fixed = ["threads.jsonl", "ledger.jsonl", "files.jsonl"].map(str::to_owned);
    fixed.into_iter().chain((0..=last_shard).map(shard_path))
}

/// The same as they are on the disk.
pub(in crate::pull) fn measure(dir: &Path, last_shard: u64) -> Result<Vec<Part>, PullError> {
    part_paths(last_shard)
        .map(|path| measure_one(dir, &path).map_err(PullError::disk(dir.join(path))))
        .collect()
}

/// One file. Its lines count for the files of lines.
pub(in crate::pull) fn measure_one(dir: &Path, path: &str) -> io::Result<Part> {
    let mut file = File::open(dir.join(path))?;
    let mut hash = Sha256::new();
    let (mut bytes, mut lines) = (0, 0);
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let read = match file.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        hash.update(&buffer[..read]);
        bytes += read as u64;
        lines += buffer[..read].iter().filter(|byte| **byte == b'\n').count() as u64;
    }
    Ok(Part { path: path.to_owned(), lines, bytes, sha256: hex(&hash.finalize()) })
}
