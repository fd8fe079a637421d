package dev.statekeeper.client.internal.wire;

import dev.statekeeper.client.errors.InvalidRequestException;
import dev.statekeeper.client.internal.requests.Arguments;
import java.util.regex.Pattern;

/** Addresses of servers: {@code host:port}, or a name of gRPC's own. */
public final class Targets {
  // gRPC alone knows what follows.
  private static final Pattern GRPC_NAME =
      Pattern.compile("(dns|unix|ipv4|ipv6|xds|google-c2p):.*");
  private static final Pattern LOOPBACK =
      Pattern.compile(
          "(localhost|127(\\.\\d{1,3}){3}|\\[::1])(:\\d+)?|unix:.*", Pattern.CASE_INSENSITIVE);
  private static final int PORT_MAX = 65_535;

  private Targets() {}

  /** Gives an address that can be connected to. */
  public static String checked(String target) {
    String address = Arguments.name("target", target);
    if (GRPC_NAME.matcher(address).matches()) {
      return address;
    }
    if (address.contains("://")) {
      throw invalid(address, "is a URL: leave out what stands before the host");
    }
    int colon = address.lastIndexOf(':');
    if (colon <= 0 || address.endsWith("]")) {
      throw invalid(address, "is not HOST:PORT, as in localhost:7460");
    }
    String host = address.substring(0, colon);
    if (host.contains(":") && !(host.startsWith("[") && host.endsWith("]"))) {
      throw invalid(address, "has an IPv6 host, which needs brackets, as in [::1]:7460");
    }
    String port = address.substring(colon + 1);
    if (!port.matches("[0-9]{1,5}")
        || Integer.parseInt(port) < 1
        || Integer.parseInt(port) > PORT_MAX) {
      throw invalid(address, "has the port '" + port + "', and ports are 1 to " + PORT_MAX);
    }
    return address;
  }

  /** Whether nobody else can listen to what is sent there. */
  public static boolean isLoopback(String target) {
    return LOOPBACK.matcher(target.replaceFirst("^dns:(///)?", "")).matches();
  }

  private static InvalidRequestException invalid(String address, String problem) {
    return InvalidRequestException.of("target", "'" + address + "' " + problem);
  }
}
