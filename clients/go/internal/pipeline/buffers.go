package pipeline

import "sync"

// buffers is a mem.BufferPool for messages. That of gRPC clears a whole MiB for each that is
// larger than 32 KiB.
type buffers struct {
	pool sync.Pool
}

var messages buffers

// Get gives a buffer of that length; what is in it is not zero.
func (b *buffers) Get(length int) *[]byte {
	if kept, ok := b.pool.Get().(*[]byte); ok && cap(*kept) >= length {
		*kept = (*kept)[:length]
		return kept
	}
	made := make([]byte, length)
	return &made
}

// Put takes one back, unless it holds more than what is small enough to wait for others.
func (b *buffers) Put(buffer *[]byte) {
	if cap(*buffer) <= 2*messageBytesMax {
		b.pool.Put(buffer)
	}
}
