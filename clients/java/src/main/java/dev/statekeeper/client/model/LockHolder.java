package dev.statekeeper.client.model;

import java.time.Instant;

/**
 * Who holds the lock of an execution.
 *
 * @param owner who asked for it
 * @param fencingToken larger with every grant
 * @param leaseExpireTime when the lease is over unless it is renewed
 * @param exclusive whether writes without the fencing token are refused
 */
public record LockHolder(
    String owner, long fencingToken, Instant leaseExpireTime, boolean exclusive) {}
