package main

import (
	"io"
	"strings"
	"testing"
)

const list = "V1\tone holds\nV2\ttwo holds\nV3\tthree holds\nO1\tfour holds\n"

// recorded is what go test -json wrote, shortened.
func recorded(lines ...string) io.Reader {
	return strings.NewReader(strings.Join(lines, "\n") + "\n")
}

func TestStatementsAreCountedByTheTestsThatPassed(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		run  []string
		says string
		held bool
	}{
		"all of them pass": {
			run: []string{
				`{"Action":"run","Test":"TestVisionPage/V1:_one"}`,
				`{"Action":"pass","Test":"TestVisionPage/V1:_one"}`,
				`{"Action":"pass","Test":"TestVisionPage/V2:_a_name:_with_a_colon"}`,
				`{"Action":"pass","Test":"TestVisionPage/V3:_parts/O1:_a_part"}`,
				`{"Action":"pass","Test":"TestVisionPage/V3:_parts"}`,
				`{"Action":"pass","Test":"TestVisionPage"}`,
				`{"Action":"pass","Test":"TestOmiliaPage/O1:_four"}`,
				`{"Action":"pass","Test":"TestOmiliaPage"}`,
				`{"Action":"pass"}`,
			},
			says: "statements: 4 of 4\n",
			held: true,
		},
		"one fails, one is skipped, one has only a part of its name": {
			run: []string{
				`{"Action":"pass","Test":"TestVisionPage/V1:_one"}`,
				`{"Action":"output","Test":"TestVisionPage/V2:_two","Output":"got 1, want 2\n"}`,
				`{"Action":"fail","Test":"TestVisionPage/V2:_two"}`,
				`{"Action":"skip","Test":"TestVisionPage/V3:_three"}`,
				`{"Action":"pass","Test":"TestVisionPage/V1:_one/O1:_inside"}`,
				`{"Action":"fail","Test":"TestVisionPage"}`,
			},
			says: "statements: 1 of 4\n  V2  fails  two holds\n  V3  is skipped  three holds\n  O1  has no test  four holds\n",
		},
		"of two tests of one id the worse counts": {
			run: []string{
				`{"Action":"fail","Test":"TestVisionPage/V1:_one"}`,
				`{"Action":"pass","Test":"TestVisionPage/V1:_again"}`,
				`{"Action":"pass","Test":"TestVisionPage/V2:_two"}`,
				`{"Action":"pass","Test":"TestVisionPage/V3:_three"}`,
				`{"Action":"pass","Test":"TestVisionPage/O1:_four"}`,
			},
			says: "statements: 3 of 4\n  V1  fails  one holds\n",
		},
		"a test holds what nobody listed": {
			run: []string{
				`{"Action":"pass","Test":"TestVisionPage/V1:_one"}`,
				`{"Action":"pass","Test":"TestVisionPage/V2:_two"}`,
				`{"Action":"pass","Test":"TestVisionPage/V3:_three"}`,
				`{"Action":"pass","Test":"TestVisionPage/O1:_four"}`,
				`{"Action":"pass","Test":"TestVisionPage/V99:_more"}`,
			},
			says: "statements: 4 of 4\n  V99  is not in examples/statements.tsv\n",
		},
		"a test without an id fails": {
			run: []string{
				`{"Action":"pass","Test":"TestVisionPage/V1:_one"}`,
				`{"Action":"pass","Test":"TestVisionPage/V2:_two"}`,
				`{"Action":"pass","Test":"TestVisionPage/V3:_three"}`,
				`{"Action":"pass","Test":"TestVisionPage/O1:_four"}`,
				`{"Action":"fail","Test":"TestVisionPage"}`,
			},
			says: "statements: 4 of 4\n  also failed: TestVisionPage\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			all, err := statements(strings.NewReader(list))
			if err != nil {
				t.Fatal(err)
			}
			tests, err := events(recorded(c.run...), io.Discard)
			if err != nil {
				t.Fatal(err)
			}
			var says strings.Builder
			held := tests.tell(&says, all)
			if says.String() != c.says {
				t.Errorf("got\n%swant\n%s", says.String(), c.says)
			}
			if held != c.held {
				t.Errorf("all held: got %v, want %v", held, c.held)
			}
		})
	}
}

func TestTheOutputOfAFailedTestIsShown(t *testing.T) {
	t.Parallel()
	var said strings.Builder
	_, err := events(recorded(
		`{"Action":"build-output","Output":"x.go:1:1: syntax error\n"}`,
		`{"Action":"output","Test":"TestVisionPage/V1:_one","Output":"got 1, want 2\n"}`,
		`{"Action":"output","Test":"TestVisionPage/V2:_two","Output":"of no interest\n"}`,
		`{"Action":"pass","Test":"TestVisionPage/V2:_two"}`,
		`{"Action":"fail","Test":"TestVisionPage/V1:_one"}`,
		`no JSON`,
	), &said)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := said.String(), "x.go:1:1: syntax error\ngot 1, want 2\nno JSON\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestAListThatNamesAStatementTwiceIsRefused(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"V1\tone\nV1\tagain\n", "V1 one\n", "V1\t\n", "\tone\n"} {
		if all, err := statements(strings.NewReader(text)); err == nil {
			t.Errorf("%q: got %v, want an error", text, all)
		}
	}
}
