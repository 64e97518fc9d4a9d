package memory_test

import (
	"context"
	"fmt"
	"time"

	"github.com/parlance-api/parlance/server"
	"github.com/parlance-api/parlance/server/auth"
	"github.com/parlance-api/parlance/store/memory"
)

// Test what depends on time with a clock of your own: here a token that expires.
func ExampleWithClock() {
	now := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	store := memory.New(memory.WithClock(func() time.Time { return now }))
	ctx := context.Background()
	token, err := auth.GiveToken(ctx, store.Tokens(), server.Principal{ID: "ann"}, time.Hour)
	if err != nil {
		panic(err)
	}
	verifier := auth.Tokens(store.Tokens())

	who, err := verifier.Verify(ctx, "", token)
	fmt.Println(who.ID, err)
	now = now.Add(2 * time.Hour)
	_, err = verifier.Verify(ctx, "", token)
	fmt.Println(err)
	// Output:
	// ann <nil>
	// unauthenticated/expired: The credential has expired
}
