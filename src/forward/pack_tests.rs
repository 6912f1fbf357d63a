use proptest::collection::vec;
use proptest::prelude::*;
use wafwatch_windows::record::RecordBatch;

use super::*;
use crate::ingest::{Accounts, KnownRuns, Limits, Origin, RejectReason, decode};

fn record(path: &str) -> String {
    format!(
        "{{\"timestamp\":1700000000000,\"webaclId\":\"acl\",\"action\":\"ALLOW\",\
         \"httpRequest\":{{\"clientIp\":\"192.0.2.1\",\"uri\":\"/{path}\"}}}}"
    )
}

fn numbered(count: usize) -> Vec<Vec<u8>> {
    let records = (0..count).map(|number| record(&number.to_string()).into_bytes());
    records.collect()
}

/// What a consumer makes of payloads: paths of the records in a fixed order, and rejects by reason.
fn unpacked<'a>(payloads: impl IntoIterator<Item = &'a [u8]>) -> (Vec<String>, Rejects) {
    let mut batch = RecordBatch::new();
    let mut known = KnownRuns::default();
    let mut accounts = Accounts::default();
    for payload in payloads {
        let origin = Origin {
            name: "shard",
            offset: 0,
        };
        decode(
            payload,
            &origin,
            &Limits::default(),
            &mut known,
            &mut batch,
            &mut accounts,
        );
    }
    let paths = batch.iter().map(|record| format!("{:?}", record.uri));
    let mut paths: Vec<String> = paths.collect();
    paths.sort();
    let rejects = accounts.rejected.into_iter().collect();
    (paths, rejects)
}

type Rejects = Vec<(RejectReason, u64)>;

fn of_packs(packed: &Packed) -> (Vec<String>, Rejects) {
    unpacked(packed.packs.iter().map(|pack| pack.data.as_slice()))
}

/// A byte string that no compression makes shorter, as JSON may carry it.
fn noise(length: usize) -> String {
    let mut state = 1_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        char::from(b'0' + (state % 64) as u8).to_string()
    };
    let text: String = (0..length).map(|_| next()).collect();
    text.replace('\\', "z")
}

#[test]
fn a_batch_becomes_one_small_pack() {
    let payloads = numbered(500);
    let packed = pack(&payloads, PackLimits::default());
    assert_eq!(packed.packs.len(), 1);
    let [only] = packed.packs.as_slice() else {
        panic!("one pack");
    };
    assert_eq!(only.payloads, 500);
    let bytes: usize = payloads.iter().map(Vec::len).sum();
    assert!(
        only.data.len() * 10 < bytes,
        "{} of {bytes}",
        only.data.len()
    );
    assert_eq!(
        of_packs(&packed),
        unpacked(payloads.iter().map(Vec::as_slice))
    );
}

#[test]
fn a_pack_is_named_by_what_it_carries_and_by_nothing_else() {
    let payloads = numbered(40);
    let once = pack(&payloads, PackLimits::default());
    let again = pack(&payloads, PackLimits::default());
    assert_eq!(once, again);
    let other = pack(&payloads[1..], PackLimits::default());
    assert_ne!(once.packs[0].partition_key, other.packs[0].partition_key);
    // The time stands in bytes 4 to 7 of a gzip header, the system in byte 9.
    assert_eq!(once.packs[0].data[4..8], [0; 4]);
    assert_eq!(once.packs[0].data[9], 255);
    // The key of nothing, as `sha256sum` gives it.
    assert_eq!(
        partition_key(b""),
        "wafwatch-e3b0c44298fc1c149afbf4c8996fb924"
    );
}

#[test]
fn only_our_own_keys_have_an_id() {
    assert_eq!(pack_id(&partition_key(b"")), Some(0xe3b0_c442_98fc_1c14));
    for foreign in [
        "",
        "wafwatch-",
        "wafwatch-e3b0c44298fc1c149afbf4c8996fb92",
        "wafwatch-e3b0c44298fc1c149afbf4c8996fb9245",
        "wafwatch-+3b0c44298fc1c149afbf4c8996fb924",
        "wafwatch-E3B0C44298FC1C149AFBF4C8996FB924",
        "e3b0c44298fc1c149afbf4c8996fb924",
        "wafwatch-ééééééééééé",
    ] {
        assert_eq!(pack_id(foreign), None, "{foreign}");
    }
}

#[test]
fn payloads_that_compress_badly_make_more_packs() {
    let payloads: Vec<String> = (0..40).map(|_| record(&noise(40_000))).collect();
    let limits = PackLimits {
        packed_bytes: 100_000,
        ..PackLimits::default()
    };
    // Equal payloads would compress well, so each begins somewhere else.
    let payloads: Vec<String> = payloads
        .iter()
        .enumerate()
        .map(|(index, payload)| payload.replace("/", &format!("/{}", &noise(900)[index..])))
        .collect();
    let packed = pack(&payloads, limits);
    assert!(packed.packs.len() > 10, "{}", packed.packs.len());
    assert!(packed.packs.iter().all(|pack| pack.data.len() <= 100_000));
    assert_eq!(
        of_packs(&packed),
        unpacked(payloads.iter().map(String::as_bytes))
    );
}

