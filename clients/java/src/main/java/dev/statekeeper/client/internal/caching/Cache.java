package dev.statekeeper.client.internal.caching;

import com.google.protobuf.Timestamp;
import dev.statekeeper.v1.Execution;
import dev.statekeeper.v1.Pause;
import dev.statekeeper.v1.PauseStatus;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Executions by key; the least recently used ones leave first.
 *
 * <p>One cache belongs to one client and serves all handles that ask for it. It never holds a state
 * that a write through the same client has replaced:
 *
 * <ul>
 *   <li>A write ends by replacing the copy or dropping it, also when it failed, since it may have
 *       been done all the same.
 *   <li>A load that was under way when a write ended may have read the state before that write, so
 *       it may not put what it read. The same holds for two writes at once: which was first is told
 *       by their revisions alone.
 * </ul>
 *
 * <p>A watched cache holds no state either that a write of others has replaced, but for as long as
 * the news of it travels. It holds copies of a namespace only while a watch of that namespace
 * stands, and is told every change. What was read before the watch stood, or before the last change
 * that is known, is not put.
 */
public final class Cache {
  private static final int EXECUTIONS_MAX = 1_000;
  private static final int BYTES_MAX = 64 * 1024 * 1024;

  /** Begins to tell a cache what changes. */
  @FunctionalInterface
  public interface Watcher {
    /** Begins with a namespace, and returns at once. */
    void begin(Cache cache, String namespace);
  }

  /** A call that is under way on one execution. */
  public static final class Ticket {
    private final CacheKey key;
    private boolean overtaken;
    private long revisionMin;

    private Ticket(CacheKey key) {
      this.key = key;
    }
  }

  private record Entry(Execution execution, int sizeBytes, Instant freshUntil) {}

  private final @Nullable Watcher watcher;
  private final int executionsMax;
  private final int bytesMax;
  private final Supplier<Instant> now;
  private final ReentrantLock lock = new ReentrantLock();
  // What follows is guarded by the lock.
  private final LinkedHashMap<CacheKey, Entry> entries = new LinkedHashMap<>(16, 0.75f, true);
  private final Map<CacheKey, Set<Ticket>> underWay = new HashMap<>();
  private final Map<String, Boolean> watched = new HashMap<>();
  private int bytes;

  /**
   * Makes one.
   *
   * @param watcher tells it what changes; null: nobody does
   */
  public Cache(@Nullable Watcher watcher) {
    this(watcher, EXECUTIONS_MAX, BYTES_MAX, Instant::now);
  }

  Cache(@Nullable Watcher watcher, int executionsMax, int bytesMax, Supplier<Instant> now) {
    this.watcher = watcher;
    this.executionsMax = executionsMax;
    this.bytesMax = bytesMax;
    this.now = now;
  }

  /** Gives the copy of an execution; null: there is none, or it is not fresh. */
  public @Nullable Execution get(CacheKey key) {
    lock.lock();
    try {
      if (watcher != null && !watched.containsKey(key.namespace())) {
        watched.put(key.namespace(), false);
        watcher.begin(this, key.namespace());
      }
      Entry entry = entries.get(key);
      if (entry == null) {
        return null;
      }
      if (!now.get().isBefore(entry.freshUntil())) {
        drop(key);
        return null;
      }
      return entry.execution();
    } finally {
      lock.unlock();
    }
  }

  /** Notes that a call is about to be sent; it must end in one of the ways below. */
  public Ticket begin(CacheKey key) {
    Ticket ticket = new Ticket(key);
    lock.lock();
    try {
      underWay.computeIfAbsent(key, each -> new HashSet<>()).add(ticket);
    } finally {
      lock.unlock();
    }
    return ticket;
  }

  /**
   * Takes what a load read.
   *
   * @param execution what it read; null: nothing, or it failed
   * @param ttl for how long that may be given out
   */
  public void endLoad(Ticket ticket, @Nullable Execution execution, Duration ttl) {
    lock.lock();
    try {
      leave(ticket);
      if (execution == null || ticket.overtaken || execution.getRevision() < ticket.revisionMin) {
        return;
      }
      Entry kept = entries.get(ticket.key);
      if (kept == null || kept.execution().getRevision() <= execution.getRevision()) {
        put(ticket.key, execution, ttl);
      }
    } finally {
      lock.unlock();
    }
  }

