//! A `postgres://` location: what of it is ours, what is the client's, and what may be shown.
//!
//! Knows our own parameters (`schema`, `connections`, `sslmode`, `sslrootcert`) and that a
//! password never leaves this folder: not in an error, not in a name, not in `Debug`.

use crate::error::{Result, invalid};
use std::net::{IpAddr, ToSocketAddrs};
use std::time::Duration;
use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};

const DEFAULT_SCHEMA: &str = "confidant";
/// Connections of one open store, without the listening one.
const DEFAULT_CONNECTIONS: usize = 16;
/// How long an attempt to connect may take if `connect_timeout` does not say.
const PATIENCE: Duration = Duration::from_secs(5);
const MAX_CONNECTIONS: usize = 1_000;
/// The longest schema name: the channel's name has it too, and PostgreSQL cuts at 63 bytes.
const MAX_SCHEMA: usize = 48;

/// What is asked of the server's certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verify {
    Nothing,
    Chain,
    ChainAndName,
}

/// Where the certificate's issuer is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Roots {
    Public,
    File(String),
}

#[derive(Clone)]
pub(super) struct Location {
    pub(super) config: Config,
    pub(super) verify: Verify,
    pub(super) roots: Roots,
    pub(super) schema: String,
    pub(super) connections: usize,
    /// How long one attempt to connect may take.
    pub(super) patience: Duration,
    /// The location without its secrets.
    pub(super) shown: String,
}

impl Location {
    pub(super) fn parse(text: &str) -> Result<Location> {
        let (address, query) = split(text);
        let (mut schema, mut connections) = (DEFAULT_SCHEMA.to_owned(), DEFAULT_CONNECTIONS);
        let (mut mode, mut root) = (None, None);
        let mut rest = Vec::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            match name {
                "schema" => schema = decoded(value),
                "connections" => connections = number_of_connections(value)?,
                "sslmode" => mode = Some(decoded(value)),
                "sslrootcert" => root = Some(decoded(value)),
                _ => rest.push(pair),
            }
        }
        let parameters =
            if rest.is_empty() { String::new() } else { format!("?{}", rest.join("&")) };
        let parsed = format!("{address}{parameters}").parse::<Config>();
        // The cause is left out: it may quote what it did not understand.
        let mut config =
            parsed.map_err(|_| invalid("the location is not a valid PostgreSQL URL"))?;
        check(&config, &schema)?;
        // A password leaves this machine encrypted, unless the location says otherwise by name.
        let secret = config.get_password().is_some() && !is_local(&config);
        let default = if secret { "require" } else { "prefer" };
        let (ssl, verify) = match (mode.as_deref().unwrap_or(default), &root) {
            ("disable", _) => (SslMode::Disable, Verify::Nothing),
            ("prefer", _) => (SslMode::Prefer, Verify::Nothing),
            ("require", None) => (SslMode::Require, Verify::Nothing),
            ("require", Some(_)) | ("verify-ca", _) => (SslMode::Require, Verify::Chain),
            ("verify-full", _) => (SslMode::Require, Verify::ChainAndName),
            _ => {
                return Err(invalid(
                    "sslmode must be disable, prefer, require, verify-ca or verify-full",
                ));
            }
        };
        config.ssl_mode(ssl);
        be_patient(&mut config);
        let roots = root.filter(|path| path != "system").map_or(Roots::Public, Roots::File);
        let shown = shown(&config, &schema);
        let patience = config.get_connect_timeout().copied().unwrap_or(PATIENCE);
        Ok(Location { config, verify, roots, schema, connections, patience, shown })
    }

    /// The client's settings with the hosts' addresses looked up now: on this thread, since
    /// the client would start one of its own for it.
    pub(super) fn resolved(&self) -> std::io::Result<Config> {
        let mut config = self.config.clone();
        let [Host::Tcp(host)] = self.config.get_hosts() else { return Ok(config) };
        if !self.config.get_hostaddrs().is_empty() {
            return Ok(config);
        }
        let port = self.config.get_ports().first().copied().unwrap_or(5432);
        let addresses: Vec<IpAddr> =
            (host.as_str(), port).to_socket_addrs()?.map(|address| address.ip()).collect();
        for (place, address) in addresses.into_iter().enumerate() {
            if place > 0 {
                config.host(host.as_str());
            }
            config.hostaddr(address);
        }
        Ok(config)
    }

    /// The channel on which the stores of this schema tell each other of their commits.
    pub(super) fn channel(&self) -> String {
        format!("confidant_{}", self.schema)
    }
}

