package postgres

import "hash/fnv"

// Advisory locks of a transaction have two numbers: what it is about, and which
// one. Numbers of others that are the same make somebody wait, and no more. The
// locks of the processes have one number, and stand apart from these.
const (
	lockSchema int32 = 0x706c7900 + iota // "ply"
	lockPool
	lockFamily
	lockSweep
	lockKey
	// The next one is that of lanes, in schema/7.sql.
)

// lockOf is the number of a name.
func lockOf(names ...string) int32 {
	h := fnv.New32a()
	for _, name := range names {
		h.Write([]byte(name))
		h.Write([]byte{0})
	}
	return int32(h.Sum32())
}
