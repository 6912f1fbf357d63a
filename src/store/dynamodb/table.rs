//! The table as data: what a template must deploy, and what tests create.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType,
    StreamSpecification, StreamViewType, TableStatus, TimeToLiveSpecification,
};

use super::call::hinted;
use super::keys::{PARTITION, SORT};
use crate::store::StoreError;

/// The attribute, in seconds since the epoch, after which DynamoDB deletes an item.
pub const EXPIRES: &str = "expires";
/// What the table's stream must carry. The `investigator` reads keys alone.
pub const STREAM_VIEW: StreamViewType = StreamViewType::NewImage;
/// How the table is billed: its load is that of the attacks, which nobody can provision for.
pub const BILLING: BillingMode = BillingMode::PayPerRequest;
/// The key: name and role, both texts.
pub const KEY: [(&str, KeyType); 2] = [(PARTITION, KeyType::Hash), (SORT, KeyType::Range)];

/// Creates the table, for tests; deployments have it from their template.
///
/// # Errors
///
/// When DynamoDB refuses.
pub async fn create(client: &Client, table: &str) -> Result<(), StoreError> {
    let mut request = client
        .create_table()
        .table_name(table)
        .billing_mode(BILLING)
        .stream_specification(
            StreamSpecification::builder()
                .stream_enabled(true)
                .stream_view_type(STREAM_VIEW)
                .build()
                .expect("all required fields are set"),
        );
    for (name, role) in KEY {
        request = request
            .key_schema(
                KeySchemaElement::builder()
                    .attribute_name(name)
                    .key_type(role)
                    .build()
                    .expect("all required fields are set"),
            )
            .attribute_definitions(
                AttributeDefinition::builder()
                    .attribute_name(name)
                    .attribute_type(ScalarAttributeType::S)
                    .build()
                    .expect("all required fields are set"),
            );
    }
    let created = request.send().await;
    created.map_err(|error| hinted("CreateTable", table, error))?;
    loop {
        let description = client.describe_table().table_name(table).send().await;
        let description = description.map_err(|error| hinted("DescribeTable", table, error))?;
        let status = description.table.and_then(|table| table.table_status);
        if status == Some(TableStatus::Active) {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    let expiry = TimeToLiveSpecification::builder()
        .enabled(true)
        .attribute_name(EXPIRES)
        .build()
        .expect("all required fields are set");
    let request = client.update_time_to_live().table_name(table);
    let updated = request.time_to_live_specification(expiry).send().await;
    updated.map_err(|error| hinted("UpdateTimeToLive", table, error))?;
    Ok(())
}
