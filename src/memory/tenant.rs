//! One company's part of the memory.

use super::core::Core;
use super::customer::Customer;
use crate::error::Result;
use crate::id::check_name;
use std::fmt;
use std::sync::Arc;

/// One company's part of the memory: nothing of another tenant is reachable from it.
#[derive(Clone)]
pub struct Tenant {
    pub(crate) core: Arc<Core>,
    id: Arc<str>,
}

impl Tenant {
    pub(super) fn new(core: Arc<Core>, id: &str) -> Result<Tenant> {
        check_name("tenant", id)?;
        Ok(Tenant { core, id: Arc::from(id) })
    }

    /// The id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The customer with that id, 1 to 128 bytes without control characters. Nothing is
    /// stored until something of the customer is.
    ///
    /// Ids are compared byte for byte: `Alice` and `alice` are two customers, and so are two
    /// ways to write the same accent. Use a key of your own database, or trim a name, lower its
    /// case and bring it to NFC before you call.
    ///
    /// # Errors
    /// `InvalidArgument` if the id breaks the rule.
    pub fn customer(&self, id: &str) -> Result<Customer> {
        check_name("customer", id)?;
        Ok(Customer::new(Arc::clone(&self.core), Arc::clone(&self.id), Arc::from(id)))
    }
}

impl fmt::Debug for Tenant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tenant").field("id", &self.id).finish_non_exhaustive()
    }
}
