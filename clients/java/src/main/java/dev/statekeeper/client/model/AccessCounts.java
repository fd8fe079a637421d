package dev.statekeeper.client.model;

/**
 * How often a member has accessed a key.
 *
 * @param reads how often it has read it
 * @param writes how often it has written it
 */
public record AccessCounts(long reads, long writes) {}
