//! A file of lines, read one by one with a look ahead.

use std::{
    fs::{self, File},
    io::{BufRead, BufReader, ErrorKind},
    path::Path,
};

use crate::pull::error::PullError;

pub(in crate::pull) struct Lines {
    pub path: String,
    /// Lines taken so far.
    pub number: u64,
    reader: Option<BufReader<File>>,
    ahead: Option<Vec<u8>>,
}

impl Lines {
    /// What is missing, or is no file, has no lines; that it is so is found when it is measured.
    pub(in crate::pull) fn open(dir: &Path, path: &str) -> Result<Self, PullError> {
        let file = dir.join(path);
        let reader = match fs::metadata(&file) {
            Ok(found) if found.is_file() => {
                Some(BufReader::new(File::open(&file).map_err(PullError::disk(&file))?))
            }
            Err(error) if !matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
                return Err(PullError::disk(file)(error));
            }
            _ => None,
        };
        let mut lines = Self { path: path.to_owned(), number: 0, reader, ahead: None };
        lines.read_ahead()?;
        Ok(lines)
    }

    /// The next line, which stays the next one.
    pub(in crate::pull) fn peek(&self) -> Option<&[u8]> {
        self.ahead.as_deref()
    }

    pub(in crate::pull) fn take(&mut self) -> Result<Option<Vec<u8>>, PullError> {
        let line = self.ahead.take();
        if line.is_some() {
            self.number += 1;
            self.read_ahead()?;
        }
        Ok(line)
    }

    fn read_ahead(&mut self) -> Result<(), PullError> {
        let Some(reader) = &mut self.reader else {
            return Ok(());
        };
        let mut line = Vec::new();
        let read = reader.read_until(b'\n', &mut line);
        if read.map_err(PullError::disk(&self.path))? > 0 {
            line.pop_if(|byte| *byte == b'\n');
            self.ahead = Some(line);
        }
        Ok(())
    }
}
