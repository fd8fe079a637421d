package dev.statekeeper.client.model;

/**
 * A value that does not fit a new definition of the shared state. It is kept as it is.
 *
 * @param key its key
 * @param path where in the value: {@code tags[3].name}; empty: the value itself
 * @param rule the rule that it breaks: {@code minLength}
 * @param problem a sentence
 */
public record Misfit(String key, String path, String rule, String problem) {}
