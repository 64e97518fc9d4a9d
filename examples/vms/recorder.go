package vms

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/server"
)

// recorder is a service behind, which has the pictures.
type recorder struct {
	url    string
	client *http.Client
}

// snapshot is the picture of now. That a camera is off is no fault of anybody's,
// and VMS's page has 400 for it. A recorder that is gone is 502, for 503 says that
// maintenance is in progress.
func (p recorder) snapshot(_ http.ResponseWriter, r *http.Request) (any, error) {
	req, err := http.NewRequestWithContext(r.Context(), http.MethodGet, p.url+"/"+r.PathValue("id"), nil)
	if err != nil {
		return nil, err
	}
	res, err := p.client.Do(req)
	if err != nil {
		return nil, behind(r, err)
	}
	defer res.Body.Close()
	picture, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	kind := res.Header.Get("Content-Type")
	switch {
	case err != nil:
	case res.StatusCode == http.StatusConflict:
		return nil, parlance.NewError(parlance.KindInvalid, "%s", say(r).cameraOff)
	case res.StatusCode != http.StatusOK:
		err = fmt.Errorf("the recorder responded with %s", res.Status)
	case !strings.HasPrefix(kind, "image/"):
		err = errors.New("the recorder sent no picture but " + strconv.Quote(kind))
	default:
		return server.Raw{ContentType: kind, Body: picture}, nil
	}
	return nil, behind(r, err)
}

// behind is what went wrong with the recorder, in our own words.
func behind(r *http.Request, err error) error {
	err = server.Upstream(err, parlance.Outcome{Detail: say(r).recorder})
	if o := parlance.OutcomeOf(err); o.Kind == parlance.KindUnavailable {
		o.Kind, o.RetryAfter = parlance.KindBadGateway, 0
		return &parlance.Error{Outcome: o, Err: err}
	}
	return err
}

// archive is how many minutes were recorded in an hour of today.
func archive(_ http.ResponseWriter, r *http.Request) (any, error) {
	var recorded [24]int
	hour, err := strconv.Atoi(r.FormValue("hour"))
	if err != nil {
		return nil, parlance.NewError(parlance.KindInvalid, "%s", say(r).noHour)
	}
	// The bug: nobody looks whether there is such an hour.
	return map[string]int{"minutes": recorded[hour]}, nil
}
