//! What the emulator enforces of DynamoDB's rules: the tests here rest on it.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::{AttributeValue, Put, TransactWriteItem};
use wafwatch_emulators::Ministack;

use crate::values::kept;

fn put(table: &str, sort: &str, bytes: usize, condition: Option<&str>) -> TransactWriteItem {
    let put = Put::builder()
        .table_name(table)
        .item("pk", AttributeValue::S("p".into()))
        .item("sk", AttributeValue::S(sort.into()))
        .item("b", AttributeValue::B(Blob::new(vec![0; bytes])))
        .set_condition_expression(condition.map(str::to_owned));
    let put = put.build().expect("is whole");
    TransactWriteItem::builder().put(put).build()
}

/// What a transaction is answered: nothing, or the code of its error.
async fn transact(token: Option<&str>, items: Vec<TransactWriteItem>) -> Option<String> {
    let client = Client::new(&Ministack::shared().sdk_config());
    let request = client
        .transact_write_items()
        .set_transact_items(Some(items))
        .set_client_request_token(token.map(str::to_owned));
    let error = request.send().await.err()?;
    Some(error.code().expect("a typed error").to_owned())
}

#[tokio::test]
async fn limits_of_transactions_are_enforced() {
    let table = &kept("rules").await.table;
    let many = (0..101).map(|sort| put(table, &sort.to_string(), 1, None));
    let invalid = Some("ValidationException".to_owned());
    assert_eq!(transact(None, many.collect()).await, invalid);
    let hundred = (0..100).map(|sort| put(table, &sort.to_string(), 1, None));
    assert_eq!(transact(None, hundred.collect()).await, None);
    let twice = vec![put(table, "a", 1, None), put(table, "a", 2, None)];
    assert_eq!(transact(None, twice).await, invalid);
    let large = (0..13).map(|sort| put(table, &sort.to_string(), 350_000, None));
    assert_eq!(transact(None, large.collect()).await, invalid);
    assert!(
        transact(None, vec![put(table, "a", 410_000, None)])
            .await
            .is_some()
    );
    let long = "x".repeat(1_025);
    assert_eq!(
        transact(None, vec![put(table, &long, 1, None)]).await,
        invalid
    );
}

#[tokio::test]
async fn a_token_makes_a_repetition_succeed_and_another_request_fail() {
    let table = &kept("tokens").await.table;
    let absent = Some("attribute_not_exists(pk)");
    let write = |bytes| vec![put(table, "a", bytes, absent)];
    assert_eq!(transact(Some("one"), write(1)).await, None);
    assert_eq!(transact(Some("one"), write(1)).await, None);
    let mismatch = Some("IdempotentParameterMismatchException".to_owned());
    assert_eq!(transact(Some("one"), write(2)).await, mismatch);
    let canceled = Some("TransactionCanceledException".to_owned());
    assert_eq!(transact(Some("two"), write(1)).await, canceled);
    assert_eq!(transact(None, write(1)).await, canceled);
}
