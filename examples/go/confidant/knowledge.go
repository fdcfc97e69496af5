package confidant

// #include "bridge.h"
import "C"

import (
	"context"
	"errors"
	"fmt"
	"runtime/cgo"
	"unsafe"
)

// Collection is short documents of a tenant, found by words and by meaning; of a knowledge base, articles.
type Collection struct{ h *handle }

// NewDocument is a document to be put, or, with Category and Tags in place of Metadata, an article; what is zero is not
// given.
type NewDocument struct {
	Key, Title, Text   string
	Metadata, Category string
	Tags               []string
}

// Document is a stored document, and how it was found.
type Document struct {
	Key, Title, Text      string
	Metadata, Category    string
	Tags                  []string
	Used, Helped          uint64
	Passage               string // The part of the text that answers best.
	Score, Words, Meaning float64
}

// Found is the documents that answer a question, best first.
type Found struct {
	Documents []Document
	Basis     Basis
	Model     string // The embedder's, if its vectors were compared.
}

// Condition is about the metadata of documents, or the category and tags of articles; the zero one always holds.
type Condition struct{ steps []step }

type step struct {
	kind        int32
	name, value string
}

// Is holds if the member has that value, in JSON, or is a list that holds it.
func Is(name, value string) Condition {
	return Condition{[]step{{C.CONFIDANT_CONDITION_IS, name, value}}}
}

// And holds if both do.
func (c Condition) And(other Condition) Condition { return c.join(other, C.CONFIDANT_CONDITION_AND) }

// Or holds if one of them does.
func (c Condition) Or(other Condition) Condition { return c.join(other, C.CONFIDANT_CONDITION_OR) }

// Not holds if it does not.
func (c Condition) Not() Condition { return c.join(Condition{}, C.CONFIDANT_CONDITION_NOT) }

func (c Condition) join(other Condition, kind int32) Condition {
	steps := append(append([]step{}, c.steps...), other.steps...)
	return Condition{append(steps, step{kind: kind})}
}

// Embedder is a model of the host's own that turns texts into vectors; used from many goroutines at once.
type Embedder interface {
	Name() string    // With its version: vectors of two names are never compared.
	Dimensions() int // The numbers of a vector, 1 to 8,192.
	// Embed gives one vector for each text, in their order. The context is the one of the call that asks.
	Embed(ctx context.Context, texts []string) ([][]float32, error)
}

// HTTPEmbedder is a model on an Ollama server, or on one that speaks OpenAI's protocol; what is zero is the default.
type HTTPEmbedder struct {
	Model, BaseURL, APIKey string
	Dimensions             int
	OpenAI, AllowPlainHTTP bool
}

// Collection gives a collection of a tenant; an empty tenant is "default". Nothing is stored yet.
func (s *Store) Collection(tenant, name string) (*Collection, error) {
	var a arena
	defer a.free()
	return collection(func(out **C.confidant_collection) error {
		return s.with(context.Background(), func(store *C.confidant_store, err **C.confidant_error) C.confidant_status {
			return C.confidant_collection_open(store, a.text(tenant), a.text(name), out, err)
		})
	})
}

// Knowledge gives the knowledge base of a tenant, whose documents are articles.
func (s *Store) Knowledge(tenant string) (*Collection, error) {
	var a arena
	defer a.free()
	return collection(func(out **C.confidant_collection) error {
		return s.with(context.Background(), func(store *C.confidant_store, err **C.confidant_error) C.confidant_status {
			return C.confidant_knowledge_open(store, a.text(tenant), out, err)
		})
	})
}

func collection(open func(out **C.confidant_collection) error) (*Collection, error) {
	var out *C.confidant_collection
	if err := open(&out); err != nil {
		return nil, err
	}
	return &Collection{own(unsafe.Pointer(out), func(ptr unsafe.Pointer) { C.confidant_collection_free((*C.confidant_collection)(ptr)) })}, nil
}

// Close frees the handle; what is stored stays.
func (c *Collection) Close() error {
	c.h.close()
	return nil
}

func (c *Collection) with(ctx context.Context, call func(*C.confidant_collection, **C.confidant_error) C.confidant_status) error {
	return with(ctx, c.h, func(ptr unsafe.Pointer, err **C.confidant_error) C.confidant_status {
		return call((*C.confidant_collection)(ptr), err)
	})
}

