package statekeeper_test

import (
	"bufio"
	"os/exec"
	"strings"
	"testing"
)

// What the README shows is run as it says.

func example(name string, arguments ...string) *exec.Cmd {
	return exec.Command("go", append([]string{"run", "../examples/" + name}, arguments...)...)
}

func TestTheQuickstartGoesOnWhereItWas(t *testing.T) {
	target := startServer(t)
	for _, said := range []string{"done: ship", "done before: ship"} {
		out, err := example("quickstart", "-target", target).CombinedOutput()
		if err != nil || !strings.Contains(string(out), said) {
			t.Fatalf("%v: %s", err, out)
		}
	}
}

func TestTheApprovalIsWaitedFor(t *testing.T) {
	target := startServer(t)
	waits := example("approval", "-target", target, "run", "refund-17")
	out, err := waits.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := waits.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	lines.Scan()
	_, token, ok := strings.Cut(lines.Text(), "answer with: ")
	if !ok {
		t.Fatal(lines.Text())
	}
	found, err := example("approval", "-target", target, "inbox").CombinedOutput()
	if err != nil || !strings.Contains(string(found), "refund-17: a refund above 100") {
		t.Fatalf("%v: %s", err, found)
	}
	for _, said := range []string{"answered: refund-17", "no longer, good for anything"} {
		answered, err := example("approval", "-target", target, "approve", token).CombinedOutput()
		if err != nil || !strings.Contains(string(answered), said) {
			t.Fatalf("%v: %s", err, answered)
		}
	}
	lines.Scan()
	if !strings.Contains(lines.Text(), "approved:true") {
		t.Error(lines.Text())
	}
	if err := waits.Wait(); err != nil {
		t.Error(err)
	}
}
