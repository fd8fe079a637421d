package dev.statekeeper.client.internal.wire;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.rpc.BadRequest;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import dev.statekeeper.client.errors.BackupFailedException;
import dev.statekeeper.client.errors.CallCancelledException;
import dev.statekeeper.client.errors.CheckpointNotFoundException;
import dev.statekeeper.client.errors.ConflictException;
import dev.statekeeper.client.errors.DeadlineExceededException;
import dev.statekeeper.client.errors.ErrorFacts;
import dev.statekeeper.client.errors.FencedException;
import dev.statekeeper.client.errors.FieldViolation;
import dev.statekeeper.client.errors.InternalException;
import dev.statekeeper.client.errors.InvalidRequestException;
import dev.statekeeper.client.errors.InvalidTokenException;
import dev.statekeeper.client.errors.LockTimeoutException;
import dev.statekeeper.client.errors.LockedException;
import dev.statekeeper.client.errors.OverloadedException;
import dev.statekeeper.client.errors.RequestIdReusedException;
import dev.statekeeper.client.errors.RevisionCompactedException;
import dev.statekeeper.client.errors.SchemaViolationException;
import dev.statekeeper.client.errors.SerializationException;
import dev.statekeeper.client.errors.StateAccessDeniedException;
import dev.statekeeper.client.errors.StateException;
import dev.statekeeper.client.errors.StateNotFoundException;
import dev.statekeeper.client.errors.StateTooLargeException;
import dev.statekeeper.client.errors.StorageException;
import dev.statekeeper.client.errors.StorageFullException;
import dev.statekeeper.client.errors.UnauthenticatedException;
import dev.statekeeper.client.errors.UnavailableException;
import dev.statekeeper.client.errors.UnimplementedException;
import dev.statekeeper.client.internal.requests.ExecutionRef;
import dev.statekeeper.client.internal.requests.Times;
import io.grpc.Status;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** From a failed call to the error that callers see. */
final class Errors {
  private static final String DOMAIN = "statekeeper";

  /** The reasons that need nothing but the facts, and what each throws. */
  private static final Map<String, Function<ErrorFacts, StateException>> BY_REASON =
      Map.ofEntries(
          Map.entry(StateNotFoundException.CODE, StateNotFoundException::new),
          Map.entry(CheckpointNotFoundException.CODE, CheckpointNotFoundException::new),
          Map.entry(ConflictException.CODE, ConflictException::new),
          Map.entry(InvalidTokenException.CODE, InvalidTokenException::new),
          Map.entry(LockTimeoutException.CODE, LockTimeoutException::new),
          Map.entry(LockedException.CODE, LockedException::new),
          Map.entry(FencedException.CODE, FencedException::new),
          Map.entry(SerializationException.CODE, SerializationException::new),
          Map.entry(StateTooLargeException.CODE, StateTooLargeException::new),
          Map.entry(SchemaViolationException.CODE, SchemaViolationException::new),
          Map.entry(StateAccessDeniedException.CODE, StateAccessDeniedException::new),
          Map.entry(RequestIdReusedException.CODE, RequestIdReusedException::new),
          Map.entry(RevisionCompactedException.CODE, RevisionCompactedException::new),
          Map.entry(StorageFullException.CODE, StorageFullException::new),
          Map.entry(StorageException.CODE, StorageException::new),
          Map.entry(BackupFailedException.CODE, BackupFailedException::new));

  private static final Map<Status.Code, Function<ErrorFacts, StateException>> BY_STATUS =
      Map.of(
          Status.Code.UNAVAILABLE, UnavailableException::new,
          Status.Code.DEADLINE_EXCEEDED, DeadlineExceededException::new,
          Status.Code.CANCELLED, CallCancelledException::new,
          Status.Code.UNAUTHENTICATED, UnauthenticatedException::new,
          Status.Code.UNIMPLEMENTED, UnimplementedException::new,
          Status.Code.INTERNAL, InternalException::new);

  private static final Map<String, Function<ErrorFacts, StateException>> BY_CODE =
      BY_STATUS.entrySet().stream()
          .collect(Collectors.toMap(each -> each.getKey().name(), Map.Entry::getValue));

  /** What gRPC writes for people who know its inside, by what it means. */
  private static final Map<Pattern, String> CAUSES = causes();

  private Errors() {}

  /** Gives the error to throw for a failed call. */
  static StateException of(Failure failure, CallSite site) {
    if (failure.told() != null) {
      StateException told = told(failure.told(), site);
      if (told != null) {
        return told;
      }
    }
    return onTheWay(failure, site);
  }

