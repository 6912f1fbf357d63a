//! Where marks are kept: with the incidents they speak of, in a store file or in a deployment's table.

#[cfg(feature = "aws")]
use anyhow::Context;
#[cfg(feature = "aws")]
use aws_sdk_dynamodb::Client;
#[cfg(feature = "aws")]
use tokio::runtime::Runtime;

#[cfg(feature = "aws")]
use crate::account;
use crate::cli::arguments::CommonArguments;
use crate::cli::exit::UsageError;
use crate::cli::{incidents, setup};
use crate::config::Settings;
use crate::guidance::{Mark, Marks};
use crate::incident::Incident;
use crate::store::Store;
#[cfg(feature = "aws")]
use crate::store::dynamodb::DynamoStore;
use crate::store::sqlite::SqliteStore;

/// A file, or a table with what is needed to ask it.
pub(super) enum Keeper {
    File(Box<SqliteStore>),
    #[cfg(feature = "aws")]
    Table(Runtime, Box<DynamoStore>),
}

/// Opens what `table` names, or else the store file.
pub(super) fn open(
    table: Option<&str>,
    common: &CommonArguments,
) -> anyhow::Result<(Settings, Keeper)> {
    match table {
        None => {
            let (settings, store) = incidents::open(common)?;
            Ok((settings, Keeper::File(Box::new(store))))
        }
        Some(table) => {
            let (settings, _) = setup::settings(common, None)?;
            let keeper = open_table(&settings, table)?;
            Ok((settings, keeper))
        }
    }
}

#[cfg(not(feature = "aws"))]
fn open_table(_: &Settings, table: &str) -> anyhow::Result<Keeper> {
    Err(UsageError(format!(
        "this build knows no table {table}: install one with `--features aws`"
    ))
    .into())
}

#[cfg(feature = "aws")]
fn open_table(settings: &Settings, table: &str) -> anyhow::Result<Keeper> {
    let (runtime, config) = account::connect_blocking().context("cannot start what asks AWS")?;
    let retention_days = settings.store.retention_days;
    let store = DynamoStore::new(Client::new(&config), table.to_owned(), retention_days);
    Ok(Keeper::Table(runtime, Box::new(store)))
}

impl Keeper {
    /// The incident of this id; of a file the beginning of the id is enough.
    pub(super) fn incident(&self, id: &str) -> anyhow::Result<Incident> {
        match self {
            Self::File(store) => incidents::find(store, id),
            #[cfg(feature = "aws")]
            Self::Table(runtime, store) => runtime.block_on(async {
                for acl in store.heads().await?.keys() {
                    if let Some(incident) = store.incident(acl, id).await? {
                        return Ok(incident);
                    }
                }
                let table = store.table();
                Err(UsageError(format!(
                    "there is no incident {id:?} in the table {table}: give the whole id, as messages have it"
                ))
                .into())
            }),
        }
    }

    pub(super) fn marks(&self) -> anyhow::Result<Marks> {
        Ok(match self {
            Self::File(store) => store.marks()?,
            #[cfg(feature = "aws")]
            Self::Table(runtime, store) => runtime.block_on(store.marks())?,
        })
    }

    pub(super) fn set(&self, mark: &Mark) -> anyhow::Result<()> {
        match self {
            Self::File(store) => store.reopen()?.set_mark(mark)?,
            #[cfg(feature = "aws")]
            Self::Table(runtime, store) => runtime.block_on(store.set_mark(mark))?,
        }
        Ok(())
    }

    pub(super) fn remove(&self, incident: &str) -> anyhow::Result<()> {
        match self {
            Self::File(store) => {
                store.reopen()?.remove_mark(incident)?;
            }
            #[cfg(feature = "aws")]
            Self::Table(runtime, store) => runtime.block_on(store.remove_mark(incident))?,
        }
        Ok(())
    }

    /// Windows in which a mark has muted something, where that can be asked.
    pub(super) fn windows_muted_by(&self, incident: &str) -> anyhow::Result<Option<u64>> {
        match self {
            Self::File(store) => Ok(Some(store.windows_muted_by(incident)?)),
            #[cfg(feature = "aws")]
            Self::Table(..) => Ok(None),
        }
    }
}
