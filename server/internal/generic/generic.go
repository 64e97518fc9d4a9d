// Package generic gives the meaning that any client of HTTP understands, in every dialect.
package generic

import (
	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect"
)

// Kind is the kind of a failure. If it has only a status, the kind is the meaning of
// that status in HTTP, else that the server failed.
func Kind(o *parlance.Outcome) parlance.Kind {
	if o.Kind != 0 {
		return o.Kind
	}
	if k := dialect.Generic().Decode(dialect.Request{}, dialect.Response{Status: o.Status}).Outcome.Kind; o.Status != 0 && k.Failing() {
		return k
	}
	return parlance.KindInternal
}
