package dev.statekeeper.client.internal.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.statekeeper.client.Client;
import dev.statekeeper.client.StateManager;
import dev.statekeeper.client.Watch;
import dev.statekeeper.client.WatchOptions;
import dev.statekeeper.client.WriteOptions;
import dev.statekeeper.client.errors.CallCancelledException;
import dev.statekeeper.client.errors.DeadlineExceededException;
import dev.statekeeper.client.errors.InternalException;
import dev.statekeeper.client.errors.InvalidRequestException;
import dev.statekeeper.client.errors.StorageException;
import dev.statekeeper.client.errors.UnavailableException;
import dev.statekeeper.client.model.StateFields;
import dev.statekeeper.client.model.Status;
import dev.statekeeper.v1.BatchRequest;
import dev.statekeeper.v1.BatchResponse;
import dev.statekeeper.v1.Event;
import dev.statekeeper.v1.EventKind;
import dev.statekeeper.v1.ExecutionKey;
import dev.statekeeper.v1.Operation;
import dev.statekeeper.v1.WatchResponse;
import io.grpc.Metadata;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class ConnectionTest {
  private static final StateFields STATE = new StateFields().status(Status.RUNNING);

  private FakeServer server;
  private Client client;
  private StateManager sm;

  @BeforeEach
  void connect() throws Exception {
    server = new FakeServer();
    client = Client.connect(server.target());
    sm = client.stateManager("e1");
  }

  @AfterEach
  void close() {
    client.close();
    server.close();
  }

  private static StatusRuntimeException failure(io.grpc.Status status, String pushback) {
    Metadata trailers = new Metadata();
    if (pushback != null) {
      trailers.put(
          Metadata.Key.of("grpc-retry-pushback-ms", Metadata.ASCII_STRING_MARSHALLER), pushback);
    }
    return status.asRuntimeException(trailers);
  }

  private List<Operation> operations() {
    return server.messages.stream()
        .flatMap(message -> message.getOperationsList().stream())
        .toList();
  }

  @Test
  void aCallThatFailsForAWhileIsRepeated() {
    server.failures.add(failure(io.grpc.Status.UNAVAILABLE, null));
    server.failures.add(failure(io.grpc.Status.CANCELLED, "1"));
    assertEquals("me", sm.getLock().orElseThrow().owner());
    assertEquals(3, server.lockCalls.size());
  }

  @Test
  void aCallIsNotRepeatedWhereTheServerDoesNotWantIt() {
    server.failures.add(failure(io.grpc.Status.UNAVAILABLE, "-1"));
    assertThrows(UnavailableException.class, sm::getLock);
    assertEquals(1, server.lockCalls.size());
  }

  @Test
  void aFaultOfTheServerIsNotRepeated() {
    server.failures.add(failure(io.grpc.Status.INTERNAL, null));
    assertThrows(InternalException.class, sm::getLock);
    assertEquals(1, server.lockCalls.size());
  }

  @Test
  void aBrokenStreamIsReplacedAndTheSameWritesAreSentAgain() {
    AtomicInteger streams = new AtomicInteger();
    server.onMessage(
        (message, answers) -> {
          if (streams.incrementAndGet() == 1) {
            answers.onError(io.grpc.Status.UNAVAILABLE.asRuntimeException());
          } else {
            FakeServer.answer(message, answers);
          }
        });
    sm.save(STATE);
    List<Operation> sent = operations();
    assertEquals(2, sent.size());
    assertEquals(sent.get(0).getSave(), sent.get(1).getSave());
    assertTrue(!sent.get(0).getSave().getOptions().getRequestId().isEmpty());
  }

  @Test
  void aStreamThatTheServerEndsWhenItStopsIsReplaced() {
    AtomicInteger streams = new AtomicInteger();
    server.onMessage(
        (message, answers) -> {
          if (streams.incrementAndGet() == 1) {
            answers.onCompleted();
          } else {
            FakeServer.answer(message, answers);
          }
        });
    sm.save(STATE);
    assertEquals(2, operations().size());
  }

  @Test
  void anOperationThatFailsForAWhileIsRepeatedByItself() {
    AtomicInteger messages = new AtomicInteger();
    server.onMessage(
        (message, answers) -> {
          if (messages.incrementAndGet() > 2) {
            FakeServer.answer(message, answers);
            return;
          }
          BatchResponse.Builder refused = BatchResponse.newBuilder();
          message
              .getOperationsList()
              .forEach(each -> refused.addResults(FakeServer.failed(each, "STORAGE_ERROR")));
          answers.onNext(refused.build());
        });
    sm.save(STATE);
    assertEquals(3, operations().size());
  }

  @Test
  void anOperationThatKeepsFailingIsTold() {
    server.onMessage(
        (message, answers) -> {
          BatchResponse.Builder refused = BatchResponse.newBuilder();
          message
              .getOperationsList()
              .forEach(each -> refused.addResults(FakeServer.failed(each, "STORAGE_ERROR")));
          answers.onNext(refused.build());
        });
    try (Client hasty = Client.builder(server.target()).timeout(Duration.ofMillis(500)).build()) {
      assertThrows(StorageException.class, () -> hasty.stateManager("e1").save(STATE));
    }
  }

  @Test
  void aCallEndsWithItsTimeout() {
    server.onMessage((message, answers) -> {});
    try (Client hasty = Client.builder(server.target()).timeout(Duration.ofMillis(300)).build()) {
      long began = System.nanoTime();
      assertThrows(DeadlineExceededException.class, () -> hasty.stateManager("e1").save(STATE));
      assertTrue(System.nanoTime() - began < Duration.ofSeconds(3).toNanos());
    }
  }

  @Test
  void interruptingAThreadCancelsItsCallAndNoOther() throws Exception {
    CountDownLatch received = new CountDownLatch(1);
    server.onMessage((message, answers) -> received.countDown());
    AtomicInteger cancelled = new AtomicInteger();
    Thread thread =
        new Thread(
            () -> {
              try {
                sm.save(STATE);
              } catch (CallCancelledException expected) {
                if (Thread.currentThread().isInterrupted()) {
                  cancelled.incrementAndGet();
                }
              }
            });
    thread.start();
    assertTrue(received.await(10, TimeUnit.SECONDS));
    server.onMessage(FakeServer::answer);
    thread.interrupt();
    thread.join();
    assertEquals(1, cancelled.get());
    sm.save(STATE);
  }

  @Test
  void closingTheClientEndsItsCalls() throws Exception {
    CountDownLatch received = new CountDownLatch(1);
    server.onMessage((message, answers) -> received.countDown());
    ExecutorService threads = Executors.newSingleThreadExecutor();
    Future<?> save = threads.submit(() -> sm.save(STATE));
    assertTrue(received.await(10, TimeUnit.SECONDS));
    client.close();
    Exception error = assertThrows(Exception.class, save::get);
    assertEquals(CallCancelledException.class, error.getCause().getClass());
    assertThrows(IllegalStateException.class, () -> sm.save(STATE));
    threads.shutdown();
  }

  @Test
  void whereNobodyListensIsToldSoon() {
    server.close();
    long began = System.nanoTime();
    assertThrows(UnavailableException.class, () -> sm.save(STATE));
    assertThrows(UnavailableException.class, sm::getLock);
    assertTrue(System.nanoTime() - began < Duration.ofSeconds(6).toNanos());
  }

  @Test
  void callsOfManyThreadsShareMessagesAndGetTheirOwnAnswers() throws Exception {
    int threads = 32;
    int calls = 50;
    ExecutorService executor = Executors.newFixedThreadPool(threads);
    List<Callable<Boolean>> work = new ArrayList<>();
    for (int thread = 0; thread < threads; thread++) {
      StateManager own = client.stateManager("e" + thread);
      work.add(
          () -> {
            for (int call = 0; call < calls; call++) {
              StateFields state =
                  new StateFields().status(Status.RUNNING).context(Map.of("n", call));
              if (!own.save(state).executionId().equals(own.executionId())) {
                return false;
              }
            }
            return true;
          });
    }
    for (Future<Boolean> done : executor.invokeAll(work)) {
      assertTrue(done.get());
    }
    executor.shutdown();
    assertEquals(threads * calls, operations().size());
    assertTrue(server.messages.size() < threads * calls, "no message was shared");
    for (int thread = 0; thread < threads; thread++) {
      assertInOrder("e" + thread, calls);
    }
  }

  private void assertInOrder(String executionId, int calls) {
    List<String> sent =
        operations().stream()
            .map(Operation::getSave)
            .filter(save -> save.getKey().getExecutionId().equals(executionId))
            .map(save -> save.getState().getContext().getEntriesOrThrow("n").getJson())
            .toList();
    List<String> expected = new ArrayList<>();
    for (int call = 0; call < calls; call++) {
      expected.add(Integer.toString(call));
    }
    assertEquals(expected, sent);
  }

  @Test
  void messagesKeepTheirLimits() throws Exception {
    String text = "x".repeat(50_000);
    StateFields state = new StateFields().status(Status.RUNNING).context(Map.of("t", text));
    ExecutorService executor = Executors.newFixedThreadPool(16);
    List<Callable<Object>> work = new ArrayList<>();
    for (int call = 0; call < 64; call++) {
      work.add(() -> sm.save(state));
    }
    for (Future<Object> done : executor.invokeAll(work)) {
      done.get();
    }
    executor.shutdown();
    for (BatchRequest message : server.messages) {
      assertTrue(message.getSerializedSize() <= 257 * 1024);
    }
  }

  @Test
  void aTokenIsSentWithEveryCall() {
    try (Client known = Client.builder(server.target()).token("secret").build()) {
      known.stateManager("e1").getLock();
    }
    Metadata.Key<String> authorization =
        Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);
    assertEquals("Bearer secret", server.headers.get(0).get(authorization));
  }

  @Test
  void aTokenIsNotSentInTheOpen() {
    Client.Builder builder = Client.builder("state.example.com:7460").token("secret");
    assertThrows(InvalidRequestException.class, builder::build);
  }

  @Test
  void futuresOfOneThreadAreSentInTheirOrder() throws Exception {
    List<CompletableFuture<?>> saves = new ArrayList<>();
    for (int call = 0; call < 200; call++) {
      StateFields state = new StateFields().status(Status.RUNNING).context(Map.of("n", call));
      saves.add(sm.async().save(state, WriteOptions.NONE));
    }
    CompletableFuture.allOf(saves.toArray(CompletableFuture[]::new)).get();
    assertInOrder("e1", 200);
    assertTrue(server.messages.size() < 200, "no message was shared");
  }

  @Test
  void aFutureFailsWithTheErrorOfItsCall() {
    CompletableFuture<?> save = sm.async().save(new StateFields(), WriteOptions.NONE);
    Exception error = assertThrows(Exception.class, save::get);
    assertEquals(InvalidRequestException.class, error.getCause().getClass());
  }

  @Test
  void aFutureThatIsCancelledHarmsNoOther() throws Exception {
    CountDownLatch received = new CountDownLatch(1);
    server.onMessage((message, answers) -> received.countDown());
    CompletableFuture<?> given = sm.async().save(STATE, WriteOptions.NONE);
    assertTrue(received.await(10, TimeUnit.SECONDS));
    server.onMessage(FakeServer::answer);
    assertTrue(given.cancel(false));
    assertEquals("e1", sm.async().save(STATE, WriteOptions.NONE).get().executionId());
  }

  @Test
  void aWatchThatHearsNothingIsMadeAnew() throws Exception {
    CountDownLatch begun = new CountDownLatch(3);
    server.onWatch(
        (request, answers) -> {
          begun.countDown();
          answers.onNext(WatchResponse.newBuilder().setHeartbeat(true).build());
        });
    WatchOptions options = WatchOptions.NONE.withHeartbeat(Duration.ofMillis(100));
    try (Watch watch = sm.watch(options)) {
      assertTrue(watch.poll(Duration.ofSeconds(2)).isEmpty());
    }
    assertTrue(begun.await(0, TimeUnit.SECONDS), "it did not ask again");
  }

  @Test
  void aWatchGoesOnWhereItWasAndGivesNothingTwice() {
    AtomicInteger streams = new AtomicInteger();
    List<String> tokens = new CopyOnWriteArrayList<>();
    server.onWatch(
        (request, answers) -> {
          tokens.add(request.getResumeToken());
          boolean first = streams.incrementAndGet() == 1;
          WatchResponse.Builder message = WatchResponse.newBuilder();
          for (int revision = 1; revision <= (first ? 2 : 4); revision++) {
            message.addEvents(
                Event.newBuilder()
                    .setKind(EventKind.EVENT_KIND_SAVED)
                    .setKey(ExecutionKey.newBuilder().setExecutionId("e1"))
                    .setRevision(revision));
          }
          answers.onNext(
              WatchResponse.newBuilder().setHeartbeat(true).setResumeToken("t0").build());
          if (first) {
            // The message has no token of its own: it goes on in a next one, which never comes.
            answers.onNext(message.build());
            answers.onError(io.grpc.Status.UNAVAILABLE.asRuntimeException());
          } else {
            answers.onNext(message.setResumeToken("t1").build());
          }
        });
    List<Long> revisions = new ArrayList<>();
    try (Watch watch = sm.watch()) {
      while (revisions.size() < 4) {
        revisions.add(watch.next().orElseThrow().revision());
      }
      assertEquals("t1", watch.resumeToken());
    }
    assertEquals(List.of(1L, 2L, 3L, 4L), revisions);
    assertEquals(List.of("", "t0"), tokens);
  }
}
