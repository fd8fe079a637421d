package jsontext

import (
	"bytes"
	"encoding/json"
	"math"
	"math/big"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestNumbersComeBackAsTheyWent(t *testing.T) {
	tenth, fifth := 0.1, 0.2
	huge, _ := new(big.Int).SetString("123456789012345678901234567890", 10)
	for _, each := range []struct {
		value any
		text  string
		back  any
	}{
		{0, "0", int64(0)},
		{-17, "-17", int64(-17)},
		{int64(9007199254740993), "9007199254740993", int64(9007199254740993)},
		{int64(math.MinInt64), "-9223372036854775808", int64(math.MinInt64)},
		{uint64(math.MaxUint64), "18446744073709551615", json.Number("18446744073709551615")},
		{huge, "123456789012345678901234567890", json.Number("123456789012345678901234567890")},
		{1.0, "1.0", 1.0},
		{0.1, "0.1", 0.1},
		{tenth + fifth, "0.30000000000000004", tenth + fifth},
		{1e21, "1e+21", 1e21},
		{math.MaxFloat64, "1.7976931348623157e+308", math.MaxFloat64},
		{math.SmallestNonzeroFloat64, "5e-324", math.SmallestNonzeroFloat64},
		{float32(0.1), "0.1", 0.1},
		{json.Number("1.10"), "1.10", 1.1},
		{json.Number("0.1000000000000000055511151231257827"), "0.1000000000000000055511151231257827",
			json.Number("0.1000000000000000055511151231257827")},
		{json.Number("1e400"), "1e400", json.Number("1e400")},
		{json.Number("1e-400"), "1e-400", json.Number("1e-400")},
		{json.Number("-0.0"), "-0.0", math.Copysign(0, -1)},
	} {
		text, fault := Encode(each.value)
		if fault != nil || text != each.text {
			t.Errorf("%v is written as %s (%v)", each.value, text, fault)
		}
		back, fault := Decode(text)
		if fault != nil || !reflect.DeepEqual(back, each.back) {
			t.Errorf("%s is read as %T %v (%v)", text, back, back, fault)
		}
	}
}

func TestValuesComeBackAsTheyWent(t *testing.T) {
	for _, value := range []any{
		nil, true, false, "", "plain", "quote \" and \\ and \n\r\t\x00\x1f", "ünïcode 🚀 \u2028",
		[]any{}, map[string]any{},
		map[string]any{"a": []any{int64(1), nil, map[string]any{"": "x"}}, "b\"": false},
	} {
		text, fault := Encode(value)
		if fault != nil {
			t.Fatal(fault)
		}
		if back, fault := Decode(text); fault != nil || !reflect.DeepEqual(back, value) {
			t.Errorf("%s is read as %v (%v)", text, back, fault)
		}
		var other any
		if err := json.Unmarshal([]byte(text), &other); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestEscapesAreRead(t *testing.T) {
	back, fault := Decode(` "\u00e9\ud83d\ude80\/\b\f" `)
	if fault != nil || back != "é🚀/\b\f" {
		t.Errorf("%q (%v)", back, fault)
	}
}

func TestTypedContainersKeepToTheRules(t *testing.T) {
	type document map[string]any
	one := 1.0
	text, fault := Encode(document{
		"floats": []float64{1, 2.5}, "pairs": map[string]int{"b": 2, "a": 1}, "none": []string(nil),
		"nested": document{"one": &one}, "numbers": map[int]bool{3: true},
	})
	want := `{"floats":[1.0,2.5],"nested":{"one":1.0},"none":null,"numbers":{"3":true},"pairs":{"a":1,"b":2}}`
	if fault != nil || text != want {
		t.Errorf("%s (%v)", text, fault)
	}
}

func TestOtherTypesAreWrittenByEncodingJSON(t *testing.T) {
	type order struct {
		Name  string `json:"name"`
		Items []int  `json:"items,omitempty"`
	}
	text, fault := Encode(map[string]any{"order": order{"<a>", []int{1}}, "texts": []string{"x"}})
	if fault != nil || text != `{"order":{"name":"<a>","items":[1]},"texts":["x"]}` {
		t.Errorf("%s (%v)", text, fault)
	}
}

func TestWhatIsNotJSONIsRefusedByItsPath(t *testing.T) {
	circle := map[string]any{}
	circle["again"] = circle
	for _, each := range []struct {
		value    any
		path     string
		sentence string
	}{
		{math.NaN(), "v", "NaN is not JSON"},
		{map[string]any{"tags": []any{1, math.Inf(1)}}, "v.tags[1]", "+Inf is not JSON"},
		{[]any{strings.ToUpper}, "v[0]", "cannot be written"},
		{[]any{[]byte("x")}, "v[0]", "bytes can only stand for a whole entry"},
		{map[string]any{"a": "\xff"}, "v.a", "byte 0 is not UTF-8"},
		{map[string]any{"\xff": 1}, "v", "in the key"},
		{[]string{"a", "\xff"}, "v[1]", "not UTF-8"},
		{struct{ Text string }{"\xff"}, "v", "not UTF-8"},
		{map[string][]byte{"a": []byte("x")}, "v.a", "bytes can only stand"},
		{[]float64{0, math.NaN()}, "v[1]", "NaN is not JSON"},
		{json.Number("0x1"), "v", "no number"},
		{json.Number(""), "v", "no number"},
		{circle, "v.again.again", "contains itself"},
	} {
		_, fault := Encode(each.value)
		if fault == nil {
			t.Errorf("%T was written", each.value)
			continue
		}
		if path := fault.Path("v"); !strings.HasPrefix(path, each.path) || !strings.Contains(fault.Sentence, each.sentence) {
			t.Errorf("%s: %s", path, fault.Sentence)
		}
		if len(fault.Path("v")) > pathBytesMax+len("...") {
			t.Error("the path is too long")
		}
	}
	if _, fault := Encode([]string{`\ufffd`, "\ufffd"}); fault != nil {
		t.Error("a text that says so is UTF-8")
	}
}

func TestWhatIsNoTextOfJSONIsRefused(t *testing.T) {
	for _, text := range []string{
		"", " ", "{", "[", `"`, `"\`, `"\u12"`, `"\x"`, "[1,]", `{"a":1,}`, `{"a" 1}`, `{a:1}`, "01", "1.", "+1",
		"-", "1e", "nul", "truefalse", "1 2", "\"\n\"", `"\ud800"`, `"\ud800\u0041"`, "NaN", "Infinity",
		strings.Repeat("[", depthMax+1),
	} {
		if value, fault := Decode(text); fault == nil {
			t.Errorf("%.20q is read as %v", text, value)
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, seed := range []string{`{"a":[1,2.5,null,"x"]}`, `"\ud83d\ude80"`, "-0.0e-1", "[[[]]]", `{"a":{"b":true}}`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		value, fault := Decode(text)
		decoder := json.NewDecoder(bytes.NewReader([]byte(text)))
		decoder.UseNumber()
		if fault != nil {
			return
		}
		var other any
		if err := decoder.Decode(&other); err != nil {
			t.Fatalf("%q is read as %v, and is none: %v", text, value, err)
		}
		again, fault := Encode(value)
		if fault != nil {
			// The text is not UTF-8, which only a program could have made.
			return
		}
		back, fault := Decode(again)
		if fault != nil || !reflect.DeepEqual(value, back) {
			t.Fatalf("%q is read as %v, and again as %v (%v)", text, value, back, fault)
		}
	})
}

func BenchmarkEncode(b *testing.B) {
	value := map[string]any{"name": "order", "items": []any{1, 2.5, "three"}, "text": strings.Repeat("x", 1000)}
	b.ReportAllocs()
	for b.Loop() {
		if _, fault := Encode(value); fault != nil {
			b.Fatal(fault)
		}
	}
}

func BenchmarkDecode(b *testing.B) {
	text := `{"name":"order","items":[1,2.5,"three"],"text":"` + strings.Repeat("x", 1000) + `"}`
	b.ReportAllocs()
	for b.Loop() {
		if _, fault := Decode(text); fault != nil {
			b.Fatal(fault)
		}
	}
}

func TestWhatHasToBeEscapedIsSeenWhereverItStands(t *testing.T) {
	for c := range 256 {
		for at := range 24 {
			text := strings.Repeat("~", at) + string([]byte{byte(c)}) + strings.Repeat(" ", 23-at)
			written, fault := Encode(text)
			if c >= utf8.RuneSelf {
				if fault == nil {
					t.Errorf("%q is written, and is not UTF-8", text)
				}
				continue
			}
			var read string
			if err := json.Unmarshal([]byte(written), &read); fault != nil || err != nil || read != text {
				t.Errorf("%q is written as %q, and read as %q (%v)", text, written, read, err)
			}
		}
	}
}
