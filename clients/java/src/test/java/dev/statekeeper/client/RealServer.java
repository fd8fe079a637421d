package dev.statekeeper.client;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** A server of this checkout, on a folder that it is given. */
final class RealServer implements AutoCloseable {
  private static final Path ROOT = Path.of("../..").toAbsolutePath().normalize();
  private static final Path PYTHON =
      Path.of(
          System.getProperty("statekeeper.python", ROOT.resolve(".venv/bin/python").toString()));

  private final Path folder;
  private Process process;
  private String target;

  RealServer(Path folder) throws IOException {
    assumeTrue(
        Files.isExecutable(PYTHON), "there is no " + PYTHON + " to start a server: run make test");
    this.folder = folder;
    start("127.0.0.1:0");
  }

  String target() {
    return target;
  }

  /** Kills it, and starts it again where it was. */
  void kill() throws IOException, InterruptedException {
    process.destroyForcibly().waitFor();
    start(target);
  }

  private void start(String listen) throws IOException {
    ProcessBuilder builder =
        new ProcessBuilder(
            PYTHON.toString(),
            "-m",
            "statekeeper_server",
            "serve",
            "--data-dir",
            folder.toString(),
            "--listen",
            listen);
    builder
        .environment()
        .put("PYTHONPATH", ROOT.resolve("server") + ":" + ROOT.resolve("clients/python"));
    builder.redirectError(ProcessBuilder.Redirect.DISCARD);
    process = builder.start();
    BufferedReader said =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    for (String line = said.readLine(); line != null; line = said.readLine()) {
      if (line.startsWith("statekeeper listening on ")) {
        target = line.substring(line.lastIndexOf(' ') + 1);
        return;
      }
    }
    throw new IOException("the server does not start");
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }
}
