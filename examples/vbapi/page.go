package vbapi

import (
	"encoding/json"
	"net/http"
	"strconv"

	"github.com/parlance-api/parlance"
)

// pagination is what the header x-pagination says of a list.
type pagination struct {
	TotalCount, TotalPages, CurrentPage, PageSize int
}

// maxPage is how many items are on a page at most, and unless it is said
// otherwise.
const maxPage = 100

// paged is the part of a list that is asked for.
func paged[T any](w http.ResponseWriter, r *http.Request, all []T) ([]T, error) {
	page, err := positive(r, "page", 1)
	if err != nil {
		return nil, err
	}
	size, err := positive(r, "pageSize", maxPage)
	if err != nil {
		return nil, err
	}
	size = min(size, maxPage)
	says, err := json.Marshal(pagination{len(all), (len(all) + size - 1) / size, page, size})
	if err != nil {
		return nil, err
	}
	w.Header().Set("X-Pagination", string(says))
	from := len(all)
	if page <= len(all)/size+1 { // or it might be too large a number
		from = min((page-1)*size, len(all))
	}
	return append([]T{}, all[from:min(from+size, len(all))]...), nil
}

// positive is a parameter that is a number from 1.
func positive(r *http.Request, name string, otherwise int) (int, error) {
	text := r.URL.Query().Get(name)
	if text == "" {
		return otherwise, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		return 0, parlance.NewError(parlance.KindInvalid, "The parameter %s must be a number from 1.", name).Because(err)
	}
	return n, nil
}
