//! Where a peer comes from, as far as its refused logins are counted with those of others.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

/// An IPv4 address; of an IPv6 address the network of 64 bits, of which one household has all addresses.
pub(super) fn of(address: IpAddr) -> Arc<str> {
    Arc::from(match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{}/64", Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_of_one_network_count_together_and_no_others() {
        let origin = |text: &str| of(text.parse().unwrap());
        assert_eq!(&*origin("192.0.2.1"), "192.0.2.1");
        assert_eq!(origin("192.0.2.1"), origin("::ffff:192.0.2.1"));
        assert_ne!(origin("192.0.2.1"), origin("192.0.2.2"));
        assert_eq!(origin("2001:db8:1:2:3::4"), origin("2001:db8:1:2:ffff:ffff:ffff:ffff"));
        assert_eq!(&*origin("2001:db8:1:2:3::4"), "2001:db8:1:2::/64");
        assert_ne!(origin("2001:db8:1:2::1"), origin("2001:db8:1:3::1"));
    }
}
