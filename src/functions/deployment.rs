//! What all functions of one deployment must agree on.

use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_dynamodb::Client;

use crate::config::Settings;
use crate::guidance::Calendar;
use crate::pipeline::PipelineSettings;
use crate::store::StoreError;
use crate::store::dynamodb::DynamoStore;

/// How long a busy table is waited for: less than what calls keep of their time for their ends.
const PATIENCE: Duration = Duration::from_secs(3);

/// The table, and how records are counted: under the seed that the settings give or, without one, under
/// the one that the first function to come here drew and left in the table. Counts of different
/// seeds cannot be merged.
pub(super) async fn deployment(
    mut settings: Settings,
    calendar: Calendar,
    table: String,
    config: &SdkConfig,
    draw: fn() -> u64,
) -> Result<(DynamoStore, PipelineSettings), StoreError> {
    let store = DynamoStore::new(Client::new(config), table, settings.store.retention_days)
        .with_patience(PATIENCE);
    if settings.windows.seed.is_none() {
        settings.windows.seed = Some(store.seed(draw()).await?);
    }
    let pipeline = PipelineSettings::of(&settings, draw()).with_calendar(calendar);
    Ok((store, pipeline))
}
