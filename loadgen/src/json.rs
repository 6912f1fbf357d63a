//! Writing JSON into a byte buffer without a serializer per record.

/// Appends `number` in decimal.
pub(crate) fn push_number(buffer: &mut Vec<u8>, number: u64) {
    let mut digits = [0_u8; 20];
    let mut at = digits.len();
    let mut rest = number;
    loop {
        at -= 1;
        digits[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    buffer.extend_from_slice(&digits[at..]);
}

/// Appends the lowest `digits` hexadecimal digits of `bits`.
pub(crate) fn push_hex(buffer: &mut Vec<u8>, bits: u64, digits: u32) {
    for place in (0..digits).rev() {
        let nibble = (bits >> (4 * place)) & 0xf;
        buffer.push(b"0123456789abcdef"[nibble as usize]);
    }
}

/// Appends `text` as the inside of a JSON string (RFC 8259, section 7).
pub(crate) fn push_text(buffer: &mut Vec<u8>, text: &str) {
    for byte in text.bytes() {
        match byte {
            b'"' => buffer.extend_from_slice(b"\\\""),
            b'\\' => buffer.extend_from_slice(b"\\\\"),
            0x00..=0x1f => {
                buffer.extend_from_slice(b"\\u00");
                push_hex(buffer, u64::from(byte), 2);
            }
            _ => buffer.push(byte),
        }
    }
}

/// `text` as a JSON string with its quotes.
pub(crate) fn quoted(text: &str) -> String {
    let mut buffer = vec![b'"'];
    push_text(&mut buffer, text);
    buffer.push(b'"');
    String::from_utf8(buffer).expect("escaping valid UTF-8 leaves it valid")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_text_survives(text in any::<String>()) {
            let back: String = serde_json::from_str(&quoted(&text)).expect("valid JSON");
            prop_assert_eq!(back, text);
        }

        #[test]
        fn numbers_are_written_as_the_standard_library_writes_them(number in any::<u64>()) {
            let mut buffer = Vec::new();
            push_number(&mut buffer, number);
            prop_assert_eq!(buffer, number.to_string().into_bytes());
        }

        #[test]
        fn hexadecimal_is_padded(bits in any::<u64>()) {
            let mut buffer = Vec::new();
            push_hex(&mut buffer, bits, 16);
            prop_assert_eq!(buffer, format!("{bits:016x}").into_bytes());
        }
    }

    #[test]
    fn controls_quotes_and_backslashes_are_escaped() {
        assert_eq!(quoted("a\"b\\c\n\u{1}ü"), r#""a\"b\\c\u000a\u0001ü""#);
    }
}
