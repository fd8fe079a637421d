package dev.statekeeper.client.internal.requests;

import com.google.protobuf.Timestamp;
import dev.statekeeper.client.errors.InvalidRequestException;
import java.time.Duration;
import java.time.Instant;

/** Instants and spans of time between Java and protobuf. */
public final class Times {
  private static final Instant FIRST = Instant.parse("0001-01-01T00:00:00Z");
  private static final Instant LAST = Instant.parse("9999-12-31T23:59:59.999999999Z");

  private Times() {}

  /** Writes an instant. */
  public static Timestamp timestamp(Instant instant, String field) {
    if (instant.isBefore(FIRST) || instant.isAfter(LAST)) {
      throw InvalidRequestException.of(field, "must lie in the years 1 to 9999 (UTC)");
    }
    return Timestamp.newBuilder()
        .setSeconds(instant.getEpochSecond())
        .setNanos(instant.getNano())
        .build();
  }

  /** Reads an instant. */
  public static Instant instant(Timestamp timestamp) {
    return Instant.ofEpochSecond(timestamp.getSeconds(), timestamp.getNanos());
  }

  /** Gives a span that a caller gave, unless it is negative. */
  public static Duration span(Duration span, String field) {
    if (span.isNegative()) {
      throw InvalidRequestException.of(field, "must not be negative");
    }
    return span;
  }

  /** Writes a span. */
  public static com.google.protobuf.Duration duration(Duration span) {
    return com.google.protobuf.Duration.newBuilder()
        .setSeconds(span.getSeconds())
        .setNanos(span.getNano())
        .build();
  }

  /** Gives the nanoseconds of a span; of one that is too long for that, as many as there are. */
  public static long nanos(Duration span) {
    try {
      return span.toNanos();
    } catch (ArithmeticException tooLong) {
      return Long.MAX_VALUE;
    }
  }

  /** Gives a span as people write it: {@code 1.5 s}. */
  public static String told(Duration span) {
    double seconds = nanos(span) / 1e9;
    String text = seconds == Math.rint(seconds) ? Long.toString((long) seconds) : "" + seconds;
    return text + " s";
  }
}
