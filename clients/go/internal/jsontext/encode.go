package jsontext

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"
)

// How deeply values may nest before they are taken to contain themselves. Servers accept
// far less.
const depthMax = 10_000

const pathBytesMax = 500

// A Fault tells why a value cannot be written, or a text cannot be read.
type Fault struct {
	// Sentence says what is wrong.
	Sentence string

	// From the innermost container to the outermost.
	steps []string
}

// Error says what is wrong and, where it is inside of a value, where.
func (f *Fault) Error() string {
	if where := f.Path(""); where != "" {
		return where + ": " + f.Sentence
	}
	return f.Sentence
}

// Path gives where the fault is, given what the whole value is called: `context.tags[3]`.
func (f *Fault) Path(whole string) string {
	path := strings.Builder{}
	path.WriteString(whole)
	for _, step := range slices.Backward(f.steps) {
		if path.Len()+len(step) > pathBytesMax {
			path.WriteString("...")
			break
		}
		path.WriteString(step)
	}
	return path.String()
}

func faultf(format string, args ...any) *Fault {
	return &Fault{Sentence: fmt.Sprintf(format, args...)}
}

func (f *Fault) within(step string) *Fault {
	f.steps = append(f.steps, step)
	return f
}

type encoder struct {
	text []byte
	// The keys of the objects that are being written, the innermost last.
	keys  []string
	depth int
}

var encoders = sync.Pool{New: func() any { return new(encoder) }}

// Encode gives the JSON text of a value. Keys are sorted, so equal values have equal texts.
//
// Nil, booleans, strings, all integers, finite floats, [big.Int], [json.Number], and slices
// and maps (with keys that are strings) of them are written here; a float always has a point
// or an exponent, so that it comes back as one. Bytes are refused. Everything else, structs
// above all, is written by encoding/json.
func Encode(value any) (string, *Fault) {
	e := encoders.Get().(*encoder)
	defer e.giveBack()
	if fault := e.value(value); fault != nil {
		return "", fault
	}
	return string(e.text), nil
}

// What has grown beyond it is not kept for the next value.
const keptBytesMax = 1 << 20

func (e *encoder) giveBack() {
	if cap(e.text) > keptBytesMax {
		return
	}
	clear(e.keys[:cap(e.keys)])
	e.text, e.keys, e.depth = e.text[:0], e.keys[:0], 0
	encoders.Put(e)
}

func (e *encoder) value(value any) *Fault {
	switch v := value.(type) {
	case nil:
		e.text = append(e.text, "null"...)
	case bool:
		e.text = strconv.AppendBool(e.text, v)
	case string:
		return e.string(v)
	case int:
		e.text = strconv.AppendInt(e.text, int64(v), 10)
	case int64:
		e.text = strconv.AppendInt(e.text, v, 10)
	case int32:
		e.text = strconv.AppendInt(e.text, int64(v), 10)
	case uint64:
		e.text = strconv.AppendUint(e.text, v, 10)
	case float64:
		return e.float(v, 64)
	case float32:
		return e.float(float64(v), 32)
	case json.Number:
		return e.number(v)
	case *big.Int:
		e.text = v.Append(e.text, 10)
	case big.Int:
		e.text = v.Append(e.text, 10)
	case map[string]any:
		return e.object(v)
	case []any:
		return e.array(v)
	case []byte:
		return bytesFault()
	default:
		return e.reflected(value)
	}
	return nil
}

func bytesFault() *Fault {
	return faultf("bytes can only stand for a whole entry of a document, not inside of JSON")
}

func (e *encoder) enter() *Fault {
	if e.depth++; e.depth > depthMax {
		return faultf("it is nested too deeply, or contains itself")
	}
	return nil
}

func (e *encoder) object(object map[string]any) *Fault {
	if object == nil {
		e.text = append(e.text, "null"...)
		return nil
	}
	if fault := e.enter(); fault != nil {
		return fault
	}
	first := len(e.keys)
	for key := range object {
		e.keys = append(e.keys, key)
	}
	last := len(e.keys)
	slices.Sort(e.keys[first:last])
	e.text = append(e.text, '{')
	for i := first; i < last; i++ {
		if i > first {
			e.text = append(e.text, ',')
		}
		key := e.keys[i]
		if fault := e.string(key); fault != nil {
			fault.Sentence = fmt.Sprintf("in the key %q, %s", key, fault.Sentence)
			return fault
		}
		e.text = append(e.text, ':')
		if fault := e.value(object[key]); fault != nil {
			return fault.within("." + key)
		}
	}
	e.text = append(e.text, '}')
	e.keys = e.keys[:first]
	e.depth--
	return nil
}

