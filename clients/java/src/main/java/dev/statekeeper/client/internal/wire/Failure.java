package dev.statekeeper.client.internal.wire;

import com.google.protobuf.InvalidProtocolBufferException;
import io.grpc.Metadata;
import io.grpc.Status;
import org.jspecify.annotations.Nullable;

/**
 * How a call has ended, or an operation of a message.
 *
 * @param code the status
 * @param details what gRPC says of it
 * @param told what the service says of it; null: nothing, the call failed on the way
 * @param pushbackMillis after which time the server wants it again, below 0 never; null: not said
 */
record Failure(
    Status.Code code,
    String details,
    com.google.rpc.@Nullable Status told,
    @Nullable Long pushbackMillis) {

  private static final Metadata.Key<byte[]> DETAILS =
      Metadata.Key.of("grpc-status-details-bin", Metadata.BINARY_BYTE_MARSHALLER);
  private static final Metadata.Key<String> PUSHBACK =
      Metadata.Key.of("grpc-retry-pushback-ms", Metadata.ASCII_STRING_MARSHALLER);

  static Failure of(Status.Code code, String details) {
    return new Failure(code, details, null, null);
  }

  static Failure of(com.google.rpc.Status error) {
    return new Failure(
        Status.fromCodeValue(error.getCode()).getCode(), error.getMessage(), error, null);
  }

  static Failure of(Status status, @Nullable Metadata trailers) {
    return new Failure(status.getCode(), details(status), toldIn(trailers), pushbackIn(trailers));
  }

  private static String details(Status status) {
    StringBuilder told = new StringBuilder();
    if (status.getDescription() != null) {
      told.append(status.getDescription());
    }
    // What has really happened is said by the innermost of them.
    for (Throwable cause = status.getCause(); cause != null; cause = cause.getCause()) {
      told.append(told.isEmpty() ? "" : ": ").append(cause.getMessage());
    }
    return told.toString();
  }

  private static com.google.rpc.@Nullable Status toldIn(@Nullable Metadata trailers) {
    byte[] raw = trailers == null ? null : trailers.get(DETAILS);
    if (raw == null) {
      return null;
    }
    try {
      return com.google.rpc.Status.parseFrom(raw);
    } catch (InvalidProtocolBufferException garbled) {
      return null;
    }
  }

  private static @Nullable Long pushbackIn(@Nullable Metadata trailers) {
    String text = trailers == null ? null : trailers.get(PUSHBACK);
    if (text == null) {
      return null;
    }
    try {
      return Long.valueOf(text);
    } catch (NumberFormatException garbled) {
      // As gRPC has it: what cannot be read means that there is to be no retry.
      return -1L;
    }
  }
}
