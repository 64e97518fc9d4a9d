package nearest_test

import (
	"strings"
	"testing"

	"github.com/parlance-api/parlance/internal/nearest"
)

func TestWordFindsWhatWasMeant(t *testing.T) {
	t.Parallel()
	known := []string{"omilia", "plain", "vbapi", "vms"}
	for word, want := range map[string]string{
		"vsm": "vms", "vm": "vms", "vmss": "vms", "plan": "plain", "omillia": "omilia",
		"": "", "stripe": "", strings.Repeat("vms", 30): "",
	} {
		if got := nearest.Word(word, known); got != want {
			t.Errorf("%q: got %q, want %q", word, got, want)
		}
	}
}
