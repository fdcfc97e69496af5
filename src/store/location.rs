//! What a location names: a file or a server, or something that is refused with advice.
//!
//! Knows the mistakes by which a password would end up in a file's name or in an error. Nothing
//! that is refused here is repeated in the message.

use crate::error::{Result, invalid};

/// What is to be opened.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Location<'a> {
    File(&'a str),
    Server(&'a str),
}

const SERVERS: [&str; 2] = ["postgres", "postgresql"];
const SERVER: &str = "postgres://user:password@host:5432/database";
/// What libpq takes in place of a URL.
const KEYWORDS: [&str; 11] = [
    "host",
    "hostaddr",
    "port",
    "user",
    "password",
    "passfile",
    "dbname",
    "sslmode",
    "sslrootcert",
    "service",
    "options",
];

impl Location<'_> {
    pub(super) fn parse(text: &str) -> Result<Location<'_>> {
        if text.trim() != text {
            return Err(invalid("the location begins or ends with a blank; remove it"));
        }
        let Some(path) = text.strip_prefix("sqlite:") else {
            return parse_plain(text);
        };
        match parse_plain(path.trim_start())? {
            Location::File(_) if path.trim_start() != path => {
                Err(invalid("the location has a blank behind `sqlite:`; remove it"))
            }
            Location::File(path) => Ok(Location::File(path)),
            Location::Server(_) => {
                Err(invalid("the location names a server behind `sqlite:`; leave that out"))
            }
        }
    }
}

fn parse_plain(text: &str) -> Result<Location<'_>> {
    if SERVERS
        .iter()
        .any(|name| text.strip_prefix(name).is_some_and(|rest| rest.starts_with("://")))
    {
        return if text.matches('@').count() > 1 {
            Err(invalid(
                "the location has more than one @; write %40 for one in a user or a password",
            ))
        } else {
            Ok(Location::Server(text))
        };
    }
    if let Some((scheme, rest)) = text.split_once(':') {
        if SERVERS.iter().any(|name| scheme.eq_ignore_ascii_case(name)) {
            return Err(invalid(format!(
                "the location is neither a path nor a URL of a server; write {SERVER}"
            )));
        }
        let letters = |c: char| c.is_ascii_alphanumeric() || "+-.".contains(c);
        let is_scheme = scheme.len() > 1 && scheme.chars().all(letters);
        if is_scheme && (rest.starts_with("//") || scheme.eq_ignore_ascii_case("file")) {
            return Err(invalid(format!(
                "the location has the scheme `{scheme}`, which confidant does not know; give a \
                 path, or {SERVER}"
            )));
        }
    }
    let first = text.split(['/', '\\']).next().unwrap_or(text);
    if first.find(':').zip(first.rfind('@')).is_some_and(|(colon, at)| colon < at) {
        return Err(invalid(format!(
            "the location looks like a user and a password at a host; write {SERVER}, or ./ in \
             front of a file of that name"
        )));
    }
    let is_keyword = |word: &str| {
        word.split_once('=').is_some_and(|(key, _)| {
            KEYWORDS.iter().any(|keyword| key.trim().eq_ignore_ascii_case(keyword))
        })
    };
    if text.split_whitespace().any(is_keyword) {
        return Err(invalid(format!(
            "the location looks like libpq's keywords; write {SERVER}, or ./ in front of a file \
             of that name"
        )));
    }
    Ok(Location::File(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_and_servers_are_told_apart() {
        for path in
            ["support.db", "/var/lib/a b/support.db", "C:\\data\\a@b.db", "a:b.db", "x/user=a.db"]
        {
            assert_eq!(Location::parse(path).expect("a path"), Location::File(path));
            let named = format!("sqlite:{path}");
            assert_eq!(Location::parse(&named).expect("a path"), Location::File(path));
        }
        for server in ["postgres://u:p%40w@h/db", "postgresql://h/db?schema=x"] {
            assert_eq!(Location::parse(server).expect("a server"), Location::Server(server));
        }
    }

    #[test]
    fn what_may_hold_a_password_is_refused_with_advice_and_never_repeated() {
        for text in [
            "POSTGRES://u:sesame@h/db",
            "Postgresql://u:sesame@h/db",
            " postgres://u:sesame@h/db",
            "postgres://u:sesame@h/db\n",
            "postgres:u:sesame@h/db",
            "postgres:/u:sesame@h/db",
            "postgres://u:sesame@x/y#1@h/db",
            "mysql://u:sesame@h/db",
            "redis+tls://u:sesame@h",
            "sqlite:postgres://u:sesame@h/db",
            "sqlite: postgres://u:sesame@h/db",
            "u:sesame@h/db",
            "file:sesame.db?mode=ro",
            "host=h user=u password=sesame dbname=d",
            "dbname=d  PASSWORD = sesame user=u",
            "password=sesame",
        ] {
            let refused = Location::parse(text).expect_err(text);
            assert!(!format!("{refused} {refused:?}").contains("sesame"), "{text}: {refused:?}");
            let message = refused.to_string();
            let advises = ["write", "remove", "leave", "give"];
            assert!(advises.iter().any(|word| message.contains(word)), "{message}");
        }
    }
}
