package dev.statekeeper.client.internal.locking;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.time.Instant;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class GrantsTest {
  private static final Duration LEASE = Duration.ofSeconds(30);

  private final AtomicLong now = new AtomicLong();
  private final Grants grants = new Grants(now::get);

  private Grant take(String owner, long token) {
    Grant grant = grants.take(owner, token);
    grant.prolong(LEASE, Instant.EPOCH, now.get());
    return grant;
  }

  @Test
  void aThreadHoldsWhatItTookAndOthersDoNot() {
    Grant grant = take("a", 1);
    assertSame(grant, grants.held());
    assertNull(CompletableFuture.supplyAsync(grants::held).join());
  }

  @Test
  void othersWriteUnderTheLatestGrantOfTheHandle() {
    Grant grant = take("a", 1);
    assertSame(grant, CompletableFuture.supplyAsync(grants::under).join());
    grants.forget(grant);
    assertNull(CompletableFuture.supplyAsync(grants::under).join());
  }

  @Test
  void theSameGrantIsGivenBackAsOftenAsItWasTaken() {
    Grant grant = take("a", 1);
    assertSame(grant, take("a", 1));
    assertFalse(grants.leave(grant));
    assertTrue(grants.leave(grant));
  }

  @Test
  void aNewGrantTellsThatTheOldOneIsLost() {
    Grant old = take("a", 1);
    Grant fresh = take("a", 2);
    assertTrue(old.lost());
    assertFalse(fresh.lost());
  }

  @Test
  void aLeaseIsRenewedAfterAThirdAndThenEveryTenth() {
    Grant grant = take("a", 1);
    assertEquals(OptionalLong.of(Duration.ofSeconds(10).toNanos()), grant.renewalInNanos());
    now.set(Duration.ofSeconds(10).toNanos());
    assertEquals(OptionalLong.of(0), grant.renewalInNanos());
    grant.renewalFailed();
    assertEquals(OptionalLong.of(Duration.ofSeconds(3).toNanos()), grant.renewalInNanos());
    now.set(Duration.ofSeconds(30).toNanos());
    assertEquals(OptionalLong.empty(), grant.renewalInNanos());
    assertTrue(grant.lost());
  }
}
