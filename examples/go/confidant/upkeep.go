package confidant

// #include "bridge.h"
import "C"

import "context"

// Maintenance is what Maintain did.
type Maintenance struct {
	Trained                 uint32 // The number of the dictionary that was trained, or 0.
	Examined, Repacked      uint64 // Turns.
	BytesBefore, BytesAfter uint64 // Of the turns that were packed anew.
}

// Maintain does what is better done now and then, when the host has time: trains the store's own dictionary, packs older
// turns with it, moves the log into the file. Other calls go on meanwhile.
func (s *Store) Maintain(ctx context.Context) (Maintenance, error) {
	out := C.confidant_maintenance{struct_size: C.sizeof_confidant_maintenance}
	err := s.with(ctx, func(store *C.confidant_store, err **C.confidant_error) C.confidant_status {
		return C.confidant_store_maintain(store, &out, err)
	})
	done := Maintenance{
		Examined:    uint64(out.examined),
		Repacked:    uint64(out.repacked),
		BytesBefore: uint64(out.bytes_before),
		BytesAfter:  uint64(out.bytes_after),
	}
	if out.has_trained != 0 {
		done.Trained = uint32(out.trained)
	}
	return done, err
}

// Compact gives the file's free space back to the file system. It takes about as long as copying the file, and writers
// wait meanwhile.
func (s *Store) Compact(ctx context.Context) error {
	return s.with(ctx, func(store *C.confidant_store, err **C.confidant_error) C.confidant_status {
		return C.confidant_store_compact(store, err)
	})
}

// Invalidate forgets every customer's hot buffer; the store keeps everything.
func (s *Store) Invalidate(ctx context.Context) error {
	return s.with(ctx, func(store *C.confidant_store, err **C.confidant_error) C.confidant_status {
		return C.confidant_store_invalidate(store, err)
	})
}

// Location is where the store was opened; "" once the handle is gone.
func (s *Store) Location() (location string) {
	_ = s.with(context.Background(), func(store *C.confidant_store, _ **C.confidant_error) C.confidant_status {
		location = view(C.confidant_store_location(store))
		return C.CONFIDANT_OK
	})
	return location
}

// StoreStats are figures of one open store in this process.
type StoreStats struct {
	HotCustomers, HotBytes       uint64
	Hits, Misses, Evictions      uint64 // Contexts from the hot buffer, from the store; customers that left the buffer.
	Pending                      uint64 // Turns that wait to be saved.
	BytesOnDisk                  uint64 // The file's size, without its log.
	IsAlone                      bool   // Whether this process is proven to be the only one with the store open.
	RecallCustomers, RecallBytes uint64 // Indexes for Memory.Recall that are in memory.
}

// Stats gives the figures of this open store.
func (s *Store) Stats(ctx context.Context) (StoreStats, error) {
	out := C.confidant_stats{struct_size: C.sizeof_confidant_stats}
	err := s.with(ctx, func(store *C.confidant_store, err **C.confidant_error) C.confidant_status {
		return C.confidant_store_stats(store, &out, err)
	})
	return StoreStats{
		HotCustomers:    uint64(out.hot_customers),
		HotBytes:        uint64(out.hot_bytes),
		Hits:            uint64(out.hits),
		Misses:          uint64(out.misses),
		Evictions:       uint64(out.evictions),
		Pending:         uint64(out.pending),
		BytesOnDisk:     uint64(out.bytes_on_disk),
		IsAlone:         out.is_alone != 0,
		RecallCustomers: uint64(out.recall_customers),
		RecallBytes:     uint64(out.recall_bytes),
	}, err
}

// BufferStats are figures of one customer's memory, in turns: of the context, in all, and waiting to be saved.
type BufferStats struct{ Buffered, Total, Pending uint64 }

// Stats gives the figures of this customer's memory.
func (m *Memory) Stats(ctx context.Context) (BufferStats, error) {
	out := C.confidant_buffer_stats{struct_size: C.sizeof_confidant_buffer_stats}
	err := m.with(ctx, func(memory *C.confidant_memory, err **C.confidant_error) C.confidant_status {
		return C.confidant_memory_stats(memory, &out, err)
	})
	return BufferStats{uint64(out.buffered), uint64(out.total), uint64(out.pending)}, err
}

// Flush saves this customer's turns that wait.
func (m *Memory) Flush(ctx context.Context) error {
	return m.with(ctx, func(memory *C.confidant_memory, err **C.confidant_error) C.confidant_status {
		return C.confidant_memory_flush(memory, err)
	})
}

// Invalidate forgets this customer's hot buffer; the store keeps everything.
func (m *Memory) Invalidate(ctx context.Context) error {
	return m.with(ctx, func(memory *C.confidant_memory, err **C.confidant_error) C.confidant_status {
		return C.confidant_memory_invalidate(memory, err)
	})
}

// SaveAll saves up to 1,000 turns in their order, all or none, and gives their identifiers.
func (m *Memory) SaveAll(ctx context.Context, turns []NewTurn) ([]TurnID, error) {
	return saveAll(turns, func(raw *C.confidant_new_turn, count C.size_t, ids *C.uint64_t) error {
		return m.with(ctx, func(memory *C.confidant_memory, err **C.confidant_error) C.confidant_status {
			return C.confidant_memory_save_turns(memory, raw, count, ids, err)
		})
	})
}

// SaveAll saves up to 1,000 turns into this session in their order, all or none, and gives their identifiers.
func (s *Session) SaveAll(ctx context.Context, turns []NewTurn) ([]TurnID, error) {
	return saveAll(turns, func(raw *C.confidant_new_turn, count C.size_t, ids *C.uint64_t) error {
		return s.with(ctx, func(session *C.confidant_session, err **C.confidant_error) C.confidant_status {
			return C.confidant_session_save_turns(session, raw, count, ids, err)
		})
	})
}

func saveAll(turns []NewTurn, save func(*C.confidant_new_turn, C.size_t, *C.uint64_t) error) ([]TurnID, error) {
	var a arena
	defer a.free()
	raw, ids := many[C.confidant_new_turn](&a, len(turns)), many[C.uint64_t](&a, len(turns))
	for i := range turns {
		raw[i] = turns[i].rawIn(&a)
	}
	if err := save(first(raw), C.size_t(len(raw)), first(ids)); err != nil {
		return nil, err
	}
	saved := make([]TurnID, len(ids))
	for i, id := range ids {
		saved[i] = TurnID(id)
	}
	return saved, nil
}

// rawIn is the turn with its texts in C memory, for an array.
func (t *NewTurn) rawIn(a *arena) C.confidant_new_turn {
	raw := t.raw()
	for of, text := range map[*C.confidant_str]string{
		&raw.said: t.Said, &raw.answer: t.Answer, &raw.answered_by: t.AnsweredBy, &raw.metadata: t.Metadata, &raw.key: t.Key,
	} {
		if of.ptr != nil {
			*of = a.text(text)
		}
	}
	return raw
}
