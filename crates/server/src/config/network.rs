//! An address, or a network of them, as it is written in a configuration.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::net::IpAddr;

/// One IP address, or all whose first bits are those of another one: `10.0.0.7`, `10.0.0.0/8`, `fd00::/8`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Network {
    address: IpAddr,
    /// How many of the first bits count.
    bits: u8,
}

impl Network {
    /// Whether an address is in it. An IPv4 address in the form of an IPv6 one is what it is.
    pub fn contains(self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                let differ = own.to_bits() ^ other.to_bits();
                differ.leading_zeros() >= u32::from(self.bits)
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => {
                let differ = own.to_bits() ^ other.to_bits();
                differ.leading_zeros() >= u32::from(self.bits)
            }
            _ => false,
        }
    }
}

/// Bits of an address of this kind.
const fn bits_of(address: IpAddr) -> u8 {
    match address {
        IpAddr::V4(_) => 32,
        IpAddr::V6(_) => 128,
    }
}

impl TryFrom<String> for Network {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        let wrong = || {
            format!(
                "{text:?} is no network; write an IP address, such as 10.0.0.7, or with the number of its first bits \
                 that count, such as 10.0.0.0/8"
            )
        };
        let (address, bits) = text.split_once('/').map_or((text.as_str(), None), |(a, b)| (a, Some(b)));
        let address: IpAddr = address.parse().map_err(|_| wrong())?;
        let most = bits_of(address);
        let bits = bits.map_or(Ok(most), str::parse).map_err(|_| wrong())?;
        if bits == 0 || bits > most || address != address.to_canonical() {
            return Err(wrong());
        }
        Ok(Self { address, bits })
    }
}

impl From<Network> for String {
    fn from(network: Network) -> Self {
        network.to_string()
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.address.fmt(f)?;
        if self.bits == bits_of(self.address) { Ok(()) } else { write!(f, "/{}", self.bits) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(text: &str) -> Result<Network, String> {
        Network::try_from(text.to_owned())
    }

    #[test]
    fn an_address_is_in_a_network_whose_bits_it_begins_with() {
        let cases = [
            ("10.0.0.7", "10.0.0.7", true),
            ("10.0.0.7", "10.0.0.6", false),
            ("10.0.0.7", "::ffff:10.0.0.7", true),
            ("10.0.0.7/8", "10.255.0.1", true),
            ("10.0.0.0/8", "11.0.0.0", false),
            ("10.0.0.0/8", "a00::", false),
            ("172.16.0.0/12", "172.31.255.255", true),
            ("172.16.0.0/12", "172.32.0.0", false),
            ("128.0.0.0/1", "255.255.255.255", true),
            ("fd00::/8", "fdff::1", true),
            ("fd00::/8", "fe80::1", false),
            ("::1", "::1", true),
            ("::1", "127.0.0.1", false),
        ];
        for (text, address, within) in cases {
            let found = network(text).unwrap().contains(address.parse().unwrap());
            assert_eq!(found, within, "{address} in {text}");
        }
    }

    #[test]
    fn it_is_written_as_it_is_read() {
        for text in ["10.0.0.7", "10.0.0.0/8", "fd00::/8", "::1"] {
            assert_eq!(network(text).unwrap().to_string(), text);
        }
        assert_eq!(network("10.0.0.7/32").unwrap().to_string(), "10.0.0.7");
    }

    #[test]
    fn what_is_no_network_is_told_and_neither_is_everybody() {
        let wrong = [
            "",
            "proxy.local",
            "10.0.0",
            "10.0.0.0/33",
            "10.0.0.0/",
            "10.0.0.0/-1",
            "10.0.0.0/0",
            "::/0",
            "::/129",
            "::ffff:10.0.0.7",
            "10.0.0.0/8/8",
        ];
        for text in wrong {
            let sentence = network(text).unwrap_err();
            assert!(sentence.starts_with(&format!("{text:?} is no network; write")), "{sentence}");
        }
    }
}
