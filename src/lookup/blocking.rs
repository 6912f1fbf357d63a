//! The same for threads without a runtime.

use std::io;

use aws_config::SdkConfig;
use tokio::runtime::{Builder, Runtime};

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
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let config = runtime.block_on(account::connect());
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
            runtime: Builder::new_current_thread().enable_all().build()?,
        })
    }
}

impl AccountView for BlockingAccount {
    /// Waits for the account; must not be called from an asynchronous task.
    fn look(&self, question: &Question) -> Looked {
        self.runtime.block_on(self.account.look(question))
    }
}
