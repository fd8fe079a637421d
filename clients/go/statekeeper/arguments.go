package statekeeper

import (
	"math"
	"net"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"google.golang.org/protobuf/types/known/durationpb"
)

// What makes an argument one that can be sent; the server checks the rest.

func checkText(field, text string) error {
	if !utf8.ValidString(text) {
		return invalid(field, "is not UTF-8")
	}
	return nil
}

func checkName(field, name string) error {
	if name == "" {
		return invalid(field, "must not be empty")
	}
	return checkText(field, name)
}

func checkTexts(field string, texts []string) error {
	for _, text := range texts {
		if err := checkText(field, text); err != nil {
			return err
		}
	}
	return nil
}

func checkRevision(field string, revision int64) error {
	if revision < 0 {
		return invalid(field, "must be 0 or more")
	}
	return nil
}

func checkPageSize(size int) error {
	if size < 1 || size > math.MaxInt32 {
		return invalid("page_size", "must be a number from 1 on, not %d", size)
	}
	return nil
}

func writeSpan(field string, span time.Duration) (*durationpb.Duration, error) {
	if span < 0 {
		return nil, invalid(field, "must not be negative")
	}
	return durationpb.New(span), nil
}

// What gRPC's own names of servers begin with; gRPC alone knows what follows.
var grpcName = regexp.MustCompile(`^(dns|unix|unix-abstract|passthrough|xds):`)

func checkTarget(target string) error {
	if err := checkName("target", target); err != nil || grpcName.MatchString(target) {
		return err
	}
	if strings.Contains(target, "://") {
		return invalid("target", "%q is a URL: leave out what stands before the host", target)
	}
	host, port, err := net.SplitHostPort(target)
	if err != nil || host == "" {
		return invalid("target", "%q is not HOST:PORT, as in localhost:7460 or [::1]:7460", target)
	}
	if number, err := strconv.ParseUint(port, 10, 16); err != nil || number == 0 {
		return invalid("target", "%q: %q is no port, which are 1 to 65535", target, port)
	}
	return nil
}

// isLoopback tells whether what is sent to a target stays on this machine.
func isLoopback(target string) bool {
	if strings.HasPrefix(target, "unix:") || strings.HasPrefix(target, "unix-abstract:") {
		return true
	}
	host, _, err := net.SplitHostPort(target)
	if err != nil {
		return false
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
