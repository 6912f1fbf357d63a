//! A deployment in emulators, driven by hand: a stream, a table, and who hands batches over.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use aws_sdk_dynamodb::Client as TableClient;
use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_kinesis::Client;
use aws_sdk_kinesis::primitives::Blob;
use aws_sdk_kinesis::types::{ShardIteratorType, StreamStatus};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tokio::time::Instant;
use wafwatch::distributed::KinesisStream;
use wafwatch::functions::consumer::{Consumer, ConsumerOptions, Nowhere};
use wafwatch::functions::kinesis_event::{EventRecord, KinesisEvent, KinesisRecord};
use wafwatch::incident::Incident;
use wafwatch::pipeline::PipelineSettings;
use wafwatch::store::dynamodb::{DynamoStore, table};
use wafwatch_emulators::faults::Faults;
use wafwatch_emulators::{Kinesis, Ministack, sdk_config, sdk_config_over};

pub const STREAM: &str = "waf-logs";
/// More than any call takes here.
const CALL_TIME: Duration = Duration::from_secs(60);
/// A table that is busy stays so only for a moment here.
const PATIENCE: Duration = Duration::from_millis(300);
const MEMORY: usize = 24 << 20;

/// Draws numbers: SplitMix64.
pub struct Dice(pub u64);

impl Dice {
    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub fn below(&mut self, limit: usize) -> usize {
        (self.draw() % limit.max(1) as u64) as usize
    }

    pub fn one_in(&mut self, count: usize) -> bool {
        self.below(count) == 0
    }
}

pub type TestConsumer = Consumer<KinesisStream, Nowhere>;

pub struct Deployment {
    kinesis: Kinesis,
    client: Client,
    table: String,
    tables: TableClient,
    /// The table without faults.
    pub store: DynamoStore,
    pub settings: PipelineSettings,
    pub idle_delay_ms: i64,
}

