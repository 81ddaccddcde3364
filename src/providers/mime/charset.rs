//! Charsets both ways. Reading gives UTF-8; writing keeps the bytes of every character that is not
//! edited, because decode → encode is not the identity (Big5 changes 3,937 two-byte codes that way,
//! Shift_JIS 2,278).

use encoding_rs::{BIG5, EUC_KR, Encoding, GBK, ISO_2022_JP, SHIFT_JIS, UTF_8, UTF_16BE, UTF_16LE};

/// A part's charset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Charset {
    encoding: &'static Encoding,
    /// The label promises less than the encoding can write.
    narrow: Narrow,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Narrow {
    No,
    /// `us-ascii`, or no label at all.
    Ascii,
    /// `gb2312`: read as its superset GBK, written within GB 2312.
    Gb2312,
}

/// UTF-8, whatever was there before.
pub(super) const UTF8: Charset = Charset { encoding: UTF_8, narrow: Narrow::No };

impl Charset {
    /// The charset that a label names; none for labels nobody reads safely (UTF-7, ISO-2022-CN, HZ).
    pub(super) fn named(label: &str) -> Option<Charset> {
        let label = label.trim().to_ascii_lowercase();
        let wide = |encoding| Some(Charset { encoding, narrow: Narrow::No });
        match label.as_str() {
            "us-ascii" | "ascii" | "ansi_x3.4-1968" | "iso646-us" | "iso-ir-6" => {
                Some(Charset { encoding: UTF_8, narrow: Narrow::Ascii })
            }
            "gb2312" | "gb_2312-80" | "csgb2312" | "euc-cn" => Some(Charset { encoding: GBK, narrow: Narrow::Gb2312 }),
            "cp936" | "ms936" | "windows-936" => wide(GBK),
            "cp950" | "windows-950" => wide(BIG5),
            "cp932" => wide(SHIFT_JIS),
            "cp949" | "uhc" => wide(EUC_KR),
            _ => Encoding::for_label_no_replacement(label.as_bytes()).and_then(wide),
        }
    }

    /// What RFC 2045 §5.2 assumes when nothing is said.
    pub(super) const UNNAMED: Charset = Charset { encoding: UTF_8, narrow: Narrow::Ascii };

    /// The text, and how many characters could not be read.
    pub(super) fn decode(&self, bytes: &[u8]) -> (String, usize) {
        let (text, malformed) = self.encoding.decode_without_bom_handling(bytes);
        let unread = if malformed { text.matches('\u{fffd}').count().max(1) } else { 0 };
        (text.into_owned(), unread)
    }

    /// The bytes of `text`, or none when a character is not in the charset as labelled.
    pub(super) fn encode(&self, text: &str) -> Option<Vec<u8>> {
        if self.encoding == UTF_16LE || self.encoding == UTF_16BE || (self.narrow == Narrow::Ascii && !text.is_ascii())
        {
            return None;
        }
        let (bytes, _, unmappable) = self.encoding.encode(text);
        // encoding_rs writes `&#...;` for what it cannot map: never let that through.
        if unmappable || (self.narrow == Narrow::Gb2312 && !is_gb2312(&bytes)) {
            return None;
        }
        Some(bytes.into_owned())
    }

    /// The raw bytes after replacing ranges of the decoded text, every other character keeping its own
    /// bytes. None when this charset cannot carry it.
    pub(super) fn splice(&self, bytes: &[u8], edits: &[(std::ops::Range<usize>, String)]) -> Option<Vec<u8>> {
        if self.encoding == ISO_2022_JP {
            // Stateful: a byte's meaning depends on escapes before it, so the whole is encoded again,
            // where that gives back the untouched original.
            let (mut text, unread) = self.decode(bytes);
            if unread > 0 || self.encode(&text)? != bytes {
                return None;
            }
            for (range, replacement) in edits.iter().rev() {
                text.replace_range(range.clone(), replacement);
            }
            return self.encode(&text);
        }
        let wanted: Vec<usize> = edits.iter().flat_map(|(range, _)| [range.start, range.end]).collect();
        let places = self.places(bytes, &wanted)?;
        let (mut spliced, mut copied) = (Vec::with_capacity(bytes.len()), 0);
        for ((_, replacement), place) in edits.iter().zip(places.chunks_exact(2)) {
            spliced.extend_from_slice(bytes.get(copied..place[0])?);
            spliced.extend_from_slice(&self.encode(replacement)?);
            copied = place[1];
        }
        spliced.extend_from_slice(bytes.get(copied..)?);
        Some(spliced)
    }