  /** Gives an error again, as that of another execution. */
  static StateException at(ExecutionRef execution, StateException error) {
    ErrorFacts facts =
        new ErrorFacts(
            String.valueOf(error.getMessage()),
            execution.namespace(),
            execution.executionId(),
            error.metadata());
    StateException own =
        switch (error.code()) {
          case InvalidRequestException.CODE ->
              new InvalidRequestException(facts, ((InvalidRequestException) error).violations());
          case OverloadedException.CODE ->
              new OverloadedException(
                  facts, ((OverloadedException) error).retryAfter().orElse(null));
          default -> {
            Function<ErrorFacts, StateException> make =
                BY_REASON.getOrDefault(error.code(), BY_CODE.get(error.code()));
            yield make == null ? new StateException(error.code(), facts) : make.apply(facts);
          }
        };
    own.initCause(error);
    return own;
  }

  private static @Nullable StateException told(com.google.rpc.Status status, CallSite site) {
    ErrorInfo info = detail(status, ErrorInfo.class);
    if (info == null || !info.getDomain().equals(DOMAIN)) {
      return null;
    }
    Map<String, String> metadata = info.getMetadataMap();
    ErrorFacts facts =
        new ErrorFacts(
            status.getMessage(),
            metadata.getOrDefault("namespace", site.execution().namespace()),
            metadata.getOrDefault("execution_id", site.execution().executionId()),
            metadata);
    return switch (info.getReason()) {
      case InvalidRequestException.CODE -> new InvalidRequestException(facts, violations(status));
      case OverloadedException.CODE -> new OverloadedException(facts, retryAfter(status));
      default -> {
        Function<ErrorFacts, StateException> make = BY_REASON.get(info.getReason());
        yield make == null ? new StateException(info.getReason(), facts) : make.apply(facts);
      }
    };
  }

  private static List<FieldViolation> violations(com.google.rpc.Status status) {
    BadRequest request = detail(status, BadRequest.class);
    return request == null
        ? List.of()
        : request.getFieldViolationsList().stream()
            .map(each -> new FieldViolation(each.getField(), each.getDescription()))
            .toList();
  }

  private static @Nullable Duration retryAfter(com.google.rpc.Status status) {
    RetryInfo retry = detail(status, RetryInfo.class);
    return retry == null || !retry.hasRetryDelay()
        ? null
        : Duration.ofSeconds(retry.getRetryDelay().getSeconds(), retry.getRetryDelay().getNanos());
  }

  private static <M extends Message> @Nullable M detail(
      com.google.rpc.Status status, Class<M> type) {
    try {
      for (Any detail : status.getDetailsList()) {
        if (detail.is(type)) {
          return detail.unpack(type);
        }
      }
    } catch (InvalidProtocolBufferException garbled) {
      return null;
    }
    return null;
  }

  private static StateException onTheWay(Failure failure, CallSite site) {
    String told = failure.details().isEmpty() ? "no reason given" : failure.details();
    String message =
        switch (failure.code()) {
          case DEADLINE_EXCEEDED ->
              "no answer from " + site.target() + " within " + Times.told(site.timeout());
          case UNAVAILABLE -> "cannot reach statekeeper at " + site.target() + ": " + cause(told);
          case CANCELLED -> "the call to " + site.target() + " was cancelled: " + told;
          default -> site.target() + " answered " + failure.code() + ": " + told;
        };
    ErrorFacts facts = site.execution().facts(message);
    Function<ErrorFacts, StateException> make = BY_STATUS.get(failure.code());
    return make == null ? new StateException(failure.code().name(), facts) : make.apply(facts);
  }

  private static String cause(String told) {
    for (Map.Entry<Pattern, String> each : CAUSES.entrySet()) {
      if (each.getKey().matcher(told).find()) {
        return each.getValue();
      }
    }
    return told;
  }

  private static Map<Pattern, String> causes() {
    Map<Pattern, String> causes = new LinkedHashMap<>();
    put(causes, "connection refused", "connection refused");
    put(causes, "unable to resolve host|unknown ?host", "unknown host name");
    put(causes, "certificat|pkix", "its certificate is not trusted");
    put(causes, "not an ssl/tls record|sslexception|handshake", "TLS handshake failed");
    put(
        causes,
        "http/2 client preface|first received frame was not settings|unexpected http/1",
        "what listens there is no gRPC server");
    put(causes, "unreachable|no route to host", "network unreachable");
    put(causes, "timed out|timeout", "connecting timed out");
    put(causes, "reset by peer|network closed|connection closed|broken pipe", "connection lost");
    return causes;
  }

  private static void put(Map<Pattern, String> causes, String pattern, String sentence) {
    causes.put(Pattern.compile(pattern, Pattern.CASE_INSENSITIVE), sentence);
  }
}
