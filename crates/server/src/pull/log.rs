//! A file of lines that only grows, with a committed length.

use std::{
    fs::{File, OpenOptions},
    io::{self, BufWriter, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use super::{error::PullError, record::Extent};

pub(super) struct Log {
    path: PathBuf,
    file: BufWriter<File>,
    extent: Extent,
    dirty: bool,
}

impl Log {
    /// Opens `path` and cuts off what was written after the last commit: a torn line, or whole ones that
    /// the state does not know.
    pub(super) fn open(path: PathBuf, committed: Extent) -> Result<Self, PullError> {
        let disk = |source| PullError::Disk { path: path.clone(), source };
        let mut options = OpenOptions::new();
        let mut file =
            options.create(true).read(true).write(true).truncate(false).open(&path).map_err(disk)?;
        if file.metadata().map_err(disk)?.len() < committed.bytes {
            return Err(PullError::Folder { path, reason: "it is shorter than when it was last saved" });
        }
        file.set_len(committed.bytes).map_err(disk)?;
        file.seek(SeekFrom::End(0)).map_err(disk)?;
        Ok(Self { path, file: BufWriter::new(file), extent: committed, dirty: true })
    }

    pub(super) fn extent(&self) -> Extent {
        self.extent
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn append(&mut self, line: &str) -> Result<(), PullError> {
        let written = self.file.write_all(line.as_bytes());
        written.and_then(|()| self.file.write_all(b"\n")).map_err(PullError::disk(&self.path))?;
        self.grow(1, line.len() as u64 + 1);
        Ok(())
    }

    /// Appends `lines` whole lines.
    pub(super) fn append_all(&mut self, from: &mut impl Read, lines: u64) -> Result<(), PullError> {
        let bytes = io::copy(from, &mut self.file).map_err(PullError::disk(&self.path))?;
        self.grow(lines, bytes);
        Ok(())
    }

    /// Down to the disk.
    pub(super) fn sync(&mut self) -> Result<(), PullError> {
        if self.dirty {
            let flushed = self.file.flush();
            flushed.and_then(|()| self.file.get_ref().sync_data()).map_err(PullError::disk(&self.path))?;
            self.dirty = false;
        }
        Ok(())
    }

    fn grow(&mut self, lines: u64, bytes: u64) {
        self.extent.lines += lines;
        self.extent.bytes += bytes;
        self.dirty = true;
    }
}