    /// Byte places of ascending places in the decoded text. The decoder is fed one byte at a time: a
    /// character is written when its last byte comes.
    fn places(&self, bytes: &[u8], wanted: &[usize]) -> Option<Vec<usize>> {
        let mut places = Vec::with_capacity(wanted.len());
        let mut wanted = wanted.iter().copied().peekable();
        while wanted.next_if_eq(&0).is_some() {
            places.push(0);
        }
        let mut decoder = self.encoding.new_decoder_without_bom_handling();
        let mut written_before = 0;
        let mut buffer = [0_u8; 64];
        for (index, byte) in bytes.iter().enumerate() {
            if wanted.peek().is_none() {
                return Some(places);
            }
            let last = index + 1 == bytes.len();
            let (_, _, written, _) = decoder.decode_to_utf8(std::slice::from_ref(byte), &mut buffer, last);
            if written == 0 {
                continue;
            }
            // A malformed sequence gives U+FFFD and then the ASCII bytes that ended it: those stand on
            // their own bytes. Other places between characters written together have no byte place.
            let alone = buffer[..written]
                .iter()
                .rev()
                .zip(bytes[..=index].iter().rev())
                .take_while(|(w, b)| w == b && w.is_ascii())
                .count();
            while let Some(place) = wanted.next_if(|w| *w <= written_before + written) {
                let back = written_before + written - place;
                if back > alone {
                    return None;
                }
                places.push(index + 1 - back);
            }
            written_before += written;
        }
        wanted.peek().is_none().then_some(places)
    }
}

/// Two-byte codes within the 94 × 94 rows of GB 2312.
fn is_gb2312(bytes: &[u8]) -> bool {
    let mut rest = bytes.iter();
    while let Some(&lead) = rest.next() {
        if lead >= 0x80 {
            match rest.next() {
                Some(&trail) if (0xa1..=0xf7).contains(&lead) && trail >= 0xa1 => {}
                _ => return false,
            }
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn untouched_characters_keep_their_own_bytes() {
        // 0x8E69 is one of the HKSCS codes of Big5 that decode → encode changes.
        let big5 = Charset::named("big5").unwrap();
        let mut bytes = vec![0x8e, 0x69];
        bytes.extend_from_slice(b"abc");
        let (text, _) = big5.decode(&bytes);
        let at = text.find("abc").unwrap();
        let spliced = big5.splice(&bytes, &[(at..at + 3, "限時".to_owned())]).unwrap();
        assert_eq!(&spliced[..2], &bytes[..2]);
        assert!(big5.decode(&spliced).0.ends_with("限時"));
    }

    #[test]
    fn a_label_is_not_exceeded() {
        assert!(Charset::named("gb2312").unwrap().encode("退订").is_some());
        assert!(Charset::named("gb2312").unwrap().encode("退訂").is_none());
        assert!(Charset::named("gb18030").unwrap().encode("退訂😀").is_some());
        assert!(Charset::named("us-ascii").unwrap().encode("退订").is_none());
        assert!(Charset::named("iso-8859-1").unwrap().encode("退订").is_none());
        for unsafe_label in ["utf-7", "iso-2022-cn", "hz-gb-2312", "x", "", "replacement"] {
            assert!(Charset::named(unsafe_label).is_none(), "{unsafe_label}");
        }
    }
}
