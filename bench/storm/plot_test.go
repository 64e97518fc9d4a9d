package storm

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"testing"
)

// curve is, second by second, the share of first attempts that got a response in
// time. The first second is ten before the stall.
type curve struct {
	name  string
	share []float64
}

// ink is how a curve is drawn. Those that lie upon each other differ in width and
// dashes, so that both are seen.
type ink struct{ colour, width, dashes string }

var inks = []ink{
	{"#bbbbbb", "9", "none"},
	{"#d1495b", "3.5", "none"},
	{"#00798c", "7", "none"},
	{"#edae49", "4.5", "10 6"},
	{"#30638e", "2", "3 4"},
	{"#222222", "1.5", "2 5"},
}

// plot draws them over time: 10 s of calm, 10 s of stall, and what follows.
func plot(curves []curve) []byte {
	const left, top, width, height, calm, stall = 70, 60, 640, 300, 10, 10
	seconds := len(curves[0].share)
	x := func(second int) float64 { return left + float64(second)*width/float64(seconds) }
	y := func(share float64) float64 { return top + (1-share)*height }
	var b bytes.Buffer
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 920 430" font-family="sans-serif" font-size="13">
<title>First attempts answered within 1 s, before, during and after a stall of 10 s at 80%% load</title>
<rect width="920" height="430" fill="white"/>
<text x="%d" y="30" font-size="16">First attempts answered within 1 s: a stall of 10 s at 80%% load, no shedding</text>
<rect x="%.1f" y="%d" width="%.1f" height="%d" fill="#f0f0f0"/>
<text x="%.1f" y="%d" text-anchor="middle" fill="#666666">stall</text>
`, left, x(calm), top, x(stall)-left, height, x(calm+stall/2), top-6)
	for percent := 0; percent <= 100; percent += 25 {
		at := y(float64(percent) / 100)
		fmt.Fprintf(&b, `<line x1="%d" y1="%.1f" x2="%d" y2="%.1f" stroke="#dddddd"/>`+"\n", left, at, left+width, at)
		fmt.Fprintf(&b, `<text x="%d" y="%.1f" text-anchor="end">%d%%</text>`+"\n", left-8, at+4, percent)
	}
	for second := 0; second <= seconds; second += 10 {
		fmt.Fprintf(&b, `<text x="%.1f" y="%d" text-anchor="middle">%d</text>`+"\n", x(second), top+height+20, second-calm-stall)
	}
	fmt.Fprintf(&b, `<text x="%d" y="%d" text-anchor="middle">seconds after the stall</text>`+"\n", left+width/2, top+height+45)
	for i, c := range curves {
		style := fmt.Sprintf(`fill="none" stroke="%s" stroke-width="%s" stroke-dasharray="%s"`, inks[i].colour, inks[i].width, inks[i].dashes)
		fmt.Fprintf(&b, `<polyline %s points="`, style)
		for second, share := range c.share {
			fmt.Fprintf(&b, "%.1f,%.1f ", x(second)+width/float64(2*seconds), y(share))
		}
		at := top + 20 + 26*i
		fmt.Fprintf(&b, "\"/>\n"+`<line x1="%d" y1="%d" x2="%d" y2="%d" %s/>`+"\n", left+width+20, at, left+width+60, at, style)
		fmt.Fprintf(&b, `<text x="%d" y="%d">%s</text>`+"\n", left+width+68, at+4, c.name)
	}
	b.WriteString("</svg>\n")
	return b.Bytes()
}

func TestThePictureIsWellFormedAndTheSameEachTime(t *testing.T) {
	t.Parallel()
	var all []curve
	for _, p := range peers {
		all = append(all, curve{p.name, []float64{1, 0, 0.5}})
	}
	drawn := plot(all)
	if !bytes.Equal(drawn, plot(all)) {
		t.Error("it is drawn differently the second time")
	}
	d := xml.NewDecoder(bytes.NewReader(drawn))
	for {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
}