// Put puts up to 1,000 documents, all or none, each in the place of an earlier one under its key.
func (c *Collection) Put(ctx context.Context, documents ...NewDocument) error {
	var a arena
	defer a.free()
	raw := many[C.confidant_new_document](&a, len(documents))
	for i, one := range documents {
		tags := a.texts(one.Tags)
		raw[i] = C.confidant_new_document{
			struct_size: C.sizeof_confidant_new_document,
			key:         a.text(one.Key),
			title:       a.text(one.Title),
			text:        a.text(one.Text),
			metadata:    a.ifGiven(one.Metadata),
			category:    a.ifGiven(one.Category),
			tags:        first(tags),
			tag_count:   C.size_t(len(tags)),
		}
	}
	return c.with(ctx, func(collection *C.confidant_collection, err **C.confidant_error) C.confidant_status {
		return C.confidant_collection_put(collection, first(raw), C.size_t(len(raw)), err)
	})
}

// Remove removes a document, and says whether there was one under that key.
func (c *Collection) Remove(ctx context.Context, key string) (bool, error) {
	var a arena
	defer a.free()
	var was C.confidant_flag
	err := c.with(ctx, func(collection *C.confidant_collection, err **C.confidant_error) C.confidant_status {
		return C.confidant_collection_remove(collection, a.text(key), &was, err)
	})
	return was != 0, err
}

// CountUse counts that a document was used for an answer, and whether that helped.
func (c *Collection) CountUse(ctx context.Context, key string, helped bool) (bool, error) {
	var a arena
	defer a.free()
	var was C.confidant_flag
	err := c.with(ctx, func(collection *C.confidant_collection, err **C.confidant_error) C.confidant_status {
		return C.confidant_collection_count_use(collection, a.text(key), flag(helped), &was, err)
	})
	return was != 0, err
}

// Len is how many documents there are.
func (c *Collection) Len(ctx context.Context) (int, error) {
	var count C.uint64_t
	err := c.with(ctx, func(collection *C.confidant_collection, err **C.confidant_error) C.confidant_status {
		return C.confidant_collection_count(collection, &count, err)
	})
	return int(count), err
}

// Snapshot keeps the index in the store, so that the next process need not build it.
func (c *Collection) Snapshot(ctx context.Context) error {
	return c.with(ctx, func(collection *C.confidant_collection, err **C.confidant_error) C.confidant_status {
		return C.confidant_collection_snapshot(collection, err)
	})
}

// Get gives the document under a key, if there is one.
func (c *Collection) Get(ctx context.Context, key string) (document Document, ok bool, err error) {
	var a arena
	defer a.free()
	var out *C.confidant_documents
	err = c.with(ctx, func(collection *C.confidant_collection, err **C.confidant_error) C.confidant_status {
		return C.confidant_collection_get(collection, a.text(key), &out, err)
	})
	if err != nil {
		return Document{}, false, err
	}
	found := found(out)
	if len(found.Documents) == 0 {
		return Document{}, false, nil
	}
	return found.Documents[0], true, nil
}

// Search gives the documents that answer a question best, up to limit (1 to 1,000), of those that meet the condition.
func (c *Collection) Search(ctx context.Context, question string, limit int, where Condition) (Found, error) {
	var a arena
	defer a.free()
	steps := many[C.confidant_condition](&a, len(where.steps))
	for i, one := range where.steps {
		steps[i] = C.confidant_condition{
			struct_size: C.sizeof_confidant_condition,
			name:        a.text(one.name),
			value:       a.text(one.value),
			step:        C.int32_t(one.kind),
		}
	}
	var out *C.confidant_documents
	state := &call{ctx: ctx}
	err := state.during(func(id C.uintptr_t) error {
		return c.with(ctx, func(collection *C.confidant_collection, err **C.confidant_error) C.confidant_status {
			return C.bridge_collection_search(collection, a.text(question), C.size_t(limit), first(steps), C.size_t(len(steps)), id, &out, err)
		})
	})
	if err != nil {
		return Found{}, err
	}
	return found(out), nil
}

func found(from *C.confidant_documents) Found {
	defer C.confidant_documents_free(from)
	found := Found{
		Documents: make([]Document, int(C.confidant_documents_count(from))),
		Basis:     Basis(C.confidant_documents_basis(from)),
		Model:     view(C.confidant_documents_model(from)),
	}
	for i := range found.Documents {
		one := C.confidant_documents_at(from, C.size_t(i))
		found.Documents[i] = Document{
			Key:      view(one.key),
			Title:    view(one.title),
			Text:     view(one.text),
			Metadata: view(one.metadata),
			Category: view(one.category),
			Used:     uint64(one.used),
			Helped:   uint64(one.helped),
			Passage:  view(one.passage),
			Score:    float64(one.score),
			Words:    float64(one.words),
			Meaning:  float64(one.meaning),
		}
		for _, tag := range unsafe.Slice(one.tags, int(one.tag_count)) {
			found.Documents[i].Tags = append(found.Documents[i].Tags, view(tag))
		}
	}
	return found
}

