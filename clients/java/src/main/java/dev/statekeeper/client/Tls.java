package dev.statekeeper.client;

import dev.statekeeper.client.errors.InvalidRequestException;
import io.grpc.ChannelCredentials;
import io.grpc.TlsChannelCredentials;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * How a client makes sure that the server is the right one, and shows who it is itself.
 *
 * @param ca file with the certificates (PEM) of who signs the server's; null: those that Java
 *     trusts
 * @param certificate file with the client's own certificate (PEM); null: none
 * @param key file with the key (PEM, PKCS #8) of that certificate; null: none
 */
public record Tls(@Nullable Path ca, @Nullable Path certificate, @Nullable Path key) {

  /**
   * Makes one.
   *
   * @param ca file with the certificates (PEM) of who signs the server's; null: those that Java
   *     trusts
   * @param certificate file with the client's own certificate (PEM); null: none
   * @param key file with the key (PEM, PKCS #8) of that certificate; null: none
   */
  public Tls {
    if ((certificate == null) != (key == null)) {
      throw InvalidRequestException.of(
          certificate == null ? "certificate" : "key", "is required together with the other");
    }
  }

  /**
   * Trusts whom Java trusts.
   *
   * @return the settings
   */
  public static Tls ofSystem() {
    return new Tls(null, null, null);
  }

  /**
   * Trusts one authority.
   *
   * @param ca file with its certificate (PEM)
   * @return the settings
   */
  public static Tls trusting(Path ca) {
    return new Tls(ca, null, null);
  }

  /**
   * Shows the server who the client is.
   *
   * @param certificate file with the client's certificate (PEM)
   * @param key file with its key (PEM, PKCS #8)
   * @return a copy
   */
  public Tls withIdentity(Path certificate, Path key) {
    return new Tls(ca, certificate, key);
  }

  ChannelCredentials toCredentials() {
    TlsChannelCredentials.Builder credentials = TlsChannelCredentials.newBuilder();
    try {
      if (ca != null) {
        credentials.trustManager(ca.toFile());
      }
      if (certificate != null && key != null) {
        credentials.keyManager(certificate.toFile(), key.toFile());
      }
    } catch (IOException unreadable) {
      throw new UncheckedIOException(unreadable);
    }
    return credentials.build();
  }
}
