package activity_test

import (
	"net/http"
	"reflect"
	"testing"

	"github.com/parlance-api/parlance/activity"
)

func TestCredentialsAreTakenOutOfTheHeaderTheURLAndTheBodyOfAnExchange(t *testing.T) {
	t.Parallel()
	given := http.Header{
		"Authorization": {"Bearer abc123"}, "X-Api-Key": {"k"}, "Set-Cookie": {"sid=1", "b=2"}, "Accept": {"*/*"},
		"Location": {"https://me:pw@example.com/x?token=abc&page=2"}, "Www-Authenticate": {`Bearer realm="x"`},
	}
	want := http.Header{
		"Authorization": {"Bearer [redacted]"}, "X-Api-Key": {"[redacted]"}, "Set-Cookie": {"[redacted]", "[redacted]"}, "Accept": {"*/*"},
		"Location": {"https://[redacted]@example.com/x?token=[redacted]&page=2"}, "Www-Authenticate": {`Bearer realm="x"`},
	}
	if got := activity.CleanHeader(given); !reflect.DeepEqual(got, want) {
		t.Errorf("got %v\nwant %v", got, want)
	}
	if given.Get("X-Api-Key") != "k" {
		t.Errorf("the header that was given has changed: %v", given)
	}
	if got := activity.CleanText("/x?key=abc&page=2"); got != "/x?key=[redacted]&page=2" {
		t.Errorf("got %s", got)
	}
	for _, test := range []struct {
		body, want string
		known      bool
	}{
		{`{"b":1, "a":{"id":2}}`, `{"b":1, "a":{"id":2}}`, true},
		{`{"b":1,"access_token":"abc","a":[{"password":"x","id":2}]}`, `{"a":[{"id":2,"password":"[redacted]"}],"access_token":"[redacted]","b":1}`, true},
		{`{"text":"Authorization: Bearer abc"}`, `{"text":"Authorization: [redacted]"}`, true},
		{`[broken`, `[broken`, true},
		{`token=abc&x=1`, `token=[redacted]&x=1`, true},
		{"", "", true},
		{"\x00\x01", "", false},
		{"\xff\xfe", "", false},
	} {
		got, known := activity.CleanBody([]byte(test.body))
		if string(got) != test.want || known != test.known {
			t.Errorf("%q: got %q %t, want %q %t", test.body, got, known, test.want, test.known)
		}
	}
}
