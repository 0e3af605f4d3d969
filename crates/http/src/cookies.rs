//! The one cookie: the signed device (design 4.1).

use chatkitd_core::id::SiteName;
use chatkitd_core::secret_text::SecretText;
use chatkitd_core::sessions::DEVICE_LIFETIME;
use http::{HeaderMap, header};

/// How the browser may send the cookie back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Only from pages of the same site.
    SameSite {
        /// Whether the page came over TLS.
        secure: bool,
    },
    /// From pages of other sites too, each with a cookie jar of its own.
    CrossSite,
}

/// The cookie's name: sites that share a host have a cookie each.
fn name(site: &SiteName) -> String {
    if *site == SiteName::default_site() {
        "chatkit_device".to_owned()
    } else {
        format!("chatkit_device_{site}")
    }
}

/// How many device cookies of a request are looked at.
const MAX_READ: usize = 4;

/// The device cookies of a request: another path or domain of the host may have left one of the same name.
pub(crate) fn read<'a>(headers: &'a HeaderMap, site: &SiteName) -> impl Iterator<Item = &'a str> + use<'a> {
    let name = name(site);
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter_map(move |(key, value)| (key == name).then_some(value))
        .take(MAX_READ)
}

/// The `Set-Cookie` value that keeps a device for 30 days.
pub(crate) fn write(site: &SiteName, token: &SecretText, reach: Reach) -> String {
    let attributes = match reach {
        Reach::SameSite { secure: false } => "SameSite=Lax",
        Reach::SameSite { secure: true } => "SameSite=Lax; Secure",
        Reach::CrossSite => "SameSite=None; Secure; Partitioned",
    };
    let seconds = DEVICE_LIFETIME.as_secs();
    format!("{}={}; Path=/; Max-Age={seconds}; HttpOnly; {attributes}", name(site), token.expose())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_found_among_others_by_its_whole_name() {
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, "xchatkit_device=1; chatkit_device=abc.def; other=2".parse().unwrap());
        assert!(read(&headers, &SiteName::default_site()).eq(["abc.def"]));
        assert_eq!(read(&headers, &SiteName::parse("shop").unwrap()).next(), None);
    }

    #[test]
    fn of_many_cookies_of_the_name_the_first_few_are_looked_at() {
        let mut headers = HeaderMap::new();
        headers
            .append(header::COOKIE, "chatkit_device=1; chatkit_device=2; chatkit_device=3".parse().unwrap());
        headers.append(header::COOKIE, "chatkit_device=4; chatkit_device=5".parse().unwrap());
        assert!(read(&headers, &SiteName::default_site()).eq(["1", "2", "3", "4"]));
    }

    #[test]
    fn a_cross_site_cookie_is_partitioned() {
        let cookie = write(&SiteName::parse("shop").unwrap(), &SecretText::new("t"), Reach::CrossSite);
        assert_eq!(
            cookie,
            "chatkit_device_shop=t; Path=/; Max-Age=2592000; HttpOnly; SameSite=None; Secure; Partitioned"
        );
    }
}
