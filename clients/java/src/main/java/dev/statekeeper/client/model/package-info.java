/** What callers see: states, pauses, history, and what writes did. */
@NullMarked
package dev.statekeeper.client.model;

import org.jspecify.annotations.NullMarked;
