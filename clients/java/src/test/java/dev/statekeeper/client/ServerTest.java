package dev.statekeeper.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.statekeeper.client.errors.ConflictException;
import dev.statekeeper.client.errors.LockTimeoutException;
import dev.statekeeper.client.model.Document;
import dev.statekeeper.client.model.ExecutionState;
import dev.statekeeper.client.model.StateFields;
import dev.statekeeper.client.model.Status;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(90)
class ServerTest {
  private static final StateFields STATE = new StateFields().status(Status.RUNNING);

  @TempDir private static Path folder;
  private static RealServer server;
  private static Client client;

  @BeforeAll
  static void start() throws Exception {
    server = new RealServer(folder);
    client = Client.connect(server.target());
  }

  @AfterAll
  static void stop() {
    if (client != null) {
      client.close();
      server.close();
    }
  }

  private static StateManager fresh(TestInfo test) {
    return client.stateManager(test.getDisplayName());
  }

  @Test
  void objectsOfOtherTypesComeBackAsTheyWere(TestInfo test) {
    record Order(String id, long amount, List<String> tags) {}
    Order order = new Order("a", 9007199254740993L, List.of("new"));
    StateManager sm = fresh(test);
    sm.save(new StateFields().status(Status.RUNNING).context(order));
    ExecutionState state = sm.load().orElseThrow();
    assertEquals(order, state.documentAs(Document.CONTEXT, Order.class));
  }

  @Test
  void aStateThatSomebodyElseHasChangedIsNotSaved(TestInfo test) {
    StateManager sm = fresh(test);
    sm.save(STATE);
    ExecutionState mine = sm.load().orElseThrow();
    sm.update(new StateFields().status(Status.WAITING));
    mine.setStatus(Status.COMPLETED);
    ConflictException error = assertThrows(ConflictException.class, () -> sm.save(mine));
    assertEquals(mine.revision(), error.expected());
  }

  @Test
  void threadsThatShareAHandleExcludeOneAnother(TestInfo test) throws Exception {
    StateManager sm = fresh(test);
    sm.save(new StateFields().status(Status.RUNNING).context(Map.of("n", 0)));
    ExecutorService threads = Executors.newFixedThreadPool(4);
    List<Callable<Object>> work = new ArrayList<>();
    for (int each = 0; each < 20; each++) {
      work.add(
          () -> {
            try (Lock lock = sm.lock()) {
              assertTrue(lock.acquired());
              ExecutionState state = sm.load().orElseThrow();
              state.context().merge("n", 1L, (n, one) -> (Long) n + (Long) one);
              return sm.update(new StateFields().context(state.context()));
            }
          });
    }
    for (Future<Object> done : threads.invokeAll(work)) {
      done.get();
    }
    threads.shutdown();
    assertEquals(20L, sm.load().orElseThrow().context().get("n"));
    assertFalse(sm.isLocked());
  }

  @Test
  void aThreadThatHoldsTheLockGetsItAgain(TestInfo test) {
    StateManager sm = fresh(test);
    try (Lock outer = sm.lock()) {
      try (Lock inner = sm.lock()) {
        assertEquals(outer.fencingToken(), inner.fencingToken());
      }
      assertTrue(sm.isLocked());
    }
    assertFalse(sm.isLocked());
  }

  @Test
  void aLockThatIsNotGrantedInTimeIsAnErrorOfTheBlock(TestInfo test) {
    StateManager other = client.stateManager(test.getDisplayName());
    try (Lock held = other.lock()) {
      LockOptions hasty = LockOptions.NONE.withTimeout(Duration.ofMillis(50));
      LockTimeoutException error =
          assertThrows(LockTimeoutException.class, () -> fresh(test).lock(hasty));
      assertEquals(held.owner(), error.owner());
    }
  }

  @Test
  void aLeaseIsRenewedWhileItsBlockLasts(TestInfo test) throws Exception {
    StateManager sm = fresh(test);
    try (Lock lock = sm.lock(LockOptions.NONE.withLease(Duration.ofMillis(400)))) {
      Thread.sleep(1_200);
      assertFalse(lock.lost());
      sm.save(STATE);
    }
  }

  @Test
  void transactionsOfManyThreadsLoseNothing(TestInfo test) throws Exception {
    StateManager sm = fresh(test);
    sm.save(STATE);
    ExecutorService threads = Executors.newFixedThreadPool(4);
    List<Callable<Object>> work = new ArrayList<>();
    for (int each = 0; each < 12; each++) {
      work.add(
          () ->
              sm.transaction(
                  state -> state.metadata().merge("n", 1L, (n, one) -> (Long) n + (Long) one)));
    }
    for (Future<Object> done : threads.invokeAll(work)) {
      done.get();
    }
    threads.shutdown();
    assertEquals(12L, sm.load().orElseThrow().metadata().get("n"));
  }

  @Test
  void callsWaitForAServerThatIsKilledAndComesBack(TestInfo test) throws Exception {
    StateManager sm = fresh(test);
    sm.save(STATE);
    ExecutorService threads = Executors.newFixedThreadPool(8);
    List<Future<Long>> saves = new ArrayList<>();
    for (int each = 0; each < 8; each++) {
      StateManager own = client.stateManager(test.getDisplayName() + each);
      saves.add(
          threads.submit(
              () -> {
                long version = 0;
                for (int save = 0; save < 40; save++) {
                  version = own.save(STATE).version();
                }
                return version;
              }));
    }
    server.kill();
    for (Future<Long> done : saves) {
      // Not one was done twice.
      assertEquals(40L, done.get());
    }
    threads.shutdown();
  }
}
