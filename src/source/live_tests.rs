#![allow(clippy::unwrap_used)]

use std::collections::VecDeque;
use std::io::Write;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;

use super::*;

/// A pipe that gives one portion per read.
struct Portions(VecDeque<Vec<u8>>);

impl Read for Portions {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some(portion) = self.0.pop_front() else {
            return Ok(0);
        };
        let length = portion.len().min(buffer.len());
        buffer[..length].copy_from_slice(&portion[..length]);
        if length < portion.len() {
            self.0.push_front(portion[length..].to_vec());
        }
        Ok(length)
    }
}

fn read(portions: &[&[u8]]) -> Vec<Piece> {
    let portions = portions.iter().map(|portion| portion.to_vec()).collect();
    let mut reader = LineReader::new(Box::new(Portions(portions)), BlockLimits::default());
    let mut spare = Vec::new();
    std::iter::from_fn(|| reader.next(&mut spare).unwrap()).collect()
}

fn texts(pieces: &[Piece]) -> Vec<&str> {
    pieces.iter().map(text).collect()
}

fn text(piece: &Piece) -> &str {
    match piece {
        Piece::Block(block) => std::str::from_utf8(&block.bytes).unwrap(),
        Piece::Rejected(rejected) => panic!("{rejected:?}"),
    }
}

#[test]
fn complete_lines_are_handed_out_before_more_arrives() {
    let (sender, receiver) = mpsc::channel::<Vec<u8>>();
    struct Channel(mpsc::Receiver<Vec<u8>>);
    impl Read for Channel {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let Ok(bytes) = self.0.recv() else {
                return Ok(0);
            };
            buffer[..bytes.len()].copy_from_slice(&bytes);
            Ok(bytes.len())
        }
    }
    let (pieces, arrived) = mpsc::channel();
    let thread = thread::spawn(move || {
        let mut reader = LineReader::new(Box::new(Channel(receiver)), BlockLimits::default());
        let mut spare = Vec::new();
        while let Some(piece) = reader.next(&mut spare).unwrap() {
            pieces.send(piece).unwrap();
        }
    });
    let patience = Duration::from_secs(10);
    for (sent, expected) in [
        ("{}", None),
        ("\n{\"a\"", Some("{}\n")),
        (":1}\n", Some("{\"a\":1}\n")),
    ] {
        sender.send(sent.as_bytes().to_vec()).unwrap();
        if let Some(expected) = expected {
            let piece = arrived
                .recv_timeout(patience)
                .expect("the line is complete");
            assert_eq!(texts(&[piece]), [expected]);
        }
    }
    sender.send(b"rest".to_vec()).unwrap();
    drop(sender);
    assert_eq!(texts(&[arrived.recv_timeout(patience).unwrap()]), ["rest"]);
    thread.join().unwrap();
}

#[test]
fn the_last_line_needs_no_newline() {
    assert_eq!(texts(&read(&[b"{}", b"\r\n{", b"}"])), ["{}\r\n", "{}"]);
    assert_eq!(read(&[]), []);
}

#[test]
fn documents_are_handed_out_when_they_end() {
    let pieces = read(&[b"{\n  \"a\"", b": 1\n}", b"\n{\n", b"}\n"]);
    assert_eq!(texts(&pieces), ["{\n  \"a\": 1\n}", "\n", "{\n}\n"]);
}

#[test]
fn a_compressed_pipe_is_decoded_and_its_fault_told() {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(b"{}\n{}\n").unwrap();
    let whole = encoder.finish().unwrap();
    assert_eq!(texts(&read(&[&whole[..1], &whole[1..]])), ["{}\n{}\n"]);
    let pieces = read(&[&whole[..whole.len() - 1]]);
    assert_eq!(texts(&pieces[..1]), ["{}\n{}\n"]);
    let Piece::Rejected(rejected) = &pieces[1] else {
        panic!("{pieces:?}");
    };
    assert_eq!(rejected.fault, Fault::Truncated);
}

proptest! {
    #[test]
    fn whatever_the_portions_no_object_is_cut(
        style in 0usize..3,
        objects in 0usize..60,
        cuts in prop::collection::vec(1usize..90, 1..200),
        block_bytes in 40usize..200,
    ) {
        let separator = ["\n", "", "\r\n\r\n"][style];
        let object = ["{\"a\":\"}{\\\"\"}", "{\"b\":{\"c\":\"\\\\\"}}", "{\n  \"a\": {\n  }\n}"][style];
        let content = [object, separator].concat().repeat(objects);
        let mut rest = content.as_bytes();
        let mut portions = VecDeque::new();
        for cut in cuts.iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (portion, after) = rest.split_at((*cut).min(rest.len()));
            portions.push_back(portion.to_vec());
            rest = after;
        }
        let limits = BlockLimits { block_bytes, line_bytes: 400 };
        let mut reader = LineReader::new(Box::new(Portions(portions)), limits);
        let mut spare = Vec::new();
        let mut position = 0;
        let mut values = 0;
        while let Some(piece) = reader.next(&mut spare).unwrap() {
            prop_assert_eq!(piece.start(), position);
            position = piece.end();
            let found = serde_json::Deserializer::from_str(text(&piece)).into_iter();
            let found: Vec<serde_json::Value> = found.collect::<Result<_, _>>().unwrap();
            values += found.len();
        }
        prop_assert_eq!(position, content.len() as u64);
        prop_assert_eq!(values, objects);
    }
}
