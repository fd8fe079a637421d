package dev.statekeeper.client.model;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * How the keys of a shared state are used.
 *
 * @param unusedKeys declared and never accessed, in the order of their names
 * @param accessPatterns by key, the last 32 accesses of each, the oldest first
 * @param counts by key and member, how often; exact, whatever is kept one by one
 */
public record AccessReport(
    List<String> unusedKeys,
    Map<String, List<Access>> accessPatterns,
    Map<String, Map<String, AccessCounts>> counts) {

  /**
   * The same accesses by member, in the order of their times.
   *
   * @return a new map
   */
  public Map<String, List<Access>> memberPatterns() {
    Map<String, List<Access>> members = new LinkedHashMap<>();
    accessPatterns.values().stream()
        .flatMap(List::stream)
        .sorted(Comparator.comparing(Access::timestamp))
        .forEach(each -> members.computeIfAbsent(each.member(), m -> new ArrayList<>()).add(each));
    return members;
  }

  /**
   * The same counts by member and key.
   *
   * @return a new map
   */
  public Map<String, Map<String, AccessCounts>> memberCounts() {
    Map<String, Map<String, AccessCounts>> members = new LinkedHashMap<>();
    counts.forEach(
        (key, byMember) ->
            byMember.forEach(
                (member, count) ->
                    members.computeIfAbsent(member, m -> new LinkedHashMap<>()).put(key, count)));
    return members;
  }
}
