package mock_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/mock"
)

// A link of a stranger can put a text into a response, by a wish in its path. The response
// has the origin of the page, which a script in it could use.
func TestNoResponseToALinkIsMarkupOfAStranger(t *testing.T) {
	t.Parallel()
	const link = "/detail/%3Cscript%3Ealert(1)%3C%2Fscript%3E/note/%3Cscript%3Ealert(1)%3C%2Fscript%3E/fields/%3Cscript%3Ealert(1)%3C%2Fscript%3E/%3Cscript%3Ealert(1)%3C%2Fscript%3E"
	for _, name := range catalog.Names() {
		d := open(t, name)
		_, url := started(t, d)
		for _, e := range mock.Outcomes(d) {
			if !e.Kind.Failing() && e.Kind.String() != "noted" {
				continue
			}
			for _, accept := range []string{"", "text/html,application/xhtml+xml,*/*;q=0.8"} {
				_, res, body := sent(t, d, request(t, "GET", url+"/_mock/kind/"+e.Kind.String()+link, "Accept: "+accept))
				media := res.Header.Get("Content-Type")
				if media == "" && len(body) > 0 {
					media = http.DetectContentType([]byte(body))
				}
				if strings.Contains(body, "<script>alert") && !strings.Contains(media, "json") && !strings.HasPrefix(media, "text/plain") {
					t.Errorf("%s %s: %s: %s", name, e.Kind, media, body)
					break
				}
			}
		}
	}
}
