/** From the arguments of a call to its request; nothing here talks to anyone. */
@NullMarked
package dev.statekeeper.client.internal.requests;

import org.jspecify.annotations.NullMarked;
