package dev.statekeeper.client.internal.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.statekeeper.client.errors.InvalidRequestException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TargetsTest {
  @ParameterizedTest
  @ValueSource(strings = {"localhost:7460", "[::1]:1", "10.0.0.1:65535", "dns:///a.example:1"})
  void addressesAreTaken(String target) {
    assertEquals(target, Targets.checked(target));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "localhost",
        "http://localhost:1",
        "::1:7460",
        "[::1]",
        "a:0",
        "a:65536",
        "a:x"
      })
  void whatIsNoAddressIsRefused(String target) {
    assertThrows(InvalidRequestException.class, () -> Targets.checked(target));
  }

  @ParameterizedTest
  @CsvSource({
    "localhost:7460, true",
    "127.0.0.1:1, true",
    "127.8.9.10:1, true",
    "[::1]:1, true",
    "dns:///localhost:1, true",
    "localhost.evil.example:1, false",
    "127.0.0.1.evil.example:1, false",
    "10.0.0.1:1, false",
    "dns:///state.example:1, false"
  })
  void thisMachineIsKnown(String target, boolean loopback) {
    assertEquals(loopback, Targets.isLoopback(target));
  }
}
