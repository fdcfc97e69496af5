//! The one layout of keys: whose row it is in the high bits, its number in the low ones.
//!
//! Turns and sessions of a customer, and documents of a collection, lie side by side because
//! their keys begin with the owner's number.

/// Low bits of a key: the row's number among its owner's.
pub(crate) const NUMBER_BITS: u32 = 24;
/// The last number that a row can have.
pub(crate) const MAX_NUMBER: i64 = (1 << NUMBER_BITS) - 1;

/// The layout in SQL: a test below holds it to the constants above.
macro_rules! first_key {
    ($owner:expr) => {
        concat!("(", $owner, " * 16777216)")
    };
}
macro_rules! last_key {
    ($owner:expr) => {
        concat!("(", $owner, " * 16777216 + 16777215)")
    };
}
macro_rules! owner_of_key {
    ($key:expr) => {
        concat!("(", $key, " >> 24)")
    };
}
pub(crate) use {first_key, last_key, owner_of_key};

/// The key before the owner's first row.
pub(crate) fn first(owner: i64) -> i64 {
    owner << NUMBER_BITS
}

/// The key of the owner's last possible row.
pub(crate) fn last(owner: i64) -> i64 {
    first(owner) | MAX_NUMBER
}

/// The key of a row.
pub(crate) fn of(owner: i64, number: u32) -> i64 {
    first(owner) | i64::from(number)
}

/// Whose row has that key.
pub(crate) fn owner(key: i64) -> i64 {
    key >> NUMBER_BITS
}

/// The row's number among its owner's.
pub(crate) fn number(key: i64) -> u32 {
    u32::try_from(key & MAX_NUMBER).expect("masked to 24 bits")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_layout_in_sql_is_the_layout_in_rust() {
        assert_eq!(first_key!("1"), format!("(1 * {})", first(1)));
        assert_eq!(last_key!("1"), format!("(1 * {} + {})", first(1), last(1) - first(1)));
        assert_eq!(owner_of_key!("x"), format!("(x >> {NUMBER_BITS})"));
        assert_eq!((owner(of(7, 9)), number(of(7, 9))), (7, 9));
    }
}
