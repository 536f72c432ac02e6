//! A small file that becomes a large one (RFC 1951, RFC 1952).

/// How long a match can be at most.
const MATCH: usize = 258;

/// A gzip file of `matches` times 258 zeros, and one more: for each of these 258 it has 13 bits.
pub(super) fn zeros(matches: usize) -> Vec<u8> {
    let mut file = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    let mut bits = Bits { octets: Vec::new(), used: 8 };
    // The last block, with fixed codes.
    bits.push("110");
    // The literal 0.
    bits.push("00110000");
    for _ in 0..matches {
        // Length 258, distance 1.
        bits.push("1100010100000");
    }
    // The end of the block.
    bits.push("0000000");
    file.append(&mut bits.octets);
    let length = length(matches);
    file.extend(crc_of_zeros(length).to_le_bytes());
    file.extend(u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes());
    file
}

/// How large it becomes, in octets.
pub(super) const fn length(matches: usize) -> usize {
    matches * MATCH + 1
}

/// RFC 1951 §3.1.1: bits fill an octet from its least significant one.
struct Bits {
    octets: Vec<u8>,
    used: u8,
}

impl Bits {
    fn push(&mut self, bits: &str) {
        for bit in bits.bytes() {
            if self.used == 8 {
                self.octets.push(0);
                self.used = 0;
            }
            if let Some(last) = self.octets.last_mut() {
                *last |= (bit - b'0') << self.used;
            }
            self.used += 1;
        }
    }
}

fn crc_of_zeros(length: usize) -> u32 {
    let mut crc = u32::MAX;
    for _ in 0..length * 8 {
        crc = (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg());
    }
    !crc
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_the_one_that_others_write() {
        // Read with another program: 1549 zeros.
        let file = zeros(6);
        assert_eq!(
            &file[10..file.len() - 8],
            [0x63, 0x18, 0x05, 0xa3, 0x60, 0x14, 0x8c, 0x82, 0x51, 0x30, 0x0a, 0x00]
        );
        assert_eq!((length(6), crc_of_zeros(1)), (1549, 0xd202_ef8d));
    }
}
