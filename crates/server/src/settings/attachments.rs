//! `[attachments]`: where the content of files that visitors send is kept.

use std::path::{Path, PathBuf};

use chatkitd_core::attachments::AllowedTypes;
use secrecy::SecretString;
use serde::Deserialize;
use url::Url;

use super::reader::Reader;
use super::{SettingsError, Source};

/// What S3 signs with when nothing else is said: where a bucket is made when nobody chooses, and what
/// everything that is not AWS accepts.
const DEFAULT_REGION: &str = "us-east-1";

/// Files that visitors send.
#[derive(Clone, Debug)]
pub struct AttachmentSettings {
    /// Where their content is kept.
    pub storage: AttachmentStorage,
}

/// Where the content of attachments is kept.
#[derive(Clone, Debug)]
pub enum AttachmentStorage {
    /// Nowhere: nothing can be sent, whatever a site allows.
    Off,
    /// In a folder. Default `<data dir>/files`.
    Folder(PathBuf),
    /// In a bucket.
    S3(S3Settings),
}

/// A bucket of S3, or of what speaks like it.
#[derive(Clone, Debug)]
pub struct S3Settings {
    /// Its name.
    pub bucket: String,
    /// What the names of all blobs begin with; may be empty.
    pub prefix: String,
    /// Default `us-east-1`.
    pub region: String,
    /// Where it is, when it is not at AWS.
    pub endpoint: Option<Url>,
    /// Default: what the machine offers.
    pub keys: Option<S3Keys>,
}

/// What requests to S3 are signed with.
#[derive(Clone, Debug)]
pub struct S3Keys {
    /// Names the key.
    pub access_key_id: String,
    /// The key.
    pub secret_access_key: SecretString,
    /// Comes with keys that are lent for a while.
    pub session_token: Option<SecretString>,
}

/// `[attachments]`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct FileAttachments {
    storage: Option<String>,
    types: Option<Vec<String>>,
    folder: Option<PathBuf>,
    s3: FileS3,
}

/// `[attachments.s3]`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct FileS3 {
    region: Option<String>,
    endpoint: Option<String>,
    access_key_id: Option<String>,
    secret_access_key: Option<SecretString>,
}

const STORAGE: &str = "CHATKITD_ATTACHMENTS";
const TYPES: &str = "CHATKITD_ATTACHMENT_TYPES";
const EXPECTED: &str = "folder, s3://bucket/prefix, or off";

impl AttachmentStorage {
    /// What `chatkitd config check` says of it.
    pub fn shown(&self) -> String {
        match self {
            Self::Off => "off".to_owned(),
            Self::Folder(path) => format!("in {}", path.display()),
            Self::S3(s3) => {
                let place = s3.endpoint.as_ref().map_or("AWS", Url::as_str);
                let keys = if s3.keys.is_some() { "keys from the settings" } else { "the machine's keys" };
                format!("in the bucket {} at {place}, with {keys}", s3.bucket)
            }
        }
    }
}

/// `CHATKITD_PUBLIC_URL`: where browsers find this server: the addresses of files begin with it, and a hosted
/// upstream or a page under it is known for this server's own.
pub(super) fn read_public_url(
    reader: &mut Reader<'_>,
    in_file: Option<String>,
) -> Result<Option<Url>, SettingsError> {
    let Some(text) = reader.text("CHATKITD_PUBLIC_URL", "public_url", in_file) else { return Ok(None) };
    let whole = |url: &Url| {
        matches!(url.scheme(), "http" | "https")
            && url.has_host()
            && url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty()
    };
    let url = Url::parse(&text).ok().filter(whole);
    let expected = "an address such as https://chat.example.com, without a query";
    url.map(Some).ok_or_else(|| reader.invalid("CHATKITD_PUBLIC_URL", "public_url", &text, expected))
}

/// Which media types are taken on every site that does not say it itself. Default: all that can be told by their
/// content.
pub(super) fn read_types(
    reader: &mut Reader<'_>,
    file: &mut FileAttachments,
) -> Result<AllowedTypes, SettingsError> {
    let types = reader.list(TYPES, "attachments.types", file.types.take());
    let setting = reader.setting(TYPES, "attachments.types");
    types.map_or_else(|| Ok(AllowedTypes::default()), |types| allowed_types(setting, &types))
}

