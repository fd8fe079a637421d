package dev.statekeeper.client.errors;

import java.io.Serializable;

/**
 * A field of a request that is wrong.
 *
 * @param field which: {@code status}, {@code operations[3].context}
 * @param problem a sentence that says what is wrong with it
 */
public record FieldViolation(String field, String problem) implements Serializable {}
