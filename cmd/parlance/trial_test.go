package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/parlance-api/parlance/dialect/authoring"
)

func TestLongTextsAreShownWhereTheyComeApart(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("same ", 40)
	for _, test := range []struct{ a, b, wantA, wantB string }{
		{"a", "b", "a", "b"},
		{"", long, "", long[:120] + "…"},
		{long + "one", long + "two", "…ame same same same same one", "…ame same same same same two"},
		{long, long + "more", "…ame same same same same ", "…ame same same same same more"},
		{"x" + long, "y" + long, "x" + long[:119] + "…", "y" + long[:119] + "…"},
	} {
		if a, b := apart(test.a, test.b); a != test.wantA || b != test.wantB {
			t.Errorf("%q, %q:\n%q\n%q", test.a, test.b, a, b)
		}
	}
}

func TestOfManyDifferencesOnlyTheFirstAreShown(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	all := make([]authoring.Difference, 30)
	for i := range all {
		all[i] = authoring.Difference{Part: authoring.PartReads, Attribute: "notes", Want: "1", Got: "2"}
	}
	style{}.differences(&app{stdout: &b}, all)
	if lines := strings.Count(b.String(), "\n"); lines != 2*maxShown+1 || !strings.HasSuffix(b.String(), "… and 18 more\n") {
		t.Errorf("%d lines:\n%s", lines, b.String())
	}
}