/// The types that are listed in a setting.
pub(super) fn allowed_types(setting: Source, types: &[String]) -> Result<AllowedTypes, SettingsError> {
    AllowedTypes::new(types.iter().map(String::as_str))
        .map_err(|error| SettingsError::refused(setting, error))
}

pub(super) fn read(
    reader: &mut Reader<'_>,
    file: FileAttachments,
    data_dir: &Path,
) -> Result<AttachmentSettings, SettingsError> {
    Ok(AttachmentSettings { storage: read_storage(reader, file, data_dir)? })
}

/// Where files are that visitors send, where nobody says it.
pub(super) fn own_folder(data_dir: &Path) -> PathBuf {
    data_dir.join("files")
}

fn read_storage(
    reader: &mut Reader<'_>,
    file: FileAttachments,
    data_dir: &Path,
) -> Result<AttachmentStorage, SettingsError> {
    let storage = reader.text(STORAGE, "attachments.storage", file.storage);
    match storage.as_deref() {
        None | Some("folder") => {
            let folder = file.folder.map(|folder| folder.display().to_string());
            let folder = reader.text("CHATKITD_ATTACHMENTS_FOLDER", "attachments.folder", folder);
            Ok(AttachmentStorage::Folder(folder.map_or_else(|| own_folder(data_dir), PathBuf::from)))
        }
        Some("off") => Ok(AttachmentStorage::Off),
        Some(address) => read_s3(reader, file.s3, address).map(AttachmentStorage::S3),
    }
}

/// The variables are those that every client of S3 knows.
fn read_s3(reader: &mut Reader<'_>, file: FileS3, address: &str) -> Result<S3Settings, SettingsError> {
    let bucket = Url::parse(address).ok().filter(|url| url.scheme() == "s3");
    let bucket =
        bucket.and_then(|url| Some((url.host_str()?.to_owned(), url.path().trim_matches('/').to_owned())));
    let (bucket, prefix) =
        bucket.ok_or_else(|| reader.invalid(STORAGE, "attachments.storage", address, EXPECTED))?;
    let endpoint = reader.text("AWS_ENDPOINT_URL_S3", "attachments.s3.endpoint", file.endpoint);
    let endpoint = endpoint.map(|text| {
        let url =
            Url::parse(&text).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
        url.ok_or_else(|| {
            let expected = "an address such as https://minio.example.com:9000";
            reader.invalid("AWS_ENDPOINT_URL_S3", "attachments.s3.endpoint", &text, expected)
        })
    });
    Ok(S3Settings {
        bucket,
        prefix,
        endpoint: endpoint.transpose()?,
        region: reader
            .text("AWS_REGION", "attachments.s3.region", file.region)
            .unwrap_or_else(|| DEFAULT_REGION.to_owned()),
        keys: read_keys(reader, file.access_key_id, file.secret_access_key)?,
    })
}

