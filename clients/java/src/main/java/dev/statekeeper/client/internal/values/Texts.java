package dev.statekeeper.client.internal.values;

/** Tells of texts that UTF-8 cannot hold. */
public final class Texts {
  private Texts() {}

  /**
   * Tells why a text cannot be sent; empty when it can.
   *
   * @param text the text
   * @return a sentence, or nothing
   */
  public static String faultOf(String text) {
    for (int at = 0; at < text.length(); at++) {
      char unit = text.charAt(at);
      if (!Character.isSurrogate(unit)) {
        continue;
      }
      boolean paired =
          Character.isHighSurrogate(unit)
              && at + 1 < text.length()
              && Character.isLowSurrogate(text.charAt(at + 1));
      if (!paired) {
        return "character " + at + " is half of a surrogate pair, which UTF-8 cannot hold";
      }
      at++;
    }
    return "";
  }
}
