package dialect_test

import (
	"testing"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/dialect"
)

func TestAResponseLikeOneBeforeIsWrittenByAProgram(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name          string
		before, after parlance.Outcome
		is            bool
	}{
		{"vbapi", parlance.Outcome{Kind: parlance.KindNotFound, Title: "a", Detail: "b", RequestID: "c"}, parlance.Outcome{Kind: parlance.KindNotFound, Title: "d\n", Detail: "\xff", RequestID: "e\""}, true},
		{"vms", parlance.Outcome{Kind: parlance.KindInvalid, Fields: []parlance.Field{{Path: "a", Message: "b"}}},
			parlance.Outcome{Kind: parlance.KindInvalid, Fields: []parlance.Field{{Path: "a", Message: "b"}, {Path: "c", Message: "d"}, {Path: "a", Message: "e"}}}, true},
		{"vms", parlance.Outcome{Kind: parlance.KindInvalid, Fields: []parlance.Field{{Path: "a", Message: "b"}}},
			parlance.Outcome{Kind: parlance.KindInvalid, Fields: []parlance.Field{{Path: "a", Message: "b"}, {Message: "c"}}}, false}, // they are not alike
		{"stripe", parlance.Outcome{Kind: parlance.KindInvalid, Code: "parameter_unknown", Detail: "a", RequestID: "b", Fields: []parlance.Field{{Path: "c", Message: "a"}}},
			parlance.Outcome{Kind: parlance.KindInvalid, Code: "parameter_unknown", Detail: "d", RequestID: "e", Fields: []parlance.Field{{Path: "f.0", Message: "d"}}}, true},
		{"stripe", parlance.Outcome{Kind: parlance.KindInvalid, Code: "parameter_unknown", Detail: "a", Fields: []parlance.Field{{Path: "c", Message: "a"}}},
			parlance.Outcome{Kind: parlance.KindInvalid, Code: "parameter_unknown", Detail: "d", Fields: []parlance.Field{{Path: "f", Message: "e"}}}, false}, // a text is lost
		{"stripe", parlance.Outcome{Kind: parlance.KindInvalid, Code: "parameter_unknown", Detail: "a", Fields: []parlance.Field{{Path: "c", Message: "a"}}},
			parlance.Outcome{Kind: parlance.KindInvalid, Code: "parameter_unknown", Detail: "d", Fields: []parlance.Field{{Path: "f[0]", Message: "d"}}}, false}, // the path is read as another one
		{"stripe", parlance.Outcome{Kind: parlance.KindInvalid, Detail: "a", RequestID: "b"}, parlance.Outcome{Kind: parlance.KindInvalid, Detail: "a", RequestID: " b"}, false}, // the header cannot hold it
	} {
		d, err := catalog.Open(test.name)
		if err != nil {
			t.Fatal(err)
		}
		d = dialect.Forgetful(d)
		req := dialect.Request{Method: "POST", Path: "/a", Header: dialect.HeaderMap{"Accept": {"application/json"}}}
		d.Encode(nil, req, &test.before, dialect.Payload{})
		if dialect.Repeats(d, req, &test.after, dialect.Payload{}) != test.is {
			t.Errorf("%s: it is %t that %+v is written like %+v", test.name, !test.is, test.after, test.before)
		}
		sameMessage(t, d.Encode(nil, req, &test.after, dialect.Payload{}), dialect.Forgetful(d).Encode(nil, req, &test.after, dialect.Payload{}))
	}
}

func TestASuccessLikeOneBeforeIsWrittenByAProgram(t *testing.T) {
	t.Parallel()
	camera := dialect.Payload{ContentType: "application/json", Body: []byte(`{"id":7}`)}
	for _, test := range []struct {
		name          string
		before, after dialect.Payload
		is            bool
	}{
		{"vms", camera, dialect.Payload{ContentType: "application/json", Body: []byte(`[1]`)}, true},
		{"vms", camera, dialect.Payload{ContentType: "image/png", Body: []byte("\x89PNG")}, false}, // of another type
		{"vms", dialect.Payload{Body: camera.Body}, dialect.Payload{Body: camera.Body}, false},     // whose type is looked for
		{"vbapi", camera, dialect.Payload{ContentType: "application/json", Body: []byte(`"a"`)}, true},
		{"vbapi", camera, dialect.Payload{ContentType: "application/json", Body: []byte(`{"id":`)}, false}, // it is no JSON
	} {
		d, err := catalog.Open(test.name)
		if err != nil {
			t.Fatal(err)
		}
		d = dialect.Forgetful(d)
		req := dialect.Request{Method: "GET", Path: "/a", Header: dialect.HeaderMap{"Accept": {"application/json"}}}
		o := parlance.Outcome{Kind: parlance.KindSuccess, RequestID: "a"}
		d.Encode(nil, req, &o, test.before)
		o.RequestID = "b"
		if dialect.Repeats(d, req, &o, test.after) != test.is {
			t.Errorf("%s: it is %t that %q is written like %q", test.name, !test.is, test.after.Body, test.before.Body)
		}
		sameMessage(t, d.Encode(nil, req, &o, test.after), dialect.Forgetful(d).Encode(nil, req, &o, test.after))
	}
}

// What an API says in turn is kept side by side: with Fields and without, with a payload
// and without, to each method.
func TestKindsInTurnAreWrittenByProgramsOfTheirOwn(t *testing.T) {
	t.Parallel()
	type turn struct {
		method string
		o      parlance.Outcome
		data   dialect.Payload
	}
	invalid := parlance.Outcome{Kind: parlance.KindInvalid, Reason: parlance.ReasonFields, Detail: "a"}
	one, coded := invalid, invalid
	one.Fields = []parlance.Field{{Path: "b", Message: "c"}}
	coded.Fields = []parlance.Field{{Path: "b", Code: "required", Message: "c"}}
	success := parlance.Outcome{Kind: parlance.KindSuccess, RequestID: "a"}
	turns := []turn{
		{method: "POST", o: invalid}, {method: "POST", o: one}, {method: "POST", o: coded},
		{method: "POST", o: success, data: dialect.Payload{ContentType: "application/json", Body: []byte(`{"id":7}`)}},
		{method: "PUT", o: one}, {method: "POST", o: parlance.Outcome{Kind: parlance.KindConflict, Detail: "a"}},
	}
	d, err := catalog.Open("problem")
	if err != nil {
		t.Fatal(err)
	}
	d = dialect.Forgetful(d)
	request := func(method string) dialect.Request {
		return dialect.Request{Method: method, Path: "/a", Header: dialect.HeaderMap{"Accept": {"application/json"}}}
	}
	for range 2 {
		for _, turn := range turns {
			d.Encode(nil, request(turn.method), &turn.o, turn.data)
		}
	}
	for i, turn := range turns {
		if !dialect.Repeats(d, request(turn.method), &turn.o, turn.data) {
			t.Errorf("turn %d is not written by a program: another one took its place", i)
		}
	}
}
