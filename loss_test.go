package parlance_test

import (
	"testing"

	"github.com/parlance-api/parlance"
)

func TestALostPayloadRecordOrNoteMatters(t *testing.T) {
	t.Parallel()
	for attribute, want := range map[string]bool{
		"data": true, "notes": true, "items": true, "items[3]": true, "items[0].outcome.notes": true,
		"help": false, "fields[1]": false, "items[0].id": false, "items[0].outcome.code": false,
	} {
		if got := (parlance.Loss{Attribute: attribute}).Matters(); got != want {
			t.Errorf("%s: got %t, want %t", attribute, got, want)
		}
	}
}
