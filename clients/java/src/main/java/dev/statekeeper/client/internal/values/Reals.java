package dev.statekeeper.client.internal.values;

import java.math.BigDecimal;

/**
 * Real numbers as text.
 *
 * <p>The server takes a value for changed when its text has changed. So numbers are written as
 * JavaScript and Go write them, and not as Java does, which has exponents from 10^7 on: what
 * another client wrote does not change when it is saved again.
 */
final class Reals {
  private static final int PLAIN_DIGITS_MAX = 21;
  private static final int PLAIN_ZEROS_MAX = 5;

  private Reals() {}

  /** Gives what stands for the text that Java gives a finite number, exact or not. */
  static String asOthersWrite(String text) {
    int at = text.indexOf('E');
    if (at < 0) {
      return text;
    }
    int exponent = Integer.parseInt(text, at + 1, text.length(), 10);
    if (exponent >= -PLAIN_ZEROS_MAX - 1 && exponent < PLAIN_DIGITS_MAX) {
      String plain = new BigDecimal(text).toPlainString();
      // It is to be read as a real number again.
      return plain.indexOf('.') < 0 ? plain + ".0" : plain;
    }
    String digits = text.substring(0, at);
    String mantissa = digits.endsWith(".0") ? digits.substring(0, digits.length() - 2) : digits;
    return mantissa + (exponent < 0 ? "e" : "e+") + exponent;
  }
}
