package jsontext

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Decode gives the value of a JSON text: nil, bool, string, int64, float64, [json.Number],
// []any and map[string]any.
//
// A number is an int64 if it is written without point and exponent and fits; a float64 if
// it is written with one of them and a float64 has all its digits; else a [json.Number].
func Decode(text string) (any, *Fault) {
	d := decoder{text: text}
	d.skipSpace()
	value, fault := d.value()
	if fault != nil {
		return nil, fault
	}
	if d.skipSpace(); d.at != len(text) {
		return nil, d.unexpected()
	}
	return value, nil
}

type decoder struct {
	text  string
	at    int
	depth int
}

func (d *decoder) skipSpace() {
	for d.at < len(d.text) {
		switch d.text[d.at] {
		case ' ', '\t', '\n', '\r':
			d.at++
		default:
			return
		}
	}
}

func (d *decoder) unexpected() *Fault {
	if d.at >= len(d.text) {
		return faultf("the JSON text ends too early")
	}
	return faultf("%q at byte %d is not expected in JSON", d.text[d.at], d.at)
}

func (d *decoder) takes(c byte) bool {
	if d.at < len(d.text) && d.text[d.at] == c {
		d.at++
		return true
	}
	return false
}

func (d *decoder) value() (any, *Fault) {
	if d.at >= len(d.text) {
		return nil, d.unexpected()
	}
	switch c := d.text[d.at]; {
	case c == '{':
		return d.object()
	case c == '[':
		return d.array()
	case c == '"':
		return d.string()
	case c == '-' || '0' <= c && c <= '9':
		return d.number()
	case d.word("true"):
		return true, nil
	case d.word("false"):
		return false, nil
	case d.word("null"):
		return nil, nil
	default:
		return nil, d.unexpected()
	}
}

func (d *decoder) word(word string) bool {
	if strings.HasPrefix(d.text[d.at:], word) {
		d.at += len(word)
		return true
	}
	return false
}

func (d *decoder) enter() *Fault {
	d.at++
	if d.depth++; d.depth > depthMax {
		return faultf("it is nested too deeply")
	}
	d.skipSpace()
	return nil
}

func (d *decoder) object() (any, *Fault) {
	if fault := d.enter(); fault != nil {
		return nil, fault
	}
	object := map[string]any{}
	for !d.takes('}') {
		if len(object) > 0 {
			if !d.takes(',') {
				return nil, d.unexpected()
			}
			d.skipSpace()
		}
		if d.at >= len(d.text) || d.text[d.at] != '"' {
			return nil, d.unexpected()
		}
		key, fault := d.string()
		if fault != nil {
			return nil, fault
		}
		if d.skipSpace(); !d.takes(':') {
			return nil, d.unexpected()
		}
		d.skipSpace()
		value, fault := d.value()
		if fault != nil {
			return nil, fault.within("." + key)
		}
		object[key] = value
		d.skipSpace()
	}
	d.depth--
	return object, nil
}

func (d *decoder) array() (any, *Fault) {
	if fault := d.enter(); fault != nil {
		return nil, fault
	}
	array := []any{}
	for !d.takes(']') {
		if len(array) > 0 {
			if !d.takes(',') {
				return nil, d.unexpected()
			}
			d.skipSpace()
		}
		value, fault := d.value()
		if fault != nil {
			return nil, fault.within("[" + strconv.Itoa(len(array)) + "]")
		}
		array = append(array, value)
		d.skipSpace()
	}
	d.depth--
	return array, nil
}

func (d *decoder) string() (string, *Fault) {
	d.at++
	start := d.at
	for d.at < len(d.text) {
		switch c := d.text[d.at]; {
		case c == '"':
			d.at++
			return d.text[start : d.at-1], nil
		case c == '\\':
			return d.escaped(start)
		case c < ' ':
			return "", d.unexpected()
		default:
			d.at++
		}
	}
	return "", d.unexpected()
}

