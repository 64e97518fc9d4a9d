package golden

import (
	"testing"

	"github.com/parlance-api/parlance/store/storetest"
)

// Kept is a Recorder, and what it has kept.
type Kept = *storetest.Kept

// Keep begins to keep records, in memory.
func Keep(t testing.TB) Kept { return storetest.Keep(t) }
