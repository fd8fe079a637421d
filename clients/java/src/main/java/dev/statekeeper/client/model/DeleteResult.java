package dev.statekeeper.client.model;

/**
 * What a delete did.
 *
 * @param result what was written
 * @param existed whether there was anything to remove
 */
public record DeleteResult(WriteResult result, boolean existed) {}