#[test]
fn what_no_record_can_take_is_counted_and_the_rest_goes_on() {
    let huge = record(&noise(1_500_000));
    let well_compressed = record(&"a".repeat(900_000));
    let binary = vec![0xff; MAX_PACK_BYTES + 1];
    let payloads: [&[u8]; 4] = [
        huge.as_bytes(),
        well_compressed.as_bytes(),
        &binary,
        &binary[1..],
    ];
    let packed = pack(&payloads, PackLimits::default());
    assert_eq!(packed.oversized, 2);
    assert_eq!(packed.packs.len(), 2);
    assert_eq!(packed.packs[1].record_bytes(), 1 << 20);
}

#[test]
fn nothing_is_sent_of_nothing() {
    let none: [&[u8]; 0] = [];
    assert_eq!(pack(&none, PackLimits::default()), Packed::default());
    let packed = pack(&[b"".as_slice(), b" \r\n"], PackLimits::default());
    assert_eq!((packed.packs.len(), packed.blank), (0, 2));
}

#[test]
fn packs_stay_within_the_unpacked_limit() {
    let payloads = numbered(200);
    let limits = PackLimits {
        unpacked_bytes: 5_000,
        ..PackLimits::default()
    };
    let packed = pack(&payloads, limits);
    assert!(packed.packs.len() > 4);
    for pack in &packed.packs {
        let length = pack.data.len();
        let claimed = pack.data[length - 4..].try_into().expect("four bytes");
        assert!(u32::from_le_bytes(claimed) <= 5_000);
    }
    assert_eq!(
        packed.packs.iter().map(|pack| pack.payloads).sum::<usize>(),
        200
    );
}

fn gzip(text: &[u8]) -> Vec<u8> {
    Packer::new(PackLimits::default()).gzip(text)
}

/// Payloads as they should be, and as they should not.
fn payloads() -> impl Strategy<Value = Vec<u8>> {
    let path = "[a-z]{0,12}";
    let good = path.prop_map(|path| record(&path).into_bytes());
    let good_lines = (path, path)
        .prop_map(|(one, other)| format!("{}{}\n", record(&one), record(&other)).into_bytes());
    let spread = path.prop_map(|path| record(&path).replace(',', ",\n ").into_bytes());
    let array = path.prop_map(|path| format!("[{}]", record(&path)).into_bytes());
    let compressed = path.prop_map(|path| gzip(record(&path).as_bytes()));
    let cut = (path, any::<prop::sample::Index>()).prop_map(|(path, cut)| {
        let whole = record(&path).into_bytes();
        whole[..cut.index(whole.len())].to_vec()
    });
    let wrong = (path, any::<prop::sample::Index>(), any::<u8>()).prop_map(|(path, at, byte)| {
        let mut record = record(&path).into_bytes();
        let at = at.index(record.len());
        record[at] = byte;
        record
    });
    let pieces = prop::sample::select(vec![
        "{\"a\":",
        "[",
        "]",
        "{",
        "}",
        "\"",
        "\n",
        "123\"{\"",
        "{\"awslogs\":{\"data\":\"H4sI\"}}",
        "null",
        "\u{feff}",
        ",",
    ]);
    let broken = vec(pieces, 0..6).prop_map(|pieces| pieces.concat().into_bytes());
    let any_bytes = vec(any::<u8>(), 0..40);
    prop_oneof![
        6 => good,
        2 => good_lines,
        1 => spread,
        1 => array,
        1 => compressed,
        2 => cut,
        2 => wrong,
        2 => broken,
        1 => any_bytes,
    ]
}

proptest! {
    #[test]
    fn packing_changes_no_record_and_no_reject(
        payloads in vec(payloads(), 0..30),
        packed_bytes in 60_usize..600,
        unpacked_bytes in 1_usize..4_000,
    ) {
        let limits = PackLimits { packed_bytes, unpacked_bytes };
        let packed = pack(&payloads, limits);
        prop_assert_eq!(of_packs(&packed), unpacked(payloads.iter().map(Vec::as_slice)));
        let carried: usize = packed.packs.iter().map(|pack| pack.payloads).sum();
        prop_assert_eq!(carried + packed.blank + packed.oversized, payloads.len());
        for pack in &packed.packs {
            prop_assert!(pack.payloads == 1 || pack.data.len() <= packed_bytes);
            prop_assert_eq!(&pack.partition_key, &partition_key(&pack.data));
        }
        prop_assert_eq!(packed, super::pack(&payloads, limits));
    }
}
