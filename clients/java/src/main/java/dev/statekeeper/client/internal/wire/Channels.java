package dev.statekeeper.client.internal.wire;

import dev.statekeeper.client.errors.InvalidRequestException;
import io.grpc.ChannelCredentials;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.shaded.io.netty.channel.ChannelOption;
import io.grpc.stub.MetadataUtils;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Makes gRPC's channels. */
public final class Channels {
  private static final int ROOM_BYTES = 64 * 1024;
  private static final long KEEPALIVE_S = 30;
  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(3);
  private static final Metadata.Key<String> AUTHORIZATION =
      Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);

  private Channels() {}

  /**
   * Makes one.
   *
   * @param target the server's address
   * @param credentials for TLS; null: none
   * @param token who the client is; null: not said
   */
  public static ManagedChannel open(
      String target, @Nullable ChannelCredentials credentials, @Nullable String token) {
    NettyChannelBuilder builder =
        NettyChannelBuilder.forTarget(
                target, credentials == null ? InsecureChannelCredentials.create() : credentials)
            .maxInboundMessageSize(Connection.MESSAGE_BYTES_MAX + ROOM_BYTES)
            // A dead connection is noticed even while nobody calls.
            .keepAliveTime(KEEPALIVE_S, TimeUnit.SECONDS)
            .keepAliveWithoutCalls(true)
            // An address that swallows packets is told after a while.
            .withOption(ChannelOption.CONNECT_TIMEOUT_MILLIS, (int) CONNECT_TIMEOUT.toMillis())
            // Calls are repeated here, because operations of a stream have to be as well.
            .disableRetry()
            // Nothing that is done with an answer in gRPC's threads takes time.
            .directExecutor();
    if (token != null) {
      builder.intercept(
          MetadataUtils.newAttachHeadersInterceptor(
              headers(checkedToken(target, credentials != null, token))));
    }
    return builder.build();
  }

  private static String checkedToken(String target, boolean encrypted, String token) {
    if (!encrypted && !Targets.isLoopback(target)) {
      throw InvalidRequestException.of(
          "token", "is not sent without TLS to anywhere but this machine");
    }
    if (token.isEmpty() || !token.chars().allMatch(unit -> unit > ' ' && unit < 127)) {
      throw InvalidRequestException.of("token", "must be visible ASCII characters");
    }
    return token;
  }

  private static Metadata headers(String token) {
    Metadata headers = new Metadata();
    headers.put(AUTHORIZATION, "Bearer " + token);
    return headers;
  }
}
