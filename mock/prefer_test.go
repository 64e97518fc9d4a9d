package mock_test

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/mock"
)

func TestAWishIsReadFromPreferAndWrittenBack(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		values []string
		want   mock.Wish
		text   string // as String writes it
	}{
		{[]string{"code=402"}, mock.Wish{Code: "402"}, "code=402"},
		{[]string{"Code = 402"}, mock.Wish{Code: "402"}, "code=402"},
		{[]string{"code=402, code=403"}, mock.Wish{Code: "402"}, "code=402"},
		{[]string{"code=402", "retry-after=7"}, mock.Wish{Code: "402", RetryAfter: 7 * time.Second}, "code=402; retry-after=7"},
		{[]string{"retry-after=0"}, mock.Wish{RetryAfter: parlance.RetryNow}, "retry-after=0"},
		{[]string{"retry-after=0.5"}, mock.Wish{RetryAfter: time.Second / 2}, "retry-after=0.5"},
		{[]string{"kind=invalid/fields; fields=url,date, detail=x"}, mock.Wish{Kind: parlance.KindInvalid, Reason: "fields", Fields: []string{"url", "date"}, Detail: "x"}, "kind=invalid/fields; detail=x; fields=url,date"},
		{[]string{`fields="url, date"`}, mock.Wish{Fields: []string{"url", "date"}}, "fields=url,date"},
		{[]string{"fields=url, respond-async"}, mock.Wish{Fields: []string{"url"}}, "fields=url"},
		{[]string{"items=3;failed=1"}, mock.Wish{Items: 3, Failed: 1}, "items=3; failed=1"},
		{[]string{`detail="a \"b\" \\ c; d, e"`}, mock.Wish{Detail: `a "b" \ c; d, e`}, `detail="a \"b\" \\ c; d, e"`},
		{[]string{"latency=2"}, mock.Wish{Latency: 2 * time.Second}, "latency=2s"},
		{[]string{"latency=500ms; note=x"}, mock.Wish{Latency: time.Second / 2, Note: "x"}, "note=x; latency=500ms"},
		{[]string{"example=tom, dynamic=true"}, mock.Wish{Example: "tom", Dynamic: true}, "example=tom; dynamic=true"},
		{[]string{"respond-async, wait=10; return=minimal", "odata.maxpagesize=5", `IdType="ImmutableId"`}, mock.Wish{}, ""},
		{[]string{"", ",;, ;"}, mock.Wish{}, ""},
		{nil, mock.Wish{}, ""},
	} {
		got, err := mock.ParsePrefer(test.values...)
		if err != nil || !reflect.DeepEqual(got, test.want) || got.String() != test.text {
			t.Errorf("%q: got %+v %q %v; want %+v %q", test.values, got, got.String(), err, test.want, test.text)
		}
		if got.IsZero() != (test.text == "") {
			t.Errorf("%q: IsZero is %t", test.values, got.IsZero())
		}
		if again, err := mock.ParsePrefer(got.String()); err != nil || !reflect.DeepEqual(again, got) {
			t.Errorf("%q, written as %q, is read as %+v %v", test.values, got.String(), again, err)
		}
	}
}

func TestEveryWordOfAWishHasAnExampleThatIsRead(t *testing.T) {
	t.Parallel()
	words := mock.Words()
	for _, w := range words {
		var wish mock.Wish
		if err := wish.Set(w.Name, w.Example); err != nil || wish.IsZero() || w.Help == "" {
			t.Errorf("%s=%s: %+v %v, help %q", w.Name, w.Example, wish, err, w.Help)
		}
	}
	if !slices.ContainsFunc(words, func(w mock.Word) bool { return w.Name == "code" }) {
		t.Errorf("got %v, want code among them", words)
	}
}

func FuzzAWishIsReadOrRefusedAndComesBack(f *testing.F) {
	for _, seed := range []string{"code=402", `detail="a\"b";items=3`, "fields=a,b,c", "retry-after=1e300", "latency=-1", `code="`, "kind=/", "a.b=c"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		w, err := mock.ParsePrefer(value)
		if err != nil {
			return
		}
		again, err := mock.ParsePrefer(w.String())
		if err != nil || !reflect.DeepEqual(w, again) {
			t.Errorf("%q is read as %+v, written as %q, and read as %+v %v", value, w, w.String(), again, err)
		}
	})
}
