//! One customer's part of the store.

use super::key;
use crate::store::Value;

/// One customer of one tenant, as the store numbers it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Scope(i64);

impl Scope {
    pub(crate) fn of(customer: i64) -> Scope {
        Scope(customer)
    }

    /// The customer whose turn has that key.
    pub(crate) fn of_key(key: i64) -> Scope {
        Scope(key::owner(key))
    }

    pub(crate) fn value(self) -> Value {
        Value::Int(self.0)
    }

    /// The customer's number in the store.
    pub(crate) fn customer(self) -> i64 {
        self.0
    }

    /// The key before the customer's first.
    pub(super) fn low(self) -> i64 {
        key::first(self.0)
    }

    /// The customer's last possible key.
    pub(super) fn high(self) -> i64 {
        key::last(self.0)
    }

    pub(super) fn key(self, number: u32) -> i64 {
        key::of(self.0, number)
    }

    pub(crate) fn number(self, key: i64) -> u32 {
        u32::try_from(key - self.low()).unwrap_or(0)
    }

    /// The stored form of a host's idempotency key: unique within the customer.
    pub(crate) fn idempotency(self, key: &str) -> Vec<u8> {
        let mut bytes = self.0.to_be_bytes().to_vec();
        bytes.extend_from_slice(key.as_bytes());
        bytes
    }
}
