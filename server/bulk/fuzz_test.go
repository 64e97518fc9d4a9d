package bulk_test

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/server/bulk"
	"github.com/parlance-api/parlance/server/internal/servertest"
)

// Whatever comes as a bulk request, its response is whole, tells nothing of what is
// inside, and is no fault of the server's.
func FuzzHandle(f *testing.F) {
	for _, seed := range []string{
		`[{"Ref":"a"},{"Ref":"b","Want":"bad"}]`, `[]`, `[{]`, `[1,"x",null]`, ``, `[{"Ref":"\u0000\ud800<]]>","Want":"bad"}]`,
		`<ORDERS><SO><DocRef>1</DocRef></SO><SO><Want>bad</Want></SO></ORDERS>`, `<ORDERS/>`, `<ORDERS><SO a="1" a="2"/></ORDERS>`,
		`<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>`, `<?xml version="1.0" encoding="UTF-16"?><a><b/></a>`, "<a><b>\x00</b></a>", `<x:a xmlns:x="u"><x:b>&lt;</x:b></x:a>`,
		`<??><A><A/></A>`, `<A><!-- -- --><B/></A>`, `<A><B/><!-- -- --></A>`, `<A a="1" a="2"><B/></A>`, "\n<?xml version='1.1'?><A><B/></A>",
	} {
		f.Add([]byte(seed))
	}
	var servers []http.Handler
	for _, name := range []string{"vision", "vbapi", "problem", "vms"} {
		s, _ := servertest.New(f, name)
		servers = append(servers, bulk.Handle(s, func(_ context.Context, r bulk.Record) (item parlance.Item, err error) {
			var o servertest.Order
			if err := r.Decode(&o); err != nil {
				return item, err
			}
			if item.ID = o.Ref; o.Want != "" {
				return item, parlance.NewError(parlance.KindInvalid, "bad <%s>", o.Ref).Because(errors.New("a secret"))
			}
			return item, nil
		}))
	}
	f.Fuzz(func(t *testing.T, document []byte) {
		if bytes.Contains(document, []byte("secret")) {
			return
		}
		for _, h := range servers {
			w := httptest.NewRecorder()
			h.ServeHTTP(w, httptest.NewRequest("POST", "/service/Orders", bytes.NewReader(document)))
			if err := servertest.Whole(w); err != nil || w.Code >= 500 || strings.Contains(w.Body.String(), "secret") {
				t.Errorf("%q: %v, %d %q", document, err, w.Code, w.Body)
			}
		}
	})
}
