package dev.statekeeper.client.internal.watching;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.statekeeper.client.errors.InvalidRequestException;
import java.util.List;
import org.junit.jupiter.api.Test;

class PlaceTest {
  // Of the client for Python: Place("t1", [("a", 5), ("ü", 7), ("ü", 7)], 3).text()
  private static final String OF_PYTHON = "~WyJ0MSIsWyJhIiw1LDFdLFsiw7wiLDcsMl1d";
  private static final List<Mark> MARKS =
      List.of(new Mark("a", 4), new Mark("a", 5), new Mark("ü", 7), new Mark("ü", 7));

  @Test
  void aPlaceWithNothingGivenSinceIsTheServersToken() {
    assertEquals("t1", Place.of("t1").token());
    assertEquals(Place.of("t1"), Place.read("t1"));
  }

  @Test
  void aPlaceWithinAMessageIsTheSameTextInAllLanguages() {
    assertEquals(OF_PYTHON, new Place("t1", MARKS, 4).token());
  }

  @Test
  void whatWasStoredIsReadAgain() {
    Place place = Place.read(OF_PYTHON);
    assertEquals("t1", place.serverToken());
    assertEquals(List.of(new Mark("a", 5), new Mark("ü", 7), new Mark("ü", 7)), place.marks());
    assertEquals(OF_PYTHON, place.token());
  }

  @Test
  void whatWasNotStoredIsRefused() {
    for (String text : List.of("~", "~???", "~WyJ0MSIsMV0", "~e30")) {
      assertThrows(InvalidRequestException.class, () -> Place.read(text), text);
    }
  }

  @Test
  void whatComesAgainIsPassedOverOnce() {
    Given given = new Given(new Place("t1", MARKS, 4));
    assertTrue(given.has("a", 4));
    assertTrue(given.has("a", 5));
    assertFalse(given.has("a", 6));
    assertTrue(given.has("ü", 7));
    assertEquals(List.of(new Mark("ü", 7)), given.marks());
    assertTrue(given.has("ü", 7));
    assertFalse(given.has("ü", 7));
    assertFalse(given.has("b", 1));
  }
}
