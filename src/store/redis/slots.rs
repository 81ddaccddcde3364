//! Which of a cluster's 16,384 slots a key is in: CRC16 of the part between the first pair of braces, if
//! there is something in it, else of the whole key ("Hash tags" in the Redis Cluster specification).

/// Slots of every cluster.
pub(super) const SLOTS: usize = 16_384;

/// The slot of a key.
pub(super) fn slot(key: &[u8]) -> u16 {
    crc16(tag(key)) % SLOTS as u16
}

fn tag(key: &[u8]) -> &[u8] {
    let Some(open) = key.iter().position(|byte| *byte == b'{') else { return key };
    let rest = key.get(open + 1..).unwrap_or_default();
    match rest.iter().position(|byte| *byte == b'}') {
        Some(close) if close > 0 => rest.get(..close).unwrap_or(key),
        _ => key,
    }
}

/// XMODEM: polynomial 0x1021, begun at nought.
fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |crc, byte| (crc << 8) ^ TABLE[usize::from((crc >> 8) as u8 ^ byte)])
}

const TABLE: [u16; 256] = {
    let mut table = [0; 256];
    let mut at = 0;
    while at < 256 {
        let mut crc = (at as u16) << 8;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 0x8000 == 0 { crc << 1 } else { (crc << 1) ^ 0x1021 };
            bit += 1;
        }
        table[at] = crc;
        at += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slots_are_the_specifications() {
        assert_eq!(crc16(b"123456789"), 0x31C3, "the specification's own example");
        assert_eq!(slot(b"foo"), 12_182);
        assert_eq!(slot(b"tg1:{foo}:since"), slot(b"foo"));
        assert_eq!(slot(b"foo{}{bar}"), slot_of_whole(b"foo{}{bar}"), "an empty tag is none");
        assert_eq!(slot(b"foo{{bar}}zap"), slot(b"{bar"));
        assert_eq!(slot(b"foo{bar}{zap}"), slot(b"bar"));
    }

    fn slot_of_whole(key: &[u8]) -> u16 {
        crc16(key) % SLOTS as u16
    }
}
