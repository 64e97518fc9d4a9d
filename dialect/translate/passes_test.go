package translate_test

import (
	"testing"

	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/translate"
)

// Whatever passes by the quick answer is what Write would pass.
func TestAResponsePassesOnlyIfWriteChangesNothing(t *testing.T) {
	t.Parallel()
	bodies := []string{"", `{"id":7}`, vbapiOK, `{"message":"no"}`, "text"}
	headers := []dialect.HeaderMap{
		{}, {"Content-Type": {jsonType}}, {"Content-Type": {"text/plain"}}, described(jsonType, ""),
		{"Content-Type": {jsonType}, "Content-Range": {"bytes 0-7/9"}}, {"Content-Type": {jsonType}, "Vision-Note": {"low"}},
	}
	passed := 0
	for _, from := range []string{"vms", "vbapi", "plain", "http", "vision", "stripe"} {
		for _, to := range []string{"problem", "vbapi", "vms", "http", "stripe"} {
			tr, reader := translate.New(open(t, from), open(t, to)), open(t, from)
			for _, method := range []string{"GET", "HEAD", "POST"} {
				for _, status := range []int{200, 201, 202, 204, 205, 206, 207, 299, 304, 404} {
					for _, body := range bodies {
						for _, h := range headers {
							for _, cut := range []bool{false, true} {
								req := dialect.Request{Method: method, Path: "/things"}
								res := dialect.Response{Status: status, Header: h, Body: []byte(body), Cut: cut}
								read := reader.Decode(req, res)
								if !tr.Passes(req, res, &read) {
									continue
								}
								passed++
								if r := tr.Write(req, res, &read); !r.Untouched() || r.Status != status || r.Kept != translate.KeptNone || len(r.Losses) > 0 {
									t.Errorf("%s to %s, %s %d %v %q, cut %v passes, and Write gives %+v", from, to, method, status, h, body, cut, r)
								}
							}
						}
					}
				}
			}
		}
	}
	if passed == 0 {
		t.Error("nothing passes")
	}
}
