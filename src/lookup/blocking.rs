//! The same for threads without a runtime.

use std::io;

use aws_config::SdkConfig;
use tokio::runtime::Runtime;

use super::Account;
use crate::account;
use crate::config::InvestigateConfig;
use crate::investigate::surroundings::{AccountView, Looked, Question};

/// Brings its own runtime.
#[derive(Debug)]
pub struct BlockingAccount {
    account: Account,
    runtime: Runtime,
}

impl BlockingAccount {
    /// The account that the environment gives.
    ///
    /// # Errors
    ///
    /// When the system gives no event queue to wait on.
    pub fn connect(settings: InvestigateConfig) -> io::Result<Self> {
        let (runtime, config) = account::connect_blocking()?;
        Ok(Self {
            account: Account::new(&config, settings),
            runtime,
        })
    }

    /// The account of `config`.
    ///
    /// # Errors
    ///
    /// When the system gives no event queue to wait on.
    pub fn over(config: &SdkConfig, settings: InvestigateConfig) -> io::Result<Self> {
        Ok(Self {
            account: Account::new(config, settings),
            runtime: account::own_runtime()?,
        })
    }
}

impl AccountView for BlockingAccount {
    /// Waits for the account; must not be called from an asynchronous task.
    fn look(&self, question: &Question) -> Looked {
        self.runtime.block_on(self.account.look(question))
    }
}
