package vision

import (
	"net/http"
	"slices"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/server"
	"github.com/parlance-api/parlance/server/auth"
)

// The credentials that the service knows, for the client_credentials and the
// password grant. The auditor may look, and post nothing.
const (
	ClientID, ClientCode = "warehouse", "demo"
	User, Password       = "joe", "demo"
	Auditor              = "ada"
)

// demo is "demo" as auth.HashPassword keeps it, but of few rounds, as everybody
// knows it.
const demo = "pbkdf2-sha256$1000$dGhlIHNhbHQgb2YgZGVtbw$vZNQFJcnfmxgRq8H2zTRALRhaXcL/TN6SEEbVYsRe80"

var (
	clients = auth.Accounts{ClientID: {Password: demo, Principal: server.Principal{ID: ClientID}}}
	users   = auth.Accounts{
		User:    {Password: demo, Principal: server.Principal{ID: User}},
		Auditor: {Password: demo, Principal: server.Principal{ID: Auditor}},
	}
)

// sites are the customers, and where each has stock.
var sites = map[string][]string{"JOE": {"MAIN", "WEST"}, "ANN": {"MAIN"}, "ACME": {"MAIN"}}

// served are the customers that an account works for: ACME is served by others.
var served = map[string][]string{ClientID: {"JOE", "ANN"}, User: {"JOE", "ANN"}, Auditor: {"JOE", "ANN"}}

// mayPost and mayShip keep those out who may only look at the stock: 403.
var (
	mayPost = allBut(Auditor, "The account may not post")
	mayShip = allBut(Auditor, "The account is not authorised for ShippingRates")
)

func allBut(user, says string) server.Middleware {
	may := auth.Require(func(_ *http.Request, p server.Principal) bool { return p.ID != user })
	return server.WithError(may, parlance.Outcome{Detail: says})
}

// permit says that the caller has nothing to do with a customer.
func permit(p server.Principal, customer string) error {
	if slices.Contains(served[p.ID], customer) {
		return nil
	}
	return parlance.NewError(parlance.KindForbidden, "No permission for customer %s", customer).WithCode("102")
}
