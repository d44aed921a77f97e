//! QR codes as PNG images.

use png::{BitDepth, ColorType, Encoder};
use qrcode::{Color, EcLevel, QrCode};

use crate::error::{Error, Result};

/// Pixels of a module's side.
const SCALE: usize = 5;

/// The white border that the standard asks for, in modules.
const QUIET_ZONE: usize = 4;

/// A text as a QR code: a black and white PNG image.
///
/// # Errors
/// When the text is too long for a QR code.
pub fn qr_code_png(text: &str) -> Result<Vec<u8>> {
    let code = QrCode::with_error_correction_level(text, EcLevel::M).map_err(Error::internal)?;
    let side = (code.width() + 2 * QUIET_ZONE) * SCALE;
    let size = u32::try_from(side).map_err(Error::internal)?;
    let mut image = Vec::new();
    let mut encoder = Encoder::new(&mut image, size, size);
    encoder.set_color(ColorType::Grayscale);
    encoder.set_depth(BitDepth::One);
    let mut writer = encoder.write_header().map_err(Error::internal)?;
    writer.write_image_data(&pixels(&code, side)).map_err(Error::internal)?;
    writer.finish().map_err(Error::internal)?;
    Ok(image)
}

/// The image's rows, eight pixels a byte, the leftmost in the highest bit; one is white.
fn pixels(code: &QrCode, side: usize) -> Vec<u8> {
    let modules = code.to_colors();
    let width = code.width();
    let is_dark = |x: usize, y: usize| {
        let column = (x / SCALE).checked_sub(QUIET_ZONE).filter(|column| *column < width);
        let row = (y / SCALE).checked_sub(QUIET_ZONE);
        let place = column.zip(row).map(|(column, row)| row * width + column);
        place.and_then(|place| modules.get(place)) == Some(&Color::Dark)
    };
    let byte = |x: usize, y: usize| (x..x + 8).fold(0, |byte, x| byte << 1 | u8::from(!is_dark(x, y)));
    (0..side).flat_map(|y| (0..side).step_by(8).map(move |x| (x, y))).map(|(x, y)| byte(x, y)).collect()
}
