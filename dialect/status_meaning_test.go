package dialect_test

import (
	"fmt"
	"testing"

	"github.com/parlance-api/parlance/dialect"
)

// Every status of IANA's registry means what its RFC says, and is repeated only if the RFC
// allows it. Each line has the meaning, the act after a POST, and whether the failure proves
// that sending it again is safe.
func TestEveryStatusOfTheRegistryMeansWhatItsRFCSays(t *testing.T) {
	t.Parallel()
	d := dialect.Generic()
	for _, c := range []struct {
		status int
		means  string
		act    string
		safe   bool
		source string
	}{
		{100, "internal", "retry", false, "RFC 9110, 15.2: no final response, so it is a fault of the server"},
		{103, "internal", "retry", false, "RFC 8297, 2: no final response"},
		{200, "success", "done", false, "RFC 9110, 15.3.1"},
		{201, "success", "done", false, "RFC 9110, 15.3.2"},
		{202, "accepted", "poll", false, "RFC 9110, 15.3.3"},
		{203, "success", "done", false, "RFC 9110, 15.3.4"},
		{204, "empty", "done", false, "RFC 9110, 15.3.5"},
		{205, "empty", "done", false, "RFC 9110, 15.3.6"},
		{206, "success", "done", false, "RFC 9110, 15.3.7"},
		{207, "noted", "inspect", false, "RFC 4918, 11.1 and 13"},
		{208, "success", "done", false, "RFC 5842, 7.1"},
		{226, "success", "done", false, "RFC 3229, 10.4.1"},
		{300, "redirected", "done", false, "RFC 9110, 15.4.1"},
		{301, "redirected", "done", false, "RFC 9110, 15.4.2"},
		{302, "redirected", "done", false, "RFC 9110, 15.4.3"},
		{303, "redirected", "done", false, "RFC 9110, 15.4.4"},
		{304, "empty", "done", false, "RFC 9110, 15.4.5"},
		{305, "redirected", "done", false, "RFC 9110, 15.4.6: deprecated, and as 300 (15)"},
		{306, "redirected", "done", false, "RFC 9110, 15.4.7: unused, and as 300 (15)"},
		{307, "redirected", "done", false, "RFC 9110, 15.4.8"},
		{308, "redirected", "done", false, "RFC 9110, 15.4.9"},
		{400, "invalid", "correct", false, "RFC 9110, 15.5.1"},
		{401, "unauthenticated", "stop", false, "RFC 9110, 15.5.2"},
		{402, "failed", "stop", false, "RFC 9110, 15.5.3"},
		{403, "forbidden", "stop", false, "RFC 9110, 15.5.4: not again with the same credentials"},
		{404, "not_found", "stop", false, "RFC 9110, 15.5.5"},
		{405, "invalid", "correct", false, "RFC 9110, 15.5.6"},
		{406, "invalid", "correct", false, "RFC 9110, 15.5.7"},
		{407, "unauthenticated", "stop", false, "RFC 9110, 15.5.8"},
		{408, "timeout", "retry", false, "RFC 9110, 15.5.9: may be repeated, but a part may have arrived"},
		{409, "conflict", "stop", false, "RFC 9110, 15.5.10"},
		{410, "not_found", "stop", false, "RFC 9110, 15.5.11"},
		{411, "invalid", "correct", false, "RFC 9110, 15.5.12"},
		{412, "conflict", "stop", false, "RFC 9110, 15.5.13"},
		{413, "invalid/request_too_large", "correct", false, "RFC 9110, 15.5.14"},
		{414, "invalid", "correct", false, "RFC 9110, 15.5.15"},
		{415, "invalid", "correct", false, "RFC 9110, 15.5.16"},
		{416, "invalid", "correct", false, "RFC 9110, 15.5.17"},
		{417, "invalid", "correct", false, "RFC 9110, 15.5.18"},
		{418, "invalid", "correct", false, "RFC 9110, 15.5.19: unused, and as 400 (15)"},
		{421, "unavailable", "retry", true, "RFC 9110, 15.5.20: may be repeated over another connection"},
		{422, "invalid", "correct", false, "RFC 9110, 15.5.21"},
		{423, "conflict", "stop", false, "RFC 4918, 11.3"},
		{424, "failed", "stop", false, "RFC 4918, 11.4: another action failed, and this one is not wrong"},
		{425, "unavailable", "retry", true, "RFC 8470, 5.2"},
		{426, "invalid", "correct", false, "RFC 9110, 15.5.22"},
		{428, "invalid", "correct", false, "RFC 6585, 3"},
		{429, "rate_limited", "retry", true, "RFC 6585, 4"},
		{431, "invalid", "correct", false, "RFC 6585, 5: may be sent again with smaller fields"},
		{451, "forbidden", "stop", false, "RFC 7725, 3"},
		{500, "internal", "retry", false, "RFC 9110, 15.6.1"},
		{501, "internal", "stop", false, "RFC 9110, 15.6.2"},
		{502, "bad_gateway", "retry", false, "RFC 9110, 15.6.3"},
		{503, "unavailable", "retry", false, "RFC 9110, 15.6.4"},
		{504, "timeout", "retry", false, "RFC 9110, 15.6.5"},
		{505, "internal", "stop", false, "RFC 9110, 15.6.6"},
		{506, "internal", "stop", false, "RFC 2295, 8.1: the server is set up wrongly"},
		{507, "internal", "stop", false, "RFC 4918, 11.5: not again before the user asks"},
		{508, "internal", "stop", false, "RFC 5842, 7.2"},
		{510, "internal", "stop", false, "RFC 2774, 7: not without the extension"},
		{511, "unauthenticated", "stop", false, "RFC 6585, 6"},
	} {
		req := dialect.Request{Method: "POST", Path: "/a"}
		o := d.Decode(req, dialect.Response{Status: c.status}).Outcome
		means := o.Kind.String()
		if o.Reason != "" {
			means += "/" + string(o.Reason)
		}
		did := d.Decide(req, &o)
		got, want := fmt.Sprintf("%s %s %t", means, did.Act, did.RetrySafe), fmt.Sprintf("%s %s %t", c.means, c.act, c.safe)
		if got != want {
			t.Errorf("%d is %s, want %s (%s)", c.status, got, want, c.source)
		}
	}
}
