//! The logarithm, the same on every machine.
//!
//! Knows that the C library's differs from system to system in the last bit, which is enough
//! to exchange two places; here are only additions, multiplications and divisions.

/// The natural logarithm of a finite number that is at least 1.
pub(crate) fn ln(value: f32) -> f32 {
    let bits = f64::from(value).to_bits();
    let exponent = i32::try_from((bits >> 52) & 0x7ff).unwrap_or(0) - 1023;
    let mantissa = f64::from_bits((bits & 0x000f_ffff_ffff_ffff) | 0x3ff0_0000_0000_0000);
    // ln m = 2 artanh((m - 1) / (m + 1)); for m below 2 the seventeenth power is below 1e-8.
    let t = (mantissa - 1.0) / (mantissa + 1.0);
    let square = t * t;
    let mut sum = 0.0;
    for odd in [17.0, 15.0, 13.0, 11.0, 9.0, 7.0, 5.0, 3.0, 1.0] {
        sum = sum * square + 1.0 / odd;
    }
    narrow(f64::from(exponent) * std::f64::consts::LN_2 + 2.0 * t * sum)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::as_conversions,
    reason = "rounded to the nearest everywhere alike"
)]
fn narrow(value: f64) -> f32 {
    value as f32
}

#[cfg(test)]
mod tests {
    use super::ln;

    #[test]
    fn it_agrees_with_the_system_to_the_last_digits() {
        for value in [1.0_f32, 1.0001, 1.5, 1.9999, 2.0, 2.718_281_7, 10.0, 12_345.678, 1e7] {
            assert!((ln(value) - value.ln()).abs() <= 2e-7 * value.ln().abs().max(1e-6), "{value}");
        }
    }
}
