//! The signing secret of a server that was given none: made once, kept in the data folder (design 4.4).

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use chatkitd_core::ports::Rng;
use secrecy::SecretString;

/// The secret can be neither read nor made.
#[derive(Debug, thiserror::Error)]
#[error("the secret {} cannot be kept; make the folder writable, or set CHATKIT_SECRET", path.display())]
pub struct SecretFileError {
    path: PathBuf,
    source: io::Error,
}

/// Where a secret is kept in the data folder.
pub(crate) fn path(folder: &Path) -> PathBuf {
    folder.join("secret")
}

/// Reads `{folder}/secret`, or makes it with mode 0600.
pub fn read_or_make(folder: &Path, rng: &dyn Rng) -> Result<SecretString, SecretFileError> {
    let path = path(folder);
    let result = match make(&path, rng) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => read_file(&path),
        made => made,
    };
    result.map_err(|source| SecretFileError { path, source })
}

/// Reads `{folder}/secret`; `None`: it is not made yet.
pub fn read(folder: &Path) -> Result<Option<SecretString>, SecretFileError> {
    let path = path(folder);
    match read_file(&path) {
        Ok(secret) => Ok(Some(secret)),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            Ok(None)
        }
        Err(source) => Err(SecretFileError { path, source }),
    }
}

fn read_file(path: &Path) -> io::Result<SecretString> {
    let text = fs::read_to_string(path)?;
    match text.trim() {
        "" => Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "the file is empty; remove it to have a new one made",
        )),
        secret => Ok(secret.into()),
    }
}

/// Written aside and linked into place, so that a second process never reads half a secret.
fn make(path: &Path, rng: &dyn Rng) -> io::Result<SecretString> {
    if path.exists() {
        return Err(io::ErrorKind::AlreadyExists.into());
    }
    let mut bytes = [0u8; 40];
    rng.fill(&mut bytes);
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let (secret, suffix) = hex.split_at(64);
    let aside = path.with_extension(suffix);
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&aside)?;
    let written = file.write_all(secret.as_bytes()).and_then(|()| file.sync_all());
    let linked = written.and_then(|()| fs::hard_link(&aside, path));
    // What failed first is the reason.
    linked.and(fs::remove_file(&aside))?;
    Ok(secret.into())
}

#[cfg(test)]
mod tests {
    use chatkitd_core::testing::SeededRng;
    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn a_secret_is_made_once_and_only_its_owner_may_read_it() {
        let folder = tempfile::tempdir().unwrap();
        let rng = SeededRng::new(1);
        let first = read_or_make(folder.path(), &rng).unwrap();
        let second = read_or_make(folder.path(), &rng).unwrap();
        assert_eq!(first.expose_secret(), second.expose_secret());
        assert_eq!(first.expose_secret().len(), 64);
        let files: Vec<_> = fs::read_dir(folder.path()).unwrap().collect();
        assert_eq!(files.len(), 1);
        #[cfg(unix)]
        {
            let mode = std::os::unix::fs::PermissionsExt::mode(
                &fs::metadata(path(folder.path())).unwrap().permissions(),
            );
            assert_eq!(mode & 0o777, 0o600);
        }
    }

    /// Nobody makes files there, not even root.
    #[cfg(target_os = "linux")]
    #[test]
    fn the_reason_why_it_cannot_be_kept_is_the_first_one() {
        let error = read_or_make(Path::new("/sys"), &SeededRng::new(1)).unwrap_err();
        assert_ne!(error.source.kind(), io::ErrorKind::NotFound, "{error:?}");
    }

    #[test]
    fn a_folder_that_is_not_there_is_told_in_words() {
        let error = read_or_make(Path::new("/nonexistent/folder"), &SeededRng::new(1)).unwrap_err();
        assert!(error.to_string().contains("CHATKIT_SECRET"), "{error}");
    }
}
