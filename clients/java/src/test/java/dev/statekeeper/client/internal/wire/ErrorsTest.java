package dev.statekeeper.client.internal.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.Any;
import com.google.rpc.ErrorInfo;
import com.google.rpc.Status;
import dev.statekeeper.client.errors.ConflictException;
import dev.statekeeper.client.errors.StateException;
import dev.statekeeper.client.errors.UnavailableException;
import dev.statekeeper.client.internal.requests.ExecutionRef;
import dev.statekeeper.v1.ErrorReason;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ErrorsTest {
  private static final CallSite SITE =
      new CallSite("127.0.0.1:1", Duration.ofSeconds(10), new ExecutionRef("ns", "e1", null, ""));

  private static StateException told(ErrorInfo info) {
    Status status =
        Status.newBuilder().setCode(3).setMessage("no").addDetails(Any.pack(info)).build();
    return Errors.of(Failure.of(status), SITE);
  }

  @ParameterizedTest
  @EnumSource(
      value = ErrorReason.class,
      mode = EnumSource.Mode.EXCLUDE,
      names = {"ERROR_REASON_UNSPECIFIED", "UNRECOGNIZED"})
  void everyReasonHasAnErrorOfItsOwn(ErrorReason reason) {
    String code = reason.name().replaceFirst("ERROR_REASON_", "");
    StateException error =
        told(ErrorInfo.newBuilder().setDomain("statekeeper").setReason(code).build());
    assertEquals(code, error.code());
    assertNotEquals(StateException.class, error.getClass());
    assertEquals("e1", error.executionId());
  }

  @Test
  void reasonsOfLaterServersAreTold() {
    StateException error =
        told(ErrorInfo.newBuilder().setDomain("statekeeper").setReason("NEW_REASON").build());
    assertEquals(StateException.class, error.getClass());
    assertEquals("NEW_REASON", error.code());
  }

  @Test
  void factsOfTheServerAreTold() {
    ErrorInfo info =
        ErrorInfo.newBuilder()
            .setDomain("statekeeper")
            .setReason("CONFLICT")
            .putMetadata("expected", "3")
            .putMetadata("current", "5")
            .putMetadata("execution_id", "e2")
            .build();
    ConflictException error = assertInstanceOf(ConflictException.class, told(info));
    assertEquals(3, error.expected());
    assertEquals(5, error.current());
    assertEquals("e2", error.executionId());
  }

  @Test
  void errorsOfOtherServicesAreThoseOfTheWay() {
    Failure failure =
        new Failure(
            io.grpc.Status.Code.UNAVAILABLE,
            "Connection refused: /127.0.0.1:1",
            Status.newBuilder()
                .addDetails(Any.pack(ErrorInfo.newBuilder().setDomain("a.proxy").build()))
                .build(),
            null);
    StateException error = Errors.of(failure, SITE);
    assertInstanceOf(UnavailableException.class, error);
    assertTrue(error.getMessage().endsWith("127.0.0.1:1: connection refused"));
  }
}
