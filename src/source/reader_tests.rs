#![allow(clippy::unwrap_used, clippy::print_stderr)]

use std::fs;
use std::io::Write;
use std::ops::Range;

use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;
use tempfile::{TempDir, tempdir};

use super::super::expand::expand;
use super::super::piece::Rejected;
use super::*;

const SMALL: BlockLimits = BlockLimits {
    block_bytes: 64,
    line_bytes: 256,
};

struct File {
    _folder: TempDir,
    input: Input,
}

fn file(bytes: &[u8]) -> File {
    let folder = tempdir().unwrap();
    let path = folder.path().join("a.log");
    fs::write(&path, bytes).unwrap();
    let input = Input::file(&path).unwrap();
    File {
        _folder: folder,
        input,
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn pieces_from(file: &File, resume_at: u64, limits: BlockLimits) -> Vec<Piece> {
    let progress = Progress::of(std::slice::from_ref(&file.input));
    let mut reader = BlockReader::open_with(&file.input, resume_at, limits, &progress).unwrap();
    let mut spare = Vec::new();
    let mut pieces = Vec::new();
    while let Some(piece) = reader.next(&mut spare).unwrap() {
        spare = vec![b'#'; 3];
        pieces.push(piece);
    }
    assert_eq!(reader.next(&mut spare).unwrap(), None);
    assert_eq!(Some(progress.read()), progress.total());
    pieces
}

fn pieces(bytes: &[u8], limits: BlockLimits) -> Vec<Piece> {
    pieces_from(&file(bytes), 0, limits)
}

fn block(piece: &Piece) -> &[u8] {
    match piece {
        Piece::Block(block) => &block.bytes,
        Piece::Rejected(rejected) => panic!("rejected: {rejected:?}"),
    }
}

fn rejected(piece: &Piece) -> &Rejected {
    match piece {
        Piece::Block(block) => panic!("no rejection: {block:?}"),
        Piece::Rejected(rejected) => rejected,
    }
}

/// How many JSON values lie in each piece; every one must be whole.
fn values(pieces: &[Piece]) -> Vec<usize> {
    let count = |piece: &Piece| {
        let stream = serde_json::Deserializer::from_slice(block(piece));
        let values: Result<Vec<serde_json::Value>, _> = stream.into_iter().collect();
        values.expect("no object is cut").len()
    };
    pieces.iter().map(count).collect()
}

fn assert_contiguous(pieces: &[Piece], content: &[u8]) {
    let mut position = 0;
    for piece in pieces {
        assert_eq!(piece.start(), position);
        assert!(piece.end() > position);
        position = piece.end();
        if let Piece::Block(block) = piece {
            let span = Range {
                start: block.start as usize,
                end: block.end as usize,
            };
            assert_eq!(block.bytes, content[span]);
        }
    }
    assert_eq!(position, content.len() as u64);
}

#[test]
fn blocks_end_behind_the_last_newline_that_fits() {
    let content = b"one\ntwo\r\nthree\n".repeat(9);
    let all = pieces(&content, SMALL);
    assert_contiguous(&all, &content);
    for piece in &all[..all.len() - 1] {
        assert!(block(piece).ends_with(b"\n"));
        assert!(block(piece).len() <= SMALL.block_bytes);
        assert!(block(piece).len() > SMALL.block_bytes - 9);
    }
}

#[test]
fn an_input_that_fits_is_one_block_whatever_is_in_it() {
    for content in [
        &b"x"[..],
        b"\n",
        b"{}\n{}",
        b"\xf3\x89\x9a\xc2\n\n\x00",
        b"{\r\n}",
    ] {
        let all = pieces(content, SMALL);
        assert_eq!(all.iter().map(block).collect::<Vec<_>>(), [content]);
    }
    assert_eq!(pieces(b"", SMALL), []);
    assert_eq!(pieces(&gzip(b""), SMALL), []);
}

#[test]
fn the_members_of_a_gzip_file_are_one_stream() {
    let content = b"{\"a\":1}\n".repeat(100);
    let members: Vec<u8> = content.chunks(77).flat_map(gzip).collect();
    assert_eq!(pieces(&members, SMALL), pieces(&content, SMALL));
}

#[test]
fn a_truncated_gzip_file_yields_what_can_be_read_and_one_fault() {
    let content: Vec<u8> = (0..5_000)
        .flat_map(|number| format!("{{\"n\":{}}}\n", number * 7919 % 10_007).into_bytes())
        .collect();
    let whole = gzip(&content);
    for kept in [2, 11, whole.len() / 2, whole.len() - 9, whole.len() - 1] {
        let file = file(&whole[..kept]);
        let all = pieces_from(&file, 0, SMALL);
        let (last, before) = all.split_last().unwrap();
        assert_eq!(rejected(last).fault, Fault::Truncated);
        assert_contiguous(before, &content[..last.start() as usize]);
        if kept + 9 >= whole.len() {
            assert_eq!(last.start(), content.len() as u64);
        }
        assert_eq!(pieces_from(&file, last.end(), SMALL), []);
        assert_eq!(
            &pieces_from(&file, last.start(), SMALL),
            &all[all.len() - 1..]
        );
    }
}

#[test]
fn a_record_that_the_break_tears_is_one_with_it() {
    // Cut before the checksum: all of the content can be read.
    let cut = |content: &str| {
        let whole = gzip(content.as_bytes());
        pieces(&whole[..whole.len() - 8], SMALL)
    };
    let all = cut("{\"a\":1}\n{\"b\":\"to");
    assert_eq!(all.len(), 2);
    assert_eq!(block(&all[0]), b"{\"a\":1}\n");
    let torn = rejected(&all[1]);
    assert_eq!(torn.fault, Fault::Truncated);
    assert_eq!(torn.sample, b"{\"b\":\"to");
    assert_eq!((torn.start, torn.end), (8, 17));

    let all = cut("{\"a\":1}{\"b\":2}");
    let (last, blocks) = all.split_last().unwrap();
    assert_eq!(rejected(last).sample, b"");
    let whole: Vec<u8> = blocks.iter().flat_map(block).copied().collect();
    assert_eq!(whole, b"{\"a\":1}{\"b\":2}");

    // Longer than a line may be.
    let all = cut(&"x".repeat(1_000));
    assert_eq!(all.len(), 1);
    let torn = rejected(&all[0]);
    assert_eq!((torn.start, torn.end), (0, 1_001));
}

#[test]
fn what_follows_the_gzip_data_is_one_fault() {
    let mut bytes = gzip(b"{}\n");
    bytes.extend_from_slice(b"garbage behind the end");
    let all = pieces(&bytes, SMALL);
    assert_eq!(block(&all[0]), b"{}\n");
    assert!(matches!(rejected(&all[1]).fault, Fault::Corrupt { .. }));
    assert_eq!(all.len(), 2);
}

#[test]
fn a_line_up_to_the_limit_is_a_block_and_a_longer_one_is_rejected_once() {
    let line = |length: usize| [vec![b'x'; length - 1], vec![b'\n']].concat();
    for (length, fits) in [(255, true), (256, true), (257, false), (100_000, false)] {
        for after in [&b""[..], b"{}\n"] {
            let content = [b"{}\n", &line(length)[..], after].concat();
            let all = pieces(&content, SMALL);
            assert_contiguous(&all, &content);
            assert_eq!(block(&all[0]), b"{}\n");
            if fits {
                assert_eq!(block(&all[1]), line(length));
            } else {
                let limit = 256;
                let bytes = length as u64;
                assert_eq!(rejected(&all[1]).fault, Fault::TooLarge { bytes, limit });
                assert!(line(length).starts_with(&rejected(&all[1]).sample));
            }
            assert_eq!(all.get(2).map(block), (!after.is_empty()).then_some(after));
        }
    }
}

#[test]
fn an_endless_line_takes_bounded_memory() {
    let limits = BlockLimits {
        block_bytes: 1 << 20,
        line_bytes: 2 << 20,
    };
    let file = file(&gzip(&vec![b'['; 64 << 20]));
    let mut reader = BlockReader::open_with(&file.input, 0, limits, &Progress::default()).unwrap();
    let mut spare = Vec::new();
    let piece = reader.next(&mut spare).unwrap().unwrap();
    assert_eq!(piece.end(), 64 << 20);
    assert_eq!(rejected(&piece).sample.len(), Rejected::SAMPLE_BYTES);
    assert!(reader.assembler.pending().capacity() <= 4 << 20);
}

#[test]
fn a_huge_line_leaves_no_huge_buffer_behind() {
    let content = [vec![b'x'; 3 << 20], b"\n{}\n".repeat(1 << 19)].concat();
    let file = file(&content);
    let mut reader = BlockReader::open(&file.input, 0).unwrap();
    let mut spare = Vec::new();
    let mut largest = 0;
    while let Some(piece) = reader.next(&mut spare).unwrap() {
        let Piece::Block(block) = piece else {
            panic!("nothing is too large");
        };
        largest = block.bytes.capacity();
        spare = Vec::with_capacity(9 << 20);
    }
    assert!(largest <= 2 << 20, "{largest}");
}

#[test]
fn concatenated_objects_are_cut_between_them_and_not_in_strings() {
    let object = r#"{"a":"}{\"}{","b":{"c":[{},{}]}}"#;
    let content = object.repeat(50);
    let all = pieces(content.as_bytes(), SMALL);
    assert_contiguous(&all, content.as_bytes());
    assert_eq!(values(&all).iter().sum::<usize>(), 50);
    assert!(
        all.iter()
            .all(|piece| block(piece).len() <= SMALL.block_bytes)
    );
}

#[test]
fn a_concatenated_object_that_is_too_large_costs_only_itself() {
    let huge = format!("{{\"a\":\"{}\"}}", "}{".repeat(500));
    let content = ["{\"b\":1}".repeat(20), huge.clone(), "{\"b\":1}".repeat(20)].concat();
    let all = pieces(content.as_bytes(), SMALL);
    assert_contiguous(&all, content.as_bytes());
    let (lost, kept): (Vec<_>, Vec<_>) = all
        .into_iter()
        .partition(|piece| matches!(piece, Piece::Rejected(_)));
    assert_eq!(lost.len(), 1);
    assert_eq!(lost[0].end() - lost[0].start(), huge.len() as u64);
    assert_eq!(values(&kept).iter().sum::<usize>(), 40);
}

#[test]
fn documents_over_many_lines_stay_whole() {
    let document = "{\n  \"a\": \"}{ ]\\\"\",\n  \"b\": [\n    {},\n    {}\n  ]\n}\n";
    let stream = document.repeat(30);
    let all = pieces(stream.as_bytes(), SMALL);
    assert_contiguous(&all, stream.as_bytes());
    assert_eq!(values(&all).iter().sum::<usize>(), 30);

    for separator in [",\n", " , ", ","] {
        let array = format!("\n[{}\n]\n", vec![document; 30].join(separator));
        let all = pieces(array.as_bytes(), SMALL);
        assert!(all.len() > 10);
        assert_eq!(values(&all).iter().sum::<usize>(), 30);
    }
}

#[test]
fn a_document_that_was_never_finished_costs_one_block() {
    let document = "{\n \"a\": 1,\n \"b\": 2\n}\n";
    let broken = "{\n \"a\": \"cut";
    let content = [document.repeat(5), broken.to_owned(), document.repeat(50)].concat();
    let all = pieces(content.as_bytes(), SMALL);
    assert_contiguous(&all, content.as_bytes());
    let whole: usize = all
        .iter()
        .map(|piece| {
            String::from_utf8_lossy(block(piece))
                .matches(document)
                .count()
        })
        .sum();
    assert!(whole >= 52, "{whole}");
}

#[test]
fn pipes_cannot_be_resumed_and_short_files_are_told() {
    let stdin = BlockReader::open(&Input::stdin(), 1).unwrap_err();
    assert!(matches!(stdin, SourceError::CannotResume { .. }), "{stdin}");
    assert_eq!(peek(&Input::stdin(), 10).unwrap(), b"");
    for bytes in [b"{}\n".to_vec(), gzip(b"{}\n")] {
        let file = file(&bytes);
        let error = BlockReader::open(&file.input, 4).unwrap_err();
        let SourceError::ShorterThanCheckpoint { length, .. } = error else {
            panic!("{error}");
        };
        assert_eq!(length, 3);
        assert!(BlockReader::open(&file.input, 3).is_ok());
    }
}

#[test]
fn a_peek_gives_the_first_decoded_bytes() {
    let content = b"{\"a\":1}\n".repeat(100_000);
    for bytes in [content.clone(), gzip(&content)] {
        let file = file(&bytes);
        assert_eq!(peek(&file.input, 11).unwrap(), content[..11]);
        assert_eq!(peek(&file.input, 1 << 20).unwrap(), content);
    }
}

#[test]
fn real_logs_come_through_whole() {
    let shared = std::env::var_os("WAFWATCH_SHARED").map(std::path::PathBuf::from);
    let beside = || std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared");
    let folder = shared.unwrap_or_else(beside).join("data/waf");
    if !folder.is_dir() {
        eprintln!("skipped: there are no logs at {}", folder.display());
        return;
    }
    let inputs = expand(&[folder.to_str().unwrap().to_owned()]).unwrap();
    let progress = Progress::of(&inputs);
    let mut records = Vec::new();
    for input in &inputs {
        let mut reader =
            BlockReader::open_with(input, 0, BlockLimits::default(), &progress).unwrap();
        let next = || reader.next(&mut Vec::new()).unwrap();
        let pieces: Vec<Piece> = std::iter::from_fn(next).collect();
        records.push(values(&pieces).iter().sum::<usize>());
    }
    assert_eq!(records, [228, 7, 38]);
    assert_eq!(Some(progress.read()), progress.total());
}

fn line() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "\\{\"a\":\"[a-z}{\\[ ]{0,40}\"\\}\n",
        2 => "(\\{\"a\":\"[a-z}{]{0,9}\"\\}){1,40}",
        1 => "[a-z{}\"\\\\\r\n\\[, ]{0,60}\n",
        1 => "\\{\n  \"a\": \\{\n  \\}\n\\}\n",
        1 => "x{200,600}\r\n",
        1 => Just("\n[\n".to_owned()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn resuming_at_any_boundary_gives_the_same_further_pieces(
        lines in prop::collection::vec(line(), 0..40),
        members in prop::option::of(1usize..400),
        block_bytes in 1usize..200,
        line_bytes in 1usize..700,
    ) {
        let content = lines.concat().into_bytes();
        let bytes = match members {
            Some(length) if !content.is_empty() => content.chunks(length).flat_map(gzip).collect(),
            _ => content.clone(),
        };
        let file = file(&bytes);
        let limits = BlockLimits { block_bytes, line_bytes };
        let all = pieces_from(&file, 0, limits);
        let is_array = content.trim_ascii_start().starts_with(b"[");
        if !is_array {
            assert_contiguous(&all, &content);
        }
        for (index, piece) in all.iter().enumerate() {
            let rest = pieces_from(&file, piece.end(), limits);
            prop_assert_eq!(&rest, &all[index + 1..], "resumed at {}", piece.end());
        }
    }

    #[test]
    fn whatever_is_damaged_reading_ends_in_order(
        position in 0usize..1000,
        value: u8,
        cut in 0usize..1000,
    ) {
        let content = b"{\"a\":\"some text\"}\n{\"b\":[1,2,3]}\n".repeat(200);
        let mut bytes: Vec<u8> = content.chunks(3000).flat_map(gzip).collect();
        let position = position % bytes.len();
        bytes[position] = value;
        bytes.truncate(bytes.len() - cut % bytes.len());
        let file = file(&bytes);
        let progress = Progress::default();
        let mut reader = BlockReader::open_with(&file.input, 0, SMALL, &progress).unwrap();
        let mut reached = 0;
        while let Some(piece) = reader.next(&mut Vec::new()).unwrap() {
            prop_assert_eq!(piece.start(), reached);
            reached = piece.end();
        }
        let again = BlockReader::open_with(&file.input, reached, SMALL, &progress);
        prop_assert_eq!(again.unwrap().next(&mut Vec::new()).unwrap(), None);
    }
}