// Reads on where the text of a string is not its value.
func (d *decoder) escaped(start int) (string, *Fault) {
	value := []byte(d.text[start:d.at])
	for d.at < len(d.text) {
		switch c := d.text[d.at]; {
		case c == '"':
			d.at++
			return string(value), nil
		case c < ' ':
			return "", d.unexpected()
		case c != '\\':
			value = append(value, c)
			d.at++
		default:
			r, fault := d.escape()
			if fault != nil {
				return "", fault
			}
			value = utf8.AppendRune(value, r)
		}
	}
	return "", d.unexpected()
}

var escapes = map[byte]rune{
	'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t',
}

func (d *decoder) escape() (rune, *Fault) {
	if d.at+1 < len(d.text) {
		if r, ok := escapes[d.text[d.at+1]]; ok {
			d.at += 2
			return r, nil
		}
	}
	r, fault := d.unicode()
	if fault != nil || !utf16.IsSurrogate(r) {
		return r, fault
	}
	low, fault := d.unicode()
	if fault != nil {
		return 0, fault
	}
	if r = utf16.DecodeRune(r, low); r == utf8.RuneError {
		return 0, faultf("it has half of a surrogate pair, which UTF-8 cannot hold")
	}
	return r, nil
}

const unicodeEscapeBytes = len(`\u0000`)

func (d *decoder) unicode() (rune, *Fault) {
	if !strings.HasPrefix(d.text[d.at:], `\u`) || d.at+unicodeEscapeBytes > len(d.text) {
		return 0, d.unexpected()
	}
	number, err := strconv.ParseUint(d.text[d.at+2:d.at+unicodeEscapeBytes], 16, 16)
	if err != nil {
		return 0, d.unexpected()
	}
	d.at += unicodeEscapeBytes
	return rune(number), nil
}

func (d *decoder) number() (any, *Fault) {
	size := numberEnd(d.text[d.at:])
	if size == 0 {
		return nil, d.unexpected()
	}
	text := d.text[d.at : d.at+size]
	d.at += size
	if !strings.ContainsAny(text, ".eE") {
		if number, err := strconv.ParseInt(text, 10, 64); err == nil {
			return number, nil
		}
		return json.Number(text), nil
	}
	if number, err := strconv.ParseFloat(text, 64); err == nil && holds(number, text) {
		return number, nil
	}
	return json.Number(text), nil
}

// Gives where the number ends with which a text begins; 0: it begins with none.
func numberEnd(text string) int {
	at := 0
	digits := func() bool {
		start := at
		for at < len(text) && '0' <= text[at] && text[at] <= '9' {
			at++
		}
		return at > start
	}
	if at < len(text) && text[at] == '-' {
		at++
	}
	if at < len(text) && text[at] == '0' {
		at++
	} else if !digits() {
		return 0
	}
	if at < len(text) && text[at] == '.' {
		if at++; !digits() {
			return 0
		}
	}
	if at < len(text) && (text[at] == 'e' || text[at] == 'E') {
		if at++; at < len(text) && (text[at] == '+' || text[at] == '-') {
			at++
		}
		if !digits() {
			return 0
		}
	}
	return at
}

// So many digits survive the way to a float64 and back, whatever they are.
const floatDigits = 15

// Tells whether a float64 has all the digits of the text that it was read from.
func holds(number float64, text string) bool {
	mantissa, _, _ := strings.Cut(strings.ToLower(text), "e")
	digits := strings.Trim(strings.Replace(strings.TrimPrefix(mantissa, "-"), ".", "", 1), "0")
	if digits == "" {
		return true
	}
	if math.Abs(number) >= minNormal && len(digits) <= floatDigits {
		return true
	}
	shortest := strconv.FormatFloat(math.Abs(number), 'e', -1, 64)
	mantissa, _, _ = strings.Cut(shortest, "e")
	return digits == strings.Trim(strings.Replace(mantissa, ".", "", 1), "0")
}

// Below it a float64 has fewer digits.
const minNormal = 0x1p-1022
