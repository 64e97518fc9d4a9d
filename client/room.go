package client

import "sync"

// room is memory for the beginning of a good response's body. It is used again when the
// caller has read that.
type room struct {
	bytes []byte
	pool  *sync.Pool
}

// The sizes of rooms. Most bodies fit the first.
const (
	smallRoom = 4 << 10
	largeRoom = 64 << 10
)

var smallRooms, largeRooms sync.Pool

// roomFor is a room for so many bytes, at most largeRoom.
func roomFor(bytes int) *room {
	pool, size := &smallRooms, smallRoom
	if bytes > size {
		pool, size = &largeRooms, largeRoom
	}
	if r, ok := pool.Get().(*room); ok {
		return r
	}
	return &room{make([]byte, 0, size), pool}
}

func (r *room) put() { r.pool.Put(r) }

// trustedLength is how much is allocated because a Content-Length says so.
const trustedLength = 64 << 10

// make makes the memory for a body of that length, -1 if it is unknown.
func (b *replayed) make(length int64, limit int, pooled bool) {
	size := 512
	if length > 0 {
		size = int(min(length, trustedLength)) + 1 // one more finds the end without growing
	}
	size = min(size, limit+1)
	if pooled {
		b.room = roomFor(size)
		b.head = b.room.bytes[:0:min(cap(b.room.bytes), limit+1)]
		return
	}
	b.head = make([]byte, 0, size)
}

// grow is the room behind the head, for at least one more byte.
func (b *replayed) grow(limit int) []byte {
	if len(b.head) < cap(b.head) {
		return b.head[len(b.head):cap(b.head)]
	}
	size := min(2*cap(b.head), limit+1)
	var larger *room
	var grown []byte
	if b.room != nil && cap(b.head) < largeRoom && size <= largeRoom {
		larger = roomFor(largeRoom)
		grown = larger.bytes[:0:min(largeRoom, limit+1)]
	} else {
		grown = make([]byte, 0, size)
	}
	grown = append(grown, b.head...)
	if b.room != nil {
		b.room.put()
	}
	b.head, b.room = grown, larger
	return grown[len(grown):cap(grown)]
}
