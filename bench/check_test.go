package bench

import (
	"bytes"
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/check"
)

// traffic are recorded lines of an API, four of five of them successes, and all clean.
func traffic(api string, n int) []byte {
	failures := map[string]string{
		"vms":   `{"method":"POST","path":"/cameras/%[1]d","status":422,"headers":{"Content-Type":"application/json","X-Request-Id":"r-%[1]d"},"body":"{\"message\":\"Submitted data was invalid\",\"errors\":{\"url\":[\"is no URL\",\"is too long\"],\"date\":[\"has the wrong format\"]}}"}`,
		"vbapi": `{"method":"GET","path":"/clients/%[1]d","status":404,"headers":{"Content-Type":"application/json"},"body":"{\"data\":null,\"error\":{\"type\":\"https://httpstatuses.com/404\",\"title\":\"Not Found\",\"status\":404,\"detail\":\"The requested resource (%[1]d) was not found.\",\"instance\":\"/clients/%[1]d\"},\"debug\":{\"activityId\":\"a62d1412-9fe9-4ac0-9dc7-%012[1]d\"}}"}`,
		"plain": `{"method":"GET","path":"/things/%[1]d","status":404,"headers":{"Content-Type":"application/json","X-Request-Id":"r-%[1]d"},"body":"{\"message\":\"There is no thing %[1]d\"}"}`,
	}
	successes := map[string]string{
		"vms":   `{"method":"GET","path":"/cameras/%[1]d","status":200,"headers":{"Content-Type":"application/json","X-Request-Id":"s-%[1]d"},"body":"{\"id\":%[1]d,\"name\":\"a camera\"}"}`,
		"vbapi": `{"method":"GET","path":"/clients/%[1]d","status":200,"headers":{"Content-Type":"application/json"},"body":"{\"data\":{\"id\":%[1]d,\"name\":\"a client\"},\"error\":null,\"debug\":{\"activityId\":\"b62d1412-9fe9-4ac0-9dc7-%012[1]d\"}}"}`,
		"plain": `{"method":"GET","path":"/things/%[1]d","status":200,"headers":{"Content-Type":["application/json"],"X-Request-Id":"s-%[1]d"},"body":"{\"id\":%[1]d,\"name\":\"a thing\"}"}`,
	}
	var b bytes.Buffer
	for i := range n {
		form := successes[api]
		if i%5 == 0 {
			form = failures[api]
		}
		fmt.Fprintf(&b, form+"\n", i)
	}
	return b.Bytes()
}

// BenchmarkCheck checks ten thousand recorded lines. cpu-ns/response is the CPU time of the
// process (getrusage, user and system) for each.
func BenchmarkCheck(b *testing.B) {
	const lines = 10_000
	for _, api := range []string{"plain", "vms", "vbapi"} {
		b.Run("of="+api, func(b *testing.B) {
			d, err := catalog.Open(api)
			if err != nil {
				b.Fatal(err)
			}
			text := traffic(api, lines)
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			began := cpuTime(b)
			for b.Loop() {
				c := check.New(d)
				for x, err := range check.JSONL(bytes.NewReader(text), "traffic") {
					if err != nil {
						b.Fatal(err)
					}
					if found := c.Check(x); len(found) > 0 {
						b.Fatal(found[0])
					}
				}
			}
			n := float64(lines) * float64(b.N)
			b.ReportMetric(float64(cpuTime(b)-began)/n, "cpu-ns/response")
			b.ReportMetric(n/b.Elapsed().Seconds(), "responses/s")
		})
	}
}

func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
