package dev.statekeeper.client.model;

/** The documents of a state. */
public enum Document {
  /** What the execution was started with. */
  INPUT("input"),
  /** What it carries along. */
  CONTEXT("context"),
  /** What each member gave back, by the member's name. */
  MEMBER_OUTPUTS("member_outputs"),
  /** What others want to know about it. */
  METADATA("metadata");

  private final String text;

  Document(String text) {
    this.text = text;
  }

  /** The name in lower case, as it is in all languages. */
  @Override
  public String toString() {
    return text;
  }
}