  /** Notes that a write failed, and may be done all the same. */
  public void endWrite(Ticket ticket) {
    endWrite(ticket, 0, null, Duration.ZERO);
  }

  /**
   * Notes that a write was done.
   *
   * @param revision the revision that it made; 0: not known
   * @param execution the whole execution right after it; null: not known
   * @param ttl for how long that may be given out
   */
  public void endWrite(Ticket ticket, long revision, @Nullable Execution execution, Duration ttl) {
    lock.lock();
    try {
      leave(ticket);
      underWay.getOrDefault(ticket.key, Set.of()).forEach(other -> other.overtaken = true);
      Entry kept = entries.get(ticket.key);
      if (kept != null && revision > 0 && revision < kept.execution().getRevision()) {
        return;
      }
      drop(ticket.key);
      boolean overtaken = ticket.overtaken || revision < ticket.revisionMin;
      if (execution != null && !overtaken) {
        put(ticket.key, execution, ttl);
      }
    } finally {
      lock.unlock();
    }
  }

  /** Drops all copies: a write ended, and it is not known of which execution. */
  public void clear() {
    lock.lock();
    try {
      underWay.values().forEach(each -> each.forEach(ticket -> ticket.overtaken = true));
      entries.clear();
      bytes = 0;
    } finally {
      lock.unlock();
    }
  }

  /** Notes that from now on every change in a namespace will be told. */
  public void watchStands(String namespace) {
    lock.lock();
    try {
      underWay.forEach(
          (key, tickets) -> {
            if (key.namespace().equals(namespace)) {
              tickets.forEach(ticket -> ticket.overtaken = true);
            }
          });
      watched.put(namespace, true);
    } finally {
      lock.unlock();
    }
  }

  /** Notes that changes in a namespace may not be told, and drops its copies. */
  public void watchBroke(String namespace) {
    lock.lock();
    try {
      watched.put(namespace, false);
      List<CacheKey> gone =
          entries.keySet().stream().filter(key -> key.namespace().equals(namespace)).toList();
      gone.forEach(this::drop);
    } finally {
      lock.unlock();
    }
  }

  /** Notes that somebody has changed an execution. */
  public void changed(CacheKey key, long revision) {
    lock.lock();
    try {
      for (Ticket ticket : underWay.getOrDefault(key, Set.of())) {
        ticket.revisionMin = Math.max(ticket.revisionMin, revision);
      }
      Entry kept = entries.get(key);
      if (kept != null && kept.execution().getRevision() < revision) {
        drop(key);
      }
    } finally {
      lock.unlock();
    }
  }

  private void leave(Ticket ticket) {
    Set<Ticket> tickets = underWay.get(ticket.key);
    if (tickets != null) {
      tickets.remove(ticket);
      if (tickets.isEmpty()) {
        underWay.remove(ticket.key);
      }
    }
  }

  private void put(CacheKey key, Execution execution, Duration ttl) {
    drop(key);
    if (watcher != null && !watched.getOrDefault(key.namespace(), false)) {
      return;
    }
    Instant freshUntil = freshUntil(execution, ttl);
    int sizeBytes = execution.getSerializedSize();
    if (sizeBytes > bytesMax || !now.get().isBefore(freshUntil)) {
      return;
    }
    entries.put(key, new Entry(execution, sizeBytes, freshUntil));
    bytes += sizeBytes;
    while (entries.size() > executionsMax || bytes > bytesMax) {
      Iterator<CacheKey> oldest = entries.keySet().iterator();
      drop(oldest.next());
    }
  }

  private Instant freshUntil(Execution execution, Duration ttl) {
    // The server reads an execution as absent from its expire_time on, and as changed from that of
    // an open pause on: the copy must not live longer.
    List<Timestamp> ends = new ArrayList<>();
    for (Pause pause : execution.getPausesList()) {
      if (pause.getStatus() == PauseStatus.PAUSE_STATUS_OPEN) {
        ends.add(pause.getExpireTime());
      }
    }
    if (execution.hasExpireTime()) {
      ends.add(execution.getExpireTime());
    }
    Instant first = now.get().plus(ttl);
    for (Timestamp end : ends) {
      Instant each = Instant.ofEpochSecond(end.getSeconds(), end.getNanos());
      first = each.isBefore(first) ? each : first;
    }
    return first;
  }

  private void drop(CacheKey key) {
    Entry entry = entries.remove(key);
    if (entry != null) {
      bytes -= entry.sizeBytes();
    }
  }
}
