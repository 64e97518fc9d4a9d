package vision

import (
	"net/http"
	"strings"
	"time"
)

// priceList is a file as others keep it on a disk, in CSV.
const priceList = "Product,Price\nWIDGET,900\nGADGET,1250\n"

var priced = time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC)

// prices sends the list, or the range of it that is asked for: 206, after which a
// user should know that it is not all of it.
func prices(w http.ResponseWriter, r *http.Request) {
	http.ServeContent(w, r, "prices.csv", priced, strings.NewReader(priceList))
}
