package dev.statekeeper.client.internal.caching;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import com.google.protobuf.Timestamp;
import dev.statekeeper.v1.Execution;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

class CacheTest {
  private static final CacheKey KEY = new CacheKey("ns", "e1");
  private static final Duration TTL = Duration.ofSeconds(10);

  private final AtomicReference<Instant> now = new AtomicReference<>(Instant.EPOCH);
  private final List<String> watched = new ArrayList<>();
  private final Cache cache = new Cache(null, 2, 1 << 20, now::get);

  private static Execution at(long revision) {
    return Execution.newBuilder().setRevision(revision).build();
  }

  private static void load(Cache into, CacheKey key, long revision) {
    into.endLoad(into.begin(key), at(revision), TTL);
  }

  @Test
  void aCopyIsGivenOutForItsTime() {
    load(cache, KEY, 1);
    now.set(Instant.EPOCH.plusSeconds(9));
    assertNotNull(cache.get(KEY));
    now.set(Instant.EPOCH.plusSeconds(10));
    assertNull(cache.get(KEY));
  }

  @Test
  void aCopyDoesNotOutliveItsExecution() {
    Timestamp soon = Timestamp.newBuilder().setSeconds(3).build();
    cache.endLoad(cache.begin(KEY), at(1).toBuilder().setExpireTime(soon).build(), TTL);
    now.set(Instant.EPOCH.plusSeconds(3));
    assertNull(cache.get(KEY));
  }

  @Test
  void aWriteDropsTheCopyAlsoWhenItFailed() {
    load(cache, KEY, 1);
    cache.endWrite(cache.begin(KEY));
    assertNull(cache.get(KEY));
  }

  @Test
  void aLoadThatAWriteHasOvertakenIsNotKept() {
    Cache.Ticket load = cache.begin(KEY);
    cache.endWrite(cache.begin(KEY), 2, null, Duration.ZERO);
    cache.endLoad(load, at(1), TTL);
    assertNull(cache.get(KEY));
  }

  @Test
  void theLeastRecentlyUsedLeaveFirst() {
    CacheKey second = new CacheKey("ns", "e2");
    load(cache, KEY, 1);
    load(cache, second, 1);
    cache.get(KEY);
    load(cache, new CacheKey("ns", "e3"), 1);
    assertNull(cache.get(second));
    assertNotNull(cache.get(KEY));
  }

  @Test
  void aWatchedCacheHoldsCopiesWhileItsWatchStands() {
    Cache seeing = new Cache((whose, name) -> watched.add(name), 2, 1 << 20, now::get);
    seeing.get(KEY);
    seeing.get(KEY);
    assertEquals(List.of("ns"), watched);
    load(seeing, KEY, 1);
    assertNull(seeing.get(KEY));
    seeing.watchStands("ns");
    load(seeing, KEY, 1);
    assertNotNull(seeing.get(KEY));
    seeing.changed(KEY, 2);
    assertNull(seeing.get(KEY));
    load(seeing, KEY, 3);
    seeing.watchBroke("ns");
    assertNull(seeing.get(KEY));
  }

  @Test
  void whatWasReadBeforeTheLastChangeIsNotKept() {
    Cache seeing = new Cache((whose, name) -> watched.add(name), 2, 1 << 20, now::get);
    seeing.watchStands("ns");
    Cache.Ticket load = seeing.begin(KEY);
    seeing.changed(KEY, 5);
    seeing.endLoad(load, at(4), TTL);
    assertNull(seeing.get(KEY));
  }
}
