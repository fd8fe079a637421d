package jsontext

import (
	"encoding"
	"encoding/json"
	"reflect"
)

// reflected writes what is not one of the types that are looked at first. Maps and slices of
// whatever type are written as those of `any` are, so that their values keep to the same
// rules; what is left, structs above all, is encoding/json's.
func (e *encoder) reflected(value any) *Fault {
	switch value.(type) {
	case json.Marshaler, encoding.TextMarshaler:
		return e.other(value)
	}
	v := reflect.ValueOf(value)
	switch v.Kind() {
	case reflect.Bool:
		return e.value(v.Bool())
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return e.value(v.Int())
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return e.value(v.Uint())
	case reflect.Float64:
		return e.value(v.Float())
	case reflect.String:
		return e.value(v.String())
	case reflect.Pointer:
		if v.IsNil() {
			return e.value(nil)
		}
		return e.within(func() *Fault { return e.value(v.Elem().Interface()) })
	case reflect.Map:
		if v.Type().Key().Kind() == reflect.String {
			return e.reflectedMap(v)
		}
	case reflect.Slice, reflect.Array:
		return e.reflectedList(v)
	}
	return e.other(value)
}

// within goes one level deeper: pointers may lead in a circle as well.
func (e *encoder) within(write func() *Fault) *Fault {
	if fault := e.enter(); fault != nil {
		return fault
	}
	fault := write()
	e.depth--
	return fault
}

func (e *encoder) reflectedMap(v reflect.Value) *Fault {
	if v.IsNil() {
		return e.value(nil)
	}
	object := make(map[string]any, v.Len())
	for entries := v.MapRange(); entries.Next(); {
		object[entries.Key().String()] = entries.Value().Interface()
	}
	return e.object(object)
}

func (e *encoder) reflectedList(v reflect.Value) *Fault {
	if v.Type().Elem().Kind() == reflect.Uint8 {
		return bytesFault()
	}
	if v.Kind() == reflect.Slice && v.IsNil() {
		return e.value(nil)
	}
	list := make([]any, v.Len())
	for i := range list {
		list[i] = v.Index(i).Interface()
	}
	return e.array(list)
}
