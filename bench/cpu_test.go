package bench

import (
	"bytes"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/parlance-api/parlance/store/postgres/pgtest"
)

// tick is the unit of the times in /proc, in microseconds.
const tick = 10_000

// cpuOf returns what reports the CPU time of an operation since the call: cpu-µs in this
// process and the children that it waited for, postgres-µs in the PostgreSQL in a folder.
func cpuOf(b *testing.B, folder string) (report func()) {
	b.Helper()
	was, wasPostgres := ownCPU(b), postgresCPU(b, folder)
	return func() {
		b.ReportMetric((ownCPU(b)-was)/float64(b.N), "cpu-µs")
		if folder != "" {
			b.ReportMetric((postgresCPU(b, folder)-wasPostgres)/float64(b.N), "postgres-µs")
		}
	}
}

// ownCPU is that of this process and its children, in microseconds.
func ownCPU(b *testing.B) (sum float64) {
	for _, who := range []int{syscall.RUSAGE_SELF, syscall.RUSAGE_CHILDREN} {
		var u syscall.Rusage
		if err := syscall.Getrusage(who, &u); err != nil {
			b.Fatal(err)
		}
		sum += float64(u.Utime.Nano()+u.Stime.Nano()) / 1000
	}
	return sum
}

// postgresCPU is that of all processes of a PostgreSQL, those that ended too, in
// microseconds. It is 0 if there is no /proc.
func postgresCPU(b *testing.B, folder string) (sum float64) {
	if folder == "" {
		return 0
	}
	lock, err := os.ReadFile(filepath.Join(folder, "data", "postmaster.pid"))
	if err != nil {
		b.Fatal(err)
	}
	server, _, _ := strings.Cut(string(lock), "\n")
	all, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, path := range all {
		stat, _ := os.ReadFile(path) // of one that has just ended there is none
		id := filepath.Base(filepath.Dir(path))
		var state string
		var parent int
		var ticks [4]float64 // user, system, and both of the children that ended
		_, fields, _ := bytes.Cut(stat, []byte(") "))
		skip := make([]any, 9)
		for i := range skip {
			skip[i] = new(string)
		}
		_, err := fmt.Sscan(string(fields), append(append([]any{&state, &parent}, skip...), &ticks[0], &ticks[1], &ticks[2], &ticks[3])...)
		switch {
		case err != nil:
		case id == server:
			sum += tick * (ticks[0] + ticks[1] + ticks[2] + ticks[3])
		case fmt.Sprint(parent) == server:
			sum += tick * (ticks[0] + ticks[1])
		}
	}
	return sum
}

// folderOf is where a PostgreSQL listens.
func folderOf(b *testing.B, pg *pgtest.Server) string {
	u, err := url.Parse(pg.URL)
	if err != nil {
		b.Fatal(err)
	}
	return u.Query().Get("host")
}
