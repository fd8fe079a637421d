package statekeeper_test

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/statekeeper/statekeeper/clients/go/statekeeper"
)

// python gives the interpreter that has the server: PY, or that of the checkout.
func python() string {
	if named := os.Getenv("PY"); named != "" {
		return named
	}
	return "../../../.venv/bin/python"
}

// startServer starts a server on an empty folder, and gives its address.
func startServer(t testing.TB) string {
	t.Helper()
	server := exec.Command(python(), "-m", "statekeeper_server", "serve",
		"--data-dir", t.TempDir(), "--listen", "127.0.0.1:0")
	server.Stderr = os.Stderr
	out, err := server.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = server.Process.Signal(syscall.SIGTERM)
		_ = server.Wait()
	})
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if _, address, ok := strings.Cut(lines.Text(), "listening on "); ok {
			return address
		}
	}
	t.Fatal("the server has not begun to listen")
	return ""
}

// newClient makes a client that is closed with the test.
func newClient(t testing.TB, target string, options ...statekeeper.ClientOption) *statekeeper.Client {
	t.Helper()
	client, err := statekeeper.NewClient(target, options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	return client
}

// limited gives a context that ends long after the test should have.
func limited(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}