func (e *encoder) array(array []any) *Fault {
	if array == nil {
		e.text = append(e.text, "null"...)
		return nil
	}
	if fault := e.enter(); fault != nil {
		return fault
	}
	e.text = append(e.text, '[')
	for i, item := range array {
		if i > 0 {
			e.text = append(e.text, ',')
		}
		if fault := e.value(item); fault != nil {
			return fault.within("[" + strconv.Itoa(i) + "]")
		}
	}
	e.text = append(e.text, ']')
	e.depth--
	return nil
}

func (e *encoder) float(number float64, bits int) *Fault {
	if math.IsNaN(number) || math.IsInf(number, 0) {
		return faultf("%v is not JSON", number)
	}
	format := byte('f')
	if size := math.Abs(number); size != 0 && (size < 1e-6 || size >= 1e21) {
		format = 'e'
	}
	start := len(e.text)
	e.text = strconv.AppendFloat(e.text, number, format, -1, bits)
	if format == 'f' && bytes.IndexByte(e.text[start:], '.') < 0 {
		e.text = append(e.text, ".0"...)
	}
	return nil
}

func (e *encoder) number(number json.Number) *Fault {
	text := string(number)
	if end := numberEnd(text); end == 0 || end != len(text) {
		return faultf("%q is no number of JSON", text)
	}
	e.text = append(e.text, text...)
	return nil
}

const hexDigits = "0123456789abcdef"

func (e *encoder) string(text string) *Fault {
	e.text = append(e.text, '"')
	plain := 0
	for i := 0; i < len(text); {
		c := text[i]
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(text[i:])
			if r == utf8.RuneError && size == 1 {
				return faultf("byte %d is not UTF-8", i)
			}
			i += size
			continue
		}
		if c >= ' ' && c != '"' && c != '\\' {
			i += 1 + plainWords(text[i+1:])
			continue
		}
		e.text = append(e.text, text[plain:i]...)
		switch c {
		case '"', '\\':
			e.text = append(e.text, '\\', c)
		case '\n':
			e.text = append(e.text, `\n`...)
		case '\r':
			e.text = append(e.text, `\r`...)
		case '\t':
			e.text = append(e.text, `\t`...)
		default:
			e.text = append(e.text, `\u00`...)
			e.text = append(e.text, hexDigits[c>>4], hexDigits[c&0xF])
		}
		i++
		plain = i
	}
	e.text = append(e.text, text[plain:]...)
	e.text = append(e.text, '"')
	return nil
}

// plainWords gives how many bytes a text begins with, in words of eight, that stand in JSON as
// they are: ASCII without quotes, backslashes and control characters.
func plainWords(text string) int {
	const (
		ones     = 0x0101010101010101
		tops     = 0x80 * ones
		controls = ' ' * ones
		quotes   = '"' * ones
		slashes  = '\\' * ones
	)
	for at := 0; ; at += 8 {
		if len(text)-at < 8 {
			return at
		}
		part := text[at : at+8]
		word := uint64(part[0]) | uint64(part[1])<<8 | uint64(part[2])<<16 | uint64(part[3])<<24 |
			uint64(part[4])<<32 | uint64(part[5])<<40 | uint64(part[6])<<48 | uint64(part[7])<<56
		// Where a byte is less than it, or nothing is left of it, the subtraction borrows from
		// its top bit. What it borrows from the next byte only makes that one be looked at.
		special := word | (word - controls) | ((word ^ quotes) - ones) | ((word ^ slashes) - ones)
		if special&tops != 0 {
			return at
		}
	}
}

func (e *encoder) other(value any) *Fault {
	text := bytes.Buffer{}
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return faultf("%T cannot be written as JSON: %v", value, err)
	}
	written := bytes.TrimSuffix(text.Bytes(), []byte("\n"))
	if hasReplaced(written) {
		return faultf("%T holds a text that is not UTF-8", value)
	}
	e.text = append(e.text, written...)
	return nil
}

// Tells whether encoding/json has put something in the place of bytes that are not UTF-8. It
// writes the replacement as an escape, and everything else beyond ASCII as it is.
func hasReplaced(text []byte) bool {
	for rest := text; ; {
		at := bytes.Index(rest, []byte(`\ufffd`))
		if at < 0 {
			return false
		}
		before := len(rest[:at]) - len(bytes.TrimRight(rest[:at], `\`))
		if before%2 == 0 {
			return true
		}
		rest = rest[at+1:]
	}
}
