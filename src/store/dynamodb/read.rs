//! Reading items: one, or all of a range, page by page.

use std::collections::HashMap;
use std::ops::ControlFlow;

use aws_sdk_dynamodb::types::AttributeValue;

use super::DynamoStore;
use super::items::Attributes;
use super::keys::{Key, PARTITION, SORT};
use crate::store::StoreError;

/// Which items of a partition.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Range {
    /// All.
    All,
    /// Whose sort keys begin with this.
    Prefix(String),
    /// Whose sort keys are at or after this.
    From(String),
    /// Whose sort keys lie between these, both included.
    Between(String, String),
}

/// In which order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    Ascending,
    Descending,
}

impl DynamoStore {
    /// One item.
    pub(super) async fn get(&self, key: Key) -> Result<Option<Attributes>, StoreError> {
        let request = self
            .client
            .get_item()
            .table_name(&self.table)
            .set_key(Some(key.into_attributes()))
            .consistent_read(true);
        let answer = self.read("GetItem", || request.clone().send()).await?;
        Ok(answer.item)
    }

    /// All items of a range.
    pub(super) async fn items(
        &self,
        partition: &str,
        range: Range,
    ) -> Result<Vec<Attributes>, StoreError> {
        let mut all = Vec::new();
        let visit = |page: Vec<Attributes>| {
            all.extend(page);
            ControlFlow::Continue(())
        };
        self.visit(partition, range, Order::Ascending, None, visit)
            .await?;
        Ok(all)
    }

    /// Hands the pages of a range to `visit` until it has enough. A page is 1 MB at most, or
    /// `page_items`.
    pub(super) async fn visit(
        &self,
        partition: &str,
        range: Range,
        order: Order,
        page_items: Option<usize>,
        mut visit: impl FnMut(Vec<Attributes>) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        let (condition, sort_values) = match range {
            Range::All => ("", Vec::new()),
            Range::Prefix(prefix) => (" AND begins_with(#sort, :first)", vec![prefix]),
            Range::From(first) => (" AND #sort >= :first", vec![first]),
            Range::Between(first, last) => {
                (" AND #sort BETWEEN :first AND :last", vec![first, last])
            }
        };
        let mut request = self
            .client
            .query()
            .table_name(&self.table)
            .consistent_read(true)
            .scan_index_forward(order == Order::Ascending)
            .key_condition_expression(format!("#partition = :partition{condition}"))
            .expression_attribute_names("#partition", PARTITION)
            .expression_attribute_values(":partition", AttributeValue::S(partition.to_owned()))
            .set_limit(page_items.map(|items| i32::try_from(items).unwrap_or(i32::MAX)));
        if !sort_values.is_empty() {
            request = request.expression_attribute_names("#sort", SORT);
        }
        for (name, value) in [":first", ":last"].into_iter().zip(sort_values) {
            request = request.expression_attribute_values(name, AttributeValue::S(value));
        }
        let mut next: Option<HashMap<String, AttributeValue>> = None;
        loop {
            let page = request.clone().set_exclusive_start_key(next);
            let answer = self.read("Query", || page.clone().send()).await?;
            if visit(answer.items.unwrap_or_default()).is_break() {
                return Ok(());
            }
            next = answer.last_evaluated_key;
            if next.is_none() {
                return Ok(());
            }
        }
    }
}
