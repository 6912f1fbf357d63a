//! Items that somebody else changed by hand.

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use wafwatch::store::StoreError;

use crate::values::*;

async fn damage(kept: &Kept, partition: &str, sort: &str, name: &str, value: AttributeValue) {
    let request = kept
        .client
        .update_item()
        .table_name(&kept.table)
        .key("pk", AttributeValue::S(partition.to_owned()))
        .key("sk", AttributeValue::S(sort.to_owned()))
        .condition_expression("attribute_exists(pk)")
        .update_expression("SET #name = :value")
        .expression_attribute_names("#name", name)
        .expression_attribute_values(":value", value);
    request.send().await.expect("the item is there");
}

fn assert_damaged<T: std::fmt::Debug>(result: Result<T, StoreError>, what: &str, name: &str) {
    let error = result.expect_err("is damaged");
    let text = error.to_string();
    assert!(matches!(error, StoreError::Damaged { .. }), "{text}");
    assert!(text.contains(&format!("damaged {what}")), "{text}");
    assert!(text.contains(&format!("`{name}`")), "{text}");
}

fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

fn bytes(value: &[u8]) -> AttributeValue {
    AttributeValue::B(Blob::new(value))
}

#[tokio::test]
async fn damage_is_told_with_the_item() {
    let kept = kept("damage").await;
    let store = &kept.store;
    store
        .commit(&commit(None, vec![partial(ACL, 0, 10)]))
        .await
        .expect("commits");
    store.close(&closing(1, 0..1)).await.expect("closes");
    let now = NOW;
    store
        .set_settled(window(0).start, &Default::default(), now)
        .await
        .expect("writes");
    store.seed(1).await.expect("writes");

    damage(&kept, "SHARDS", SHARD, "commits", text("x")).await;
    assert_damaged(store.shard(SHARD).await, "shard", "commits");
    assert_damaged(store.shards().await, "shard", "commits");

    let start = format!("{:019}", window(0).start.0);
    let bundle = format!("{SHARD}#{:020}#000", 1);
    let partition = format!("PARTIALS#{start}");
    damage(&kept, &partition, &bundle, "partials", bytes(&[9])).await;
    let partials = store.window_partials(window(0)).await;
    assert_damaged(partials, "bundle of counts", "partials");
    let two = AttributeValue::N("2".to_owned());
    damage(&kept, &partition, &bundle, "pieces", two).await;
    let partials = store.window_partials(window(0)).await;
    assert_damaged(partials, "bundle of counts", "pieces");

    damage(&kept, "ACLS", ACL, "version", text("x")).await;
    assert_damaged(store.heads().await, "head of an ACL", "version");
    let acl = format!("ACL#{ACL}");
    damage(&kept, &acl, "STATE", "incident", bytes(b"{")).await;
    assert_damaged(store.acl_state(ACL).await, "state of an ACL", "incident");
    let sort = format!("WINDOW#{start}");
    damage(&kept, &acl, &sort, "summary", bytes(&[255; 40])).await;
    assert_damaged(store.window(ACL, window(0)).await, "window", "summary");
    let between = store.windows_between(ACL, window(0).start, window(1).start, 9);
    assert_damaged(between.await, "window", "summary");

    damage(&kept, "SETTLED", &start, "consumed", text("x")).await;
    let settled = store.settled(window(0).start).await;
    assert_damaged(settled, "mark of a settled window", "consumed");
    damage(&kept, "META", "SEED", "seed", text("x")).await;
    assert_damaged(store.seed(1).await, "seed", "seed");
}

#[tokio::test]
async fn a_damaged_event_keeps_no_other_waiting() {
    let kept = kept("damaged-event").await;
    let mut closed = closing(1, 0..1);
    closed.closing.events = vec![event(1), event(2)];
    kept.store.close(&closed).await.expect("closes");
    damage(&kept, "OUTBOX", "shop-1/1", "event", bytes(b"x")).await;
    let waiting = kept.store.pending_events(9).await.expect("reads");
    assert_eq!(waiting.len(), 1);
    assert_eq!(waiting[0].event, event(2));
    let rows = kept.store.outbox_rows(9).await.expect("reads");
    assert_eq!(rows.len(), 2);
    let damaged = rows.into_iter().find(|row| row.event == "shop-1/1");
    assert_damaged(damaged.expect("is told").content, "event", "event");
    let one = kept.store.pending_event("shop-1/1").await;
    assert_damaged(one, "event", "event");

    kept.store
        .set_aside("shop-1/1", "damaged", NOW)
        .await
        .expect("sets aside");
    assert_eq!(kept.store.outbox_rows(9).await.expect("reads").len(), 1);
}
