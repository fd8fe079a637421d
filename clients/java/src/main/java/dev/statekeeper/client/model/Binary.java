package dev.statekeeper.client.model;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Arrays;

/**
 * Raw bytes that stand for a whole entry of a document, with what they are.
 *
 * <p>Entries that are bytes are read as this. Where one is written, a plain {@code byte[]} will do
 * as well.
 */
public final class Binary {
  private final byte[] bytes;
  private final String contentType;

  private Binary(byte[] bytes, String contentType) {
    this.bytes = bytes.clone();
    this.contentType = contentType;
  }

  /**
   * Makes one of bytes of which is not known what they are.
   *
   * @param bytes the bytes, which are copied
   * @return what stands for them
   */
  public static Binary of(byte[] bytes) {
    return new Binary(bytes, "");
  }

  /**
   * Makes one of bytes and what they are.
   *
   * @param bytes the bytes, which are copied
   * @param contentType their media type, at most 256 bytes: {@code application/msgpack}
   * @return what stands for them
   */
  public static Binary of(byte[] bytes, String contentType) {
    return new Binary(bytes, contentType);
  }

  /**
   * The bytes.
   *
   * @return a copy of them
   */
  @JsonValue
  public byte[] bytes() {
    return bytes.clone();
  }

  /**
   * Their media type.
   *
   * @return the empty text where it is not known
   */
  public String contentType() {
    return contentType;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Binary that
        && contentType.equals(that.contentType)
        && Arrays.equals(bytes, that.bytes);
  }

  @Override
  public int hashCode() {
    return 31 * Arrays.hashCode(bytes) + contentType.hashCode();
  }

  @Override
  public String toString() {
    return "Binary[" + bytes.length + " bytes, contentType=" + contentType + "]";
  }
}
