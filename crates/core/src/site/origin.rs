//! Origins, compared whole: scheme, host and port (design 4.5). A suffix never decides.

use url::{Host, Url};

/// An origin that a browser sent: `https://shop.example`, `http://localhost:5173`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    scheme: String,
    host: String,
    port: u16,
}

impl Origin {
    /// Reads the value of an `Origin` header; `None` for `null` and for anything that is not just
    /// scheme, host and port of an `http` or `https` address.
    pub fn parse(text: &str) -> Option<Self> {
        let url = Url::parse(text).ok()?;
        let bare = matches!(url.path(), "" | "/") && !text.ends_with('/');
        let plain = url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none();
        if !bare || !plain || !matches!(url.scheme(), "http" | "https") {
            return None;
        }
        let port = url.port_or_known_default()?;
        Some(Self { scheme: url.scheme().to_owned(), host: url.host_str()?.to_owned(), port })
    }

    /// Whether pages of this origin come over TLS.
    pub fn is_https(&self) -> bool {
        self.scheme == "https"
    }

    /// Whether a request's `Host` header names this origin's host and port.
    pub fn is_host(&self, host_header: &str) -> bool {
        Self::parse(&format!("{}://{host_header}", self.scheme)).is_some_and(|host| host == *self)
    }
}

/// An origin an operator listed: exact, or `https://*.example.com` for every host below
/// `example.com` (not `example.com` itself).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OriginPattern {
    origin: Origin,
    subdomains: bool,
    text: String,
}

/// A text that is no origin.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is not an origin: write scheme and host (and port), such as https://example.com, \
     http://localhost:5173 or https://*.example.com, without a path"
)]
pub struct OriginPatternError(String);

impl OriginPattern {
    /// Reads a listed origin. One slash at the end is forgiven.
    pub fn parse(text: &str) -> Result<Self, OriginPatternError> {
        let refuse = || OriginPatternError(text.to_owned());
        let bare = text.trim();
        let bare = bare.strip_suffix('/').unwrap_or(bare);
        let (exact, subdomains) = match bare.split_once("://*.") {
            Some((scheme, rest)) => (format!("{scheme}://{rest}"), true),
            None => (bare.to_owned(), false),
        };
        let origin = Origin::parse(&exact).filter(|_| !exact.contains('*')).ok_or_else(refuse)?;
        let named = matches!(Host::parse(&origin.host), Ok(Host::Domain(domain)) if domain.contains('.'));
        if subdomains && !named {
            return Err(refuse());
        }
        Ok(Self { origin, subdomains, text: bare.to_owned() })
    }

    /// Whether a page of this origin is meant.
    pub fn matches(&self, origin: &Origin) -> bool {
        if !self.subdomains {
            return self.origin == *origin;
        }
        let below = origin.host.strip_suffix(self.origin.host.as_str()).and_then(|rest| rest.strip_suffix('.'));
        self.origin.scheme == origin.scheme
            && self.origin.port == origin.port
            && below.is_some_and(|label| !label.is_empty())
    }
}

impl std::fmt::Display for OriginPattern {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allows(pattern: &str, origin: &str) -> bool {
        let pattern = OriginPattern::parse(pattern).unwrap();
        Origin::parse(origin).is_some_and(|origin| pattern.matches(&origin))
    }

    #[test]
    fn origins_are_compared_whole() {
        assert!(allows("https://taquito.io", "https://taquito.io"));
        assert!(allows("https://taquito.io/", "https://TAQUITO.io:443"));
        for foreign in [
            "https://evil-taquito.io",
            "https://taquito.io.evil.com",
            "http://taquito.io",
            "https://taquito.io:8443",
            "https://a.taquito.io",
            "https://taquito.io@evil.com",
            "https://taquito.io/x",
            "null",
            "",
            "taquito.io",
        ] {
            assert!(!allows("https://taquito.io", foreign), "{foreign}");
        }
    }

    #[test]
    fn a_star_stands_for_subdomains_only() {
        assert!(allows("https://*.example.com", "https://a.example.com"));
        assert!(allows("https://*.example.com", "https://a.b.example.com"));
        for foreign in [
            "https://example.com",
            "https://evilexample.com",
            "https://a.example.com.evil.com",
            "http://a.example.com",
            "https://.example.com",
        ] {
            assert!(!allows("https://*.example.com", foreign), "{foreign}");
        }
    }

    #[test]
    fn a_pattern_that_would_match_too_much_is_refused() {
        for text in ["*", "https://*", "https://*.com", "https://*.10.0.0.1", "https://a.*.com", "ftp://a.com", "a.com", "https://a.com/path"] {
            assert!(OriginPattern::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn an_origin_knows_the_host_header_that_belongs_to_it() {
        let origin = Origin::parse("http://localhost:8787").unwrap();
        assert!(origin.is_host("localhost:8787"));
        assert!(!origin.is_host("localhost"));
        assert!(Origin::parse("https://a.example").unwrap().is_host("a.example"));
    }
}