fn read_keys(
    reader: &mut Reader<'_>,
    id: Option<String>,
    key: Option<SecretString>,
) -> Result<Option<S3Keys>, SettingsError> {
    let id = reader.text("AWS_ACCESS_KEY_ID", "attachments.s3.access_key_id", id);
    let key = reader.service_key("AWS_SECRET_ACCESS_KEY", "attachments.s3.secret_access_key", key)?;
    let session_token = reader.service_key("AWS_SESSION_TOKEN", "", None)?;
    match (id, key) {
        (Some(access_key_id), Some(secret_access_key)) => {
            Ok(Some(S3Keys { access_key_id, secret_access_key, session_token }))
        }
        (None, None) => Ok(None),
        (Some(_), None) => Err(SettingsError::Needs {
            setting: reader.setting("AWS_ACCESS_KEY_ID", "attachments.s3.access_key_id"),
            needs: "AWS_SECRET_ACCESS_KEY, the key itself",
        }),
        (None, Some(_)) => Err(SettingsError::Needs {
            setting: reader.setting("AWS_SECRET_ACCESS_KEY", "attachments.s3.secret_access_key"),
            needs: "AWS_ACCESS_KEY_ID, the key's name",
        }),
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;
    use crate::settings::Settings;

    fn load(env: &[(&str, &str)], file: &str) -> Result<Settings, SettingsError> {
        let look_up =
            |name: &str| env.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        Settings::load(&look_up, Some((Path::new("chatkitd.toml"), file)), false)
    }

    #[test]
    fn files_lie_in_the_data_folder_unless_something_else_is_said() {
        for (env, file, expected) in [
            (&[][..], "", "in chatkitd-data/files"),
            (&[("CHATKITD_DATA_DIR", "/data")], "", "in /data/files"),
            (&[], "[attachments]\nfolder = \"/mnt/chat\"", "in /mnt/chat"),
            (&[("CHATKITD_ATTACHMENTS", "off")], "[attachments]\nstorage = \"folder\"", "off"),
            (
                &[("CHATKITD_ATTACHMENTS", "s3://chats/of/ours/")],
                "",
                "in the bucket chats at AWS, with the machine's keys",
            ),
        ] {
            assert_eq!(load(env, file).unwrap().attachments.storage.shown(), expected);
        }
    }

    #[test]
    fn a_bucket_is_named_by_its_address_and_its_keys_are_never_shown() {
        let file = "[attachments]\nstorage = \"s3://chats/of/ours/\"\n[attachments.s3]\nregion = \"eu-1\"\nendpoint = \
                    \"http://minio:9000\"\naccess_key_id = \"AKIA\"\nsecret_access_key = \"very-secret\"";
        let settings = load(&[("AWS_REGION", "eu-2")], file).unwrap();
        assert!(!format!("{settings:?}").contains("very-secret"));
        let AttachmentStorage::S3(s3) = settings.attachments.storage else { panic!("no S3") };
        assert_eq!(
            (s3.bucket.as_str(), s3.prefix.as_str(), s3.region.as_str()),
            ("chats", "of/ours", "eu-2")
        );
        assert_eq!(s3.endpoint.unwrap().as_str(), "http://minio:9000/");
        assert_eq!(s3.keys.unwrap().secret_access_key.expose_secret(), "very-secret");
    }

    #[test]
    fn a_site_takes_what_it_lists_or_else_what_all_take() {
        let file = "[attachments]\ntypes = [\"image/png\"]\n[sites.shop]\nfile_types = [\"application/pdf\"]";
        let types = |env: &[(&str, &str)], name: &str| {
            let settings = load(env, file).unwrap();
            let site = settings.sites.iter().find(|site| site.name.as_str() == name).unwrap();
            site.file_types.clone()
        };
        let only = |name| AllowedTypes::new([name]).unwrap();
        assert_eq!(types(&[], "default"), only("image/png"));
        assert_eq!(types(&[], "shop"), only("application/pdf"));
        assert_eq!(types(&[("CHATKITD_ATTACHMENT_TYPES", "text/csv")], "default"), only("text/csv"));
        assert_eq!(load(&[], "").unwrap().sites[0].file_types, AllowedTypes::default());
    }

    #[test]
    fn what_cannot_be_meant_is_refused_with_what_can() {
        for (env, expected) in [
            (&[("CHATKITD_ATTACHMENTS", "s3")][..], "folder, s3://bucket/prefix, or off"),
            (
                &[("CHATKITD_ATTACHMENTS", "https://bucket.s3.amazonaws.com")],
                "folder, s3://bucket/prefix, or off",
            ),
            (
                &[("CHATKITD_ATTACHMENTS", "s3://b"), ("AWS_ENDPOINT_URL_S3", "minio:9000")],
                "https://minio.example.com",
            ),
            (
                &[("CHATKITD_ATTACHMENTS", "s3://b"), ("AWS_ACCESS_KEY_ID", "AKIA")],
                "needs AWS_SECRET_ACCESS_KEY",
            ),
            (
                &[("CHATKITD_ATTACHMENTS", "s3://b"), ("AWS_SECRET_ACCESS_KEY", "x")],
                "needs AWS_ACCESS_KEY_ID",
            ),
            (&[("CHATKITD_ATTACHMENT_TYPES", "image/png,image/svg+xml")], "told by its content"),
            (&[("CHATKITD_PUBLIC_URL", "chat.example.com")], "https://chat.example.com"),
            (&[("CHATKITD_PUBLIC_URL", "https://a.example/?x")], "without a query"),
        ] {
            let error = load(env, "").unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
