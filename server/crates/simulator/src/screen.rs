//! The picture of a phone's screen.
//!
//! Owns the drawing of a small BMP: a header bar, red while DND is on, and the extension in
//! large digits.

/// Width and height in pixels; the width is a multiple of four, so rows need no padding.
const WIDTH: usize = 160;
const HEIGHT: usize = 96;
const HEAD: usize = 14 + 40 + 4 * COLOURS.len();

/// Blue, green, red, unused.
const COLOURS: [[u8; 4]; 4] = [
    [0xf4, 0xf1, 0xee, 0],
    [0x3a, 0x2a, 0x1f, 0],
    [0x9a, 0x5b, 0x2d, 0],
    [0x3c, 0x3c, 0xc8, 0],
];

/// Digits in 3 by 5 dots, rows from the top, the leftmost dot in bit 2.
const DIGITS: [[u8; 5]; 10] = [
    [7, 5, 5, 5, 7],
    [2, 6, 2, 2, 7],
    [7, 1, 7, 4, 7],
    [7, 1, 3, 1, 7],
    [5, 5, 7, 1, 1],
    [7, 4, 7, 1, 7],
    [7, 4, 7, 5, 7],
    [7, 1, 1, 2, 2],
    [7, 5, 7, 5, 7],
    [7, 5, 7, 1, 7],
];

/// A BMP with eight bits per pixel.
pub(crate) fn bmp(extension: &str, dnd: bool) -> Vec<u8> {
    let mut pixels = vec![0; WIDTH * HEIGHT];
    let bar = if dnd { 3 } else { 2 };
    fill(&mut pixels, (0, 0), (WIDTH, 18), bar);
    let digits = extension.bytes().filter(u8::is_ascii_digit).take(6);
    for (place, digit) in digits.enumerate() {
        draw(
            &mut pixels,
            10 + place * 24,
            DIGITS[usize::from(digit - b'0')],
        );
    }
    let mut file = head();
    for row in pixels.chunks_exact(WIDTH).rev() {
        file.extend_from_slice(row);
    }
    file
}

fn draw(pixels: &mut [u8], left: usize, digit: [u8; 5]) {
    for (row, dots) in digit.into_iter().enumerate() {
        for column in (0..3).filter(|column| dots & (4 >> column) != 0) {
            fill(pixels, (left + column * 6, 38 + row * 6), (6, 6), 1);
        }
    }
}

fn fill(pixels: &mut [u8], (left, top): (usize, usize), (wide, high): (usize, usize), colour: u8) {
    for row in pixels.chunks_exact_mut(WIDTH).skip(top).take(high) {
        for pixel in row.iter_mut().skip(left).take(wide) {
            *pixel = colour;
        }
    }
}

fn head() -> Vec<u8> {
    let mut head = Vec::with_capacity(HEAD + WIDTH * HEIGHT);
    let mut long = |number: usize| head.extend_from_slice(&(number as u32).to_le_bytes());
    // File header after its two letters, then the picture's: 1 plane, 8 bits, not packed.
    for number in [
        HEAD + WIDTH * HEIGHT,
        0,
        HEAD,
        40,
        WIDTH,
        HEIGHT,
        1 | 8 << 16,
    ] {
        long(number);
    }
    for number in [0, WIDTH * HEIGHT, 2835, 2835, COLOURS.len(), 0] {
        long(number);
    }
    head.splice(0..0, *b"BM");
    head.extend(COLOURS.iter().flatten());
    head
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_as_long_as_it_says() {
        let file = bmp("4711", true);
        let said = u32::from_le_bytes([file[2], file[3], file[4], file[5]]);
        assert_eq!(&file[..2], b"BM");
        assert_eq!(file.len(), said as usize);
        assert_eq!(file.len(), HEAD + WIDTH * HEIGHT);
        assert_ne!(bmp("4711", true), bmp("4711", false));
        assert_ne!(bmp("4711", true), bmp("4712", true));
    }
}
