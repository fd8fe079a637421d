package dev.statekeeper.client.model;

import java.util.List;

/**
 * What a definition of the shared state did.
 *
 * @param result what was written
 * @param definitionVersion its number among those of the execution, from 1
 * @param misfits the values that were there already and do not fit
 */
public record DefineResult(WriteResult result, long definitionVersion, List<Misfit> misfits) {}
