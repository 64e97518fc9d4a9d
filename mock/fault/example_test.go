package fault_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"

	"github.com/parlance-api/parlance/mock/fault"
	"github.com/parlance-api/parlance/mock/scenario"
)

func ExampleSender_Send() {
	var sender fault.Sender
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var res fault.Response // an http.ResponseWriter
		fmt.Fprint(&res, `{"status":"paid"}`)
		if err := sender.Send(w, r, scenario.FaultHalfBody, &res); err != nil {
			fmt.Println(err)
		}
	}))
	defer server.Close()

	res, err := http.Get(server.URL)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	fmt.Printf("%s, then %v\n", body, err)
	// Output:
	// {"status, then unexpected EOF
}
