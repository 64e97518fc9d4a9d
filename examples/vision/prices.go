package vision

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/parlance-api/parlance/server"
)

// priceList is a file as others keep it on a disk, in CSV.
const priceList = "Product,Price\nWIDGET,900\nGADGET,1250\n"

var priced = time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC)

// prices sends the list, or the range of it that is asked for: 206, with a note that
// it is not all of it.
func prices(w http.ResponseWriter, r *http.Request) {
	http.ServeContent(noting{w, r}, r, "prices.csv", priced, strings.NewReader(priceList))
}

// noting adds the note to a response that is a part.
type noting struct {
	http.ResponseWriter
	request *http.Request
}

func (w noting) WriteHeader(status int) {
	if part, is := strings.CutPrefix(w.Header().Get("Content-Range"), "bytes "); is && status == http.StatusPartialContent {
		server.AddNote(w.request, fmt.Sprintf("This is a part of the price list: bytes %s", part))
	}
	w.ResponseWriter.WriteHeader(status)
}
