//! Names and numbers that stand for tenants, customers, sessions and turns.
//!
//! Knows the rule for a host's own names, and how an identifier carries a mark of its
//! customer, so that one used with another customer's memory is refused instead of
//! meeting the turn that happens to have the same number there.

use crate::error::{Error, Result, invalid};
use std::fmt;
use std::str::FromStr;

/// The longest tenant or customer name, in bytes.
pub const MAX_NAME_BYTES: usize = 128;
/// The most turns, and the most sessions, that one customer can have.
pub const MAX_PER_CUSTOMER: u32 = (1 << NUMBER_BITS) - 1;

const NUMBER_BITS: u32 = 24;
const TAG_BITS: u32 = 28;
const PENDING_BIT: u64 = 1 << (NUMBER_BITS + TAG_BITS);

/// Checks a host's own name: 1 to 128 bytes, no control characters.
pub(crate) fn check_name(what: &str, name: &str) -> Result<()> {
    if name.is_empty() {
        return Err(invalid(format!("the {what} id is empty")));
    }
    if name.len() > MAX_NAME_BYTES {
        return Err(invalid(format!(
            "the {what} id has {} bytes; the limit is {MAX_NAME_BYTES}",
            name.len()
        )));
    }
    if let Some(bad) = name.chars().find(|c| c.is_control()) {
        return Err(invalid(format!(
            "the {what} id holds the control character U+{:04X}",
            u32::from(bad)
        )));
    }
    Ok(())
}

/// The mark of one customer of one tenant in its identifiers: 28 bits of FNV-1a.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tag(u32);

impl Tag {
    pub(crate) fn of(tenant: &str, customer: &str) -> Tag {
        let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
        for byte in tenant.bytes().chain([0]).chain(customer.bytes()) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
        let folded = (hash ^ (hash >> 32)) & ((1 << TAG_BITS) - 1);
        Tag(u32::try_from(folded).expect("masked to 28 bits"))
    }
}

macro_rules! identifier {
    ($name:ident, $letter:literal, $what:literal, $(#[$doc:meta])*) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(u64);

        impl $name {
            pub(crate) fn new(tag: Tag, number: u32) -> $name {
                $name((u64::from(tag.0) << NUMBER_BITS) | u64::from(number & MAX_PER_CUSTOMER))
            }

            /// The number within the customer, counted from 1 in the order of saving.
            pub fn number(self) -> u32 {
                u32::try_from(self.0 & u64::from(MAX_PER_CUSTOMER)).expect("masked to 24 bits")
            }

            /// The identifier as one number below 2^53, for hosts that keep numbers.
            pub fn as_u64(self) -> u64 {
                self.0
            }

            /// The identifier that [`as_u64`](Self::as_u64) gave.
            ///
            /// # Errors
            /// `InvalidArgument` if no identifier has that number.
            pub fn from_u64(number: u64) -> Result<$name> {
                let known = PENDING_BIT | (PENDING_BIT - 1);
                if number & !known != 0 || number & u64::from(MAX_PER_CUSTOMER) == 0 {
                    return Err(invalid(format!("{number} is no {} id", $what)));
                }
                Ok($name(number))
            }

            pub(crate) fn belongs_to(self, tag: Tag) -> bool {
                (self.0 & !PENDING_BIT) >> NUMBER_BITS == u64::from(tag.0)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let tag = (self.0 & !PENDING_BIT) >> NUMBER_BITS;
                let mark = if self.0 & PENDING_BIT != 0 { "p" } else { "" };
                write!(f, "{}{tag:07x}-{mark}{}", $letter, self.number())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({self})", stringify!($name))
            }
        }

        impl FromStr for $name {
            type Err = Error;

            fn from_str(text: &str) -> Result<$name> {
                let bad = || invalid(format!("not a {} id: {} bytes that do not read as one", $what, text.len()));
                // Rust's own numbers may begin with a plus sign.
                let text = Some(text).filter(|text| !text.contains('+')).ok_or_else(bad)?;
                let (tag, number) = text.strip_prefix($letter).and_then(|rest| rest.split_once('-')).ok_or_else(bad)?;
                let (pending, number) = match number.strip_prefix('p') {
                    Some(rest) => (PENDING_BIT, rest),
                    None => (0, number),
                };
                let tag = u32::from_str_radix(tag, 16).ok().filter(|tag| *tag < 1 << TAG_BITS).ok_or_else(bad)?;
                let number = number.parse::<u32>().ok();
                let number = number.filter(|n| (1..=MAX_PER_CUSTOMER).contains(n)).ok_or_else(bad)?;
                Ok($name($name::new(Tag(tag), number).0 | pending))
            }
        }
    };
}

identifier!(TurnId, 't', "turn",
    /// One turn of one customer.
    ///
    /// Ordered by age within a customer. Numbers are never used twice, also not after
    /// [`clear`](crate::PersistentBufferMemory::clear). Used with another customer's
    /// memory it is `NotFound`. The same calls give the same identifiers on every machine.
    ///
    /// ```
    /// use confidant::TurnId;
    /// let id: TurnId = "t1c9e2f4-12".parse()?;
    /// assert_eq!(id.number(), 12);
    /// assert_eq!(TurnId::from_u64(id.as_u64())?, id);
    /// # Ok::<(), confidant::Error>(())
    /// ```
);
identifier!(SessionId, 's', "session",
    /// One session of one customer.
    ///
    /// Ordered by opening within a customer, never used twice, and `NotFound` with another
    /// customer's memory.
);

impl TurnId {
    pub(crate) fn pending(tag: Tag, number: u32) -> TurnId {
        TurnId(TurnId::new(tag, number).0 | PENDING_BIT)
    }

    /// Whether the turn was not on disk yet when this identifier was given
    /// (only under [`Persist::Every`](crate::Persist)).
    pub fn is_pending(self) -> bool {
        self.0 & PENDING_BIT != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identifier_reads_back_from_its_text_and_its_number() {
        let tag = Tag::of("acme", "alice");
        for id in [TurnId::new(tag, 1), TurnId::new(tag, MAX_PER_CUSTOMER), TurnId::pending(tag, 7)]
        {
            assert_eq!(id.to_string().parse::<TurnId>().expect("reads back"), id);
            assert_eq!(TurnId::from_u64(id.as_u64()).expect("reads back"), id);
            assert!(id.as_u64() < 1 << 53);
            assert!(id.belongs_to(tag));
            assert!(!id.belongs_to(Tag::of("acme", "bob")));
        }
        assert!(TurnId::pending(tag, 7).is_pending());
    }

    #[test]
    fn text_that_is_no_identifier_is_refused() {
        for text in [
            "",
            "t",
            "t-1",
            "x0000001-1",
            "t0000001-0",
            "t0000001-16777216",
            "tfffffff1-1",
            "t0000001-1-1",
        ] {
            assert!(text.parse::<TurnId>().is_err(), "{text}");
        }
        assert!(TurnId::from_u64(0).is_err());
        assert!(SessionId::from_u64(u64::MAX).is_err());
    }

    #[test]
    fn names_are_checked_and_the_complaint_names_the_rule() {
        assert!(check_name("tenant", "acme").is_ok());
        assert!(check_name("tenant", &"x".repeat(128)).is_ok());
        for (bad, word) in [("", "empty"), ("a\nb", "U+000A"), ("a\0", "U+0000")] {
            assert!(check_name("tenant", bad).expect_err("refused").to_string().contains(word));
        }
        assert!(
            check_name("tenant", &"x".repeat(129))
                .expect_err("refused")
                .to_string()
                .contains("129")
        );
    }
}