// WithEmbedder gives the same collection, searched by the embedder's vectors once every document has one (Embed).
func (c *Collection) WithEmbedder(embedder Embedder) (*Collection, error) {
	var a arena
	defer a.free()
	name, dimensions := embedder.Name(), embedder.Dimensions()
	return c.withEmbedder(func(out **C.confidant_embedder, err **C.confidant_error) C.confidant_status {
		return C.bridge_embedder_new(C.uintptr_t(cgo.NewHandle(embedder)), a.text(name), C.size_t(dimensions), out, err)
	})
}

// WithHTTPEmbedder gives the same collection, searched by the vectors of a model on a server.
func (c *Collection) WithHTTPEmbedder(embedder HTTPEmbedder) (*Collection, error) {
	var a arena
	defer a.free()
	raw := &many[C.confidant_http_embedder_options](&a, 1)[0]
	*raw = C.confidant_http_embedder_options{
		struct_size:      C.sizeof_confidant_http_embedder_options,
		model:            a.text(embedder.Model),
		base_url:         a.ifGiven(embedder.BaseURL),
		api_key:          a.ifGiven(embedder.APIKey),
		dimensions:       C.size_t(embedder.Dimensions),
		allow_plain_http: flag(embedder.AllowPlainHTTP),
	}
	if embedder.OpenAI {
		raw.protocol = C.CONFIDANT_EMBEDDER_OPENAI
	}
	return c.withEmbedder(func(out **C.confidant_embedder, err **C.confidant_error) C.confidant_status {
		return C.confidant_embedder_http(raw, out, err)
	})
}

func (c *Collection) withEmbedder(make func(**C.confidant_embedder, **C.confidant_error) C.confidant_status) (*Collection, error) {
	var embedder *C.confidant_embedder
	var from *C.confidant_error
	if status := make(&embedder, &from); status != C.CONFIDANT_OK {
		return nil, failed(status, from)
	}
	defer C.confidant_embedder_free(embedder) // The collection keeps it.
	return collection(func(out **C.confidant_collection) error {
		return c.with(context.Background(), func(collection *C.confidant_collection, err **C.confidant_error) C.confidant_status {
			return C.confidant_collection_with_embedder(collection, embedder, out, err)
		})
	})
}

// Embed asks the embedder for the vectors of up to limit documents that have none, and says how many have none still.
func (c *Collection) Embed(ctx context.Context, limit int) (left int, err error) {
	out := C.confidant_embedded{struct_size: C.sizeof_confidant_embedded}
	state := &call{ctx: ctx}
	err = state.during(func(id C.uintptr_t) error {
		return c.with(ctx, func(collection *C.confidant_collection, err **C.confidant_error) C.confidant_status {
			return C.bridge_collection_embed(collection, C.size_t(limit), id, &out, err)
		})
	})
	return int(out.left), err
}

// embed runs a host's embedder; what it panics or fails with is kept for the call that asked.
func embed(of Embedder, state *call, texts []C.confidant_str, vectors *C.float) (status C.confidant_status) {
	defer func() {
		if thrown := recover(); thrown != nil {
			state.panicked, status = thrown, C.CONFIDANT_ERR_EMBEDDING
		}
	}()
	shown := make([]string, len(texts))
	for i, text := range texts {
		shown[i] = view(text)
	}
	made, err := of.Embed(state.ctx, shown)
	dimensions := of.Dimensions()
	if err == nil && len(made) != len(shown) {
		err = fmt.Errorf("%d vectors for %d texts", len(made), len(shown))
	}
	room := unsafe.Slice((*float32)(unsafe.Pointer(vectors)), len(shown)*dimensions)
	for i := 0; i < len(made) && err == nil; i++ {
		if len(made[i]) != dimensions {
			err = fmt.Errorf("a vector of %d numbers, not %d", len(made[i]), dimensions)
			break
		}
		copy(room[i*dimensions:], made[i])
	}
	switch {
	case err == nil:
		return C.CONFIDANT_OK
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded), errors.Is(err, Cancelled):
		status = C.CONFIDANT_ERR_CANCELLED
	default:
		status = C.CONFIDANT_ERR_EMBEDDING
	}
	state.cause = err
	return status
}