/// The address and the parameters. The first `@` ends the credentials, so that a question
/// mark in a password is one.
fn split(text: &str) -> (&str, &str) {
    let host = text.find('@').unwrap_or(0);
    match text.get(host..).and_then(|tail| tail.find('?')) {
        Some(place) => {
            (text.get(..host + place).unwrap_or(text), text.get(host + place + 1..).unwrap_or(""))
        }
        None => (text, ""),
    }
}

fn decoded(value: &str) -> String {
    let bytes = value.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut place = 0;
    while let Some(&byte) = bytes.get(place) {
        let hex = value.get(place + 1..place + 3).and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match (byte, hex) {
            (b'%', Some(decoded)) => {
                out.push(decoded);
                place += 3;
            }
            _ => {
                out.push(byte);
                place += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

fn number_of_connections(value: &str) -> Result<usize> {
    let number = value.parse().ok().filter(|number| (1..=MAX_CONNECTIONS).contains(number));
    number.ok_or_else(|| invalid(format!("connections must be 1 to {MAX_CONNECTIONS}")))
}

fn check(config: &Config, schema: &str) -> Result<()> {
    if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
        return Err(invalid("the location names no PostgreSQL host"));
    }
    let odd = |host: &Host| matches!(host, Host::Tcp(name) if name.contains('@'));
    if config.get_hosts().iter().any(odd) {
        return Err(invalid(
            "the location has more than one @; write %40 for one in a user or a password",
        ));
    }
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    let starts = schema.bytes().next().is_some_and(|byte| !byte.is_ascii_digit());
    if !starts
        || schema.len() > MAX_SCHEMA
        || !schema.bytes().all(plain)
        || schema.starts_with("pg_")
    {
        let rule = format!("1 to {MAX_SCHEMA} of a-z, 0-9 and _, not a digit first and not pg_");
        return Err(invalid(format!("the location's schema must be {rule}")));
    }
    Ok(())
}

/// Whether all that is sent stays on this machine.
fn is_local(config: &Config) -> bool {
    if !config.get_hostaddrs().is_empty() {
        return config.get_hostaddrs().iter().all(IpAddr::is_loopback);
    }
    config.get_hosts().iter().all(|host| match host {
        Host::Tcp(name) => {
            name == "localhost" || name.parse().is_ok_and(|address: IpAddr| address.is_loopback())
        }
        #[cfg(unix)]
        Host::Unix(_) => true,
    })
}

/// A server that has gone silent is given up after half a minute, unless the location says.
fn be_patient(config: &mut Config) {
    if config.get_application_name().is_none() {
        config.application_name("confidant");
    }
    if config.get_tcp_user_timeout().is_none() {
        config.tcp_user_timeout(Duration::from_secs(30));
        config.keepalives_idle(Duration::from_secs(10));
        config.keepalives_interval(Duration::from_secs(5));
        config.keepalives_retries(4);
    }
}

fn shown(config: &Config, schema: &str) -> String {
    let user = config.get_user().map_or(String::new(), |user| format!("{user}@"));
    let hosts: Vec<String> = config
        .get_hosts()
        .iter()
        .enumerate()
        .map(|(place, host)| {
            let port = config
                .get_ports()
                .get(place)
                .or(config.get_ports().first())
                .copied()
                .unwrap_or(5432);
            match host {
                Host::Tcp(name) => format!("{name}:{port}"),
                #[cfg(unix)]
                Host::Unix(path) => path.display().to_string(),
            }
        })
        .collect();
    let database = config.get_dbname().map_or(String::new(), |name| format!("/{name}"));
    let schema = if schema == DEFAULT_SCHEMA { String::new() } else { format!("?schema={schema}") };
    format!("postgres://{user}{}{database}{schema}", hosts.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_parameters_are_taken_out_and_the_others_are_the_clients() {
        let text = "postgresql://u:p%40w@db.example:6432/shop?schema=memory&connect_timeout=3&sslmode=verify-full\
                    &sslrootcert=%2Fetc%2Froot.crt&connections=4";
        let location = Location::parse(text).expect("valid");
        assert_eq!(location.schema, "memory");
        assert_eq!(location.connections, 4);
        assert_eq!(location.verify, Verify::ChainAndName);
        assert_eq!(location.roots, Roots::File("/etc/root.crt".to_owned()));
        assert_eq!(location.config.get_password(), Some(b"p@w".as_slice()));
        assert_eq!(location.config.get_connect_timeout(), Some(&Duration::from_secs(3)));
        assert_eq!(location.shown, "postgres://u@db.example:6432/shop?schema=memory");
    }

    #[test]
    fn a_password_is_never_shown() {
        for text in [
            "postgres://u:sesame@host:x/db",
            "postgres://u:open@sesame@host/db",
            "postgres://u:sesame@host/db?nonsense=sesame",
            "postgres://u:sesame?@host/db?schema=Sesame",
            "postgres://u:sesame@/db",
        ] {
            let error = Location::parse(text).err().expect("refused");
            assert!(!format!("{error} {error:?}").contains("sesame"), "{text}: {error:?}");
        }
        let location = Location::parse("postgres://u:open?sesame@host/db").expect("valid");
        assert_eq!(location.config.get_password(), Some(b"open?sesame".as_slice()));
        assert!(!format!("{:?} {}", location.config, location.shown).contains("sesame"));
    }

    #[test]
    fn a_password_is_encrypted_on_its_way_to_another_machine_unless_asked_otherwise_by_name() {
        let mode = |text: &str| {
            Location::parse(&format!("postgres://{text}")).expect("valid").config.get_ssl_mode()
        };
        for other in ["u:p@db.example/d", "u:p@10.0.0.1/d", "u:p@localhost,db.example/d"] {
            assert_eq!(mode(other), SslMode::Require, "{other}");
            assert_eq!(mode(&format!("{other}?sslmode=prefer")), SslMode::Prefer);
            assert_eq!(mode(&format!("{other}?sslmode=disable")), SslMode::Disable);
        }
        for own in ["u:p@localhost/d", "u:p@127.0.0.1/d", "u:p@[::1]/d", "u@db.example/d"] {
            assert_eq!(mode(own), SslMode::Prefer, "{own}");
        }
    }

    #[test]
    fn the_tls_modes_are_those_of_every_postgresql_client() {
        let verify = |query: &str| {
            let location = Location::parse(&format!("postgres://u@h/d?{query}"))?;
            Ok::<_, crate::Error>((location.config.get_ssl_mode(), location.verify))
        };
        assert_eq!(verify("").expect("valid"), (SslMode::Prefer, Verify::Nothing));
        assert_eq!(verify("sslmode=disable").expect("valid"), (SslMode::Disable, Verify::Nothing));
        assert_eq!(verify("sslmode=require").expect("valid"), (SslMode::Require, Verify::Nothing));
        assert_eq!(
            verify("sslmode=require&sslrootcert=x").expect("valid"),
            (SslMode::Require, Verify::Chain)
        );
        assert_eq!(verify("sslmode=verify-ca").expect("valid"), (SslMode::Require, Verify::Chain));
        assert!(verify("sslmode=allow").is_err());
    }
}
