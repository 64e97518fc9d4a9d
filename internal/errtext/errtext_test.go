package errtext_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/parlance-api/parlance/internal/errtext"
)

func TestAnErrorIsRecognizedByTheBeginningOfItsTextOrOfOneWithin(t *testing.T) {
	t.Parallel()
	inner := errors.New("http2: frame too large")
	for _, tt := range []struct {
		err  error
		want bool
	}{
		{inner, true},
		{fmt.Errorf("Get /: %w", inner), true},
		{errors.New("Get /: http2: frame too large"), false},
		{errors.New("http1: frame"), false},
		{nil, false},
	} {
		if got := errtext.Begins(tt.err, "tls: ", "http2: "); got != tt.want {
			t.Errorf("%v: got %t, want %t", tt.err, got, tt.want)
		}
	}
}
