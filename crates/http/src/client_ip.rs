//! Whose address a request comes from (design 4.5).
//!
//! The address is the socket's. Only when the socket belongs to a trusted proxy does
//! `X-Forwarded-For` count, and of it the last address that is not itself a trusted proxy: everything
//! to the left of that was written by strangers.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::Once;

use http::uri::Authority;
use http::{Extensions, HeaderMap};
use ipnet::IpNet;

use crate::public_base::plain_host;

/// The address of the peer, or the client's address where a platform knows it better. Whoever accepts
/// connections puts it into each request's extensions.
#[derive(Clone, Copy, Debug)]
pub struct PeerAddr(pub SocketAddr);

/// The proxies whose word on a client's address counts.
#[derive(Clone, Debug, Default)]
pub struct TrustedProxies(Vec<IpNet>);

/// A text that is neither an address nor a network.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is neither an address nor a network such as 10.0.0.0/8")]
pub struct ProxyError(String);

impl TrustedProxies {
    /// Reads a comma list of addresses and networks.
    pub fn parse(list: &str) -> Result<Self, ProxyError> {
        let one = |text: &str| -> Result<IpNet, ProxyError> {
            let refuse = |_| ProxyError(text.to_owned());
            match text.parse::<IpNet>() {
                Ok(net) => Ok(net),
                Err(_) => text.parse::<IpAddr>().map(IpNet::from).map_err(refuse),
            }
        };
        list.split(',')
            .map(str::trim)
            .filter(|text| !text.is_empty())
            .map(one)
            .collect::<Result<_, _>>()
            .map(Self)
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.0.iter().any(|net| net.contains(&address))
    }

    /// The address of the client that sent a request; `None` when nobody knows (in tests).
    pub(crate) fn client(&self, extensions: &Extensions, headers: &HeaderMap) -> Option<IpAddr> {
        let peer = extensions.get::<PeerAddr>()?.0.ip().to_canonical();
        if !self.trusts(peer) {
            warn_once_of_a_stranger(headers);
            return Some(peer);
        }
        warn_once_of_another_header(headers);
        let forwarded: Vec<&str> = headers
            .get_all("x-forwarded-for")
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .collect();
        for hop in forwarded.into_iter().rev() {
            match parse_hop(hop.trim()) {
                Some(address) if self.trusts(address) => {}
                Some(address) => return Some(address),
                None => break, // What stands left of a broken hop cannot be believed.
            }
        }
        Some(peer)
    }

    /// Whether the client spoke TLS, as a trusted proxy says.
    pub(crate) fn forwarded_https(&self, extensions: &Extensions, headers: &HeaderMap) -> bool {
        self.forwarded(extensions, headers, "x-forwarded-proto") == Some("https")
    }

    /// The host that the client asked for, as a trusted proxy says.
    pub(crate) fn forwarded_host(&self, extensions: &Extensions, headers: &HeaderMap) -> Option<Authority> {
        plain_host(self.forwarded(extensions, headers, "x-forwarded-host")?)
    }

    /// What a trusted proxy says; of several the outermost.
    fn forwarded<'a>(&self, extensions: &Extensions, headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
        let said = headers.get(name).filter(|_| self.vouch_for(extensions))?;
        Some(said.to_str().ok()?.split(',').next()?.trim())
    }

    fn vouch_for(&self, extensions: &Extensions) -> bool {
        extensions.get::<PeerAddr>().is_some_and(|peer| self.trusts(peer.0.ip().to_canonical()))
    }
}

/// An address, with or without a port, as proxies write it.
fn parse_hop(hop: &str) -> Option<IpAddr> {
    let address = hop
        .parse::<IpAddr>()
        .or_else(|_| hop.parse::<SocketAddr>().map(|socket| socket.ip()))
        .or_else(|_| hop.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>());
    address.ok().map(|address| address.to_canonical())
}

/// What proxies write about the client they speak for.
const FORWARDED: [&str; 5] =
    ["X-Forwarded-For", "Forwarded", "X-Real-IP", "X-Forwarded-Proto", "X-Forwarded-Host"];

/// The first of them that a request carries.
fn forwarded_header(headers: &HeaderMap) -> Option<&'static str> {
    FORWARDED.into_iter().find(|name| headers.contains_key(*name))
}

fn warn_once_of_a_stranger(headers: &HeaderMap) {
    static WARNED: Once = Once::new();
    if let Some(header) = forwarded_header(headers) {
        WARNED.call_once(|| {
            tracing::warn!(
                "a request carried {header}, but its sender is not in CHATKITD_TRUSTED_PROXIES; \
                 the header is ignored. If chatkitd stands behind a proxy, name the proxy there."
            );
        });
    }
}

fn warn_once_of_another_header(headers: &HeaderMap) {
    static WARNED: Once = Once::new();
    if let Some(header) = forwarded_header(headers).filter(|header| *header != FORWARDED[0]) {
        WARNED.call_once(|| {
            tracing::warn!(
                "a proxy in CHATKITD_TRUSTED_PROXIES sent {header} and no X-Forwarded-For, by which alone visitors are \
                 told apart; all of them count as one address. Have the proxy send X-Forwarded-For."
            );
        });
    }
}

/// What the address is counted under: IPv4 whole, IPv6 by its /64 (a household has that many).
pub(crate) fn limit_key(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(v4) => v4.to_string(),
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            format!("{}/64", Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(trusted: &str, peer: &str, forwarded: &[&str]) -> String {
        let mut extensions = Extensions::new();
        extensions.insert(PeerAddr(SocketAddr::new(peer.parse().unwrap(), 1)));
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append("x-forwarded-for", value.parse().unwrap());
        }
        let proxies = TrustedProxies::parse(trusted).unwrap();
        proxies.client(&extensions, &headers).unwrap().to_string()
    }

    #[test]
    fn a_forged_header_from_an_untrusted_peer_is_ignored() {
        assert_eq!(client("", "203.0.113.9", &["1.2.3.4"]), "203.0.113.9");
        assert_eq!(client("10.0.0.0/8", "203.0.113.9", &["1.2.3.4"]), "203.0.113.9");
    }

    #[test]
    fn behind_trusted_proxies_the_last_untrusted_hop_counts() {
        assert_eq!(client("10.0.0.0/8", "10.0.0.1", &["6.6.6.6, 1.2.3.4, 10.0.0.2"]), "1.2.3.4");
        assert_eq!(client("10.0.0.0/8", "10.0.0.1", &["6.6.6.6", "1.2.3.4"]), "1.2.3.4");
        assert_eq!(client("10.0.0.0/8", "10.0.0.1", &["1.2.3.4, junk"]), "10.0.0.1");
        assert_eq!(client("::1", "::1", &["[2001:db8::1]:443"]), "2001:db8::1");
    }

    #[test]
    fn ipv6_is_counted_by_its_network() {
        let key = |text: &str| limit_key(text.parse().unwrap());
        assert_eq!(key("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
        assert_eq!(key("::ffff:1.2.3.4"), "1.2.3.4");
    }
}
