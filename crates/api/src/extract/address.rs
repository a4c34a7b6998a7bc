//! Where a request comes from: the peer, or, where that is a proxy that the operator trusts, what it says.

use crate::error::ApiError;
use crate::limits::RateNote;
use crate::state::ApiState;
use app::audit::Origin;
use axum::extract::{ConnectInfo, FromRequestParts};
use domain::AddressPrefix;
use http::HeaderMap;
use http::header::USER_AGENT;
use http::request::Parts;
use std::net::{IpAddr, SocketAddr};

/// Networks whose `X-Forwarded-For` is believed. Anybody else's counts for nothing: a client could write there what it likes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrustedProxies(Vec<(IpAddr, u32)>);

impl TrustedProxies {
    /// Reads addresses and networks such as `10.0.0.0/8`, separated by commas.
    ///
    /// # Errors
    /// The part that is neither.
    pub fn parse(text: &str) -> Result<Self, String> {
        let network = |part: &str| {
            let (address, bits) = part.split_once('/').map_or((part, None), |(address, bits)| (address, Some(bits)));
            let address: IpAddr = address.parse().ok()?;
            let width = if address.is_ipv4() { 32 } else { 128 };
            let bits = bits.map_or(Some(width), |bits| bits.parse().ok()).filter(|bits| *bits <= width)?;
            Some((address, bits))
        };
        let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
        parts.map(|part| network(part).ok_or_else(|| part.to_owned())).collect::<Result<_, _>>().map(Self)
    }

    fn contain(&self, address: IpAddr) -> bool {
        self.0.iter().any(|(network, bits)| match (network, address) {
            (IpAddr::V4(network), IpAddr::V4(address)) => same(network.to_bits().into(), address.to_bits().into(), 32 - bits),
            (IpAddr::V6(network), IpAddr::V6(address)) => same(network.to_bits(), address.to_bits(), 128 - bits),
            _ => false,
        })
    }
}

/// Whether two addresses are the same but for their last `free` bits.
fn same(one: u128, two: u128, free: u32) -> bool {
    (one ^ two).checked_shr(free).unwrap_or(0) == 0
}

/// The address of the client. Each proxy appends the address that it was called from, so the list is read from its end: the first that is
/// no trusted proxy is the client.
pub fn client_address(peer: Option<IpAddr>, headers: &HeaderMap, trusted: &TrustedProxies) -> Option<IpAddr> {
    let mut address = peer?.to_canonical();
    let lists: Vec<&str> = headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok()).collect();
    for entry in lists.iter().flat_map(|list| list.split(',')).rev() {
        if !trusted.contain(address) {
            break;
        }
        let Ok(next) = entry.trim().parse::<IpAddr>() else { break };
        address = next.to_canonical();
    }
    Some(address)
}

/// The address that a request came from; none where the listener does not say.
pub fn address_of(parts: &Parts, state: &ApiState) -> Option<IpAddr> {
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
    client_address(peer, &parts.headers, &state.trusted_proxies)
}

/// Where a request comes from, counted against the address's share of attempts. Taking it is for operations with which somebody could guess:
/// passwords, tokens, addresses.
#[derive(Debug)]
pub struct Guarded(pub Origin);

impl FromRequestParts<ApiState> for Guarded {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, ApiError> {
        let address = address_of(parts, state);
        state.limits.check_address(address, parts.extensions.get::<RateNote>()).await?;
        let user_agent = parts.headers.get(USER_AGENT).and_then(|value| value.to_str().ok()).map(str::to_owned);
        Ok(Self(Origin { address: address.map(AddressPrefix::of), user_agent }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(peer: &str, forwarded: &[&str], trusted: &str) -> String {
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append("x-forwarded-for", value.parse().expect("a value"));
        }
        let trusted = TrustedProxies::parse(trusted).expect("networks");
        client_address(Some(peer.parse().expect("an address")), &headers, &trusted).expect("an address").to_string()
    }

    #[test]
    fn a_forwarded_address_counts_from_a_trusted_proxy_only() {
        assert_eq!(client("198.51.100.9", &["203.0.113.5"], ""), "198.51.100.9");
        assert_eq!(client("198.51.100.9", &["203.0.113.5"], "10.0.0.0/8"), "198.51.100.9");
        assert_eq!(client("10.1.2.3", &["203.0.113.5"], "10.0.0.0/8"), "203.0.113.5");
        assert_eq!(client("::ffff:10.1.2.3", &["2001:db8::1"], "10.0.0.0/8"), "2001:db8::1");
        // What the client itself wrote comes first and is not believed.
        assert_eq!(client("10.1.2.3", &["1.1.1.1, 203.0.113.5", "10.9.9.9"], "10.0.0.0/8"), "203.0.113.5");
        assert_eq!(client("10.1.2.3", &["nonsense"], "10.0.0.0/8"), "10.1.2.3");
        assert_eq!(client("10.1.2.3", &[], "10.0.0.0/8"), "10.1.2.3");
    }

    #[test]
    fn what_is_no_network_is_named() {
        for bad in ["10.0.0.0/33", "::1/129", "proxy", "10.0.0.1/x"] {
            assert_eq!(TrustedProxies::parse(&format!("127.0.0.1, {bad}")), Err(bad.to_owned()));
        }
        assert!(TrustedProxies::parse("0.0.0.0/0").expect("all").contain("192.0.2.1".parse().expect("an address")));
    }
}
