package statekeeper

import (
	"encoding/json"
	"errors"
	"unicode/utf8"

	"github.com/statekeeper/statekeeper/clients/go/internal/jsontext"
	pb "github.com/statekeeper/statekeeper/clients/go/statekeeper/v1"
)

// A Document is values by key. A nil Document is absent; an empty one is there, and that is
// another thing.
//
// What may be put into it: nil, booleans, strings, numbers of any kind ([math/big.Int] and
// [encoding/json.Number] among them), maps with keys that are strings, and slices, in any
// nesting, and what encoding/json can write, such as a struct. Bytes ([]byte or [Binary]) may
// stand for a whole value, not inside of one.
//
// What comes out of it: nil, bool, string, map[string]any, []any, []byte, [Binary], and
// numbers without the loss of a digit: int64 for what is written without a point and fits,
// float64 for what is written with one and fits exactly, and [encoding/json.Number], which
// is the text, for the rest. A float64 stays one, also where it is a whole number. [Decode]
// gives a document, or a value of one, as a type of your own.
type Document map[string]any

// Binary is bytes with a media type, for what is not JSON: ciphertext, msgpack, protobuf.
// Bytes without a media type are read as []byte.
type Binary struct {
	// Data is the bytes.
	Data []byte
	// ContentType is the media type, at most 256 bytes; empty: not known.
	ContentType string
}

// MarshalJSON refuses: bytes cannot stand inside of JSON.
func (b Binary) MarshalJSON() ([]byte, error) {
	return nil, errors.New("bytes can only stand for a whole entry of a document, not inside of JSON")
}

// Decode gives a [Document], or a value of one, as a type of your own. It goes by the rules
// of encoding/json; a value of bytes becomes a []byte.
//
//	payment, err := statekeeper.Decode[Payment](state.MemberOutputs["payment"])
//
// It fails with a [SerializationError] where the value is of another shape.
func Decode[T any](value any) (T, error) {
	var target T
	text, err := jsonOf(value)
	if err == nil {
		err = json.Unmarshal(text, &target)
	}
	if err != nil {
		return target, unserializable("read", "the value", err.Error())
	}
	return target, nil
}

// Encode gives a value of your own, a struct as a rule, as a [Document]: its fields, by the
// rules of encoding/json.
//
// It fails with a [SerializationError] where the value is not an object of JSON.
func Encode(value any) (Document, error) {
	text, fault := jsontext.Encode(value)
	if fault != nil {
		return nil, unserializable("saved", fault.Path("the value"), fault.Sentence)
	}
	decoded, fault := jsontext.Decode(text)
	if fault != nil {
		return nil, unserializable("saved", "the value", fault.Sentence)
	}
	document, ok := decoded.(map[string]any)
	if !ok {
		return nil, unserializable("saved", "the value", "it is not an object")
	}
	return document, nil
}

// jsonOf gives the JSON of what a document may hold, in which bytes are base64.
func jsonOf(value any) ([]byte, error) {
	switch v := value.(type) {
	case []byte:
		return json.Marshal(v)
	case Binary:
		return json.Marshal(v.Data)
	case Document:
		entries := make(map[string]json.RawMessage, len(v))
		for key, each := range v {
			text, err := jsonOf(each)
			if err != nil {
				return nil, err
			}
			entries[key] = text
		}
		return json.Marshal(entries)
	default:
		text, fault := jsontext.Encode(value)
		if fault != nil {
			return nil, fault
		}
		return []byte(text), nil
	}
}

// writeDocument gives the message of a document; nil: it is absent. Paths in errors begin
// with its name: `context`.
func writeDocument(document Document, name string) (*pb.Document, error) {
	if document == nil {
		return nil, nil
	}
	entries := make(map[string]*pb.Value, len(document))
	for key, value := range document {
		if !utf8.ValidString(key) {
			return nil, unserializable("saved", name, "a key of it is not UTF-8")
		}
		written, err := writeValue(value, name, key)
		if err != nil {
			return nil, err
		}
		entries[key] = written
	}
	return &pb.Document{Entries: entries}, nil
}

func writeValue(value any, name, key string) (*pb.Value, error) {
	switch v := value.(type) {
	case []byte:
		return &pb.Value{Kind: &pb.Value_Binary{Binary: v}}, nil
	case Binary:
		if !utf8.ValidString(v.ContentType) {
			return nil, unserializable("saved", name+"."+key, "its content type is not UTF-8")
		}
		return &pb.Value{Kind: &pb.Value_Binary{Binary: v.Data}, ContentType: v.ContentType}, nil
	}
	text, fault := jsontext.Encode(value)
	if fault != nil {
		return nil, unserializable("saved", fault.Path(name+"."+key), fault.Sentence)
	}
	// Nearly all values are JSON: one allocation for both parts.
	written := &struct {
		value pb.Value
		kind  pb.Value_Json
	}{}
	written.kind.Json = text
	written.value.Kind = &written.kind
	return &written.value, nil
}

// writeJSON is writeDocument for a document that holds JSON alone.
func writeJSON(document Document, name string) (*pb.Document, error) {
	for key, value := range document {
		switch value.(type) {
		case []byte, Binary:
			return nil, unserializable("saved", name+"."+key, "bytes cannot stand here, but JSON alone")
		}
	}
	return writeDocument(document, name)
}

// readDocument gives a document from its message; nil: it is absent.
func readDocument(message *pb.Document, name string) (Document, error) {
	if message == nil {
		return nil, nil
	}
	document := make(Document, len(message.GetEntries()))
	for key, value := range message.GetEntries() {
		read, err := readValue(value, name, key)
		if err != nil {
			return nil, err
		}
		document[key] = read
	}
	return document, nil
}

func readValue(value *pb.Value, name, key string) (any, error) {
	switch kind := value.GetKind().(type) {
	case *pb.Value_Json:
		decoded, fault := jsontext.Decode(kind.Json)
		if fault != nil {
			return nil, unserializable("read", fault.Path(name+"."+key), fault.Sentence)
		}
		return decoded, nil
	case *pb.Value_Binary:
		if value.GetContentType() != "" {
			return Binary{kind.Binary, value.GetContentType()}, nil
		}
		if kind.Binary == nil {
			return []byte{}, nil
		}
		return kind.Binary, nil
	default:
		return nil, unserializable("read", name+"."+key, "it is of a kind that this client does not know")
	}
}
