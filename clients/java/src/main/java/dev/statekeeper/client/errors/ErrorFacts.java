package dev.statekeeper.client.errors;

import java.util.Map;
import java.util.TreeMap;

/**
 * What is known of a call that did not succeed.
 *
 * @param message a sentence for people
 * @param namespace of the execution that was asked for; empty: not known
 * @param executionId the execution that was asked for; empty: not known
 * @param metadata all facts by name, as text
 */
public record ErrorFacts(
    String message, String namespace, String executionId, Map<String, String> metadata) {

  /**
   * Makes one.
   *
   * @param message a sentence for people
   * @param namespace of the execution that was asked for; empty: not known
   * @param executionId the execution that was asked for; empty: not known
   * @param metadata all facts by name, as text
   */
  public ErrorFacts {
    metadata = Map.copyOf(metadata);
  }

  /**
   * Gives the facts of an error of which nothing is known but a sentence.
   *
   * @param message the sentence
   * @return the facts
   */
  public static ErrorFacts of(String message) {
    return new ErrorFacts(message, "", "", Map.of());
  }

  /**
   * Adds a fact.
   *
   * @param name its name
   * @param fact what it is
   * @return the facts with it
   */
  public ErrorFacts with(String name, String fact) {
    Map<String, String> more = new TreeMap<>(metadata);
    more.put(name, fact);
    return new ErrorFacts(message, namespace, executionId, more);
  }

  /**
   * Names the execution.
   *
   * @param namespace its namespace
   * @param executionId its id
   * @return the facts with them
   */
  public ErrorFacts at(String namespace, String executionId) {
    return new ErrorFacts(message, namespace, executionId, metadata);
  }
}
