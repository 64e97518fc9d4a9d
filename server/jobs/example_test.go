package jobs_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/server"
	"github.com/parlance-api/parlance/server/jobs"
	"github.com/parlance-api/parlance/store/memory"
)

// A request that takes long is done in the background where the client prefers it,
// and is looked at below /jobs/. Asked for without the preference, it is done at once.
func ExampleNew() {
	omilia, err := catalog.Open("omilia")
	if err != nil {
		panic(err)
	}
	api, db := server.New(omilia), memory.New()
	export := func(ctx context.Context, j jobs.Job) (any, error) {
		var from struct{ Year int }
		if err := json.Unmarshal(j.Input, &from); err != nil {
			return nil, err
		}
		jobs.Progress(ctx, 0.5, "half of the rows are written")
		return map[string]any{"year": from.Year, "rows": 3}, nil
	}
	jobs := jobs.New(api, db.Queue(), jobs.Kind("export", export), jobs.Poll(10*time.Millisecond))

	mux := http.NewServeMux()
	mux.Handle("POST /exports", jobs.Handler("export"))
	mux.Handle("/jobs/", jobs.Watch())
	h := api.Wrap(mux)

	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		jobs.Run(ctx)
	}()

	ask := func(method, path, prefer string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(method, path, strings.NewReader(`{"Year":2026}`))
		r.Header.Set("Prefer", prefer)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w
	}
	now := ask("POST", "/exports", "respond-async, wait=10")
	fmt.Println(now.Code, now.Body)
	accepted := ask("POST", "/exports", "respond-async")
	fmt.Println(accepted.Code, accepted.Header().Get("Retry-After"), accepted.Header().Get("Preference-Applied"))

	response := ask("GET", accepted.Header().Get("Location"), "")
	for response.Code == 202 { // a client waits for Retry-After between
		response = ask("GET", accepted.Header().Get("Location"), "")
	}
	fmt.Println(response.Code, response.Body)
	cancel()
	<-ended
	// Output:
	// 200 {"rows":3,"year":2026}
	// 202 2 respond-async
	// 200 {"rows":3,"year":2026}
}
