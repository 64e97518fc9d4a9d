package dialect_test

import "testing"

func TestAttributesOfAnotherNamespaceAreNotThoseOfTheFile(t *testing.T) {
	t.Parallel()
	const xsi = `xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"`
	const plain = `shapes: [{name: a, status: 4xx, xml: {E: {"@type": $code, m: $detail}}}]`
	const constant = `shapes: [{name: a, status: 4xx, xml: {E: {"@type": customer, m: $detail}}}]`
	const both = `shapes: [{name: a, status: 4xx, xml: {E: {"@xmlns:xsi?": "http://www.w3.org/2001/XMLSchema-instance", "@xsi:type?": $code, "@type?": $title, m: $detail}}}]`
	const elements = `shapes: [{name: a, status: 4xx, xml: {E: {code: $code, x:code?: $title, m: $detail}}}]`
	hold(t, []construct{
		{name: "a prefix that comes later", file: plain, body: `<E ` + xsi + ` type="customer" xsi:type="core:Ref"><m>x</m></E>`,
			want: `{"kind":"invalid","code":"customer","detail":"x"}`, wrote: `<E type="customer"><m>x</m></E>`},
		{name: "a prefix that comes first", file: plain, body: `<E ` + xsi + ` xsi:type="core:Ref" type="customer"><m>x</m></E>`,
			want: `{"kind":"invalid","code":"customer","detail":"x"}`, wrote: `<E type="customer"><m>x</m></E>`},
		{name: "only a prefixed one", file: plain, body: `<E ` + xsi + ` xsi:type="core:Ref"><m>x</m></E>`,
			want: `{"kind":"invalid","detail":"x"}`, wrote: `<E type=""><m>x</m></E>`},
		{name: "a constant beside a prefixed one", file: constant, body: `<E ` + xsi + ` type="customer" xsi:type="core:Ref"><m>x</m></E>`,
			want: `{"kind":"invalid","detail":"x"}`, wrote: `<E type="customer"><m>x</m></E>`},
		{name: "both are named", file: both, body: `<E ` + xsi + ` xsi:type="core:Ref" type="customer"><m>x</m></E>`,
			want: `{"kind":"invalid","code":"core:Ref","title":"customer","detail":"x"}`},
		{name: "another prefix for the namespace that is declared", file: both, body: `<E xmlns:i="http://www.w3.org/2001/XMLSchema-instance" xmlns:o="urn:other" i:type="core:Ref" o:type="no"><m>x</m></E>`,
			want: `{"kind":"invalid","code":"core:Ref","detail":"x"}`, wrote: "-"},
		{name: "elements of two prefixes, each by its own", file: elements, body: `<E xmlns:x="urn:x"><code>1</code><x:code>2</x:code><m>x</m></E>`,
			want: `{"kind":"invalid","code":"1","title":"2","detail":"x"}`, wrote: `-`},
		{name: "elements of two prefixes in the other order", file: elements, body: `<E xmlns:x="urn:x"><x:code>2</x:code><code>1</code><m>x</m></E>`,
			want: `{"kind":"invalid","code":"1","title":"2","detail":"x"}`, wrote: `-`},
		{name: "no prefixed attribute is a code of the generic reading", file: plain, body: `<F ` + xsi + ` xsi:type="Ref"><message>x y</message></F>`,
			want: `{"kind":"invalid","detail":"x y"}`, told: "unfit_body common_form", wrote: `-`},
	})
}
