//! Where a webhook may point to. A server that posts to addresses of its users' choice must not be a way into its own network.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use domain::{Error, Result};
use reqwest::Url;

/// Longest address.
const MAX_LENGTH: usize = 2000;

/// An address as it is stored.
///
/// # Errors
/// When it is none, or one that nothing is sent to.
pub fn checked(text: &str, allow_private: bool) -> Result<Url> {
    let invalid = |why: &str| Error::invalid("url", why);
    if text.len() > MAX_LENGTH {
        return Err(invalid("The address may have at most 2000 characters."));
    }
    let mut url = Url::parse(text.trim()).map_err(|_| invalid("This is not an address; it looks like https://example.org/hook."))?;
    if !(url.scheme() == "https" || url.scheme() == "http" && allow_private) {
        return Err(invalid("The address must begin with https://, as messages tell of your work."));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(invalid("The address must hold no user name and no password; check the signature instead."));
    }
    url.set_fragment(None);
    match literal(&url) {
        Some(ip) if !allow_private && !is_public(ip) => Err(invalid("The address is in a private network, where nothing is sent to.")),
        _ if url.host_str().is_none_or(str::is_empty) => Err(invalid("The address has no host.")),
        _ => Ok(url),
    }
}

fn literal(url: &Url) -> Option<IpAddr> {
    let host = url.host_str()?;
    host.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

/// Where to connect to: all addresses of the host, looked up now. The connection is made to these and no others, so that a name that
/// means something else a moment later leads nowhere.
///
/// # Errors
/// Why nothing is sent there, in words for the log of deliveries.
pub async fn resolve(url: &Url, allow_private: bool) -> Result<Vec<SocketAddr>, String> {
    let port = url.port_or_known_default().unwrap_or(443);
    let found: Vec<SocketAddr> = match literal(url) {
        Some(ip) => vec![SocketAddr::new(ip, port)],
        None => {
            let host = url.host_str().unwrap_or_default();
            let found = tokio::net::lookup_host((host, port)).await;
            found.map_err(|error| format!("the host's name could not be looked up: {error}"))?.collect()
        }
    };
    if found.is_empty() {
        return Err("the host's name leads to no address".to_owned());
    }
    if !allow_private && found.iter().any(|address| !is_public(address.ip())) {
        return Err("the host's name leads into a private network, where nothing is sent to".to_owned());
    }
    Ok(found)
}

/// Whether an address is one of the public Internet.
fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => is_public_v6(ip),
    }
}

/// By the IANA registry of special-purpose addresses.
fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    let special = a == 0
        || ip.is_loopback()
        || ip.is_private()
        || ip.is_link_local()
        || ip.is_documentation()
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 192 && b == 88 && c == 99)
        || (a == 198 && (18..20).contains(&b))
        || a >= 224;
    !special
}

/// Only global unicast, and of addresses that carry one of the fourth version only those that carry a public one.
fn is_public_v6(ip: Ipv6Addr) -> bool {
    let s = ip.segments();
    let carried = |high: u16, low: u16| Ipv4Addr::from(u32::from(high) << 16 | u32::from(low));
    if let Some(v4) = ip.to_ipv4_mapped() {
        return is_public_v4(v4);
    }
    match s {
        [0x0064, 0xff9b, 0, 0, 0, 0, high, low] => is_public_v4(carried(high, low)),
        [0x2002, high, low, ..] => is_public_v4(carried(high, low)),
        // Protocol assignments with Teredo, documentation (twice).
        [0x2001, b, ..] if b < 0x0200 || b == 0x0db8 => false,
        [0x3fff, b, ..] if b < 0x1000 => false,
        [a, ..] => (0x2000..0x4000).contains(&a),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_sent_into_private_networks() {
        for ip in [
            "127.0.0.1",
            "0.0.0.0",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "192.0.0.1",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "203.0.113.5",
            "::",
            "::1",
            "fe80::1",
            "fc00::1",
            "fd12::1",
            "ff02::1",
            "::ffff:127.0.0.1",
            "::ffff:a00:1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
            "2001:db8::1",
            "2001::1",
            "::127.0.0.1",
            "fec0::1",
        ] {
            assert!(!is_public(ip.parse().expect(ip)), "{ip}");
        }
        for ip in
            ["1.1.1.1", "8.8.8.8", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "2a00:1450::1", "::ffff:8.8.8.8", "64:ff9b::808:808"]
        {
            assert!(is_public(ip.parse().expect(ip)), "{ip}");
        }
    }

    #[test]
    fn addresses_are_checked_however_they_are_written() {
        for bad in [
            "",
            "example.org",
            "ftp://example.org",
            "http://example.org/x",
            "https://u:p@example.org",
            "https://127.0.0.1/",
            "https://[::1]/x",
            "https://0x7f.1/",
            "https://2130706433/",
            "https://017700000001/",
            "https://169.254.169.254/latest/meta-data",
            "https://[::ffff:10.0.0.1]/",
        ] {
            assert_eq!(checked(bad, false).expect_err(bad).field.as_deref(), Some("url"), "{bad}");
        }
        assert_eq!(checked(" https://example.org/hook?x=1#frag ", false).expect("right").as_str(), "https://example.org/hook?x=1");
        assert!(checked("http://127.0.0.1:9/x", true).is_ok());
    }

    #[tokio::test]
    async fn a_name_that_leads_home_is_found_out() {
        let url = Url::parse("https://localhost/x").expect("an address");
        assert!(resolve(&url, false).await.expect_err("private").contains("private network"));
        assert!(!resolve(&url, true).await.expect("allowed").is_empty());
    }
}
