package dev.statekeeper.client.internal.wire;

import java.util.List;

/**
 * Some items of a list.
 *
 * @param <T> the items
 * @param items the items
 * @param nextPageToken of the next page; empty: this is the last
 */
public record Page<T>(List<T> items, String nextPageToken) {}
