package abi_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"syscall"
	"testing"

	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/dialect/httpdialect"
	"github.com/parlance-api/parlance/internal/catalogtest"
	"github.com/parlance-api/parlance/lib/abi"
)

// A request without a response means what the client end of Go says.
func TestNoResponseIsReadAsTheClientReadsIt(t *testing.T) {
	d, err := catalog.Open("vms")
	if err != nil {
		t.Fatal(err)
	}
	for _, lost := range []error{
		&net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}, &net.DNSError{}, context.Canceled, context.DeadlineExceeded,
		errors.New("http2: server sent GOAWAY and closed the connection"), errors.New("malformed HTTP response"), syscall.ECONNRESET,
	} {
		o := httpdialect.NoResponse(lost)
		for method, safe := range map[string]bool{"GET": true, "POST": o.Reason.NoEffect()} {
			out, err := abi.New(d).Decode(nil, &abi.Exchange{Method: method, Path: "/v1/a", Reason: o.Reason})
			if err != nil {
				t.Fatal(err)
			}
			want := `"kind":"` + o.Kind.String() + `","reason":"` + string(o.Reason) + `"`
			if !strings.Contains(string(out), want) || strings.Contains(string(out), `"retry_safe":true`) != safe {
				t.Errorf("%s after %v: %s; want %s and retry_safe %t", method, lost, out, want, safe)
			}
		}
	}
}

func TestAResponseAndAReasonForNoneAreRefused(t *testing.T) {
	d, err := catalog.Open("vms")
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range []abi.Exchange{{Status: 200, Reason: "reset"}, {Reason: "expired"}, {}} {
		if _, err := abi.New(d).Decide(nil, &x); err == nil {
			t.Errorf("%+v is taken", x)
		}
	}
}

func TestAKeyIsTakenFromTheHeaderThatTheDialectNames(t *testing.T) {
	stripe := abi.New(catalogtest.Open(t, "stripe"))
	for header, safe := range map[string]bool{"": false, "idempotency-key: k\r\n": true} {
		out, err := stripe.Decide(nil, &abi.Exchange{Method: "POST", Path: "/v1/charges", RequestHeader: header, Status: 500})
		if err != nil || strings.Contains(string(out), `"retry_safe":true`) != safe {
			t.Errorf("%q: %s, %v; want retry_safe %t", header, out, err, safe)
		}
	}
}