impl Deployment {
    /// A stream of `shards` shards, and a table of its own.
    pub async fn new(shards: i32, settings: PipelineSettings) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let kinesis = Kinesis::start().expect("starts");
        let client = Client::new(&kinesis.sdk_config());
        let create = client.create_stream().stream_name(STREAM);
        let created = create.shard_count(shards).send().await;
        created.expect("creates the stream");
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let table = format!("deployment-{}-{number}", std::process::id());
        let tables = TableClient::new(&Ministack::shared().sdk_config());
        table::create(&tables, &table)
            .await
            .expect("creates the table");
        let deployment = Self {
            kinesis,
            client,
            store: DynamoStore::new(tables.clone(), table.clone(), 30),
            tables,
            table,
            settings,
            idle_delay_ms: 60_000,
        };
        deployment.wait_until_active().await;
        deployment
    }

    async fn wait_until_active(&self) {
        loop {
            let described = self.client.describe_stream_summary().stream_name(STREAM);
            let summary = described.send().await.expect("is there");
            let summary = summary.stream_description_summary.expect("is described");
            if summary.stream_status == StreamStatus::Active {
                return;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    /// The table, over faults.
    pub fn store_over(&self, faults: &Faults) -> DynamoStore {
        let endpoint = Ministack::shared().endpoint();
        let config = sdk_config_over(&endpoint, faults.over_http());
        let client = TableClient::new(&config);
        DynamoStore::new(client, self.table.clone(), 30).with_patience(PATIENCE)
    }

    /// The stream, over faults.
    pub fn stream_over(&self, faults: &Faults) -> KinesisStream {
        let config = sdk_config_over(&self.kinesis.endpoint(), faults.over_http());
        KinesisStream::new(&config, STREAM.to_owned())
    }

    pub fn consumer_over(&self, faults: &Faults, seed: u64) -> TestConsumer {
        let (store, stream) = (self.store_over(faults), self.stream_over(faults));
        Consumer::new(store, stream, Nowhere, self.options(seed))
    }

    pub fn consumer(&self, seed: u64) -> TestConsumer {
        let stream = KinesisStream::new(&sdk_config(&self.kinesis.endpoint()), STREAM.to_owned());
        Consumer::new(self.store.clone(), stream, Nowhere, self.options(seed))
    }

    fn options(&self, seed: u64) -> ConsumerOptions {
        ConsumerOptions {
            pipeline: self.settings.clone(),
            idle_delay_ms: self.idle_delay_ms,
            memory_bytes: MEMORY,
            seed,
        }
    }

    /// Every incident of `acl` that is in the table.
    pub async fn incidents(&self, acl: &str) -> Vec<Incident> {
        let text = |value: String| AttributeValue::S(value);
        let query = self.tables.query().table_name(&self.table);
        let query = query
            .key_condition_expression("pk = :acl AND begins_with(sk, :incident)")
            .expression_attribute_values(":acl", text(format!("ACL#{acl}")))
            .expression_attribute_values(":incident", text("INCIDENT#".to_owned()));
        let found = query.send().await.expect("reads");
        let mut incidents = Vec::new();
        for item in found.items() {
            let sort = item["sk"].as_s().expect("is a text");
            let id = sort.strip_prefix("INCIDENT#").expect("is asked for");
            let incident = self.store.incident(acl, id).await.expect("reads");
            incidents.push(incident.expect("is there"));
        }
        incidents
    }

    pub async fn put(&self, key: &str, data: Vec<u8>) {
        let put = self.client.put_record().stream_name(STREAM);
        let put = put.partition_key(key).data(Blob::new(data));
        put.send().await.expect("is put");
    }

    /// Splits the shard in its middle.
    pub async fn split(&self, shard: &str) {
        let shards = self.client.list_shards().stream_name(STREAM).send().await;
        let shards = shards.expect("lists");
        let mut listed = shards.shards().iter();
        let found = listed
            .find(|listed| listed.shard_id == shard)
            .expect("is there");
        let range = found.hash_key_range.as_ref().expect("has a range");
        let first: u128 = range.starting_hash_key.parse().expect("is a number");
        let last: u128 = range.ending_hash_key.parse().expect("is a number");
        let middle = first + (last - first) / 2 + 1;
        let split = self.client.split_shard().stream_name(STREAM);
        let split = split
            .shard_to_split(shard)
            .new_starting_hash_key(middle.to_string());
        split.send().await.expect("splits");
        self.wait_until_active().await;
    }

    pub async fn merge(&self, shard: &str, adjacent: &str) {
        let merge = self.client.merge_shards().stream_name(STREAM);
        let merge = merge
            .shard_to_merge(shard)
            .adjacent_shard_to_merge(adjacent);
        merge.send().await.expect("merges");
        self.wait_until_active().await;
    }

    /// Everything in the stream: records and parents of each shard.
    pub async fn content(&self) -> BTreeMap<String, ShardContent> {
        let listed = self.client.list_shards().stream_name(STREAM).send().await;
        let mut content = BTreeMap::new();
        for shard in listed.expect("lists").shards() {
            let parents = [shard.parent_shard_id(), shard.adjacent_parent_shard_id()];
            let of_shard = ShardContent {
                records: self.records(&shard.shard_id).await,
                parents: parents.into_iter().flatten().map(str::to_owned).collect(),
            };
            content.insert(shard.shard_id.clone(), of_shard);
        }
        content
    }

    async fn records(&self, shard: &str) -> Vec<EventRecord> {
        let iterator = self
            .client
            .get_shard_iterator()
            .stream_name(STREAM)
            .shard_id(shard);
        let iterator = iterator.shard_iterator_type(ShardIteratorType::TrimHorizon);
        let mut iterator = iterator.send().await.expect("begins").shard_iterator;
        let mut records = Vec::new();
        while let Some(position) = iterator.take() {
            let page = self
                .client
                .get_records()
                .shard_iterator(position)
                .send()
                .await;
            let page = page.expect("reads");
            let is_end = page.records.is_empty() && page.millis_behind_latest == Some(0);
            records.extend(page.records.into_iter().map(|record| {
                EventRecord {
                    event_id: format!("{shard}:{}", record.sequence_number),
                    kinesis: KinesisRecord {
                        sequence_number: record.sequence_number,
                        partition_key: record.partition_key.unwrap_or_default(),
                        data: STANDARD.encode(record.data.into_inner()),
                        approximate_arrival_timestamp: record
                            .approximate_arrival_timestamp
                            .map_or(0.0, |time| time.as_secs_f64()),
                    },
                }
            }));
            iterator = page.next_shard_iterator.filter(|_| !is_end);
        }
        records
    }
}

/// When a call must have ended that begins now.
pub fn deadline() -> Instant {
    Instant::now() + CALL_TIME
}

#[derive(Debug, Clone)]
pub struct ShardContent {
    pub records: Vec<EventRecord>,
    pub parents: Vec<String>,
}

/// Hands batches over as an event source mapping does: each shard in its order, parents before their
/// children, and again from the first record on that failed.
#[derive(Debug, Default)]
pub struct Mapping {
    content: BTreeMap<String, ShardContent>,
    positions: BTreeMap<String, usize>,
}

impl Mapping {
    /// Learns of what has been put into the stream since.
    pub async fn refresh(&mut self, deployment: &Deployment) {
        self.content = deployment.content().await;
    }

    pub fn shards(&self) -> Vec<String> {
        self.content.keys().cloned().collect()
    }

    /// How many records of each shard were handed over, of how many.
    pub fn describe(&self) -> String {
        let shards = self.content.iter();
        let shards = shards.map(|(shard, content)| {
            format!(
                "{shard}: {} of {}",
                self.position(shard),
                content.records.len()
            )
        });
        shards.collect::<Vec<_>>().join(", ")
    }

    fn position(&self, shard: &str) -> usize {
        self.positions.get(shard).copied().unwrap_or(0)
    }

    fn is_at_end(&self, shard: &str) -> bool {
        let content = self.content.get(shard);
        content.is_none_or(|content| self.position(shard) >= content.records.len())
    }

    /// Shards from which something is to be handed over.
    pub fn waiting(&self) -> Vec<String> {
        let waits = |(shard, content): &(&String, &ShardContent)| {
            !self.is_at_end(shard) && content.parents.iter().all(|parent| self.is_at_end(parent))
        };
        self.content
            .iter()
            .filter(waits)
            .map(|(shard, _)| shard.clone())
            .collect()
    }

    /// The next records of `shard`, and `back` of those before them.
    pub fn batch(&self, shard: &str, back: usize, length: usize) -> KinesisEvent {
        let position = self.position(shard);
        let records = &self.content[shard].records;
        let from = position.saturating_sub(back);
        let until = (position + length).min(records.len());
        KinesisEvent {
            records: records[from..until].to_vec(),
        }
    }

    /// Moves on behind what was handed over, or to the first record that failed.
    pub fn answered(&mut self, shard: &str, event: &KinesisEvent, failed: Option<&str>) {
        let records = &self.content[shard].records;
        let find = |sequence: &str| {
            let mut records = records.iter();
            records.position(|record| record.kinesis.sequence_number == sequence)
        };
        let behind = event
            .records
            .last()
            .and_then(|last| find(&last.kinesis.sequence_number));
        let behind = behind.map_or(0, |last| last + 1);
        let next = failed.and_then(find).unwrap_or(behind);
        let position = self.position(shard).max(next);
        self.positions.insert(shard.to_owned(), position);
    }
}
