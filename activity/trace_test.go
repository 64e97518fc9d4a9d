package activity_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/parlance-api/parlance/activity"
)

const (
	traceID  = "0af7651916cd43dd8448eb211c80319c"
	parentID = "b7ad6b7169203331"
	parent   = "00-" + traceID + "-" + parentID + "-01"
)

func TestATraceparentIsReadAsW3CSays(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		text string
		want activity.Trace
	}{
		"sampled":                            {parent, activity.Trace{ID: traceID, Parent: parentID, Sampled: true}},
		"not sampled":                        {parent[:53] + "00", activity.Trace{ID: traceID, Parent: parentID}},
		"a flag of a later day":              {parent[:53] + "fe", activity.Trace{ID: traceID, Parent: parentID}},
		"a later version":                    {"cc" + parent[2:], activity.Trace{ID: traceID, Parent: parentID, Sampled: true}},
		"a later version that has more":      {"cc" + parent[2:] + "-what-else", activity.Trace{ID: traceID, Parent: parentID, Sampled: true}},
		"a later version that goes on":       {"cc" + parent[2:] + "0", activity.Trace{}},
		"this version that has more":         {parent + "-00", activity.Trace{}},
		"version ff":                         {"ff" + parent[2:], activity.Trace{}},
		"no version":                         {"0g" + parent[2:], activity.Trace{}},
		"upper case":                         {strings.ToUpper(parent), activity.Trace{}},
		"a trace of zeros":                   {"00-" + strings.Repeat("0", 32) + parent[35:], activity.Trace{}},
		"a parent of zeros":                  {parent[:36] + strings.Repeat("0", 16) + "-01", activity.Trace{}},
		"an id that is too short":            {strings.Replace(parent, "c-", "-", 1), activity.Trace{}},
		"flags of one digit":                 {parent[:54], activity.Trace{}},
		"flags that are no digits":           {parent[:53] + "0x", activity.Trace{}},
		"underlines":                         {strings.ReplaceAll(parent, "-", "_"), activity.Trace{}},
		"a space before":                     {" " + parent, activity.Trace{}},
		"nothing":                            {"", activity.Trace{}},
		"two of them, as a proxy joins them": {parent + "," + parent, activity.Trace{}},
	} {
		got, ok := activity.ParseTrace(c.text)
		if got != c.want || ok != (c.want.ID != "") {
			t.Errorf("%s: %q is %+v, %v", name, c.text, got, ok)
		}
	}
}

func FuzzParseTrace(f *testing.F) {
	for _, text := range []string{"", parent, "cc" + parent[2:] + "-x", "ff" + parent[2:], strings.ToUpper(parent), parent + "-00"} {
		f.Add(text)
	}
	// What W3C's grammar says (3.2.2), and its two exceptions.
	form := regexp.MustCompile(`^(00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}|[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(-(?s:.*))?)$`)
	f.Fuzz(func(t *testing.T, text string) {
		got, ok := activity.ParseTrace(text)
		m := form.FindStringSubmatch(text)
		valid := m != nil && !strings.HasPrefix(text, "ff") && !(strings.HasPrefix(text, "00") && m[2] == "") &&
			m[2]+m[4] != strings.Repeat("0", 32) && m[3]+m[5] != strings.Repeat("0", 16)
		if ok != valid {
			t.Fatalf("%q is valid: %v", text, ok)
		}
		if ok && (got.ID != m[2]+m[4] || got.Parent != m[3]+m[5]) || !ok && got != (activity.Trace{}) {
			t.Fatalf("%q is %+v", text, got)
		}
	})
}
