//! Arguments of the dashboard.

use std::ffi::OsString;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use clap::Args;

use super::CommonArguments;

/// Where the dashboard listens unless it is told otherwise.
const DEFAULT_ADDRESS: &str = "127.0.0.1:8460";
/// The flag whose value may stand behind it or not.
const FLAG: &str = "--dashboard";

/// `--dashboard` of the commands that read logs.
#[derive(Debug, Clone, Args)]
pub struct DashboardArguments {
    /// Serves the live dashboard while this runs, as `--dashboard` or `--dashboard 127.0.0.1:9000`; port 0
    /// takes one that is free. Any address but a loopback one demands a token.
    #[arg(
        id = "dashboard",
        long = "dashboard",
        value_name = "ADDR",
        value_parser = parse_address,
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = DEFAULT_ADDRESS
    )]
    pub address: Option<SocketAddr>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub token: TokenArguments,
}

/// Where the dashboard's token is.
#[derive(Debug, Clone, Args)]
pub struct TokenArguments {
    /// Environment variable that holds the token which the dashboard demands; never the token itself.
    #[arg(
        id = "dashboard_token_env",
        long = "dashboard-token-env",
        value_name = "NAME",
        default_value = "WAFWATCH_DASHBOARD_TOKEN"
    )]
    pub variable: String,
}

/// `wafwatch serve`.
#[derive(Debug, Args)]
pub struct ServeArguments {
    /// Where to listen; port 0 takes one that is free. Any address but a loopback one demands a token.
    #[arg(value_name = "ADDR", value_parser = parse_address, default_value = DEFAULT_ADDRESS)]
    pub address: SocketAddr,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub token: TokenArguments,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub common: CommonArguments,
}

/// An address and a port; names are looked up by nobody but `localhost`.
fn parse_address(text: &str) -> Result<SocketAddr, String> {
    let of_localhost = text.strip_prefix("localhost:").and_then(|port| {
        let localhost = IpAddr::V4(Ipv4Addr::LOCALHOST);
        Some(SocketAddr::new(localhost, port.parse().ok()?))
    });
    let address = of_localhost.or_else(|| text.parse().ok());
    address.ok_or_else(|| "give an address and a port, as 127.0.0.1:8460 or [::1]:8460".to_owned())
}

/// Joins `--dashboard ADDR` to `--dashboard=ADDR`: what follows the flag may as well be an input.
pub fn with_joined_address(arguments: impl Iterator<Item = OsString>) -> Vec<OsString> {
    let mut joined: Vec<OsString> = Vec::new();
    for argument in arguments {
        let is_address = argument
            .to_str()
            .is_some_and(|text| parse_address(text).is_ok());
        match joined.last_mut() {
            Some(flag) if flag == FLAG && is_address => {
                flag.push("=");
                flag.push(argument);
            }
            _ => joined.push(argument),
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(arguments: &[&str]) -> Vec<String> {
        let arguments = arguments.iter().map(OsString::from);
        let joined = with_joined_address(arguments).into_iter();
        joined
            .map(|text| text.into_string().expect("is text"))
            .collect()
    }

    #[test]
    fn an_address_behind_the_flag_is_its_own_and_an_input_is_not() {
        assert_eq!(
            joined(&["watch", "--dashboard", "[::1]:80", "a.log"]),
            ["watch", "--dashboard=[::1]:80", "a.log"]
        );
        assert_eq!(
            joined(&["watch", "--dashboard", "localhost:0", "127.0.0.1:1"]),
            ["watch", "--dashboard=localhost:0", "127.0.0.1:1"]
        );
        for left in [
            &["watch", "--dashboard", "a.log"][..],
            &["watch", "--dashboard=1.2.3.4:5", "6.7.8.9:1"],
            &["watch", "--dashboard"],
        ] {
            assert_eq!(joined(left), left);
        }
    }

    #[test]
    fn addresses_have_ports() {
        for text in ["127.0.0.1:0", "localhost:8460", "[::]:1"] {
            parse_address(text).expect(text);
        }
        for text in [
            "",
            "8460",
            "127.0.0.1",
            "localhost",
            "localhost:99999",
            "example.com:80",
        ] {
            parse_address(text).expect_err(text);
        }
    }
}
